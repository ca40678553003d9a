// SPDX-License-Identifier: Apache-2.0

package order_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/line/order"
)

// TestFaults checks the fault of each field, with its line.
func TestFaults(t *testing.T) {
	sum := strings.Repeat("0f", 32)
	recipient := func(lines string) []string {
		return []string{"- age: age1ngf6fq0vz90jceej9dyenzcvjl2lx0u5z3pxzhelwsnrq3mcavjqhzz545", lines}
	}
	for _, c := range []struct {
		change []string
		want   string
	}{
		{[]string{"id: ORD-2026-0001", "id: ../x"}, ":8: id: want 1 to 40 characters"},
		{[]string{"id: ORD-2026-0001\n", ""}, ": id: it is missing"},
		{[]string{"customer: Example Bank", "customer: \"a\\tb\""}, ":9: customer: it has a character that cannot be printed"},
		{[]string{"customer: Example Bank", "customer: " + strings.Repeat("x", 101)}, ":9: customer: want 1 to 100 characters"},
		{[]string{"count: 10 ", "count: 0 "}, ":10: count: 0, want 1 to 1000000"},
		{[]string{"count: 10 ", "count: many "}, ":10: count: want a whole number, not a text"},
		{[]string{"# digits: 6 ", "colour: 6 "}, ":16: unknown field colour"},
		{[]string{"name: button-6", "name: button-7"}, `:15: profile.name: "button-7": unknown profile, want always-on-6`},
		{[]string{"# digits: 6 ", "digits: 7 "}, ":14: profile: invalid profile: Digits is 7"},
		{[]string{"# algorithm: sha1 ", "algorithm: md5 "}, ":18: profile.algorithm: "},
		{[]string{"kind: oath ", "kind: imei "}, `:23: serials.kind: "imei", want oath, vendor13, vendor9, other`},
		{[]string{"kind: oath ", "kind: vendor9 "}, ":24: serials.first: ZZFB00000001 is of kind oath, want vendor9"},
		{[]string{`"ZZFB00000012"`, `"ZZFB00000009"`}, ":25: serials.last: the range holds 9 numbers, and the order needs 10: the last one must be ZZFB00000010 or later"},
		{[]string{`"ZZFB00000001"`, `"ZZ_B00000001"`}, ":24: serials.first: serial number: character '_'"},
		{[]string{"expiry: 2031-11-30", "expiry: 2031-11-31"}, ":31: expiry: expiry date 2031-11-31 does not exist"},
		{[]string{"expiry: 2031-11-30", "expiry: 2030-12-30"}, ":31: expiry: tokens made before valid_until would have expired already"},
		{[]string{"# life_years: 5", "life_years: 5"}, ":32: life_years: give expiry or life_years, not both"},
		{[]string{"expiry: 2031-11-30\n# life_years: 5", "life_years: 21"}, ":31: life_years: 21, want 1 to 20"},
		{[]string{"expiry: 2031-11-30\n", ""}, ": expiry: give expiry or life_years"},
		{recipient("- {}"), ":37: recipients[0]: give exactly one of age"},
		{recipient("- age: AGE-SECRET-KEY-1GEHEIM"), ":37: recipients[0].age: not a public key of age"},
		{recipient("- certificate: geheim"), ":37: recipients[0].certificate: want one certificate in PEM"},
		{recipient("- certificate_file: bank.pem"), ":37: recipients[0].sha256: it is missing"},
		{recipient("- certificate_file: ../bank.pem\n  sha256: " + sum), ":37: recipients[0].certificate_file: want a file in the folder of the order"},
		{recipient("- key_file: 000102030405060708090a0b0c0d0e0f\n  sha256: " + sum), ":37: recipients[0].key_file: want the name of a file, not the key itself"},
		{recipient("- key_file: AAECAwQFBgcICQoLDA0ODw==\n  sha256: " + sum), "not the key itself"},
		{recipient("- key_file: bank.key\n  sha256: 00"), ":38: recipients[0].sha256: want 64 hexadecimal digits"},
		{recipient("- {age: age1ngf6fq0vz90jceej9dyenzcvjl2lx0u5z3pxzhelwsnrq3mcavjqhzz545, key_name: x}"), "key_name: only a recipient with key_file"},
		{recipient("- key: geheim"), ":37: unknown field key"},
		{append(recipient(""), "recipients:", "recipients: []"), ":36: recipients: there is no recipient"},
		{[]string{"template: back-50x25", "template: front"}, `:46: label.template: invalid label template: no template is named "front", want back-38x13`},
		{[]string{"template: back-50x25", "text: \"size 50 25\\ntext 1 1 48 3 {serial}{seed}\""}, `:46: label.text: invalid label template text: line 2: unknown placeholder in "{seed}"`},
		{[]string{"template: back-50x25", "text: size 50 25"}, ":46: label.text: invalid label template text: it does not show the serial number"},
		{[]string{"template: back-50x25", "text: \"size 50 25\\ncode128 1 1 10 5 {serial}\""}, ":46: label.text: the label cannot be printed: serial number ZZFB00000012, template text, line 2"},
		{[]string{"template: back-50x25", "text: " + strings.Repeat("x", 4097)}, ":46: label.text: 4097 bytes, want at most 4096"},
		{[]string{"template: back-50x25\n", "template: back-50x25\n  text: size 50 25\n"}, ":45: label: give template or text"},
		{[]string{"after label scanned", "tomorrow"}, `label.next_unit: "tomorrow", want at once`},
		{[]string{"versions: [0.1.0]", "versions: [new]"}, `:51: firmware.versions: "new" is not a version`},
		{[]string{"# from: 0.1.0", "from: 0.1.0"}, "firmware.versions: give a list of versions or a range"},
		{[]string{"versions: [0.1.0]", "from: 0.2.0\n  to: 0.1.0"}, ":52: firmware.to: 0.1.0 is lower than from, 0.2.0"},
		{[]string{"  versions: [0.1.0]\n", ""}, ": firmware: give versions, or from and to"},
		{[]string{"drift_ppm: 20 ", "drift_ppm: .nan "}, ":56: limits.drift_ppm: NaN, want more than 0"},
		{[]string{"supply_min: 2.7 ", "supply_min: 3.5 "}, ":58: limits.supply_max: it is lower than supply_min"},
		{[]string{"supply_min: 2.7 ", "supply_min: 0.5 "}, ":57: limits.supply_min: 0.5, want 1 to 6"},
		{[]string{"retries: 2 ", "retries: -1 "}, ":59: limits.retries: -1, want 0 to 10"},
		{[]string{"verification: two steps displayed", "verification: none"}, `:62: verification: "none", want two steps displayed, device check of one step`},
		{[]string{"valid_from: 2026-01-01T00:00:00+09:00", "valid_from: 2026-01-01"}, `:65: valid_from: "2026-01-01" is not a time`},
		{[]string{"valid_until: 2030", "valid_until: 2025"}, ":66: valid_until: it is not after valid_from"},
		{[]string{"signatures: 2", "signatures: 1"}, ":67: signatures: 1, want 2 to 9"},
		{[]string{"signatures: 2\n", "signatures: 2\n---\nid: x\n"}, ": a second document begins after ---"},
		{[]string{"signatures: 2\n", "signatures: {\n"}, ": a value is missing, or a bracket is not closed"},
		{[]string{"limits:\n  drift_ppm: 20                 # fast or slow\n  supply_min: 2.7               # volts\n  supply_max: 3.4\n  retries: 2                    # attempts after the first\n", "limits: x\n"}, ":55: limits: want the fields drift_ppm, supply_min, supply_max, retries, not a text"},
		{[]string{"signatures: 2\n", "signatures: 2\nid: y\n"}, "id is given twice, first in line 8: keep one"},
	} {
		_, err := order.Parse([]byte(replace(t, c.change...)))
		require.ErrorIs(t, err, order.ErrOrder, c.change)
		require.ErrorContains(t, err, c.want)
		require.Equal(t, 1, strings.Count(err.Error(), "\n")+1, "one fault: %v", err)
		require.NotContains(t, strings.ToLower(err.Error()), "geheim")
		require.NotContains(t, err.Error(), "0001020304")
	}
	for _, text := range []string{"", "# only a comment\n", "x", "- x\n", strings.Repeat("#\n", 40000)} {
		_, err := order.Parse([]byte(text))
		require.ErrorIs(t, err, order.ErrOrder)
	}
}

// TestAllFaults checks that all faults are reported at once, by line.
func TestAllFaults(t *testing.T) {
	_, err := order.Parse([]byte(replace(t, "count: 10 ", "count: many ", "id: ORD-2026-0001", "id: '!'", "signatures: 2", "signatures: 1")))
	var faults *order.FaultsError
	require.ErrorAs(t, err, &faults)
	require.Equal(t, []int{8, 10, 67}, []int{faults.Faults[0].Line, faults.Faults[1].Line, faults.Faults[2].Line})
	require.Len(t, faults.Faults, 3)

	_, err = order.Parse([]byte("id: x\n"))
	require.True(t, errors.As(err, &faults))
	require.Greater(t, len(faults.Faults), 10)
}

// TestCertificates checks a certificate in the order and in a file. openssl made the
// certificate, and computed its fingerprint: see testdata/README.md.
func TestCertificates(t *testing.T) {
	const sum = "0C:7B:35:6C:73:79:EC:CB:0E:8F:FF:5F:33:C5:CC:2C:82:81:14:31:F4:73:F5:97:28:D6:9C:44:E6:C3:8B:E5"
	pem, err := os.ReadFile(filepath.Join("testdata", "bank.pem"))
	require.NoError(t, err)
	inline := "- certificate: |\n    " + strings.ReplaceAll(strings.TrimSpace(string(pem)), "\n", "\n    ")
	age := "- age: age1ngf6fq0vz90jceej9dyenzcvjl2lx0u5z3pxzhelwsnrq3mcavjqhzz545"
	o, err := order.Parse([]byte(replace(t, age, inline)))
	require.NoError(t, err)
	require.Contains(t, o.Recipients[0].String(), "CN=Example Bank")

	dir := t.TempDir()
	path := filepath.Join(dir, "order.yaml")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "bank.pem"), pem, 0o600))
	require.NoError(t, os.WriteFile(path, []byte(replace(t, age, "- certificate_file: bank.pem\n  sha256: "+sum)), 0o600))
	_, err = order.CheckFile(path, now)
	require.NoError(t, err)
	for _, other := range []string{"", strings.Replace(string(pem), "M", "N", 1), example(t)} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "bank.pem"), []byte(other), 0o600))
		_, err = order.CheckFile(path, now)
		require.ErrorIs(t, err, order.ErrOrder)
		require.ErrorContains(t, err, path+":37: recipients[0].certificate_file: not the file that the order names: ")
	}
	require.NoError(t, os.Remove(filepath.Join(dir, "bank.pem")))
	_, err = order.CheckFile(path, now)
	require.ErrorContains(t, err, "no such file")
}

// TestCertificateTime checks an order outside of the time for which its certificate is valid.
// The times are those that openssl x509 -dates prints.
func TestCertificateTime(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "bank.pem"))
	require.NoError(t, err)
	c, err := order.ParseCertificate(text)
	require.NoError(t, err)
	require.NoError(t, order.CheckValid(c, c.NotBefore))
	require.NoError(t, order.CheckValid(c, c.NotAfter))
	const ask = ": ask the customer for a certificate that is valid, or check the clock of this machine"
	require.EqualError(t, order.CheckValid(c, c.NotBefore.Add(-time.Second)), "the certificate is not valid before "+c.NotBefore.Format(time.RFC3339)+ask)
	require.EqualError(t, order.CheckValid(c, c.NotAfter.Add(time.Second)), "the certificate expired at "+c.NotAfter.Format(time.RFC3339)+ask)

	inline := "- certificate: |\n    " + strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", "\n    ")
	b := []byte(replace(t, "- age: age1ngf6fq0vz90jceej9dyenzcvjl2lx0u5z3pxzhelwsnrq3mcavjqhzz545", inline))
	_, err = order.Check(b, c.NotBefore.Add(-time.Second))
	require.ErrorContains(t, err, ":37: recipients[0].certificate: the certificate is not valid before ")
}

// TestKeyFile checks a pre-shared key against the SHA-256 that sha256sum prints for the
// bytes 00 to 0f.
func TestKeyFile(t *testing.T) {
	r := order.Recipient{KeyFile: "bank.key", KeyName: "bank", SHA256: "be45cb2605bf36bebde684841a28f0fd43c69850a3dce5fedba69928ee3a8991"}
	key := []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	require.NoError(t, r.CheckKey(key))
	require.ErrorIs(t, r.CheckKey(key[:15]), order.ErrRecipient)
	require.Equal(t, "pre-shared key bank in bank.key, SHA-256 "+r.SHA256, r.String())
}

func FuzzParse(f *testing.F) {
	b, err := os.ReadFile("sample.yaml")
	require.NoError(f, err)
	f.Add(b)
	f.Add([]byte("id: &a [*a]\nserials: {first: '1', kind: other, check_digit: luhn, last: '9'}\ncount: 3\n"))
	f.Add([]byte("recipients: [{key_file: x, sha256: 0}]\nlabel: {text: '${'}\nfirmware: {from: 1, to: 2}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := order.Parse(b)
		if err != nil {
			require.ErrorIs(t, err, order.ErrOrder)
			require.NotEmpty(t, err.Error())
			return
		}
		require.GreaterOrEqual(t, o.SerialCount(), uint64(o.Count))
		for _, i := range []uint64{0, o.SerialCount() - 1} {
			s, ok := o.Serial(i)
			require.True(t, ok)
			require.Equal(t, o.Serials.Kind, s.Kind().String())
		}
		for i := range o.Recipients {
			require.NotEmpty(t, o.Recipients[i].String())
		}
	})
}
