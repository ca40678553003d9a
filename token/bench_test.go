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

// benchKey is the seed of RFC 4226 appendix D. Its 20 bytes are the usual length in
// hardware tokens.
const benchKey = "12345678901234567890"

// benchAlgorithms gives the sub-benchmarks of both implementations the same names:
// BenchmarkCode/SHA1 is listed beside BenchmarkPquerna/SHA1.
var benchAlgorithms = []struct {
	alg   token.Algorithm
	other otp.Algorithm
}{
	{token.SHA1, otp.AlgorithmSHA1},
	{token.SHA256, otp.AlgorithmSHA256},
	{token.SHA512, otp.AlgorithmSHA512},
}

// BenchmarkAppendCode computes codes from a bare key, as the firmware does.
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

// BenchmarkCode computes many codes from one seed, as a fleet or a server does.
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

// BenchmarkSpeedup reports how many times faster AppendCode and a Coder are than
// pquerna/otp. It measures the implementations in turns, because a change in the speed
// of the machine then affects all of them. The times include the cost of garbage
// collection.
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

// BenchmarkProfileCode includes the allocation of the returned string.
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

// mustSeed accepts a testing.T, testing.B or rapid.T.
func mustSeed(t require.TestingT, b []byte) token.Seed {
	s, err := token.NewSeed(b)
	require.NoError(t, err)
	return s
}
