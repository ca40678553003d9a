// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"crypto/rand"
	"net/netip"
	"sync"
	"time"
)

const (
	challengeMost = 4096 // maximum of open challenges; then a new one replaces the oldest
	stateLen      = 16   // random bytes

	// mostRounds is how many times one login may be asked for another code: for the
	// next code, for the one after it, and once more for a user who was slow.
	mostRounds = 3
)

// challenge is a login that waits for another code.
type challenge struct {
	user   string
	client string
	source netip.Addr
	round  int
}

// challenges stores open challenges by their State.
type challenges struct {
	mu   sync.Mutex
	open *aging[[stateLen]byte, challenge]
}

func newChallenges(life time.Duration) *challenges {
	return &challenges{open: newAging[[stateLen]byte, challenge](life, challengeMost)}
}

// start stores a challenge and returns its State.
func (c *challenges) start(now time.Time, ch challenge) []byte {
	var state [stateLen]byte
	_, _ = rand.Read(state[:]) // never fails
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open.put(now, state, ch)
	return state[:]
}

// pop removes and returns the challenge of a State, so each can be answered only once.
func (c *challenges) pop(now time.Time, state []byte) (challenge, bool) {
	if len(state) != stateLen {
		return challenge{}, false
	}
	key := [stateLen]byte(state)
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := c.open.get(now, key)
	if ch == nil {
		return challenge{}, false
	}
	found := *ch
	c.open.remove(key)
	return found, true
}
