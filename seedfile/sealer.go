// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"fmt"
	"sync"

	"github.com/d204ef64/fob/token"
)

// Sealer encrypts seeds one at a time for a PSKC file that is written later. The
// results can be stored: only the recipient's key opens them. It is safe for concurrent
// use.
type Sealer struct {
	mu   sync.Mutex // guards the MAC of seal
	seal *pskcSeal
}

// SealedHead is the beginning of a PSKC file of sealed seeds, in XML: the name of the key
// or the recipient's certificate, and the encrypted key of the MAC. It contains no
// secret in clear.
type SealedHead []byte

// SealedSeed is an encrypted seed, as RFC 6030 sections 6.1 to 6.3 define it. Only the
// head of the same Sealer goes with it.
type SealedSeed struct {
	Method string `json:"method"` // URI of the encryption algorithm
	Cipher []byte `json:"cipher"`
	MAC    []byte `json:"mac,omitempty"`
}

// NewSealer prepares the encryption with a key or for a recipient. A password is refused
// with [ErrUnsupported].
func NewSealer(e Encryption) (*Sealer, error) {
	if len(e.Password) != 0 {
		return nil, fmt.Errorf("%w: a password for sealed seeds: use a key or a recipient", ErrUnsupported)
	}
	seal, err := newPSKCSeal(&e)
	if err != nil {
		return nil, err
	}
	return &Sealer{seal: seal}, nil
}

// Head returns the head for [WriteOptions].
func (s *Sealer) Head() SealedHead { return append(SealedHead(nil), s.seal.head...) }

// Seal encrypts a seed for [Record].
func (s *Sealer) Seal(seed token.Seed) (SealedSeed, error) {
	if seed.IsZero() {
		return SealedSeed{}, fmt.Errorf("%w: %w", ErrValue, token.ErrNoSeed)
	}
	b := seed.Bytes()
	defer clear(b)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seal.encrypt(b)
}

// Destroy overwrites the key, after which nothing more can be sealed.
func (s *Sealer) Destroy() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.seal.key)
	s.seal = &pskcSeal{head: s.seal.head}
}
