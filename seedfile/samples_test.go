// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
)

// sample is a file in testdata with its expected records.
type sample struct {
	file    string
	formats []string // formats that are detected; more than one if it is ambiguous
	step    token.UnixSeconds
	want    func(t *testing.T) []Record
	warns   int
}

func samples() []sample {
	type R = Record
	one := func(r R, serial, seed string) func(t *testing.T) []R {
		return func(t *testing.T) []R {
			r.Seed = hexSeedOf(t, seed)
			if serial != "" {
				r.Serial = testSerial(t, serial)
			}
			return []R{r}
		}
	}
	join := func(each ...func(t *testing.T) []R) func(t *testing.T) []R {
		return func(t *testing.T) (all []R) {
			for _, f := range each {
				all = append(all, f(t)...)
			}
			return all
		}
	}
	neighbour := func(last string) string { return rfcSeed[:38] + last }
	const long = rfcSeed + "313233343536373839303132"
	return []sample{
		{"oath.csv", []string{"oath-csv", "linotp-csv", "netiq-csv"}, 0, join(
			one(R{Digits: 6, Step: 60}, "2600124800001", rfcSeed),
			one(R{Digits: 8, Step: 30}, "2600124800002", neighbour("31")),
			one(R{Type: HOTP, Digits: 6, Counter: 7}, "UBOM00000003", neighbour("32")),
		), 0},
		{"oath-version2.csv", []string{"oath-csv"}, 0, join(
			one(R{Digits: 6, Step: 60, User: "alice@bank"}, "2600124800001", rfcSeed),
			one(R{Digits: 6, Step: 60}, "2600124800002", neighbour("31")),
		), 1},
		{"linotp.csv", []string{"linotp-csv"}, 0, join(
			one(R{Digits: 6, Step: 60}, "2600124800001", rfcSeed),
			one(R{Digits: 8, Step: 30, Algorithm: token.SHA256}, "2600124800002", long),
			one(R{Type: HOTP, Digits: 6}, "2600124800003", neighbour("32")),
		), 0},
		{"entra.csv", []string{"entra-csv"}, 0, one(
			R{Digits: 6, Step: 60, User: "Helga@contoso.com", Manufacturer: "Contoso", Model: "HardwareKey"},
			"1234567", "d6b7cefbe0088642eb5be77df0044321"), 0},
		{"entra-maker.csv", []string{"entra-csv"}, 0, one(
			R{Digits: 6, Step: 60, Manufacturer: "Deepnet Security", Model: "SafeID/Classic"}, "10001001", rfcSeed), 0},
		{"pair.csv", []string{"duo", "pingid", "netiq-csv"}, 60, join(
			one(R{Digits: 6, Step: 60}, "2600124800001", rfcSeed),
			one(R{Digits: 6, Step: 60}, "2600124800002", neighbour("31")),
		), 0},
		{"netiq.csv", []string{"netiq-csv"}, 0, join(
			one(R{Type: HOTP, Digits: 6}, "Token001", "15d2fa517d3c6b791bd4cc2044c241429307001f"),
			one(R{Digits: 8, Step: 30}, "Token002", "8c557fc050721037fd31e1d3345b5d3263263e0f"),
			one(R{Type: HOTP, Digits: 6}, "Token003", "658208efea5ac49d5331ba781e66f2c808cccc8e"),
			one(R{Digits: 6, Step: 60}, "Token004", "89f0dfe1c90379da6a11aaca2fc1070f606efe36"),
		), 1},
		{"multiotp.csv", []string{"multiotp-csv"}, 0, join(
			one(R{Digits: 6, Step: 60, Manufacturer: "Feitian"}, "2600124800001", rfcSeed),
			one(R{Type: HOTP, Digits: 6, Counter: 12}, "2600124800002", neighbour("31")),
		), 0},
		{"dualshield.xml", []string{"dualshield-xml"}, 0, join(
			one(R{Digits: 6, Step: 60, Manufacturer: "DN", Model: "ST"}, "71358472", "08e49538328bae830e0db14a82341100bc23b840"),
			one(R{Digits: 6, Step: 60, Manufacturer: "DN", Model: "ST"}, "71358473", "08e49538328bae830e0db14a82341100bc23b841"),
		), 0},
		{"dualshield-v5.xml", []string{"dualshield-xml"}, 60, one(
			R{Digits: 6, Step: 60, Manufacturer: "DN", Model: "ST"}, "71358472", "08e49538328bae830e0db14a82341100bc23b840"), 0},
		{"feitian.xml", []string{"feitian-xml"}, 0, join(
			one(R{Digits: 6, Step: 60, Manufacturer: "Feitian Technology Co.,Ltd"}, "1000133508267", rfcSeed),
			one(R{Type: HOTP, Digits: 8, Counter: 5}, "1000133508268", "3ee3270a2be59ffd78222dc3361478ff5cc63790"),
		), 0},
		{"safenet.xml", []string{"safenet-xml"}, 0, one(
			R{Type: HOTP, Digits: 6, Counter: 1, Model: "101", FriendlyName: "Safeword Alpine"},
			"oath137332", "ff06df50017d3b981cfbc4ec4d374040164d8d19"), 2},
		{"users.oath", []string{"users-oath"}, 0, join(
			one(R{Digits: 6, Step: 60, User: "alice"}, "", rfcSeed),
			one(R{Digits: 8, Step: 30, User: "bob"}, "", neighbour("31")),
			one(R{Type: HOTP, Digits: 6, Counter: 1, User: "root"}, "", neighbour("32")),
			one(R{Type: HOTP, Digits: 7, Counter: 5, User: "carol"}, "", neighbour("33")),
		), 1},
		{"otpauth.txt", []string{"otpauth"}, 0, join(
			one(R{Digits: 6, Step: 60, Issuer: "Example", User: "alice@google.com"}, "", rfcSeed),
			one(R{Digits: 8, Step: 30, Algorithm: token.SHA512, Issuer: "ACME Co", User: "john.doe@email.com"}, "", rfcSeed),
			one(R{Type: HOTP, Digits: 6, Counter: 3, Issuer: "Example", User: "bob"}, "", rfcSeed),
		), 0},
		{"aegis.json", []string{"aegis"}, 0, join(
			one(R{Digits: 8, Step: 60, Algorithm: token.SHA256, Issuer: "Example", User: "alice"}, "", rfcSeed),
			one(R{Type: HOTP, Digits: 6, Counter: 5, User: "bob"}, "", neighbour("31")),
		), 0},
		{"2fas.2fas", []string{"2fas"}, 0, join(
			one(R{Digits: 6, Step: 60, Issuer: "Example", User: "alice"}, "", rfcSeed),
			one(R{Type: HOTP, Digits: 6, Counter: 5, Issuer: "Other", User: "bob"}, "", neighbour("31")),
		), 0},
		{"andotp.json", []string{"andotp"}, 0, join(
			one(R{Digits: 6, Step: 60, Issuer: "Example", User: "alice"}, "", rfcSeed),
			one(R{Type: HOTP, Digits: 6, Counter: 5, User: "bob"}, "", neighbour("31")),
		), 0},
		{"freeotp-plus.json", []string{"freeotp-plus"}, 0, join(
			one(R{Digits: 6, Step: 60, Issuer: "Example", User: "alice"}, "", rfcSeed),
			one(R{Type: HOTP, Digits: 8, Algorithm: token.SHA512, Counter: 5, User: "bob"}, "", "aabbccddeeff00112233445566778899"),
		), 0},
		{"bitwarden.json", []string{"bitwarden"}, 60, join(
			one(R{Digits: 6, Step: 60, Issuer: "Example", User: "alice"}, "", rfcSeed),
			one(R{Digits: 8, Step: 60, Algorithm: token.SHA256, Issuer: "Other", User: "bob"}, "", neighbour("31")),
		), 0},
		{"otpauth-migration.txt", []string{"otpauth-migration"}, 30, join(
			one(R{Digits: 6, Step: 30, Issuer: "Example", User: "alice"}, "", rfcSeed),
			one(R{Type: HOTP, Digits: 8, Algorithm: token.SHA256, Counter: 5, User: "bob"}, "", neighbour("31")),
		), 0},
		{"okta.jsonl", []string{"okta"}, 60, one(
			R{Digits: 6, Step: 60, User: "alice@example.com"}, "", "484f97be3213b117e3a20438e291540a"), 0},
		{"fob.jsonl", []string{"fob"}, 0, join(
			one(R{
				Digits: 6, Step: 60, Drift: -2, Manufacturer: "Feitian", Model: "c200", User: "alice",
				Device: Validity{Expiry: time.Date(2031, 11, 30, 14, 59, 59, 0, time.UTC)},
			}, "2600124800001", rfcSeed),
			one(R{
				Type: HOTP, Algorithm: token.SHA256, Digits: 8, Counter: 18446744073709551615, KeyID: "k 1",
			}, "", neighbour("31")),
		), 0},
	}
}

// TestSamples reads each file in each format that it may have, and compares all fields.
func TestSamples(t *testing.T) {
	for _, s := range samples() {
		t.Run(s.file, func(t *testing.T) {
			want := s.want(t)
			var warnings []string
			got, err := readAll(mustFormat(t, s.formats[0]), readTestdata(t, s.file), ReadOptions{
				Step: s.step,
				Warn: func(w string) { warnings = append(warnings, w) },
			})
			require.NoError(t, err)
			require.Len(t, got, len(want))
			for i := range want {
				requireSame(t, want[i], got[i], s.file)
			}
			require.Len(t, warnings, s.warns, "%q", warnings)
		})
	}
}

const (
	rfcBase32  = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	row        = "2600124800001, " + rfcSeed + ", totp, 6, 60\n"
	pair       = "2600124800001," + rfcSeed + "\n"
	entraFirst = "upn,serial number,secret key,time interval,manufacturer,model\n"
	shield     = "<data><header><manufacturerCode>DN</manufacturerCode><productCode>ST</productCode><encrypt>NONE</encrypt>" +
		"<encode>HEX</encode><digits>6</digits><timeWindow>60</timeWindow><crypto>HmacSHA1</crypto></header>"
	shieldToken = "<tokens>\n<token><serial>71358472</serial><seed>" + rfcSeed + "</seed></token></tokens></data>"
	fobHead     = `{"format":"fob","version":1}` + "\n"
)

// badFiles are invalid files and the error for each.
var badFiles = []struct {
	format string
	text   string
	is     error
	says   string // the whole error
}{
	// Any text file.
	{"oath-csv", "", ErrSyntax, "oath-csv: malformed: no token in the file"},
	{"oath-csv", "\n# a comment\n\n", ErrSyntax, "oath-csv: malformed: no token in the file"},
	{"oath-csv", "\xff\xfe\x00\x002\x00\x00\x00", ErrSyntax, "oath-csv: malformed: the file is UTF-32: save it as UTF-8"},
	{"oath-csv", "\x1f\x8b\x08;", ErrSyntax, "oath-csv: malformed: the file is a gzip file: unpack it with gunzip"},
	{"oath-csv", "2\x006\x00", ErrSyntax, "oath-csv: line 1: malformed: NUL byte: is the file UTF-16? Save it as UTF-8"},
	{"oath-csv", "PK\x03\x04...", ErrSyntax, "oath-csv: malformed: the file is a ZIP archive or a spreadsheet's workbook: unpack it, or save the sheet as CSV"},
	{"oath-csv", row + "\xe4\n", ErrSyntax, "oath-csv: line 2: malformed: not UTF-8"},
	{"oath-csv", strings.ReplaceAll(row, "\n", "\r") + row, ErrSyntax, "oath-csv: line 1: malformed: carriage return inside a line"},
	{"oath-csv", row + strings.Repeat("1", 9000), ErrLimit, "oath-csv: line 2: too large: a line of more than 8192 bytes"},
	{"oath-csv", strings.Repeat("1", 200000), ErrLimit, "oath-csv: line 1: too large: a line of more than 8192 bytes"},

	// Columns.
	{"oath-csv", "2600124800001\n", ErrSyntax, "oath-csv: line 1: malformed: 1 columns, want 2: serial, seed"},
	{"oath-csv", strings.ReplaceAll(row, ",", ";"), ErrSyntax, "oath-csv: line 1: malformed: the columns are separated by semicolons instead of commas"},
	{"oath-csv", strings.ReplaceAll(row, ",", "\t"), ErrSyntax, "oath-csv: line 1: malformed: the columns are separated by tabs instead of commas"},
	{"oath-csv", row + row[:len(row)-1] + ", sha1\n", ErrSyntax, "oath-csv: line 2: malformed: more than 5 columns"},
	{"oath-csv", `"2600124800001, ` + rfcSeed + "\n", ErrSyntax, "oath-csv: line 1: malformed: a quoted field does not end in its line"},
	{"oath-csv", `"2600124800001"x, ` + rfcSeed + "\n", ErrSyntax, "oath-csv: line 1: malformed: characters follow a quoted field"},
	{"oath-csv", `26"00124800001, ` + rfcSeed + "\n", ErrSyntax, "oath-csv: line 1: malformed: a quotation mark in a field that is not quoted"},
	{"oath-csv", "# version: 3\n" + row, ErrUnsupported, "oath-csv: line 1: version: not supported: a version other than 1 and 2"},
	{"oath-csv", "# version: 2\n" + row, ErrSyntax, "oath-csv: line 2: malformed: a seed in the resolver's column: version 2 has user, resolver and realm before the serial number"},
	{"oath-csv", "# version: 2\n,ldap,, " + row, ErrValue, "oath-csv: line 2: user: bad value: a resolver or realm without a user"},
	{"duo", pair[:len(pair)-1] + ",1,2\n", ErrSyntax, "duo: line 1: malformed: more than 3 columns"},
	{"multiotp-csv", "2600124800001,Feitian,TOTP," + rfcSeed + ",6,60\n", ErrSyntax, "multiotp-csv: line 1: malformed: the columns are separated by commas instead of semicolons"},
	{"entra-csv", "a@b.c,1234567," + rfcBase32 + ",60,Contoso,Key\n", ErrSyntax, `entra-csv: line 1: malformed: the first line must be "upn,serial number,secret key,time interval,manufacturer,model"`},
	{"entra-csv", "upn,serial number,time interval\na@b.c,1234567,60\n", ErrSyntax, `entra-csv: line 1: malformed: the first line must be "upn,serial number,secret key,time interval,manufacturer,model"`},
	{"entra-csv", "upn,secret key,time interval\na@b.c," + rfcBase32 + ",60\n", ErrSyntax, `entra-csv: line 1: malformed: the first line must be "upn,serial number,secret key,time interval,manufacturer,model"`},
	{"entra-csv", entraFirst, ErrSyntax, "entra-csv: malformed: no token in the file"},
	{"entra-csv", entraFirst + "a@b.c,1234567," + rfcBase32 + ",60\n", ErrSyntax, "entra-csv: line 2: malformed: 4 columns, want 6: upn, serial number, secret key, time interval, manufacturer, model"},

	// Serial numbers.
	{"oath-csv", ", " + rfcSeed + ", totp, 6, 60\n", ErrValue, "oath-csv: line 1: serial number: bad value: serial number: empty"},
	{"oath-csv", "2.60012E+12, " + rfcSeed + ", totp, 6, 60\n", ErrValue, "oath-csv: line 1: serial number: bad value: is a number in exponent form, as spreadsheets show long numbers: its last digits are lost; write the column as text"},
	{"duo", "1.2E+12," + rfcSeed + "\n", ErrValue, "duo: line 1: serial number: bad value: is a number in exponent form, as spreadsheets show long numbers: its last digits are lost; write the column as text"},
	{"duo", `"2,6E+12",` + rfcSeed + "\n", ErrValue, "duo: line 1: serial number: bad value: is a number in exponent form, as spreadsheets show long numbers: its last digits are lost; write the column as text"},
	{"duo", "2600124800001.0," + rfcSeed + "\n", ErrValue, "duo: line 1: serial number: bad value: is a decimal number, as spreadsheets write long numbers; write the column as text"},
	{"duo", "'2600124800001," + rfcSeed + "\n", ErrValue, "duo: line 1: serial number: bad value: begins with an apostrophe, which spreadsheets use to mark text: remove it"},
	{"duo", `="2600124800001",` + rfcSeed + "\n", ErrValue, `duo: line 1: serial number: bad value: is a formula (="…"), which spreadsheets use to keep text: remove it`},
	{"duo", `"=""2600124800001""",` + rfcSeed + "\n", ErrValue, `duo: line 1: serial number: bad value: is a formula (="…"), which spreadsheets use to keep text: remove it`},
	{"duo", "26001248000/1," + rfcSeed + "\n", ErrValue, "duo: line 1: serial number: bad value: serial number: character '/' at position 12, allowed are 0-9, A-Z, a-z and hyphen"},
	{"pingid", "2600124800001, " + rfcSeed + "\n", ErrValue, "pingid: line 1: token 2600124800001: seed: bad value: seed text: character ' ' at position 1 is not a hexadecimal digit"},
	{"pingid", rfcSeed + ",2600124800001\n", ErrValue, "pingid: line 1: serial number: bad value: serial number: 40 characters, at most 20 are allowed"},

	// Seeds.
	{"oath-csv", "2600124800001, , totp, 6, 60\n", ErrValue, "oath-csv: line 1: token 2600124800001: seed: bad value: empty"},
	{"oath-csv", "2600124800001, " + rfcSeed[:39] + ", totp, 6, 60\n", ErrValue, "oath-csv: line 1: token 2600124800001: seed: bad value: seed text: odd number of hexadecimal digits"},
	{"oath-csv", row + "2600124800001, " + rfcSeed[:6] + "g" + rfcSeed[7:] + ", totp, 6, 60\n", ErrValue, "oath-csv: line 2: token 2600124800001: seed: bad value: seed text: character 'g' at position 7 is not a hexadecimal digit"},
	{"oath-csv", "2600124800001, 3132\u00e9334, totp, 6, 60\n", ErrValue, `oath-csv: line 1: token 2600124800001: seed: bad value: seed text: character '\u00e9' at position 5 is not a hexadecimal digit`},
	{"oath-csv", "2600124800001, 31323334, totp, 6, 60\n", ErrValue, "oath-csv: line 1: token 2600124800001: seed: bad value: a seed has 16 to 64 bytes, got 4"},
	{"oath-csv", "2600124800001, " + strings.Repeat("31", 65) + ", totp, 6, 60\n", ErrValue, "oath-csv: line 1: token 2600124800001: seed: bad value: a seed has 16 to 64 bytes, got 65"},
	{"oath-csv", "2600124800001, " + rfcBase32 + ", totp, 6, 60\n", ErrValue, "oath-csv: line 1: token 2600124800001: seed: bad value: seed text: character 'G' at position 1 is not a hexadecimal digit: it looks like base32, want hexadecimal"},
	{"entra-csv", entraFirst + "a@b.c,1234567," + rfcSeed + ",60,Contoso,Key\n", ErrValue, "entra-csv: line 2: token 1234567: seed: bad value: seed text: character '1' at position 2 is not in the base32 alphabet A-Z, 2-7: it looks like hexadecimal, want base32"},
	{"entra-csv", entraFirst + "a@b.c,1234567,GEZD GNBV,60,Contoso,Key\n", ErrValue, "entra-csv: line 2: token 1234567: seed: bad value: seed text: character ' ' at position 5 is not in the base32 alphabet A-Z, 2-7"},
	{"entra-csv", entraFirst + "a@b.c,1234567," + strings.Repeat("A", 129) + ",60,Contoso,Key\n", ErrLimit, "entra-csv: line 2: token 1234567: seed: too large"},
	{"entra-csv", entraFirst + rfcBase32 + ",1234567,a,60,Contoso,Key\n", ErrValue, "entra-csv: line 2: token 1234567: seed: bad value: seed text: 1 base32 characters are not a whole number of bytes"},

	// Type, digits, period.
	{"oath-csv", "2600124800001, " + rfcSeed + ", " + rfcSeed + ", 6, 60\n", ErrValue, "oath-csv: line 1: token 2600124800001: type: bad value: neither totp nor hotp"},
	{"oath-csv", "2600124800001, " + rfcSeed + ", ocra, OCRA-1:HOTP-SHA1-6:QN08\n", ErrUnsupported, "oath-csv: line 1: token 2600124800001: type: not supported: type ocra"},
	{"oath-csv", "2600124800001, " + rfcSeed + ", totp, " + rfcSeed + ", 60\n", ErrValue, "oath-csv: line 1: token 2600124800001: digits: bad value: more than 4294967295"},
	{"oath-csv", "2600124800001, " + rfcSeed + ", totp, 5, 60\n", ErrValue, "oath-csv: line 1: token 2600124800001: digits: bad value: 5, want 6 to 8"},
	{"oath-csv", "2600124800001, " + rfcSeed + ", totp, 7, 60\n", ErrValue, "oath-csv: line 1: token 2600124800001: digits: bad value: 7, the format allows 6 or 8"},
	{"oath-csv", "2600124800001, " + rfcSeed + ", totp, 06, 60\n", ErrValue, "oath-csv: line 1: token 2600124800001: digits: bad value: not a plain number"},
	{"oath-csv", "2600124800001, " + rfcSeed + ", totp, 6, 0\n", ErrValue, "oath-csv: line 1: token 2600124800001: period: bad value: 0, want 1 to 86400 seconds"},
	{"oath-csv", "2600124800001, " + rfcSeed + ", totp, 6, 45\n", ErrValue, "oath-csv: line 1: token 2600124800001: period: bad value: 45, the format allows 30 or 60"},
	{"linotp-csv", "2600124800001, " + rfcSeed + ", totp, 6, 60, " + rfcSeed + "\n", ErrValue, "linotp-csv: line 1: token 2600124800001: algorithm: bad value: unknown algorithm, want SHA1, SHA256 or SHA512"},
	{"netiq-csv", "2600124800001, " + rfcSeed + ", totp, 6, -60\n", ErrValue, "netiq-csv: line 1: token 2600124800001: period: bad value: not a plain number"},
	{"multiotp-csv", "2600124800001;;HOTP;" + rfcSeed + ";6;18446744073709551616\n", ErrValue, "multiotp-csv: line 1: token 2600124800001: counter: bad value: more than 18446744073709551615"},
	{"multiotp-csv", "2600124800001;a\tb;TOTP;" + rfcSeed + ";6;60\n", ErrValue, "multiotp-csv: line 1: token 2600124800001: manufacturer: bad value: has a control character"},
	{"multiotp-csv", "2600124800001;" + strings.Repeat("x", 513) + ";TOTP;" + rfcSeed + ";6;60\n", ErrLimit, "multiotp-csv: line 1: token 2600124800001: manufacturer: too large: more than 512 bytes"},

	// XML.
	{"dualshield-xml", "", ErrSyntax, "dualshield-xml: line 1: malformed: no element data"},
	{"dualshield-xml", "\xfe\xff\x00<", ErrSyntax, "dualshield-xml: line 1: malformed: XML: unexpected EOF"},
	{"dualshield-xml", "<tokens/>", ErrSyntax, "dualshield-xml: line 1: malformed: the root element is not data"},
	{"dualshield-xml", shield + "</data>", ErrSyntax, "dualshield-xml: malformed: no token in the file"},
	{"dualshield-xml", shield + shieldToken[:40], ErrSyntax, "dualshield-xml: line 2: malformed: XML: unexpected EOF"},
	{"dualshield-xml", shield + shieldToken + "<data/>", ErrSyntax, "dualshield-xml: line 2: malformed: an element after the root element"},
	{"dualshield-xml", shield + shieldToken + "\n" + rfcSeed, ErrSyntax, "dualshield-xml: line 3: malformed: text between elements"},
	{"dualshield-xml", "<data>" + shieldToken, ErrSyntax, "dualshield-xml: line 1: malformed: no header before the tokens"},
	{"dualshield-xml", "<data>" + strings.TrimPrefix(shield, "<data>") + strings.TrimPrefix(shield, "<data>") + shieldToken, ErrSyntax, "dualshield-xml: line 1: malformed: duplicate element header"},
	{"dualshield-xml", strings.Replace(shield, "NONE", "AES256", 1) + shieldToken, ErrUnsupported, "dualshield-xml: line 1: encrypt: not supported: AES256: export the file with encrypt NONE"},
	{"dualshield-xml", strings.Replace(shield, "<encrypt>NONE</encrypt>", "", 1) + shieldToken, ErrValue, "dualshield-xml: line 1: encrypt: bad value: neither NONE nor AES256"},
	{"dualshield-xml", strings.Replace(shield, "HEX", "BASE64", 1) + shieldToken, ErrValue, "dualshield-xml: line 2: token 71358472: seed: bad value: it looks like hexadecimal, want base64"},
	{"dualshield-xml", strings.Replace(shield, ">60<", ">45<", 1) + shieldToken, ErrValue, "dualshield-xml: line 1: period: bad value: 45, the format allows 30 or 60"},
	{"dualshield-xml", `<!DOCTYPE data [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>` + shield + shieldToken, ErrUnsupported, "dualshield-xml: line 1: not supported: a document type (<!DOCTYPE …>)"},
	{"dualshield-xml", shield + strings.Replace(shieldToken, "71358472", "&a;", 1), ErrSyntax, "dualshield-xml: line 2: malformed: XML: not well-formed"},
	{"dualshield-xml", shield + strings.Replace(shieldToken, "71358472", "&x"+rfcSeed+";", 1), ErrSyntax, "dualshield-xml: line 2: malformed: XML: not well-formed"},
	{"dualshield-xml", "<data>" + strings.Repeat("<a>", 100), ErrLimit, "dualshield-xml: line 1: too large: elements nested more than 16 deep"},
	{"dualshield-xml", "<data>" + strings.Repeat("<a>", 100000), ErrLimit, "dualshield-xml: line 1: too large: elements nested more than 16 deep"},
	{"dualshield-xml", "<data><a>" + strings.Repeat("a", 20000), ErrLimit, "dualshield-xml: line 1: too large: a tag or text of more than 16384 bytes"},
	{"dualshield-xml", "<data " + strings.Repeat("a='b' ", 5000) + ">", ErrLimit, "dualshield-xml: line 1: too large: a tag or text of more than 16384 bytes"},
	{"dualshield-xml", `<?xml version="1.0" encoding="ISO-8859-1"?>` + shield + shieldToken, ErrUnsupported, "dualshield-xml: line 1: not supported: an encoding other than UTF-8: save the file as UTF-8"},
	{"feitian-xml", "<KeyContainer><KeyPackage/></KeyContainer>", ErrSyntax, "feitian-xml: line 1: malformed: element KeyPackage: the file is PSKC according to RFC 6030"},
	{"feitian-xml", "<KeyContainer><EncryptionKey/></KeyContainer>", ErrUnsupported, "feitian-xml: line 1: not supported: encryption"},
	{"feitian-xml", "<KeyContainer><Device><DeviceInfo/></Device></KeyContainer>", ErrSyntax, "feitian-xml: line 1: malformed: a device without a key"},
	{"feitian-xml", `<KeyContainer><Device><Key KeyId="1" Algorithm="x:totp"><AlgorithmParameters><ResponseFormat Length="6" CheckDigits="true"/></AlgorithmParameters></Key></Device></KeyContainer>`, ErrUnsupported, "feitian-xml: line 1: token 1: CheckDigits: not supported: CheckDigits"},
	{"feitian-xml", `<KeyContainer><Device><Key KeyId="1" Algorithm="x:totp"><AlgorithmParameters><ResponseFormat Length="6" CheckDigit="1"/></AlgorithmParameters></Key></Device></KeyContainer>`, ErrUnsupported, "feitian-xml: line 1: token 1: CheckDigits: not supported: CheckDigits"},
	{"feitian-xml", `<KeyContainer><Device><Key KeyId="1" Algorithm="x:totp"><Policy><PINPolicy/></Policy></Key></Device></KeyContainer>`, ErrUnsupported, "feitian-xml: line 1: token 1: PINPolicy: not supported: PINPolicy"},
	{"feitian-xml", `<KeyContainer><Device><Key KeyId="1" Algorithm="x:totp"><Policy><NumberOfTransactions>1</NumberOfTransactions></Policy></Key></Device></KeyContainer>`, ErrUnsupported, "feitian-xml: line 1: token 1: NumberOfTransactions: not supported: NumberOfTransactions"},
	{"feitian-xml", `<KeyContainer><Device><Key KeyId="1" Algorithm="x:totp"><Data><Secret><PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret><Time><PlainValue>2147483648</PlainValue></Time></Data></Key></Device></KeyContainer>`, ErrValue, "feitian-xml: line 1: token 1: T0: bad value: more than 2147483647"},
	{"feitian-xml", `<KeyContainer><Device><Key KeyId="1" Algorithm="x:totp"><Data><Secret><EncryptedValue/></Secret></Data></Key></Device></KeyContainer>`, ErrUnsupported, "feitian-xml: line 1: token 1: not supported: encryption"},
	{"safenet-xml", `<Tokens><Token><Applications/></Token></Tokens>`, ErrValue, "safenet-xml: line 1: serial number: bad value: serial number: empty"},
	{"safenet-xml", `<Tokens><Token serial="1"><Applications/></Token></Tokens>`, ErrValue, "safenet-xml: line 1: token 1: seed: bad value: empty"},
	{"safenet-xml", `<Tokens><Token serial="1"><Applications><Application><Seed>` + rfcSeed + `</Seed></Application><Application/></Applications></Token></Tokens>`, ErrUnsupported, "safenet-xml: line 1: token 1: not supported: a token with several applications"},

	// users.oath.
	{"users-oath", "HOTP/T60/6 alice " + rfcSeed + "\n", ErrSyntax, "users-oath: line 1: malformed: 3 columns, want 4 to 7: type, user, PIN or -, seed, moving factor, last code, time"},
	{"users-oath", "HOTP/T60/6 alice " + rfcSeed + " 3\n", ErrValue, "users-oath: line 1: token alice: PIN: bad value: looks like a seed: is the column missing? Want - for no PIN"},
	{"users-oath", "HOTP/T45/6 alice - " + rfcSeed + "\n", ErrValue, "users-oath: line 1: type: bad value: want HOTP, HOTP/E/6, HOTP/T30/6 or HOTP/T60/6 (or 7 or 8 digits)"},
	{"users-oath", "HOTP/T60/9 alice - " + rfcSeed + "\n", ErrValue, "users-oath: line 1: digits: bad value: 9, want 6 to 8"},
	{"users-oath", "HOTP/T60/6 alice - " + rfcBase32 + "\n", ErrValue, "users-oath: line 1: token alice: seed: bad value: seed text: character 'G' at position 1 is not a hexadecimal digit: it looks like base32, want hexadecimal"},
	{"users-oath", "HOTP/T60/6 " + rfcSeed + " - alice\n", ErrValue, "users-oath: line 1: seed: bad value: seed text: character 'l' at position 2 is not a hexadecimal digit"},

	// otpauth.
	{"otpauth", "https://example.com\n", ErrSyntax, "otpauth: line 1: malformed: the line does not begin with otpauth://"},
	{"otpauth", "otpauth://totp/alice\n", ErrSyntax, "otpauth: line 1: malformed: no parameters: the secret is missing"},
	{"otpauth", "otpauth://totp/alice?period=60\n", ErrValue, "otpauth: line 1: token alice: seed: bad value: empty"},
	{"otpauth", "otpauth://totp/alice?secret=" + rfcSeed + "&period=60\n", ErrValue, "otpauth: line 1: token alice: seed: bad value: seed text: character '1' at position 2 is not in the base32 alphabet A-Z, 2-7: it looks like hexadecimal, want base32"},
	{"otpauth", "otpauth://totp/alice?secret=" + rfcBase32 + "&period=60&period=30\n", ErrSyntax, "otpauth: line 1: token alice: malformed: duplicate parameter period"},
	{"otpauth", "otpauth://totp/alice?secret=%" + rfcBase32 + "&period=60\n", ErrSyntax, "otpauth: line 1: token alice: malformed: parameter secret has an invalid % escape"},
	{"otpauth", "otpauth://hotp/alice?secret=" + rfcBase32 + "\n", ErrValue, "otpauth: line 1: token alice: counter: bad value: empty"},
	{"otpauth", "otpauth://totp/alice?secret=" + rfcBase32 + "&algorithm=MD5&period=60\n", ErrValue, "otpauth: line 1: token alice: algorithm: bad value: unknown algorithm, want SHA1, SHA256 or SHA512"},

	// JSON.
	{"fob", "", ErrSyntax, "fob: malformed: no token in the file"},
	{"fob", "{}\n", ErrSyntax, `fob: line 1: malformed: the first line must be {"format":"fob","version":1}`},
	{"fob", `{"format":"fob","version":2}` + "\n", ErrUnsupported, "fob: line 1: version: not supported: a version other than 1"},
	{"fob", fobHead, ErrSyntax, "fob: malformed: no token in the file"},
	{"fob", fobHead + `{"serial":"1","colour":"red"}`, ErrSyntax, `fob: line 2: token 1: malformed: unknown key "colour"`},
	{"fob", fobHead + `{"` + rfcSeed + `":1}`, ErrSyntax, "fob: line 2: malformed: unknown key …"},
	{"fob", fobHead + `{"Serial":"1"}`, ErrSyntax, `fob: line 2: malformed: unknown key "Serial"`},
	{"fob", fobHead + `{"serial":"1","serial":"2"}`, ErrSyntax, "fob: line 2: token 1: malformed: duplicate key"},
	{"fob", fobHead + `{"serial":"1"`, ErrSyntax, "fob: line 2: token 1: malformed: the object does not end in its line"},
	{"fob", fobHead + `{"serial":"1"} {}`, ErrSyntax, "fob: line 2: token 1: malformed: data after the object in its line"},
	{"fob", fobHead + `{"serial":1}`, ErrValue, "fob: line 2: serial: bad value: not a JSON string"},
	{"fob", fobHead + `{"serial":"1","digits":"6"}`, ErrValue, "fob: line 2: token 1: digits: bad value: not a JSON number"},
	{"fob", fobHead + `{"serial":"1","digits":6e0}`, ErrValue, "fob: line 2: token 1: digits: bad value: not a plain number"},
	{"fob", fobHead + `{"serial":"1","drift":1.5}`, ErrValue, "fob: line 2: token 1: drift: bad value: not an integer of 64 bits"},
	{"fob", fobHead + `{"serial":"1","deviceExpiry":"2031-11-30"}`, ErrValue, "fob: line 2: token 1: deviceExpiry: bad value: want a time like 2031-11-30T14:59:59Z"},
	{"fob", fobHead + `{"serial":"1","type":"TOTP","seed":"` + rfcSeed + `","digits":6}`, ErrValue, "fob: line 2: token 1: algorithm: bad value: missing"},
	{"fob", fobHead + `{"serial":"1","type":"HOTP","seed":"` + rfcSeed + `","algorithm":"SHA1","digits":6,"period":60}`, ErrValue, "fob: line 2: token 1: period: bad value: HOTP has no period"},
	{"fob", fobHead + `{"serial":"1","user":"a\u0007b","type":"HOTP","seed":"` + rfcSeed + `","algorithm":"SHA1","digits":6}`, ErrValue, "fob: line 2: token 1: user: bad value: has a control character"},
	{"okta", `{"userId":"alice","body":{"factorType":"token:software:totp"}}`, ErrValue, "okta: line 1: token alice: factorType: bad value: not token:hotp"},
	{"okta", `{"body":{"profile":{"sharedSecret":"` + rfcSeed + `"}}}`, ErrValue, "okta: line 1: user: bad value: missing"},
	{"okta", `{"userId":"alice","body":{"profile":[]}}`, ErrSyntax, "okta: line 1: token alice: malformed: not a JSON object"},
}

// TestBadFiles checks that each file is refused with exactly that text, which helps
// people to find the mistake, and that the text contains no seed.
func TestBadFiles(t *testing.T) {
	for _, b := range badFiles {
		_, err := readAll(mustFormat(t, b.format), b.text, ReadOptions{Step: 60})
		require.ErrorIs(t, err, b.is, b.says)
		require.Equal(t, b.says, err.Error())
		var where *Error
		require.ErrorAs(t, err, &where)
		requireNoSeed(t, err, hexSeedOf(t, rfcSeed))
	}
}
