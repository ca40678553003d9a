// SPDX-License-Identifier: Apache-2.0

package seedset

import (
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/d204ef64/fob/token"
)

// The documents of the servers' own formats.
const (
	sourcePI    = "privacyIDEA, documentation, Import, OATH CSV"
	sourceLinOT = "LinOTP, lib/ImportOTP/oath.py"
	sourceMulti = "multiOTP, -import-csv"
	sourceEntra = "Microsoft Entra ID, Upload hardware OATH tokens in CSV format"
	sourceDuo   = "Duo and PingID, import of hardware tokens"
	sourceUsers = "OATH Toolkit, pam_oath/README; mod_authn_otp, UsersFile"
	sourceURI   = "Google Authenticator, Key URI Format"
	whyTable    = "The tokens of a supplier that delivers this format cannot be imported, or their codes are refused."
)

func (t *Token) hex() string    { return hex.EncodeToString(t.Key) }
func (t *Token) base32() string { return base32.StdEncoding.EncodeToString(t.Key) }

// oath returns a row of OATH CSV.
func oath(t *Token) string {
	return fmt.Sprintf("%s, %s, totp, %d, %d\n", t.Serial, t.hex(), t.Digits, t.Period)
}

// table returns a file with a row for each token.
func table(head string, row func(*Token) string, tokens ...Token) File {
	text := head
	for i := range tokens {
		text += row(&tokens[i])
	}
	return File{Text: []byte(text), Tokens: tokens}
}

const entraHead = "upn,serial number,secret key,time interval,manufacturer,model\n"

func entra(t *Token) string {
	return fmt.Sprintf("u%s@example.com,%s,%s,%d,FOBS,T60\n", t.Serial, t.Serial, t.base32(), t.Period)
}

// spoiledTable makes a file of OATH CSV with some tokens, and spoils it.
func spoiledTable(n int, change func(text string, tokens []Token) string) func(*maker) File {
	return func(m *maker) File {
		var tokens []Token
		for range n {
			tokens = append(tokens, m.token())
		}
		right := table("", oath, tokens...)
		return spoiled(right, change(string(right.Text), tokens))
	}
}

// csvKinds are files of lines.
var csvKinds = []Kind{
	{
		ID: "F56", Name: "oath-csv.csv", Format: "oath-csv", Verdict: Import, Must: true,
		Requirement: "the time step in a file of OATH CSV applies", Source: "RFC 6238 R4; " + sourcePI, Why: whyPeriod,
		make: func(m *maker) File { return table("", oath, m.token()) },
	},
	{
		ID: "F57", Name: "oath-csv-no-period.csv", Format: "oath-csv", Verdict: Refuse, Must: true,
		Requirement: "a file of OATH CSV without the column of the time step is refused, unless it is entered", Source: "RFC 6238 R4", Why: whyPeriod,
		make: spoiledTable(1, func(text string, _ []Token) string { return replaced(text, ", 60", "") }),
	},
	{
		ID: "F58", Name: "oath-csv-30.csv", Format: "oath-csv", Verdict: Either, Must: true,
		Requirement: "a token with steps of 30 s is imported as such, or refused", Source: "RFC 6238 R4; " + sourcePI, Why: whyProfile,
		make: func(m *maker) File {
			t := m.token()
			right := table("", oath, t)
			t.Period = 30
			return either(table("", oath, t), right)
		},
	},
	{
		ID: "F59", Name: "oath-csv-lines.csv", Format: "oath-csv", Verdict: Import,
		Requirement: "comments, empty lines, line ends of Windows and upper case do not matter", Source: "RFC 4180 §2; " + sourcePI, Why: whySpelling,
		make: func(m *maker) File {
			return table("# tokens\r\n\r\n", func(t *Token) string {
				return fmt.Sprintf("%s,%s,TOTP,6,60\r\n", t.Serial, strings.ToUpper(t.hex()))
			}, m.token(), m.token())
		},
	},
	{
		ID: "F60", Name: "oath-csv-32-bytes.csv", Format: "oath-csv", Verdict: Either,
		Requirement: "a seed of 32 bytes in a file that does not name the hash means SHA-256, or is refused", Source: sourcePI + "; lib/importotp.py", Why: whyProfile,
		make: func(m *maker) File {
			t := m.token()
			right := table("", oath, t)
			t.Key, t.Algorithm = append(t.Key, m.bytes(12)...), token.SHA256
			return either(table("", oath, t), right)
		},
	},
	{
		ID: "F61", Name: "oath-csv-one-wrong.csv", Format: "oath-csv", Verdict: Refuse,
		Requirement: "nothing is imported of a file with a line that must be refused", Source: "practice: an import is one transaction", Why: whyPart,
		make: spoiledTable(3, func(text string, tokens []Token) string {
			return replaced(text, tokens[1].hex(), "not hexadecimal")
		}),
	},
	{
		ID: "F62", Name: "oath-csv-truncated.csv", Format: "oath-csv", Verdict: Refuse,
		Requirement: "nothing is imported of a file that breaks off in a seed", Source: "practice: an import is one transaction", Why: whyPart,
		make: spoiledTable(2, func(text string, _ []Token) string { return text[:strings.LastIndex(text, ", totp")-5] }),
	},
	{
		ID: "F63", Name: "oath-csv-same-serial.csv", Format: "oath-csv", Verdict: Refuse,
		Requirement: "a file in which two lines have the same serial number is refused", Source: "practice: serial numbers are unique", Why: whyTwice,
		make: func(m *maker) File {
			one, two := m.token(), m.token()
			right := table("", oath, one)
			two.Serial = one.Serial
			f := table("", oath, one, two)
			f.Right = &right
			return f
		},
	},
	{
		ID: "F64", Name: "linotp-csv.csv", Format: "linotp-csv", Verdict: Import,
		Requirement: "a file of OATH CSV with six columns, the last of which is the hash, is imported", Source: sourceLinOT, Why: whyTable,
		make: func(m *maker) File {
			return table("", func(t *Token) string { return strings.TrimSuffix(oath(t), "\n") + ", sha1\n" }, m.token())
		},
	},
	{
		ID: "F65", Name: "multiotp-csv.csv", Format: "multiotp-csv", Verdict: Import,
		Requirement: "a CSV file of multiOTP is imported", Source: sourceMulti, Why: whyTable,
		make: func(m *maker) File {
			return table("serial_number;manufacturer;algorithm;seed;digits;interval_or_event\n", func(t *Token) string {
				return fmt.Sprintf("%s;FOBS;TOTP;%s;%d;%d\n", t.Serial, t.hex(), t.Digits, t.Period)
			}, m.token())
		},
	},
	{
		ID: "F66", Name: "entra-csv.csv", Format: "entra-csv", Verdict: Import,
		Requirement: "a CSV file of Microsoft Entra ID is imported", Source: sourceEntra, Why: whyTable,
		make: func(m *maker) File { return table(entraHead, entra, m.token()) },
	},
	{
		ID: "F67", Name: "pair.csv", Format: "pingid", Verdict: Import,
		Requirement: "a file with serial numbers and seeds is imported with the time step that is entered", Source: sourceDuo, Why: whyTable,
		make: func(m *maker) File {
			f := table("", func(t *Token) string { return t.Serial + "," + t.hex() + "\n" }, m.token())
			f.Period = 60
			return f
		},
	},
	{
		ID: "F68", Name: "pair-no-period.csv", Format: "pingid", Verdict: Refuse, Must: true,
		Requirement: "a file with serial numbers and seeds is refused if no time step is entered", Source: "RFC 6238 R4", Why: whyPeriod,
		make: func(m *maker) File {
			right := table("", func(t *Token) string { return t.Serial + "," + t.hex() + "\n" }, m.token())
			f := spoiled(right, string(right.Text))
			f.Right.Period = 60
			return f
		},
	},
	{
		ID: "F69", Name: "users.oath", Format: "users-oath", Verdict: Import,
		Requirement: "a file of pam_oath is imported", Source: sourceUsers, Why: whyTable,
		make: func(m *maker) File {
			return table("", func(t *Token) string {
				return fmt.Sprintf("HOTP/T%d/%d %s - %s\n", t.Period, t.Digits, t.Serial, t.hex())
			}, m.token())
		},
	},
	{
		ID: "F70", Name: "entra-csv-quotes.csv", Format: "entra-csv", Verdict: Import,
		Requirement: "quotes around the columns do not matter", Source: "RFC 4180 §2; PowerShell's Export-Csv writes them", Why: whySpelling,
		make: func(m *maker) File {
			quoted := func(line string) string {
				return `"` + strings.ReplaceAll(strings.TrimSpace(line), ",", `","`) + "\"\n"
			}
			return table(quoted(entraHead), func(t *Token) string { return quoted(entra(t)) }, m.token())
		},
	},
	{
		ID: "F71", Name: "entra-csv-timeinterval.csv", Format: "entra-csv", Verdict: Either,
		Requirement: "a file with the column timeinterval has its time step, or is refused", Source: "Deepnet, SafeID tokens with Entra ID", Why: whyPeriod,
		make: func(m *maker) File {
			right := table(entraHead, entra, m.token())
			return spoiled(right, replaced(string(right.Text), "time interval", "timeinterval"))
		},
	},
	{
		ID: "F72", Name: "entra-csv-hex.csv", Format: "entra-csv", Verdict: Refuse,
		Requirement: "a secret key that is not base32 is refused", Source: sourceEntra + "; RFC 4648 §6",
		Why: "Characters that base32 does not have are skipped, and the token gets another seed.",
		make: func(m *maker) File {
			right := table(entraHead, entra, m.token())
			t := &right.Tokens[0]
			return spoiled(right, replaced(string(right.Text), t.base32(), "0189"+t.hex()[4:]))
		},
	},
	{
		ID: "F73", Name: "linotp-csv-no-digits.csv", Format: "linotp-csv", Verdict: Either,
		Requirement: "an empty column means 6 digits, or is refused", Source: sourceLinOT, Why: whyProfile,
		make: func(m *maker) File {
			row := func(t *Token) string { return strings.TrimSuffix(oath(t), "\n") + ", sha1\n" }
			right := table("", row, m.token())
			return spoiled(right, replaced(string(right.Text), "totp, 6,", "totp,,"))
		},
	},
	{
		ID: "F74", Name: "otpauth-issuers.txt", Format: "otpauth", Verdict: Either,
		Requirement: "a URI whose two issuers differ is imported, or refused", Source: sourceURI, Why: whyTable,
		make: func(m *maker) File {
			t := m.token()
			return either(table("", uri("FOBS", "Other"), t), table("", uri("FOBS", "FOBS"), t))
		},
	},
	{
		ID: "F75", Name: "otpauth-no-issuer.txt", Format: "otpauth", Verdict: Either,
		Requirement: "a URI whose second issuer is empty is imported, or refused", Source: sourceURI, Why: whyTable,
		make: func(m *maker) File {
			t := m.token()
			return either(table("", uri("FOBS", ""), t), table("", uri("FOBS", "FOBS"), t))
		},
	},
}

// uri returns a URI with an issuer in the label and in the parameter.
func uri(label, parameter string) func(*Token) string {
	return func(t *Token) string {
		return fmt.Sprintf("otpauth://totp/%s:%s?secret=%s&issuer=%s&period=%d\n", label, t.Serial, t.base32(), parameter, t.Period)
	}
}
