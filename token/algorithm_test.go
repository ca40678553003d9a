// SPDX-License-Identifier: Apache-2.0

package token_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
)

func TestParseAlgorithm(t *testing.T) {
	for text, want := range map[string]token.Algorithm{
		"SHA1": token.SHA1, "sha1": token.SHA1, "SHA-1": token.SHA1, "HmacSHA1": token.SHA1, "hmac-sha1": token.SHA1,
		"HMAC-SHA-1": token.SHA1, "hmac_sha_1": token.SHA1, "HMAC SHA1": token.SHA1,
		"SHA256": token.SHA256, "sha-256": token.SHA256, "HmacSHA256": token.SHA256, "HMAC-SHA256": token.SHA256,
		"SHA512": token.SHA512, "Sha_512": token.SHA512, "HMACSHA512": token.SHA512,
	} {
		got, err := token.ParseAlgorithm(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "SHA", "1", "hmac", "SHA2", "SHA384", "SHA11", "SHA--1", "-SHA1", "SHA1 ", "MD5", "HmacMD5", "-1", "HMAC--SHA1"} {
		_, err := token.ParseAlgorithm(text)
		require.ErrorIs(t, err, token.ErrAlgorithm, text)
	}
	_, err := token.ParseAlgorithm("MD5")
	require.EqualError(t, err, `"MD5": unknown algorithm, want SHA1, SHA256 or SHA512`)
}

func TestAlgorithmText(t *testing.T) {
	var zero token.Algorithm
	require.Equal(t, token.SHA1, zero)
	for a := token.SHA1; a.Valid(); a++ {
		text, err := a.MarshalText()
		require.NoError(t, err)
		var back token.Algorithm
		require.NoError(t, back.UnmarshalText(text))
		require.Equal(t, a, back)
	}
	require.Equal(t, "Algorithm(9)", token.Algorithm(9).String())
	_, err := token.Algorithm(9).MarshalText()
	require.ErrorIs(t, err, token.ErrAlgorithm)
	a := token.SHA512
	require.Error(t, a.UnmarshalText([]byte("MD5")))
	require.Equal(t, token.SHA512, a)
}
