// SPDX-License-Identifier: Apache-2.0

package token_test

import (
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
)

// benchKey is the 20-byte seed of RFC 4226 appendix D, what hardware tokens
// have in length.
const benchKey = "12345678901234567890"

// benchAlgorithms names the sub-benchmarks of both sides alike, so that
// BenchmarkCode/SHA1 stands beside BenchmarkPquerna/SHA1.
var benchAlgorithms = []struct {
	alg   token.Algorithm
	other otp.Algorithm
}{
	{token.SHA1, otp.AlgorithmSHA1},
	{token.SHA256, otp.AlgorithmSHA256},
	{token.SHA512, otp.AlgorithmSHA512},
}

// BenchmarkAppendCode is a code from a bare key, as the firmware computes it.
func BenchmarkAppendCode(b *testing.B) {
	for _, a := range benchAlgorithms {
		b.Run(a.alg.String(), func(b *testing.B) {
			key := []byte(benchKey)
			buf := make([]byte, 0, token.MaxDigits)
			b.ReportAllocs()
			step := int64(0)
			for b.Loop() {
				buf = token.AppendCode(buf[:0], key, a.alg, 6, step)
				step++
			}
		})
	}
}

// BenchmarkCode is a code of a seed that stays the same, as a fleet or a server
// computes many.
func BenchmarkCode(b *testing.B) {
	for _, a := range benchAlgorithms {
		b.Run(a.alg.String(), func(b *testing.B) {
			p := token.Profile{Step: 60, Digits: 6, Algorithm: a.alg}
			code, err := p.Coder(mustSeed(b, []byte(benchKey)))
			require.NoError(b, err)
			buf := make([]byte, 0, token.MaxDigits)
			b.ReportAllocs()
			step := int64(0)
			for b.Loop() {
				buf = code(buf[:0], step)
				step++
			}
		})
	}
}

func BenchmarkPquerna(b *testing.B) {
	for _, a := range benchAlgorithms {
		b.Run(a.alg.String(), func(b *testing.B) {
			secret := mustSeed(b, []byte(benchKey)).ExposeBase32()
			opts := totp.ValidateOpts{Period: 60, Digits: otp.DigitsSix, Algorithm: a.other}
			b.ReportAllocs()
			at := time.Unix(0, 0)
			for b.Loop() {
				_, err := totp.GenerateCodeCustom(secret, at, opts)
				if err != nil {
					b.Fatal(err)
				}
				at = at.Add(time.Minute)
			}
		})
	}
}

// BenchmarkSpeedup measures both sides in turns, so that a machine that changes
// its speed changes both, and reports how many times as fast as pquerna/otp
// AppendCode and a Coder are. The times include what the garbage of a side costs.
func BenchmarkSpeedup(b *testing.B) {
	for _, a := range benchAlgorithms {
		b.Run(a.alg.String(), func(b *testing.B) {
			key := []byte(benchKey)
			seed := mustSeed(b, key)
			coder, err := token.Profile{Step: 60, Digits: 6, Algorithm: a.alg}.Coder(seed)
			require.NoError(b, err)
			secret := seed.ExposeBase32()
			opts := totp.ValidateOpts{Period: 60, Digits: otp.DigitsSix, Algorithm: a.other}
			buf := make([]byte, 0, token.MaxDigits)
			sides := [3]struct {
				run   func(step int64)
				total time.Duration
			}{
				{run: func(step int64) { buf = token.AppendCode(buf[:0], key, a.alg, 6, step) }},
				{run: func(step int64) { buf = coder(buf[:0], step) }},
				{run: func(step int64) { _, _ = totp.GenerateCodeCustom(secret, time.Unix(step*60, 0), opts) }},
			}
			for b.Loop() {
				for i := range sides {
					start := time.Now()
					for step := range int64(500) {
						sides[i].run(step)
					}
					sides[i].total += time.Since(start)
				}
			}
			b.ReportMetric(float64(sides[2].total)/float64(sides[0].total), "x-AppendCode")
			b.ReportMetric(float64(sides[2].total)/float64(sides[1].total), "x-Coder")
		})
	}
}

// BenchmarkProfileCode has the one allocation of a string besides.
func BenchmarkProfileCode(b *testing.B) {
	p := token.Profiles()[0]
	seed := mustSeed(b, []byte(benchKey))
	b.ReportAllocs()
	step := int64(0)
	for b.Loop() {
		_, err := p.Code(seed, step)
		if err != nil {
			b.Fatal(err)
		}
		step++
	}
}

// mustSeed takes any of testing.T, testing.B and rapid.T.
func mustSeed(t require.TestingT, b []byte) token.Seed {
	s, err := token.NewSeed(b)
	require.NoError(t, err)
	return s
}
