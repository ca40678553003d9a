// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"crypto/sha256"
	"fmt"
	"sync"

	"github.com/d204ef64/fob/virtual"
)

// freshSteps holds, for the data of each token, the newest step whose code was returned
// as fresh. A token and its forks share the step: for a server they are one token, which
// accepts a code once.
type freshSteps struct {
	mu    sync.Mutex // guards steps
	steps map[freshKey]int64
}

// freshKey is a hash of everything that decides the codes of a token, and of the serial
// number by which a server finds it.
type freshKey [sha256.Size]byte

func freshKeyOf(t *virtual.Token) freshKey {
	seed, p := t.Secrets()
	defer seed.Destroy()
	secret := seed.Bytes()
	defer clear(secret)
	serial, _ := t.BackLabel()
	h := sha256.New()
	fmt.Fprintf(h, "%s %s %d %d %d ", serial, p.Algorithm, p.Digits, p.Step, p.T0)
	h.Write(secret)
	return freshKey(h.Sum(nil))
}

// claim records a step as the newest of the token. It returns false if the recorded step
// is not older.
func (s *freshSteps) claim(t *virtual.Token, step int64) bool {
	key := freshKeyOf(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	if last, ok := s.steps[key]; ok && step <= last {
		return false
	}
	if s.steps == nil {
		s.steps = map[freshKey]int64{}
	}
	s.steps[key] = step
	return true
}

// freshStep is the recorded step of a token.
type freshStep struct {
	step int64
	set  bool // there is one
}

// of returns the recorded step of the token.
func (s *freshSteps) of(t *virtual.Token) (f freshStep) {
	key := freshKeyOf(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	f.step, f.set = s.steps[key]
	return f
}
