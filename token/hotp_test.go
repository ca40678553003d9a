// SPDX-License-Identifier: Apache-2.0

package token_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"hash"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/token"
)

var hashes = map[token.Algorithm]func() hash.Hash{
	token.SHA1:   sha1.New,
	token.SHA256: sha256.New,
	token.SHA512: sha512.New,
}

// slowCode follows RFC 4226 section 5.3 literally, with crypto/hmac.
func slowCode(key []byte, alg token.Algorithm, digits int, counter uint64) string {
	mac := hmac.New(hashes[alg], key)
	mac.Write(binary.BigEndian.AppendUint64(nil, counter))
	hs := mac.Sum(nil)
	offset := hs[len(hs)-1] & 0xf
	snum := uint64(binary.BigEndian.Uint32(hs[offset:]) & math.MaxInt32)
	modulus := uint64(1)
	for range digits {
		modulus *= 10
	}
	s := strconv.FormatUint(snum%modulus, 10)
	return strings.Repeat("0", digits-len(s)) + s
}

func TestCodeEqualsCryptoHMAC(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		key := rapid.SliceOfN(rapid.Byte(), 1, token.MaxSeedLen).Draw(t, "key")
		alg := token.Algorithm(rapid.IntRange(0, 2).Draw(t, "alg"))
		digits := rapid.IntRange(token.MinDigits, token.MaxDigits).Draw(t, "digits")
		counter := rapid.Uint64().Draw(t, "counter")
		want := slowCode(key, alg, digits, counter)
		require.Equal(t, "x"+want, string(token.AppendHOTP([]byte("x"), key, alg, uint8(digits), counter)))
		if counter > math.MaxInt64 {
			return
		}
		step := int64(counter)
		require.Equal(t, want, string(token.AppendCode(nil, key, alg, uint8(digits), step)))
		if len(key) < token.MinSeedLen || digits != 6 && digits != 8 {
			return
		}
		coder, err := token.Profile{Step: 60, Digits: uint8(digits), Algorithm: alg}.Coder(mustSeed(t, key))
		require.NoError(t, err)
		require.Equal(t, want, string(coder(nil, step)))
	})
}

func TestAppendCodeKeepsKey(t *testing.T) {
	key := []byte(benchKey)
	for alg := range hashes {
		token.AppendCode(nil, key, alg, 6, 1)
		require.Equal(t, benchKey, string(key))
	}
}

func TestCodeAllocatesNothing(t *testing.T) {
	for alg := range hashes {
		for _, n := range []int{1, token.MinSeedLen, token.DefaultSeedLen, token.MaxSeedLen} {
			key := make([]byte, n)
			buf := make([]byte, 0, token.MaxDigits)
			for _, digits := range []uint8{5, 6, 8, 9} {
				step := int64(1) << 40
				require.Zero(t, testing.AllocsPerRun(100, func() {
					buf = token.AppendCode(buf[:0], key, alg, digits, step)
					buf = token.AppendHOTP(buf[:0], key, alg, digits, uint64(step))
					step++
				}), "%v, key of %d bytes, %d digits", alg, n, digits)
			}
		}
		if raceDetector {
			// The race detector prevents the compiler from turning append(b,
			// make(…)...) in the hashes' AppendBinary into plain growth. The 386 run
			// does not use it.
			continue
		}
		coder, err := token.Profile{Step: 60, Digits: 6, Algorithm: alg}.Coder(mustSeed(t, []byte(benchKey)))
		require.NoError(t, err)
		buf := make([]byte, 0, token.MaxDigits)
		step := int64(0)
		require.Zero(t, testing.AllocsPerRun(100, func() {
			buf = coder(buf[:0], step)
			step++
		}), "Coder %v", alg)
	}
}

func TestCoderErrorsAndDestroyedSeed(t *testing.T) {
	p := token.Profiles()[0]
	_, err := p.Coder(token.Seed{})
	require.ErrorIs(t, err, token.ErrNoSeed)
	_, err = token.Profile{Step: 60, Digits: 7}.Coder(mustSeed(t, []byte(benchKey)))
	require.ErrorIs(t, err, token.ErrProfile)

	seed := mustSeed(t, []byte(benchKey))
	coder, err := p.Coder(seed)
	require.NoError(t, err)
	require.Equal(t, "755224", string(coder(nil, 0)))
	require.Empty(t, coder(nil, -1))
	require.Equal(t, "755224", string(coder(nil, 0)))
	seed.Destroy()
	require.Empty(t, coder(nil, 0))
	require.Empty(t, coder(nil, 0))
}

func TestCodeEqual(t *testing.T) {
	require.True(t, token.Code("012345").Equal("012345"))
	require.False(t, token.Code("012345").Equal("012346"))
	require.False(t, token.Code("012345").Equal("12345"), "leading zeros are significant")
	require.False(t, token.Code("012345").Equal(""))
	require.False(t, token.Code("").Equal(""), "an empty code matches no input")
}

// TestCodeDigitsAreUniform is a rough check that all digits are equally frequent in all places.
// It would reveal a mistake in the padding or in the order of the digits.
func TestCodeDigitsAreUniform(t *testing.T) {
	const codes = 20000
	var count [8][10]int
	for step := range int64(codes) {
		for i, c := range token.AppendCode(nil, []byte(benchKey), token.SHA1, 8, step) {
			count[i][c-'0']++
		}
	}
	for i := range 8 {
		for d, n := range count[i] {
			require.InDelta(t, codes/10, n, codes/100, "digit %d in place %d", d, i)
		}
	}
}
