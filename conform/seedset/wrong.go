// SPDX-License-Identifier: Apache-2.0

package seedset

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"
)

// wrong makes a plain file with one token, and spoils it.
func wrong(change func(text string, t *Token) string) func(*maker) File {
	return func(m *maker) File {
		right := pskc{}.file(m)
		return spoiled(right, change(string(right.Text), &right.Tokens[0]))
	}
}

// swapped is wrong for a change that replaces a part of the text.
func swapped(old, by string) func(*maker) File {
	return wrong(func(text string, _ *Token) string { return replaced(text, old, by) })
}

// policy is wrong for a file with a Policy.
func policy(inner string) func(*maker) File {
	return swapped("    </Key>", "      <Policy>"+inner+"</Policy>\n    </Key>")
}

var secretElement = regexp.MustCompile(`<Secret>.*</Secret>`)

const (
	whyIgnored  = "An element that is ignored at the import is missing at the check: the token shows other codes than the server expects, or it is used against its policy."
	whyPeriod   = "Most importers then assume 30 s, and every code of a 60-second token is refused."
	whyPart     = "After a part of a file was imported, the tokens in the server are unknown. Importing the corrected file again fails because of those."
	whyHostile  = "The sender of a seed file can read files of the server, or stop it."
	whyWeak     = "Seeds of 80 bits can be found from a few codes with rented computers."
	whyCopies   = "Two tokens with one seed are copies of each other: either of them logs in as the other."
	whyTwice    = "The second token replaces the first one, or either of them may be checked."
	sectionPlcy = "RFC 6030 §5"
)

// bomb is a document type whose entity j has 10,000,000,000 characters.
const bomb = `<!DOCTYPE KeyContainer [
<!ENTITY a "oath.FOBS.">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">
<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">
<!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;">
<!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;">
<!ENTITY g "&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;">
<!ENTITY h "&g;&g;&g;&g;&g;&g;&g;&g;&g;&g;">
<!ENTITY i "&h;&h;&h;&h;&h;&h;&h;&h;&h;&h;">
<!ENTITY j "&i;&i;&i;&i;&i;&i;&i;&i;&i;&i;">
]>
`

// wrongKinds are files without encryption that must be refused.
var wrongKinds = []Kind{
	{
		ID: "F35", Name: "pskc-no-period.xml", Format: "pskc", Verdict: Refuse, Must: true,
		Requirement: "a file without a time step is refused, unless it is entered", Source: "RFC 6238 R4; RFC 6030 §4.1 TimeInterval", Why: whyPeriod,
		make: swapped("        <TimeInterval><PlainValue>60</PlainValue></TimeInterval>\n", ""),
	},
	{
		ID: "F36", Name: "pskc-check-digits.xml", Format: "pskc", Verdict: Refuse, Must: true,
		Requirement: "a file with CheckDigits is refused", Source: "RFC 6030 §4.3.4 ResponseFormat", Why: whyIgnored,
		make: swapped(`Encoding="DECIMAL"`, `Encoding="DECIMAL" CheckDigits="true"`),
	},
	{
		ID: "F37", Name: "pskc-pin-policy.xml", Format: "pskc", Verdict: Refuse, Enforced: true, Must: true,
		Requirement: "a file with a PINPolicy is refused, unless it is enforced", Source: sectionPlcy, Why: whyIgnored,
		make: policy(`<PINPolicy PINUsageMode="Append" MinLength="4"/>`),
	},
	{
		ID: "F38", Name: "pskc-transactions.xml", Format: "pskc", Verdict: Refuse, Enforced: true, Must: true,
		Requirement: "a file with NumberOfTransactions is refused, unless it is enforced", Source: sectionPlcy, Why: whyIgnored,
		make: policy(`<NumberOfTransactions>0</NumberOfTransactions>`),
	},
	{
		ID: "F39", Name: "pskc-unknown-policy.xml", Format: "pskc", Verdict: Refuse, Must: true,
		Requirement: "a file with an unknown policy is refused", Source: sectionPlcy, Why: whyIgnored,
		make: policy(`<x:Place xmlns:x="urn:example:vendor">Tokyo</x:Place>`),
	},
	{
		ID: "F40", Name: "pskc-key-usage.xml", Format: "pskc", Verdict: Refuse, Must: true,
		Requirement: "a key whose KeyUsage is not OTP is refused", Source: sectionPlcy, Why: whyIgnored,
		make: policy(`<KeyUsage>CR</KeyUsage>`),
	},
	{
		ID: "F41", Name: "pskc-time.xml", Format: "pskc", Verdict: Refuse, Enforced: true, Must: true,
		Requirement: "a file whose steps do not begin in 1970 is refused, unless that is honoured", Source: "RFC 6030 §4.1 Time; RFC 6238 §4.1", Why: whyIgnored,
		make: swapped("<Time><PlainValue>0<", "<Time><PlainValue>12345<"),
	},
	{
		ID: "F42", Name: "pskc-hexadecimal.xml", Format: "pskc", Verdict: Refuse, Must: true,
		Requirement: "a file whose codes are hexadecimal is refused", Source: "RFC 6030 §4.3.4 ResponseFormat; RFC 4226 §5.3", Why: whyIgnored,
		make: swapped(`Encoding="DECIMAL"`, `Encoding="HEXADECIMAL"`),
	},
	{
		ID: "F43", Name: "pskc-no-secret.xml", Format: "pskc", Verdict: Refuse, Must: true,
		Requirement: "a token without a secret is refused", Source: "RFC 6030 §4.1", Why: "An empty or invented seed is in the server, and the user's codes are refused, or anyone can compute them.",
		make: wrong(func(text string, _ *Token) string { return secretElement.ReplaceAllString(text, "") }),
	},
	{
		ID: "F44", Name: "pskc-suite.xml", Format: "pskc", Verdict: Refuse, Must: true,
		Requirement: "a file with an unknown Suite is refused", Source: "RFC 6030 §4.3.4 Suite", Why: whyIgnored,
		make: swapped("<AlgorithmParameters>", "<AlgorithmParameters><Suite>HMAC-MD5</Suite>"),
	},
	{
		ID: "F45", Name: "pskc-ocra.xml", Format: "pskc", Verdict: Refuse, Must: true,
		Requirement: "a key of another algorithm is refused", Source: "RFC 6030 §4.1 Algorithm; RFC 6287", Why: whyIgnored,
		make: swapped(pskcTOTP, pskcSpace+":ocra"),
	},
	{
		ID: "F46", Name: "pskc-hex-seed.xml", Format: "pskc", Verdict: Either,
		Requirement: "a seed of 40 hexadecimal digits is read as base64, or refused", Source: "RFC 6030 §4.1 PlainValue; RFC 4648 §4",
		Why: "The digits are valid base64, of another seed of 30 bytes. A server that guesses has other seeds than the supplier, and refuses all codes.",
		make: func(m *maker) File {
			k := pskcKey{Token: m.token()}
			right := pskc{}.with(k)
			text := hex.EncodeToString(k.Key)
			k.Key, _ = base64.StdEncoding.DecodeString(text) // hexadecimal digits are base64
			return either(pskc{}.with(k), right)
		},
	},
	{
		ID: "F47", Name: "pskc-seed-in-suite.xml", Format: "pskc", Verdict: Refuse, Must: true,
		Requirement: "a file with a seed in a wrong place is refused, and the message does not contain the seed", Source: "RFC 6030 §4.3.4 Suite; RFC 6238 R7",
		Why: "Messages end up in logs, tickets and screenshots, and the seed with them.",
		make: wrong(func(text string, t *Token) string {
			text = replaced(text, "<AlgorithmParameters>", "<AlgorithmParameters><Suite>"+grouped(t.Key)+"</Suite>")
			return text
		}),
	},
	{
		ID: "F48", Name: "pskc-short-seed.xml", Format: "pskc", Verdict: Refuse, Must: true,
		Requirement: "a seed of 80 bits is refused", Source: "RFC 4226 §4 R6; NIST SP 800-63B-4 §3.1.4.1", Why: whyWeak,
		make: func(m *maker) File {
			k := pskcKey{Token: m.token()}
			right := pskc{}.with(k)
			k.Key = k.Key[:10]
			f := pskc{}.with(k)
			f.Right = &right
			return f
		},
	},
	{
		ID: "F49", Name: "pskc-same-seed.xml", Format: "pskc", Verdict: Refuse, Must: true,
		Requirement: "a file in which two tokens have the same seed is refused", Source: "RFC 6238 R5", Why: whyCopies,
		make: func(m *maker) File {
			one, two := pskcKey{Token: m.token()}, pskcKey{Token: m.token()}
			right := pskc{}.with(one)
			two.Key = one.Key
			f := pskc{}.with(one, two)
			f.Right = &right
			return f
		},
	},
	{
		ID: "F50", Name: "pskc-same-serial.xml", Format: "pskc", Verdict: Refuse, Must: true,
		Requirement: "a file in which two tokens have the same serial number is refused", Source: "RFC 6030 §4.3.1 SerialNo", Why: whyTwice,
		make: func(m *maker) File {
			one, two := pskcKey{Token: m.token()}, pskcKey{Token: m.token()}
			right := pskc{}.with(one)
			two.Serial = one.Serial
			f := pskc{}.with(one, two)
			f.Right = &right
			return f
		},
	},
	{
		ID: "F51", Name: "pskc-truncated.xml", Format: "pskc", Verdict: Refuse, Must: true,
		Requirement: "nothing is imported of a file that breaks off", Source: "XML 1.0 §2.1", Why: whyPart,
		make: func(m *maker) File {
			right := pskc{}.with(pskcKey{Token: m.token()}, pskcKey{Token: m.token()})
			text := string(right.Text)
			return spoiled(right, text[:strings.LastIndex(text, "<TimeInterval>")])
		},
	},
	{
		ID: "F52", Name: "pskc-one-wrong.xml", Format: "pskc", Verdict: Refuse,
		Requirement: "nothing is imported of a file with a token that must be refused", Source: "practice: an import is one transaction", Why: whyPart,
		make: func(m *maker) File {
			right := pskc{}.with(pskcKey{Token: m.token()}, pskcKey{Token: m.token()}, pskcKey{Token: m.token()})
			text := string(right.Text)
			at := strings.Index(text, right.Tokens[1].Serial)
			return spoiled(right, text[:at]+replaced(text[at:], "        <TimeInterval><PlainValue>60</PlainValue></TimeInterval>\n", ""))
		},
	},
	{
		ID: "F53", Name: "pskc-pin-key.xml", Format: "pskc", Verdict: Refuse,
		Requirement: "nothing is imported of a file with a key that the server cannot use", Source: "RFC 6030 §5 and §10.2; practice: an import is one transaction", Why: whyPart,
		make: func(m *maker) File {
			right := pskc{}.with(pskcKey{Token: m.token()}, pskcKey{Token: m.token()})
			text := string(right.Text)
			at := strings.LastIndex(text, `Algorithm="`)
			return spoiled(right, text[:at]+replaced(text[at:], pskcTOTP, pskcSpace+":pin"))
		},
	},
	{
		ID: "F54", Name: "pskc-entities.xml", Format: "pskc", Verdict: Refuse,
		Requirement: "a file whose entities expand to gigabytes is refused", Source: "CWE-776", Why: whyHostile,
		make: wrong(func(text string, _ *Token) string {
			return replaced(replaced(text, "<KeyContainer", bomb+"<KeyContainer"), "oath.FOBS<", "&j;<")
		}),
	},
	{
		ID: "F55", Name: "pskc-external.xml", Format: "pskc", Verdict: Refuse,
		Requirement: "a file that includes another file by an external entity is refused", Source: "CWE-611", Why: whyHostile,
		make: wrong(func(text string, _ *Token) string {
			const doctype = "<!DOCTYPE KeyContainer [<!ENTITY x SYSTEM \"file:///etc/hostname\">]>\n"
			return replaced(replaced(text, "<KeyContainer", doctype+"<KeyContainer"), "oath.FOBS<", "oath.FOBS&x;<")
		}),
	},
}

// grouped returns a seed as people write it down.
func grouped(key []byte) string {
	var parts []string
	for text := hex.EncodeToString(key); text != ""; text = text[4:] {
		parts = append(parts, text[:4])
	}
	return strings.Join(parts, "-")
}
