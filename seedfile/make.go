// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"io"

	"github.com/d204ef64/fob/token"
)

// Batch describes a batch of test tokens.
type Batch struct {
	Count   int // 1 or more
	First   uint64
	Profile token.Profile
	Expiry  token.Expiry // zero means no expiry date
	SeedLen int          // bytes of a seed; 0 means token.DefaultSeedLen

	// Seed returns the seed of the token with a number, which has length bytes. Nil means
	// random seeds.
	Seed func(number uint64, length int) (token.Seed, error)
}

// NewBatch returns a reader of test tokens. Their serial numbers are
// First, First+1, … in the range that [token.TestSerial] reserves (OATH identifiers).
// The error wraps ErrValue or token.ErrProfile.
func NewBatch(b Batch) (Reader, error) {
	if b.Count < 1 || b.First+uint64(b.Count) > 1<<32 {
		return nil, fmt.Errorf("%w: %d tokens from number %d: want at least one token, and numbers below 2^32", ErrValue, b.Count, b.First)
	}
	if err := b.Profile.Validate(); err != nil {
		return nil, err
	}
	return &batch{Batch: b}, nil
}

type batch struct {
	Batch
	n int
}

func (b *batch) Line() int { return b.n }

func (b *batch) Read() (Record, error) {
	if b.n == b.Count {
		return Record{}, io.EOF
	}
	number := b.First + uint64(b.n)
	serial, err := token.TestSerial(token.SerialOATH, number)
	if err != nil {
		return Record{}, err
	}
	newSeed := b.Seed
	if newSeed == nil {
		newSeed = randomSeed
	}
	seed, err := newSeed(number, cmp.Or(b.SeedLen, token.DefaultSeedLen))
	if err != nil {
		return Record{}, err
	}
	b.n++
	return Record{
		Serial: serial, Seed: seed, KeyID: serial.String(), Manufacturer: "fob", Model: b.Profile.Name,
		Algorithm: b.Profile.Algorithm, Digits: b.Profile.Digits, Step: b.Profile.Step, T0: b.Profile.T0,
		Device: Validity{Expiry: ExpiryInstant(b.Expiry, nil)},
	}, nil
}

func randomSeed(_ uint64, length int) (token.Seed, error) {
	key := make([]byte, length)
	defer clear(key)
	if _, err := rand.Read(key); err != nil {
		return token.Seed{}, err
	}
	return token.NewShortSeed(key)
}
