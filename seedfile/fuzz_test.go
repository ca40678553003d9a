// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func FuzzOATHCSV(f *testing.F)       { fuzzFormat(f, "oath-csv") }
func FuzzLinOTPCSV(f *testing.F)     { fuzzFormat(f, "linotp-csv") }
func FuzzEntraCSV(f *testing.F)      { fuzzFormat(f, "entra-csv") }
func FuzzDuo(f *testing.F)           { fuzzFormat(f, "duo") }
func FuzzPingID(f *testing.F)        { fuzzFormat(f, "pingid") }
func FuzzNetIQCSV(f *testing.F)      { fuzzFormat(f, "netiq-csv") }
func FuzzMultiOTPCSV(f *testing.F)   { fuzzFormat(f, "multiotp-csv") }
func FuzzDualShieldXML(f *testing.F) { fuzzFormat(f, "dualshield-xml") }
func FuzzFeitianXML(f *testing.F)    { fuzzFormat(f, "feitian-xml") }
func FuzzSafeNetXML(f *testing.F)    { fuzzFormat(f, "safenet-xml") }
func FuzzUsersOATH(f *testing.F)     { fuzzFormat(f, "users-oath") }
func FuzzOTPAuth(f *testing.F)       { fuzzFormat(f, "otpauth") }
func FuzzOkta(f *testing.F)          { fuzzFormat(f, "okta") }
func FuzzFob(f *testing.F)           { fuzzFormat(f, "fob") }
func FuzzAegis(f *testing.F)         { fuzzFormat(f, "aegis") }
func FuzzMigration(f *testing.F)     { fuzzFormat(f, "otpauth-migration") }

// fuzzFormat checks the rules for readers. An error is an Error and contains no seed. A
// record that is read, written and read again is unchanged, except for the fields that
// Lost returns.
func fuzzFormat(f *testing.F, name string) {
	format := mustFormat(f, name)
	for _, s := range samples() {
		if slices.Contains(s.formats, name) {
			f.Add([]byte(readTestdata(f, s.file)))
		}
	}
	for _, b := range badFiles {
		if b.format == name {
			f.Add([]byte(b.text))
		}
	}
	const period = 60
	o := ReadOptions{Step: period, Warn: func(string) {}}
	f.Fuzz(func(t *testing.T, file []byte) {
		_, _, _ = NewReader(strings.NewReader(string(file)), o)
		records, err := readAll(format, string(file), o)
		if err != nil {
			var where *Error
			require.ErrorAs(t, err, &where)
			require.Equal(t, name, where.Format)
			requireNoSeed(t, err, hexSeedOf(t, rfcSeed))
		}
		if !format.Writable() {
			return
		}
		for _, r := range records {
			again, err := writeAll(format, r)
			if err != nil {
				// The reader accepts more than the writer, for example a name that is a
				// formula.
				require.ErrorIs(t, err, ErrValue)
				continue
			}
			got, err := readAll(format, again, o)
			require.NoError(t, err, again)
			require.Len(t, got, 1)
			want := without(r, format.Lost(&r), period)
			if name == "users-oath" || name == "otpauth" {
				want.User = account(&r)
			}
			requireSame(t, want, got[0], again)
		}
	})
}

// TestTruncated cuts each sample short everywhere. A shortened file is refused, or has
// lost complete records only.
func TestTruncated(t *testing.T) {
	for _, s := range samples() {
		text := readTestdata(t, s.file)
		whole, err := readAll(mustFormat(t, s.formats[0]), text, ReadOptions{Step: 60})
		require.NoError(t, err)
		structured := slices.Contains([]string{".xml", ".json", ".2fas"}, filepath.Ext(s.file))
		for n := range text {
			var warned bool
			got, err := readAll(mustFormat(t, s.formats[0]), text[:n], ReadOptions{
				Step: 60, Warn: func(string) { warned = true },
			})
			if err != nil {
				var where *Error
				require.True(t, errors.As(err, &where), "%s cut to %d: %v", s.file, n, err)
				continue
			}
			require.False(t, structured && strings.TrimSpace(text[n:]) != "", "%s cut to %d is accepted", s.file, n)
			for i := range got {
				if structured || i < len(got)-1 || text[n-1] == '\n' {
					requireSame(t, whole[i], got[i], s.file)
				} else {
					require.True(t, warned, "%s cut to %d inside a line: no warning", s.file, n)
				}
			}
		}
	}
}

// FuzzPSKC checks that every record that is read is unchanged after it is written and
// read again, and that every error contains the place.
func FuzzPSKC(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.xml")
	require.NoError(f, err)
	require.NotEmpty(f, files)
	for _, name := range files {
		b, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(b)
	}
	f.Add([]byte(pskcBase))
	full := pskcRecord(f)
	for _, kind := range pskcKinds(f) {
		f.Add([]byte(pskcWrite(f, kind.write, full)))
	}
	// There is no password, because a file may demand ten seconds of PBKDF2.
	keys := Keys{Key: []byte("kkkkkkkkkkkkkkkk")}
	keys.Private, _ = testKeyPair(f)
	_, certificate := testKeyPair(f)

	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := pskcFormat.NewReader(bytes.NewReader(file), ReadOptions{Keys: Keys{Trusted: certificate}})
		if err == nil {
			_, err = r.Read()
		}
		requireFileError(t, err)

		given := keys
		if !bytes.Contains(file, []byte("EncryptionKey")) {
			given = Keys{} // with a key, the reader accepts no unencrypted secret
		}
		r, err = pskcFormat.NewReader(bytes.NewReader(file), ReadOptions{Keys: given, Step: 60, Warn: func(string) {}})
		for err == nil {
			var rec, again Record
			if rec, err = r.Read(); err != nil {
				break
			}
			var b bytes.Buffer
			w, err := pskcFormat.NewWriter(&b, WriteOptions{})
			require.NoError(t, err)
			if rec.Serial.IsZero() && rec.KeyID == "" {
				require.ErrorIs(t, w.Write(&rec), ErrValue)
				continue
			}
			if err := w.Write(&rec); err != nil {
				require.ErrorContains(t, err, "at most", "only a long text is read and not written")
				continue
			}
			require.NoError(t, w.Close())
			back, err := pskcFormat.NewReader(&b, ReadOptions{})
			require.NoError(t, err)
			again, err = back.Read()
			require.NoError(t, err)
			if rec.KeyID == "" {
				rec.KeyID = rec.Serial.String()
			}
			equalRecords(t, rec, again)
		}
		requireFileError(t, err)
	})
}

func requireFileError(t *testing.T, err error) {
	t.Helper()
	var e *Error
	if err != nil && err != io.EOF {
		require.True(t, errors.As(err, &e), "%v", err)
		require.True(t, e.Line > 0 || errors.Is(err, ErrSignature), "%v", err)
	}
}
