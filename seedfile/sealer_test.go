// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
)

// TestSealer checks that a file of seeds that were sealed before is read like one whose
// seeds are encrypted while it is written, with the reader that the figures of RFC 6030
// test.
func TestSealer(t *testing.T) {
	want := []Record{figureRecord(t), figureRecord(t)}
	want[1].Serial, want[1].KeyID = testSerial(t, "987654322"), "2"
	for _, kind := range pskcKinds(t) {
		if kind.write.Encrypt == nil {
			continue
		}
		t.Run(kind.name, func(t *testing.T) {
			s, err := NewSealer(*kind.write.Encrypt)
			if kind.read.Keys.Password != nil {
				require.ErrorIs(t, err, ErrUnsupported)
				return
			}
			require.NoError(t, err)
			o := WriteOptions{Sealed: s.Head(), Sign: kind.write.Sign}
			var sealed []Record
			for _, r := range want {
				v, err := s.Seal(r.Seed)
				require.NoError(t, err)
				require.NotContains(t, string(v.Cipher), rfcSecret)
				r.Seed, r.Sealed = token.Seed{}, &v
				sealed = append(sealed, r)
			}
			s.Destroy()
			_, err = s.Seal(want[0].Seed)
			require.Error(t, err)
			var b strings.Builder
			w, err := pskcFormat.NewWriter(&b, o)
			require.NoError(t, err)
			for _, r := range sealed {
				require.NoError(t, w.Write(&r))
			}
			require.NoError(t, w.Close())
			got, err := pskcAll(b.String(), kind.read)
			require.NoError(t, err, b.String())
			require.Len(t, got, len(want))
			for i := range want {
				equalRecords(t, want[i], got[i])
			}
		})
	}
}

// TestSealerRefuses checks that seeds in clear and sealed seeds do not mix.
func TestSealerRefuses(t *testing.T) {
	e := Encryption{Key: []byte(strings.Repeat("k", 16))}
	s, err := NewSealer(e)
	require.NoError(t, err)
	_, err = s.Seal(token.Seed{})
	require.ErrorIs(t, err, token.ErrNoSeed)
	v, err := s.Seal(testSeed(t, rfcSecret))
	require.NoError(t, err)
	clear := figureRecord(t)
	sealed := clear
	sealed.Seed, sealed.Sealed = token.Seed{}, &v
	for _, c := range []struct {
		o WriteOptions
		r Record
	}{
		{WriteOptions{Sealed: s.Head()}, clear},
		{WriteOptions{Encrypt: &e}, sealed},
		{WriteOptions{}, sealed},
	} {
		w, err := pskcFormat.NewWriter(io.Discard, c.o)
		require.NoError(t, err)
		require.ErrorIs(t, w.Write(&c.r), ErrValue)
	}
	_, err = pskcFormat.NewWriter(io.Discard, WriteOptions{Sealed: s.Head(), Encrypt: &e})
	require.ErrorIs(t, err, ErrUnsupported)
	_, err = NewSealer(Encryption{})
	require.ErrorIs(t, err, ErrValue)
	for _, f := range Formats() {
		if f.Writable() && f != pskcFormat {
			_, err := f.NewWriter(io.Discard, WriteOptions{Sealed: s.Head(), OktaProfile: "f"})
			require.ErrorIs(t, err, ErrUnsupported, f.Name)
		}
	}
}
