// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

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
