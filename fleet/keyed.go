// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"fmt"
	mathrand "math/rand/v2"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/token/fleetkey"
	"github.com/d204ef64/fob/virtual"
)

// ErrKeyed is the error of a fleet that cannot have a fleet key or a first number.
var ErrKeyed = errclass.New(errclass.Usage, "invalid fleet key")

// Keyed gives the tokens of lots the serial numbers, seeds and crystals of a fleet key.
// The first token that the world makes has the number First, and the next ones follow.
// Fleets in other processes, with the same key, make the same tokens from the same
// numbers. Hardware ids depend on the world's seed only. The zero value has no key.
type Keyed struct {
	Key   fleetkey.Key
	First uint64
}

// check returns an error if First has no effect.
func (k Keyed) check() error {
	if k.Key.IsZero() && k.First != 0 {
		return fmt.Errorf("%w: a first number has no effect without a key", ErrKeyed)
	}
	return nil
}

// number returns the number of a token in serial numbers.
func (k Keyed) number(t *virtual.Token) uint64 {
	if k.Key.IsZero() {
		return t.Index()
	}
	return k.First + t.Index() - 1
}

// newToken makes the i-th of the reserved tokens. A crystal without any error stays one.
func (k Keyed) newToken(r virtual.Reserved, i int, m *virtual.Model, options ...virtual.Option) *virtual.Token {
	if !k.Key.IsZero() {
		seed := k.Key.Crystal(k.First + r.First() + uint64(i) - 1)
		options = append([]virtual.Option{virtual.CrystalFrom(seed)}, options...)
	}
	return r.NewToken(i, m, options...)
}

// chance returns the random source for the values that a token gets from its lot.
func (k Keyed) chance(w *virtual.World, t *virtual.Token) *mathrand.Rand {
	if k.Key.IsZero() {
		return chance(w, t, "lot")
	}
	return mathrand.New(mathrand.NewChaCha8(k.Key.Lot(k.number(t))))
}

// seed returns the seed of a token.
func (k Keyed) seed(w *virtual.World, t *virtual.Token) ([]byte, error) {
	if k.Key.IsZero() {
		seed, r := make([]byte, token.DefaultSeedLen), chance(w, t, "seed")
		for i := range seed {
			seed[i] = byte(r.Uint32())
		}
		return seed, nil
	}
	seed, err := k.Key.Seed(k.number(t), token.DefaultSeedLen)
	defer seed.Destroy()
	return seed.Bytes(), err
}

// keyedState identifies a Keyed in a state folder, which does not hold the key.
type keyedState struct {
	ID    string `json:"id"`
	First uint64 `json:"first"`
}

func (k Keyed) state() keyedState {
	if k.Key.IsZero() {
		return keyedState{}
	}
	return keyedState{k.Key.ID(), k.First}
}

// check returns an error if the fleet in a folder has another key or first number than
// the one that is to continue it: new tokens could get serial numbers that others have.
func (s keyedState) check(now keyedState) error {
	switch {
	case s == now:
		return nil
	case s.ID == "":
		return fmt.Errorf("%w: the tokens in the state folder were made without one: leave it out", ErrKeyed)
	case now.ID == "":
		return fmt.Errorf("%w: the tokens in the state folder were made with one (%s): give it again", ErrKeyed, s.ID)
	case s.ID != now.ID:
		return fmt.Errorf("%w: the tokens in the state folder were made with another one (%s, not %s)", ErrKeyed, s.ID, now.ID)
	}
	return fmt.Errorf("%w: the first token in the state folder has the number %d, not %d", ErrKeyed, s.First, now.First)
}
