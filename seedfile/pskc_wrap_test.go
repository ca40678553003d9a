// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"crypto/aes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
)

// TestKeyWrap uses the vectors of RFC 3394 sections 4.1 to 4.6 and RFC 5649 section 6.
func TestKeyWrap(t *testing.T) {
	const (
		kek128 = "000102030405060708090A0B0C0D0E0F"
		kek192 = kek128 + "1011121314151617"
		kek256 = kek192 + "18191A1B1C1D1E1F"
		kek649 = "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8"
		data   = "00112233445566778899AABBCCDDEEFF"
	)
	for _, v := range []struct {
		where, kek, plain, wrapped string
		padded                     bool
	}{
		{"RFC 3394 4.1", kek128, data, "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5", false},
		{"RFC 3394 4.2", kek192, data, "96778B25AE6CA435F92B5B97C050AED2468AB8A17AD84E5D", false},
		{"RFC 3394 4.3", kek256, data, "64E8C3F9CE0F5BA263E9777905818A2A93C8191E7D6E8AE7", false},
		{"RFC 3394 4.4", kek192, data + "0001020304050607", "031D33264E15D33268F24EC260743EDCE1C6C7DDEE725A936BA814915C6762D2", false},
		{"RFC 3394 4.5", kek256, data + "0001020304050607", "A8F9BC1612C68B3FF6E6F4FBE30E71E4769C8B80A32CB8958CD5D17D6B254DA1", false},
		{"RFC 3394 4.6", kek256, data + "000102030405060708090A0B0C0D0E0F", "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21", false},
		{"RFC 5649 6, 20 octets", kek649, "c37b7e6492584340bed12207808941155068f738", "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a", true},
		{"RFC 5649 6, 7 octets", kek649, "466f7250617369", "afbeb0f07dfbf5419200f2ccb50bb24f", true},
	} {
		kek, plain := fromHex(t, v.kek), fromHex(t, v.plain)
		got, padded, err := wrapKey(kek, plain)
		require.NoError(t, err, v.where)
		require.Equal(t, strings.ToLower(v.wrapped), hex.EncodeToString(got), v.where)
		require.Equal(t, v.padded, padded, v.where)
		back, err := unwrapKey(kek, got, v.padded)
		require.NoError(t, err, v.where)
		require.Equal(t, plain, back, v.where)
		_, err = unwrapKey(kek, got, !v.padded)
		require.ErrorIs(t, err, errUnwrap, v.where)
		for i := range got {
			got[i] ^= 1
			_, err = unwrapKey(kek, got, v.padded)
			require.ErrorIs(t, err, errUnwrap, v.where)
			got[i] ^= 1
		}
		_, err = unwrapKey(kek, got[:len(got)-8], v.padded)
		require.ErrorIs(t, err, errUnwrap, v.where)
		_, err = unwrapKey(kek, got[:len(got)-1], v.padded)
		require.ErrorIs(t, err, errUnwrap, v.where)
	}
	// The initial value is checked even if length and padding are correct.
	kek := fromHex(t, kek128)
	block, err := aes.NewCipher(kek)
	require.NoError(t, err)
	one := fromHex(t, "a65959a700000007"+"466f7250617369"+"00")
	block.Encrypt(one, one)
	_, err = unwrapKey(kek, one, true)
	require.ErrorIs(t, err, errUnwrap)

	_, _, err = wrapKey([]byte("short"), []byte("x"))
	require.Error(t, err)
	_, err = unwrapKey([]byte("short"), make([]byte, 24), false)
	require.Error(t, err)
}

func TestKeyWrapAnyLength(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		kek := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "kek")
		plain := rapid.SliceOfN(rapid.Byte(), 1, 64).Draw(t, "plain")
		wrapped, padded, err := wrapKey(kek, plain)
		require.NoError(t, err)
		require.Equal(t, len(plain)%8 != 0 || len(plain) < 16, padded)
		back, err := unwrapKey(kek, wrapped, padded)
		require.NoError(t, err)
		require.Equal(t, plain, back)
	})
}

// TestPSKCWrapAlgorithms checks that each of the two algorithms accepts its own output only.
func TestPSKCWrapAlgorithms(t *testing.T) {
	key := []byte(rfcSecret[:16])
	write := WriteOptions{Encrypt: &Encryption{Key: key, Wrap: true}}
	for secret, swap := range map[string][2]string{
		rfcSecret:            {nsXENC11 + "kw-aes-128-pad", nsXENC + "kw-aes128"},
		rfcSecret[:16] + "x": {nsXENC11 + "kw-aes-128-pad", nsXENC + "kw-aes128"},
		rfcSecret[:16]:       {nsXENC + "kw-aes128", nsXENC11 + "kw-aes-128-pad"},
	} {
		r := pskcRecord(t)
		r.Seed = testSeed(t, secret)
		file := pskcWrite(t, write, r)
		require.Contains(t, file, swap[0])
		_, err := pskcAll(file, ReadOptions{Keys: Keys{Key: key}})
		require.NoError(t, err)
		_, err = pskcAll(strings.Replace(file, swap[0], swap[1], 1), ReadOptions{Keys: Keys{Key: key}})
		require.ErrorIs(t, err, ErrMAC)
	}
}
