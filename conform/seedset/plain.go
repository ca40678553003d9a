// SPDX-License-Identifier: Apache-2.0

package seedset

import (
	"encoding/binary"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/d204ef64/fob/token"
)

// The dates of files on two levels. Each is the same day in Japan and in UTC, or midnight
// in Japan.
const (
	earlyStart, lateStart   = "2019-12-31T15:00:00Z", "2020-12-31T15:00:00Z"
	earlyExpiry, lateExpiry = "2035-12-31T14:59:59Z", "2036-12-31T14:59:59Z"
)

func instant(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err) // a mistake in a kind
	}
	return t
}

const (
	whySpelling = "A file of another manufacturer, or of a newer version of its program, cannot be imported, although it is correct."
	whyDates    = "A token is used longer than its battery lasts, or longer than its manufacturer and the bank have agreed."
)

// plainKinds are correct files without encryption.
var plainKinds = []Kind{
	{
		ID: "F01", Name: "pskc-plain.xml", Format: "pskc", Verdict: Import, Must: true,
		Requirement: "a PSKC file in the default namespace is imported", Source: "RFC 6030 §4; draft-hoyer-keyprov-pskc-algorithm-profiles §3.2",
		Why:  "This is the form of nearly every seed file. Without it, seeds are converted by hand, and end up in mails and spreadsheets.",
		make: func(m *maker) File { return pskc{}.file(m) },
	},
	{
		ID: "F02", Name: "pskc-prefix.xml", Format: "pskc", Verdict: Import, Must: true,
		Requirement: "a PSKC file whose elements have the prefix pskc is imported", Source: "Namespaces in XML 1.0 §3; RFC 6030 §1.3", Why: whySpelling,
		make: func(m *maker) File { return pskc{prefix: "pskc"}.file(m) },
	},
	{
		ID: "F03", Name: "pskc-other-prefix.xml", Format: "pskc", Verdict: Import, Must: true,
		Requirement: "a PSKC file whose elements have any other prefix is imported", Source: "Namespaces in XML 1.0 §3", Why: whySpelling,
		make: func(m *maker) File { return pskc{prefix: "k.1"}.file(m) },
	},
	{
		ID: "F04", Name: "pskc-two-namespaces.xml", Format: "pskc", Verdict: Import, Must: true,
		Requirement: "a file with PSKC as the default namespace and with a prefix is imported", Source: "Namespaces in XML 1.0 §6.2", Why: whySpelling,
		make: func(m *maker) File {
			prefix := "two"
			return pskc{attributes: ` xmlns:two="` + pskcSpace + `"`}.with(pskcKey{Token: m.token(), prefix: &prefix}, pskcKey{Token: m.token()})
		},
	},
	{
		ID: "F05", Name: "pskc-attributes.xml", Format: "pskc", Verdict: Import, Must: true,
		Requirement: "the order of attributes does not matter", Source: "XML 1.0 §3.1", Why: whySpelling,
		make: func(m *maker) File { return pskc{swapAttributes: true}.file(m) },
	},
	{
		ID: "F06", Name: "pskc-comments.xml", Format: "pskc", Verdict: Import, Must: true,
		Requirement: "comments, processing instructions and white space between elements do not matter", Source: "XML 1.0 §2.5, §2.6 and §2.10", Why: whySpelling,
		make: func(m *maker) File {
			f := pskc{}.file(m)
			text := strings.ReplaceAll(string(f.Text), "  <", "\n\n\t<!-- 30 s: <TimeInterval> -->  <?vendor <Secret/>?>\r\n  <")
			f.Text = []byte(text + "<!-- end -->\n")
			return f
		},
	},
	{
		ID: "F07", Name: "pskc-lines.xml", Format: "pskc", Verdict: Import, Must: true,
		Requirement: "line breaks and spaces in base64 do not matter", Source: "XML Schema part 2 §3.2.16", Why: whySpelling,
		make: func(m *maker) File { return pskc{lines: true}.file(m) },
	},
	{
		ID: "F08", Name: "pskc-bom.xml", Format: "pskc", Verdict: Import, Must: true,
		Requirement: "a file that begins with a byte order mark is imported", Source: "XML 1.0 appendix F.1", Why: whySpelling,
		make: func(m *maker) File {
			f := pskc{}.file(m)
			f.Text = append([]byte("\xef\xbb\xbf"), f.Text...)
			return f
		},
	},
	{
		ID: "F09", Name: "pskc-utf16.xml", Format: "pskc", Verdict: Import, Must: true,
		Requirement: "a file in UTF-16 is imported", Source: "XML 1.0 §4.3.3", Why: whySpelling,
		make: func(m *maker) File {
			f := pskc{}.file(m)
			text := replaced(string(f.Text), "UTF-8", "UTF-16")
			f.Text = nil
			for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
				f.Text = binary.LittleEndian.AppendUint16(f.Text, unit)
			}
			return f
		},
	},
	{
		ID: "F10", Name: "pskc-several.xml", Format: "pskc", Verdict: Import, Must: true,
		Requirement: "all tokens of a file are imported", Source: "RFC 6030 §4",
		Why: "A part of a delivery is missing in the server, and its users cannot log in.",
		make: func(m *maker) File {
			return pskc{}.with(pskcKey{Token: m.token()}, pskcKey{Token: m.token()}, pskcKey{Token: m.token()})
		},
	},
	{
		ID: "F11", Name: "pskc-dates-policy.xml", Format: "pskc", Verdict: Import, Must: true,
		Requirement: "the later start and the earlier expiry apply if the policy has the later start and the device the earlier expiry",
		Source:      "RFC 6030 §4.3.1 and §5", Why: whyDates,
		make: func(m *maker) File {
			k := pskcKey{Token: m.token(), deviceStart: earlyStart, deviceExpiry: earlyExpiry, policyStart: lateStart, policyExpiry: lateExpiry}
			k.Start, k.Expiry = instant(lateStart), instant(earlyExpiry)
			return pskc{}.with(k)
		},
	},
	{
		ID: "F12", Name: "pskc-dates-device.xml", Format: "pskc", Verdict: Import, Must: true,
		Requirement: "the later start and the earlier expiry apply if the device has the later start and the policy the earlier expiry",
		Source:      "RFC 6030 §4.3.1 and §5", Why: whyDates,
		make: func(m *maker) File {
			k := pskcKey{Token: m.token(), deviceStart: lateStart, deviceExpiry: lateExpiry, policyStart: earlyStart, policyExpiry: earlyExpiry}
			k.Start, k.Expiry = instant(lateStart), instant(earlyExpiry)
			return pskc{}.with(k)
		},
	},
	{
		ID: "F13", Name: "pskc-expiry-zone.xml", Format: "pskc", Verdict: Import, Must: true,
		Requirement: "an expiry date with a time zone is the same instant as in UTC", Source: "XML Schema part 2 §3.2.7; RFC 6030 §4.3.1", Why: whyDates,
		make: func(m *maker) File {
			k := pskcKey{Token: m.token(), deviceExpiry: "2035-12-31T23:59:59+09:00"}
			k.Expiry = instant(earlyExpiry)
			return pskc{}.with(k)
		},
	},
	{
		ID: "F14", Name: "pskc-drift.xml", Format: "pskc", Verdict: Import, Must: true,
		Requirement: "TimeDrift is a number of time steps", Source: "RFC 6030 §4.1 TimeDrift",
		Why: "Tokens that have been in stock for years are off by some steps. Read as seconds, or not at all, their first codes are refused.",
		make: func(m *maker) File {
			k := pskcKey{Token: m.token(), drift: "3"}
			k.Drift = 3
			return pskc{}.with(k)
		},
	},
}

// either returns a file that may be imported or refused, and a usual file of its token.
func either(f, right File) File {
	f.Right = &right
	return f
}

const whyProfile = "The token is imported with another profile than its own, so all its codes are refused. The user then gets a new token, which does not help."

// eitherKinds are unusual files without encryption.
var eitherKinds = []Kind{
	{
		ID: "F15", Name: "pskc-order.xml", Format: "pskc", Verdict: Either, Must: true,
		Requirement: "if the elements of Data may have another order, their values are the same", Source: "RFC 6030 §11 (the schema has one order)", Why: whyProfile,
		make: func(m *maker) File {
			k := pskcKey{Token: m.token()}
			return either(pskc{swapData: true}.with(k), pskc{}.with(k))
		},
	},
	{
		ID: "F16", Name: "pskc-vendor.xml", Format: "pskc", Verdict: Either, Must: true,
		Requirement: "an element of another namespace is not read as one of PSKC", Source: "Namespaces in XML 1.0 §6.1; RFC 6030 §4.1", Why: whyProfile,
		make: func(m *maker) File {
			right := pskc{}.file(m)
			f := spoiled(right, replaced(string(right.Text), "      </Data>",
				`        <v:TimeInterval xmlns:v="urn:example:vendor"><v:PlainValue>30</v:PlainValue></v:TimeInterval>`+"\n      </Data>"))
			return f
		},
	},
	{
		ID: "F17", Name: "pskc-8-digits.xml", Format: "pskc", Verdict: Either, Must: true,
		Requirement: "a token with codes of 8 digits is imported as such, or refused", Source: "RFC 6030 §4.3.4 ResponseFormat", Why: whyProfile,
		make: func(m *maker) File {
			k := pskcKey{Token: m.token()}
			right := pskc{}.with(k)
			k.Digits = 8
			return either(pskc{}.with(k), right)
		},
	},
	{
		ID: "F18", Name: "pskc-sha256.xml", Format: "pskc", Verdict: Either, Must: true,
		Requirement: "a token with HMAC-SHA-256 is imported as such, or refused", Source: "RFC 6030 §4.3.4 Suite; draft-hoyer-keyprov-pskc-algorithm-profiles §3.2", Why: whyProfile,
		make: func(m *maker) File {
			k := pskcKey{Token: m.token()}
			right := pskc{}.with(k)
			k.Algorithm = token.SHA256
			return either(pskc{}.with(k), right)
		},
	},
	{
		ID: "F19", Name: "pskc-draft.xml", Format: "pskc", Verdict: Either, Must: true,
		Requirement: "a file of a draft of PSKC, with the length of the codes in Usage, is imported with that length, or refused",
		Source:      "draft-ietf-keyprov-pskc-02 §4", Why: whyProfile,
		make: func(m *maker) File {
			k := pskcKey{Token: m.token()}
			right := pskc{}.with(k)
			k.Digits = 8
			text := `<?xml version="1.0" encoding="UTF-8"?>
<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc:1.0">
  <Device><DeviceInfo><Manufacturer>FOBS</Manufacturer><SerialNo>` + k.Serial + `</SerialNo></DeviceInfo>
    <Key KeyId="` + k.Serial + `" KeyAlgorithm="urn:ietf:params:xml:ns:keyprov:pskc#totp">
      <Usage OTP="true"><ResponseFormat Length="8" Format="DECIMAL"/></Usage>
      <Data>` + pskc{}.secret(&k, pskc{}.name("")) + `<TimeInterval><PlainValue>60</PlainValue></TimeInterval></Data>
    </Key>
  </Device>
</KeyContainer>
`
			return either(File{Text: []byte(text), Tokens: []Token{k.Token}}, right)
		},
	},
	{
		ID: "F20", Name: "pskc-uuid.xml", Format: "pskc", Verdict: Either, Must: true,
		Requirement: "a token whose serial number is a UUID is imported under this number, or refused", Source: "RFC 6030 §4.3.1 SerialNo",
		Why: "A serial number that was cut or changed can be the number of another token, whose owner is then asked for codes that they do not have.",
		make: func(m *maker) File {
			k := pskcKey{Token: m.token()}
			right := pskc{}.with(k)
			k.Serial = "4f4a1b2c-1111-4222-8333-" + k.Serial
			return either(pskc{}.with(k), right)
		},
	},
	{
		ID: "F21", Name: "pskc.xml.gz", Format: "pskc", Verdict: Either,
		Requirement: "a compressed file is unpacked and imported, or refused", Source: "RFC 1952",
		Why: "Suppliers send large files compressed. A server that reads compressed bytes as a table imports nonsense, or prints it.",
		make: func(m *maker) File {
			right := pskc{}.file(m)
			return spoiled(right, compressed(right.Text))
		},
	},
}
