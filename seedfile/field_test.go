// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
)

// fieldKey is the key of the encrypted files in testdata/field.
const fieldKey = "000102030405060708090a0b0c0d0e0f"

// TestFieldFiles reads the files of testdata/field. The README there describes each
// file and gives the source of the expected result.
func TestFieldFiles(t *testing.T) {
	sha256Seed := strings.Repeat("31", 32)
	for _, c := range []struct {
		file, format string
		o            ReadOptions
		key          bool
		serial, seed string
		digits       uint8
		step         token.UnixSeconds
		algorithm    token.Algorithm
		check        func(t *testing.T, r Record)
		warns        []string // part of each warning
	}{
		{file: "01-draft-usage-digits.xml", format: "feitian-xml", serial: "SN1", digits: 8, step: 30},
		{
			file: "02-oath-csv-32byte.csv", format: "oath-csv", serial: "SN1", seed: sha256Seed, algorithm: token.SHA256,
			warns: []string{"SHA256 is used, because privacyIDEA derives it from the length of the seed"},
		},
		{
			file: "05a-encrypted-counter-ascii.xml", key: true, serial: "SN1", seed: "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3",
			check: func(t *testing.T, r Record) {
				require.Equal(t, HOTP, r.Type)
				require.EqualValues(t, 1234, r.Counter)
			},
		},
		{file: "09-empty-encryptionkey.xml", key: true, serial: "SN1"},
		{
			file: "11-mac-key-20-bytes-sha256.xml", key: true, serial: "SN1",
			warns: []string{"the MAC key has 20 bytes; RFC 2104 recommends the length of the hash, 32"},
		},
		{file: "13a-entra-quoted-header.csv", serial: "1234567", check: contoso},
		{file: "13b-entra-timeinterval.csv", serial: "1234567", check: contoso},
		{
			file: "14a-otpauth-issuer-differs.txt", step: 30,
			check: func(t *testing.T, r Record) { require.Equal(t, "Microsoft", r.Issuer) },
			warns: []string{"the issuers in label and parameter differ: the parameter's is used"},
		},
		{
			file:  "14b-otpauth-issuer-empty.txt",
			check: func(t *testing.T, r Record) { require.Equal(t, "A", r.Issuer) },
		},
		{file: "16-privacyidea-export.xml", key: true, serial: "TOTP0001A2B3", algorithm: token.SHA256},
		{
			file: "18-uuid-serial.xml", serial: "4f4a1b2c-1111-2222-3333-444455556666",
			check: func(t *testing.T, r Record) { require.True(t, r.Serial.IsZero()) },
		},
		{file: "20a-linotp-empty-digits.csv", format: "linotp-csv", serial: "SN1", algorithm: token.SHA256},
		{
			file: "24-counter-dropped.csv", format: "linotp-csv", serial: "tok6",
			warns: []string{"a counter (linotp-csv has no column for it) is left out"},
			check: func(t *testing.T, r Record) { require.Equal(t, HOTP, r.Type) },
		},
	} {
		t.Run(c.file, func(t *testing.T) {
			var warnings []string
			c.o.Warn = func(s string) { warnings = append(warnings, s) }
			if c.key {
				c.o.Keys.Key, _ = hex.DecodeString(fieldKey)
			}
			text := readTestdata(t, "field/"+c.file)
			var got []Record
			var err error
			if c.format != "" {
				got, err = readAll(mustFormat(t, c.format), text, c.o)
			} else {
				got, err = readDetected(text, c.o)
			}
			require.NoError(t, err)
			require.Len(t, got, 1)
			r := got[0]
			require.Equal(t, c.serial, r.SerialText())
			seed := rfcSeed
			if c.seed != "" {
				seed = c.seed
			}
			require.True(t, hexSeedOf(t, seed).Equal(r.Seed), "a seed of %d bytes", r.Seed.Len())
			require.Equal(t, max(c.digits, 6), r.Digits)
			if r.Type == TOTP {
				step := c.step
				if step == 0 {
					step = 60
				}
				require.Equal(t, step, r.Step)
			}
			require.Equal(t, c.algorithm, r.Algorithm)
			if c.check != nil {
				c.check(t, r)
			}
			require.Len(t, warnings, len(c.warns), "%q", warnings)
			for i, w := range c.warns {
				require.Contains(t, warnings[i], w)
			}
		})
	}
}

func contoso(t *testing.T, r Record) {
	require.Equal(t, "helga@contoso.com Contoso HardwareKey", r.User+" "+r.Manufacturer+" "+r.Model)
}

// readDetected reads a whole file and detects its format.
func readDetected(text string, o ReadOptions) ([]Record, error) {
	r, f, err := NewReader(strings.NewReader(text), o)
	if err != nil {
		return nil, err
	}
	_ = r
	return readAll(f, text, o)
}

// TestFieldRefused checks files that are refused with a reason. The error does not
// contain the seed.
func TestFieldRefused(t *testing.T) {
	for file, c := range map[string]struct {
		is   error
		says string
	}{
		"07-hex-in-plainvalue.xml":     {ErrValue, "it looks like hexadecimal, want base64"},
		"19-one-unsupported.xml":       {ErrUnsupported, `token PIN1: Key: not supported: Algorithm "urn:ietf:params:xml:ns:keyprov:pskc:pin"`},
		"21-grouped-seed-in-suite.xml": {ErrUnsupported, "Suite …"},
		"23-gzip.xml.gz":               {ErrFormat, "a gzip file: unpack it with gunzip"},
	} {
		_, err := readDetected(readTestdata(t, "field/"+file), ReadOptions{})
		requireRefused(t, err, c.is, c.says, file)
		requireNoSeed(t, err, hexSeedOf(t, rfcSeed))
	}
}

// TestSkip checks, for every format that can contain one, that an unsupported token
// does not end the file.
func TestSkip(t *testing.T) {
	feitian := func(algorithm string) string {
		return `<Device><DeviceInfo><SerialNo>1</SerialNo></DeviceInfo><Key KeyId="1" KeyAlgorithm="http://www.ietf.org/keyprov/pskc#` + algorithm + `">` +
			`<AlgorithmParameters><ResponseFormat Length="6"/></AlgorithmParameters><Data><Secret><PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret>` +
			`<TimeInterval><PlainValue>60</PlainValue></TimeInterval></Data></Key></Device>`
	}
	safenet := func(more string) string {
		return `<Token serial="1"><Applications><Application><Seed>` + rfcSeed + `</Seed><MovingFactor>0</MovingFactor></Application>` + more + `</Applications></Token>`
	}
	ocra := "1, " + rfcSeed + ", ocra, OCRA-1:HOTP-SHA1-6:QN08\n"
	pskc := readTestdata(t, "field/19-one-unsupported.xml")
	pinFirst := func() string { // the elements in the other order
		i, j := strings.Index(pskc, "<KeyPackage>"), strings.LastIndex(pskc, "<KeyPackage>")
		end := strings.Index(pskc, "</KeyContainer>")
		return pskc[:i] + pskc[j:end] + pskc[i:j] + pskc[end:]
	}()
	for _, c := range []struct{ format, text, says string }{
		{"pskc", pskc, "token PIN1: Key: not supported"},
		{"pskc", pinFirst, "token PIN1: Key: not supported"},
		{"pskc", strings.Replace(pinFirst, "<Data>", "<Policy><New><deep/></New></Policy><Data>", 1), "token PIN1: Policy/New: not supported"},
		{"pskc", strings.Replace(pinFirst, "</Key>", `</Key><Key Id="2"/>`, 1), "token PIN1: KeyPackage/Key: not supported: more than one Key"},
		{"oath-csv", ocra + row, "type ocra"},
		{"oath-csv", row + ocra, "type ocra"},
		{"linotp-csv", ocra + row, "type ocra"},
		{"netiq-csv", row + ocra, "type ocra"},
		{"multiotp-csv", "1;;mOTP;" + rfcSeed + ";6;10\n2;;TOTP;" + rfcSeed + ";6;60\n", "type motp"},
		{"otpauth", "otpauth://yubicootp/a?secret=" + rfcBase32 + "\notpauth://totp/a?period=60&secret=" + rfcBase32 + "\n", "type yubicootp"},
		{"feitian-xml", "<KeyContainer>" + feitian("ocra") + feitian("totp") + "</KeyContainer>", "type ocra"},
		{"safenet-xml", "<Tokens>" + safenet("<Application/>") + safenet("") + "</Tokens>", "several applications"},
	} {
		var skipped []error
		o := ReadOptions{Step: 60, Skip: func(err error) { skipped = append(skipped, err) }}
		_, err := readAll(mustFormat(t, c.format), c.text, ReadOptions{Step: 60})
		require.ErrorIs(t, err, ErrUnsupported, c.text)
		got, err := readAll(mustFormat(t, c.format), c.text, o)
		require.NoError(t, err, c.text)
		require.Len(t, got, 1, c.text)
		require.True(t, got[0].Seed.Equal(hexSeedOf(t, rfcSeed)))
		require.Len(t, skipped, 1, c.text)
		requireRefused(t, skipped[0], ErrUnsupported, c.says, "")
	}

	// An error that concerns the whole file cannot be skipped.
	for format, text := range map[string]string{
		"oath-csv":       "# version: 3\n" + row,
		"fob":            `{"format":"fob","version":2}` + "\n",
		"dualshield-xml": strings.Replace(shield, "NONE", "AES256", 1) + shieldToken,
		"feitian-xml":    "<KeyContainer><EncryptionKey/>" + feitian("totp") + "</KeyContainer>",
	} {
		_, err := readAll(mustFormat(t, format), text, ReadOptions{Step: 60, Skip: func(error) { t.Error("skipped") }})
		require.ErrorIs(t, err, ErrUnsupported, format)
	}
}

// TestEntraSpreadsheets reads variants of an Entra file that PowerShell and
// spreadsheets produce.
func TestEntraSpreadsheets(t *testing.T) {
	const head, line = "upn,serial number,secret key,time interval,manufacturer,model", "helga@contoso.com,1234567," + rfcBase32 + ",60,Contoso,HardwareKey"
	quoted := func(s string) string { return `"` + strings.ReplaceAll(s, ",", `","`) + `"` }
	utf16 := func(s string, mark string) string {
		b := []byte(mark)
		for _, c := range []byte(s) {
			if mark == "\xff\xfe" {
				b = append(b, c, 0)
			} else {
				b = append(b, 0, c)
			}
		}
		return string(b)
	}
	plain := head + "\r\n" + line + "\r\n"
	for name, text := range map[string]string{
		"quotes":                   quoted(head) + "\r\n" + quoted(line) + "\r\n",
		"PowerShell 5":             "#TYPE System.Management.Automation.PSCustomObject\r\n" + quoted(head) + "\r\n" + quoted(line) + "\r\n",
		"byte order mark":          "\xef\xbb\xbf" + plain,
		"UTF-16 little endian":     utf16(plain, "\xff\xfe"),
		"UTF-16 big endian":        utf16(plain, "\xfe\xff"),
		"semicolons":               strings.ReplaceAll(plain, ",", ";"),
		"semicolons and quotes":    strings.ReplaceAll(quoted(head)+"\r\n"+quoted(line)+"\r\n", ",", ";"),
		"tabs":                     strings.ReplaceAll(plain, ",", "\t"),
		"spaces":                   strings.ReplaceAll(plain, ",", ", "),
		"upper case":               strings.ToUpper(head) + "\n" + line + "\n",
		"names without spaces":     strings.ReplaceAll(head, " ", "") + "\n" + line + "\n",
		"empty columns at the end": head + ",,\n" + line + ",,\n",
		"empty lines at the end":   plain + ",,,,,\r\n",
		"another order":            "model,manufacturer,time interval,secret key,serial number,upn\nHardwareKey,Contoso,60," + rfcBase32 + ",1234567,helga@contoso.com\n",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readDetected(text, ReadOptions{})
			require.NoError(t, err)
			require.Len(t, got, 1)
			require.Equal(t, "1234567", got[0].SerialText())
			require.EqualValues(t, 60, got[0].Step)
			require.True(t, got[0].Seed.Equal(hexSeedOf(t, rfcSeed)))
			contoso(t, got[0])
		})
	}
}
