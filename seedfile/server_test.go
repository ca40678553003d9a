// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/token"
)

// usualRecord returns a typical token of a bank, without anything that a server could
// misread.
func usualRecord(t testing.TB) Record {
	return Record{
		Serial: testSerial(t, "ZZFB00000001"), Seed: testSeed(t, rfcSecret), Digits: 6, Step: 60, KeyID: "ZZFB00000001",
		User: "alice@example.com", Manufacturer: "Feitian Technology Co.,Ltd",
		Device: Validity{Expiry: time.Date(2031, 11, 30, 14, 59, 59, 0, time.UTC)},
	}
}

// writeFor writes records for a server.
func writeFor(t testing.TB, server *Server, format string, o WriteOptions, records ...Record) (string, error) {
	t.Helper()
	f, err := FormatByName(format)
	require.NoError(t, err)
	o.For, o.OktaProfile = server, writeOptions.OktaProfile
	return writeWith(f, o, records...)
}

// TestServersImportUsualToken checks that every server in docs/seed-files.md has a profile, and that
// it accepts a typical token in each format that it imports.
func TestServersImportUsualToken(t *testing.T) {
	for _, s := range Servers() {
		for _, name := range s.Formats {
			r := usualRecord(t)
			if name == "safenet-xml" {
				r.Type, r.Step = HOTP, 0
			}
			_, err := writeFor(t, s, name, WriteOptions{}, r)
			require.NoError(t, err, "%s, %s", s.Name, name)
			f, err := FormatByName(name)
			require.NoError(t, err)
			require.Equal(t, s.Name != "freeipa", s.Lost(f, &r)&FieldDeviceExpiry != 0, "%s: only FreeIPA keeps a date", s.Name)
		}
		_, err := ServerByName(s.Name)
		require.NoError(t, err)
	}
	_, err := ServerByName("radius")
	require.ErrorContains(t, err, `no profile for the server "radius": want one of privacyidea, linotp, `)

	page, err := os.ReadFile("../docs/seed-files.md")
	require.NoError(t, err)
	_, table, found := strings.Cut(string(page), "| server | format | `--for` |")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n\n")
	var named []string
	for _, m := range regexp.MustCompile("`([a-z-]+)` \\|\n").FindAllStringSubmatch(table+"\n", -1) {
		named = append(named, m[1])
	}
	for _, s := range Servers() {
		require.Contains(t, named, s.Name, "the table of docs/seed-files.md")
	}
	require.Len(t, named, len(Servers()))
}

// TestServersRefuse checks that tokens are refused if a server would compute other
// codes from them or could not decrypt them.
func TestServersRefuse(t *testing.T) {
	with := func(f func(*Record)) Record {
		r := usualRecord(t)
		f(&r)
		return r
	}
	sha256 := with(func(r *Record) { r.Algorithm = token.SHA256 })
	eight := with(func(r *Record) { r.Digits = 8 })
	t0 := with(func(r *Record) { r.T0 = token.Epoch2000 })
	odd := with(func(r *Record) { r.Step = 36 })
	hotp := with(func(r *Record) { r.Type, r.Step, r.Counter = HOTP, 0, 5 })
	key16, key32 := bytes.Repeat([]byte("k"), 16), bytes.Repeat([]byte("k"), 32)
	for _, c := range []struct {
		server, format string
		encrypt        *Encryption
		records        []Record
		is             error
		says           string
	}{
		{"privacyidea", "pskc", nil, []Record{t0}, ErrValue, "T0: bad value: privacyIDEA would compute wrong codes: it ignores the T0 in pskc"},
		{"privacyidea", "oath-csv", nil, []Record{sha256}, ErrValue, "algorithm"},
		{"privacyidea", "entra-csv", nil, nil, ErrUnsupported, "privacyIDEA does not import entra-csv: it imports pskc, oath-csv, safenet-xml"},
		{"privacyidea", "pskc", &Encryption{Key: key32}, nil, ErrUnsupported, "only AES-128: want a key of 16 bytes, got 32"},
		{"privacyidea", "pskc", &Encryption{Key: key16, Wrap: true}, nil, ErrUnsupported, "CBC"},
		{"privacyidea", "pskc", &Encryption{Key: key16, MAC: "hmac-sha256"}, nil, ErrUnsupported, "only the MAC hmac-sha1"},
		{"linotp", "pskc", nil, []Record{odd}, ErrValue, "it does not support a period of 36 s"},
		{"linotp", "pskc", &Encryption{Password: []byte("short")}, nil, ErrValue, "6 to 64"},
		{"linotp", "pskc", &Encryption{Recipient: []byte("x")}, nil, ErrUnsupported, "CBC"},
		{"freeipa", "pskc", nil, []Record{t0}, ErrValue, "T0"},
		{"freeipa", "pskc", nil, []Record{with(func(r *Record) { r.Digits = 7 })}, ErrValue, "it does not support codes of 7 digits"},
		{"freeipa", "pskc", &Encryption{Key: key16, Wrap: true}, nil, ErrUnsupported, "CBC"},
		{"multiotp", "pskc", nil, []Record{t0}, ErrValue, "T0"},
		{"multiotp", "multiotp-csv", nil, []Record{sha256}, ErrValue, "algorithm"},
		{"multiotp", "pskc", &Encryption{Key: key16, Wrap: true}, nil, ErrUnsupported, "CBC"},
		{"entra", "entra-csv", nil, []Record{sha256}, ErrValue, "it does not support SHA256"},
		{"entra", "entra-csv", nil, []Record{eight}, ErrValue, "it does not support codes of 8 digits"},
		{"entra", "entra-csv", nil, []Record{hotp}, ErrValue, "type"},
		{"helloid", "entra-csv", nil, []Record{sha256}, ErrValue, "it does not support SHA256"},
		{"duo", "duo", nil, []Record{usualRecord(t), eight}, ErrValue, "Duo uses one type, digits, period for a whole file"},
		{"duo", "duo", nil, []Record{hotp}, ErrValue, "counter"},
		{"pingid", "pingid", nil, []Record{usualRecord(t), hotp}, ErrValue, "a separate file"},
		{"pingid", "pingid", nil, []Record{odd}, ErrValue, "period of 36 s"},
		{"okta", "okta", nil, []Record{usualRecord(t), sha256}, ErrValue, "for a whole file"},
		{"netiq", "netiq-csv", nil, []Record{sha256}, ErrValue, "it does not support SHA256"},
		{"netiq", "netiq-csv", nil, []Record{hotp}, ErrValue, "counter"},
		{"dualshield", "dualshield-xml", nil, []Record{t0}, ErrValue, "T0"},
		{"pam-oath", "users-oath", nil, []Record{sha256}, ErrValue, "it does not support SHA256"},
		{"pam-oath", "users-oath", nil, []Record{t0}, ErrValue, "T0"},
	} {
		server, err := ServerByName(c.server)
		require.NoError(t, err)
		_, err = writeFor(t, server, c.format, WriteOptions{Encrypt: c.encrypt}, c.records...)
		require.ErrorIs(t, err, c.is, "%s, %s", c.server, c.says)
		require.ErrorContains(t, err, c.says, c.server)
	}

	pingid, err := ServerByName("pingid")
	require.NoError(t, err)
	file, err := writeFor(t, pingid, "pingid", WriteOptions{}, hotp)
	require.NoError(t, err)
	require.Equal(t, "ZZFB00000001,3132333435363738393031323334353637383930,5\n", file)
}

// TestServersPSKC checks Suite and drift in the form that each server reads.
// privacyIDEA uses SHA-1 for a Suite that is not the name of a hash, LinOTP supports
// HMAC-SHA256 but not HMAC-SHA512, and multiOTP supports only HMAC-….
func TestServersPSKC(t *testing.T) {
	r := usualRecord(t)
	r.Algorithm, r.Drift = token.SHA512, -2
	for name, want := range map[string]struct{ suite, drift string }{
		"privacyidea": {"sha512", "-120"},
		"linotp":      {"sha512", "-2"},
		"freeipa":     {"HMAC-SHA512", "-2"},
		"multiotp":    {"HMAC-SHA512", "-2"},
		"":            {"HMAC-SHA512", "-2"},
	} {
		var server *Server
		if name != "" {
			var err error
			server, err = ServerByName(name)
			require.NoError(t, err)
		}
		var warned []string
		file, err := writeFor(t, server, "pskc", WriteOptions{Warn: func(s string) { warned = append(warned, s) }}, r, r)
		require.NoError(t, err)
		require.Contains(t, file, "<Suite>"+want.suite+"</Suite>", name)
		require.Contains(t, file, "<TimeDrift><PlainValue>"+want.drift+"</PlainValue></TimeDrift>", name)
		if name == "" {
			require.Equal(t, []string{"the hash is written as HMAC-SHA512, which privacyIDEA reads as SHA-1: name the server that imports the file"}, warned)
		} else {
			require.Empty(t, warned)
		}
		got, err := pskcAll(file, ReadOptions{})
		require.NoError(t, err)
		require.Equal(t, token.SHA512, got[0].Algorithm)
	}
}

// TestServersPSKCTool checks that the files for a server are valid according to RFC
// 6030's schema, with and without encryption.
func TestServersPSKCTool(t *testing.T) {
	tool := tooltest.Find(t, "pskctool")
	for _, s := range Servers() {
		if s.Formats[0] != "pskc" {
			continue
		}
		for _, encrypt := range []*Encryption{nil, {Key: bytes.Repeat([]byte("k"), 16)}, {Password: []byte("qwerty"), Iterations: MinIterations}} {
			file, err := writeFor(t, s, "pskc", WriteOptions{Encrypt: encrypt}, usualRecord(t))
			require.NoError(t, err, s.Name)
			require.Equal(t, "OK\n", run(t, "", tool, "--validate", tempFile(t, "keys.xml", file)), s.Name)
		}
	}
}

// TestPSKCNamespacesOnRoot: multiOTP reads prefixes from the root element only.
func TestPSKCNamespacesOnRoot(t *testing.T) {
	file := pskcWrite(t, WriteOptions{Encrypt: &Encryption{Password: []byte("qwerty"), Iterations: MinIterations}}, usualRecord(t))
	_, rest, found := strings.Cut(file, "<KeyContainer ")
	require.True(t, found)
	root, rest, _ := strings.Cut(rest, ">")
	for _, space := range []string{nsPSKC, nsDS, nsXENC, nsXENC11, nsPKCS5} {
		require.Contains(t, root, `"`+space+`"`)
	}
	require.NotRegexp(t, `xmlns[:=][^"]*"[^"]`, rest, "none but the empty one of PBKDF2's parameters")
}

// TestMultiOTPComma: multiOTP splits lines at commas, semicolons and tabs.
func TestMultiOTPComma(t *testing.T) {
	r := usualRecord(t)
	f, err := FormatByName("multiotp-csv")
	require.NoError(t, err)
	for _, name := range []string{"Feitian Technology Co.,Ltd", "a;b", `the "maker"`} {
		r.Manufacturer = name
		file, err := writeFor(t, nil, "multiotp-csv", WriteOptions{}, r)
		require.NoError(t, err)
		require.Equal(t, "ZZFB00000001;;TOTP;3132333435363738393031323334353637383930;6;60\n", file)
		require.NotZero(t, f.Lost(&r)&FieldManufacturer)
	}
}
