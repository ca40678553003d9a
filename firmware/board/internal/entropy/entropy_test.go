// SPDX-License-Identifier: Apache-2.0

package entropy_test

import (
	"crypto/sha256"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/firmware/board/internal/entropy"
)

// coin returns a source whose bit is 1 with probability ones/256.
func coin(seed uint64, ones int) func() uint8 {
	r := rand.New(rand.NewPCG(seed, 1))
	return func() uint8 {
		if r.IntN(256) < ones {
			return 0xFF
		}
		return 0xFE
	}
}

// TestFill checks the construction: SHA-256 of the block number, the salt and the bits,
// packed with the first bit of a byte in its highest place.
func TestFill(t *testing.T) {
	got := make([]byte, 40)
	require.True(t, entropy.Fill(got, []byte("salt"), coin(1, 128)))
	source := coin(1, 128)
	var want []byte
	for n := range byte(2) {
		message := append([]byte{n}, "salt"...)
		for range entropy.BitsPerBlock / 8 {
			b := byte(0)
			for i := range 8 {
				b |= source() & 1 << (7 - i)
			}
			message = append(message, b)
		}
		sum := sha256.Sum256(message)
		want = append(want, sum[:]...)
	}
	require.Equal(t, want[:40], got)
}

// TestSpread checks that one changed bit of the source or of the salt changes about
// half of the output bits.
func TestSpread(t *testing.T) {
	fill := func(flip int, salt string) []byte {
		p := make([]byte, 32)
		source, n := coin(2, 128), 0
		require.True(t, entropy.Fill(p, []byte(salt), func() uint8 {
			b := source()
			if n == flip {
				b ^= 1
			}
			n++
			return b
		}))
		return p
	}
	first := fill(-1, "a")
	for _, other := range [][]byte{fill(0, "a"), fill(entropy.BitsPerBlock-1, "a"), fill(-1, "b")} {
		differ := 0
		for i := range first {
			differ += bits.OnesCount8(first[i] ^ other[i])
		}
		require.InDelta(t, 128, differ, 50)
	}
}

// TestHealth checks that broken sources are rejected and poor ones accepted.
func TestHealth(t *testing.T) {
	period := func(n int) func() uint8 {
		i := 0
		return func() uint8 { i++; return uint8(i / n) }
	}
	const usual = 128
	for name, tt := range map[string]struct {
		bit  func() uint8
		want bool
	}{
		"fair":          {coin(3, usual), true},
		"biased":        {coin(4, 170), true},
		"lopsided":      {coin(5, 205), false},
		"lopsided to 0": {coin(5, 51), false},
		"stuck at 0":    {coin(6, 0), false},
		"stuck at 1":    {coin(6, 256), false},
		"long runs":     {period(50), false},
		"runs":          {period(49), true}, // no check here distinguishes a period from chance
	} {
		var p [32]byte
		require.Equal(t, tt.want, entropy.Fill(p[:], nil, tt.bit), name)
	}
	for seed := range uint64(300) {
		var p [32]byte
		require.True(t, entropy.Fill(p[:], nil, coin(seed, usual)), "a fair coin must be accepted")
	}
}
