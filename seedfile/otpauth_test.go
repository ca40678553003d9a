// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"strings"
	"testing"

	"github.com/pquerna/otp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
)

// TestURIPquerna reads our URIs with pquerna/otp, which is lax and accepts any URI, and
// reads its result with our reader.
func TestURIPquerna(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		r := drawRecord(t)
		uri, err := OTPAuthURI(&r)
		if err != nil {
			require.ErrorIs(t, err, ErrValue)
			return
		}
		key, err := otp.NewKeyFromURL(uri)
		require.NoError(t, err)
		require.Equal(t, strings.ToLower(r.Type.String()), key.Type())
		require.Equal(t, r.Issuer, key.Issuer())
		require.Equal(t, account(&r), key.AccountName())
		require.Equal(t, r.Seed.ExposeBase32(), key.Secret())
		require.Equal(t, r.Algorithm.String(), key.Algorithm().String())
		require.Equal(t, int(r.Digits), key.Digits().Length())
		if r.Type == TOTP {
			require.Equal(t, uint64(r.Step), key.Period())
		}
		again, err := ParseOTPAuthURI(key.URL(), ReadOptions{})
		require.NoError(t, err, key.URL())
		require.True(t, again.Seed.Equal(r.Seed))
		require.Equal(t, r.Issuer, again.Issuer)
		require.Equal(t, account(&r), again.User)
		require.Equal(t, r.Step, again.Step)
	})
}

// TestURIDefaults shows a case in which our reader is stricter: pquerna/otp reads a
// missing period, and a misspelt one, as 30.
func TestURIDefaults(t *testing.T) {
	for _, uri := range []string{
		"otpauth://totp/alice?secret=" + rfcBase32,
		"otpauth://totp/alice?secret=" + rfcBase32 + "&period=sixty",
	} {
		key, err := otp.NewKeyFromURL(uri)
		require.NoError(t, err)
		require.EqualValues(t, 30, key.Period())
		_, err = ParseOTPAuthURI(uri, ReadOptions{})
		require.Error(t, err, uri)
	}
	_, err := ParseOTPAuthURI("otpauth://totp/"+strings.Repeat("a", 9000), ReadOptions{})
	require.ErrorIs(t, err, ErrLimit)
	_, err = OTPAuthURI(&Record{Seed: hexSeedOf(t, rfcSeed), Digits: 6, Step: 60})
	require.EqualError(t, err, "otpauth: user: bad value: there is neither a user nor a serial number")
}
