// SPDX-License-Identifier: Apache-2.0

package token_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
)

// TestFuzzCorpus checks that the committed corpus exists. Without it, the fuzz tests
// would do nothing when run as ordinary tests.
func TestFuzzCorpus(t *testing.T) {
	for _, name := range []string{"FuzzParseSerial", "FuzzParseExpiry", "FuzzParseSeed", "FuzzParseAlgorithm"} {
		files, err := os.ReadDir(filepath.Join("testdata", "fuzz", name))
		require.NoError(t, err)
		require.NotEmpty(t, files, name)
	}
}

func FuzzParseSerial(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		s, err := token.ParseSerial(text)
		if serialForm.MatchString(text) != (err == nil) {
			t.Fatalf("%q: %v", text, err)
		}
		if err != nil {
			require.ErrorIs(t, err, token.ErrSerial)
			require.Equal(t, token.Serial{}, s)
			return
		}
		require.Equal(t, text, s.String())
		again, err := token.SerialFromBytes([]byte(text))
		require.NoError(t, err)
		require.True(t, again == s)
		if kind := s.Kind(); s.Reserved() {
			require.NotEqual(t, kind == token.SerialOther, !strings.HasPrefix(text, "FOB-"))
		}
	})
}

func FuzzParseExpiry(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		e, err := token.ParseExpiry(text)
		iso, isoErr := time.Parse("2006-01-02", text)
		if isoErr == nil && iso.Year() >= 1970 {
			require.NoError(t, err)
			require.Equal(t, text, e.String())
		}
		if err != nil {
			require.ErrorIs(t, err, token.ErrExpiry)
			require.Equal(t, token.Expiry{}, e)
			return
		}
		if e.String() != text {
			require.Equal(t, text, e.BackLabel(), "the text is neither the ISO form nor the back label")
		}
		again, err := token.ExpiryFromDays(e.Days())
		require.NoError(t, err)
		require.Equal(t, e, again)
	})
}

func FuzzParseSeed(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		s, err := token.ParseSeed(text)
		if err != nil {
			require.True(t, s.IsZero())
			require.Less(t, len(err.Error()), 100, "an error must not quote a seed")
			return
		}
		require.GreaterOrEqual(t, s.Len(), token.MinSeedLen)
		require.LessOrEqual(t, s.Len(), token.MaxSeedLen)
		again, err := token.ParseSeed(s.ExposeHex())
		require.NoError(t, err)
		require.True(t, s.Equal(again))
		again, err = token.ParseSeedBase32(s.ExposeBase32())
		require.NoError(t, err)
		require.True(t, s.Equal(again))
		again, err = token.ParseSeed("  " + strings.ToUpper(text))
		require.NoError(t, err)
		require.True(t, s.Equal(again), "case and spaces must not matter")
	})
}

func FuzzParseAlgorithm(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		a, err := token.ParseAlgorithm(text)
		if err != nil {
			require.ErrorIs(t, err, token.ErrAlgorithm)
			return
		}
		again, err := token.ParseAlgorithm(a.String())
		require.NoError(t, err)
		require.Equal(t, a, again)
		require.Contains(t, strings.ToLower(text), "sha")
	})
}
