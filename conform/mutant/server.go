// SPDX-License-Identifier: Apache-2.0

package mutant

import (
	"bytes"
	"sync"
	"time"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/token"
)

// The rules of the server.
const (
	window        = 1   // steps
	shortest      = 14  // bytes of a seed
	longest       = 120 // seconds of a period
	lockout       = 5   // wrong codes
	reach         = 720 // steps of a correction
	interval      = 15 * 24 * time.Hour
	moment        = time.Millisecond     // in which other requests overtake this one
	farthest      = 100                  // steps that C27's mistake searches
	longer        = 2 * time.Millisecond // C70
	lockedFor     = time.Hour            // C46
	rememberedFor = 60                   // seconds; C12
)

// Errors of the verbs.
var (
	ErrUnknown = errclass.New(errclass.Refused, "unknown token")
	ErrExists  = errclass.New(errclass.Refused, "the token exists")
	ErrSeed    = errclass.New(errclass.Refused, "the seed is too short, or belongs to another token")
	ErrPeriod  = errclass.New(errclass.Refused, "the period is too long")
	ErrNoOrder = errclass.New(errclass.Refused, "needs no application")
)

// Server is a validation server. Create it with [New].
type Server struct {
	// Lockout is the number of wrong codes in a row that lock a token. CountReplayed and
	// CountMalformed make used codes and malformed entries count too. They are set before
	// the first request.
	Lockout                       int
	CountReplayed, CountMalformed bool

	fault string

	mu     sync.Mutex
	tokens map[string]*state
	clock  *int64 // seconds; nil: the system's

	contracts map[string]*contract
	people    map[string]*person
}

// state is the state of a token.
type state struct {
	profile
	key     []byte
	digits  uint8
	period  int64
	users   map[string]bool
	revoked bool

	contract  string // "" for none
	condition string // lost, broken, or "" for in use
	notices   int
	records   []string

	offset  int64 // learned, in steps
	learned time.Time

	last   map[string]int64 // the newest used step, for all or for each user or interface
	usedAt int64
	steps  map[int64]bool  // all used steps
	texts  map[string]bool // all used or refused entries

	failed  map[string]int // wrong codes in a row, for all or for each user
	locked  map[string]time.Time
	entered map[string]bool // wrong codes since the last correct one
	late    bool
}

// New returns a server with the mistake of a case, or "" for none.
func New(fault string) *Server {
	return &Server{Lockout: lockout, fault: fault, tokens: map[string]*state{}, contracts: map[string]*contract{}, people: map[string]*person{}}
}

func (s *Server) is(id string) bool { return s.fault == id }

func (s *Server) now() int64 {
	now := time.Now().Unix()
	if s.clock != nil {
		now = *s.clock
	}
	switch {
	case s.is("C03"):
		now %= 1 << 33
	case s.is("C04"):
		now = int64(int32(now)) //nolint:gosec // the mistake
	case s.is("C69"):
		if m := time.Unix(now, 0).UTC().Month(); m < time.April || m > time.October {
			now -= 3600
		}
	}
	return now
}

// Import adds a token and gives it to a user.
func (s *Server) Import(serial, user string, key []byte, digits uint8, period int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tokens[serial] != nil && !s.is("C57") {
		return ErrExists
	}
	delete(s.tokens, serial)
	for _, t := range s.tokens {
		if bytes.Equal(t.key, key) && !s.is("C66") {
			return ErrSeed
		}
	}
	if len(key) < shortest && !s.is("C66") {
		return ErrSeed
	}
	if period > longest && !s.is("C67") {
		return ErrPeriod
	}
	s.tokens[serial] = newState(key, digits, period)
	s.tokens[serial].users[user] = true
	return nil
}

func newState(key []byte, digits uint8, period int64) *state {
	return &state{
		key: key, digits: digits, period: period, users: map[string]bool{}, last: map[string]int64{},
		steps: map[int64]bool{}, texts: map[string]bool{}, failed: map[string]int{}, locked: map[string]time.Time{}, entered: map[string]bool{},
	}
}

// With calls f with the lock of the server, if it has the token.
func (s *Server) with(serial string, f func(*state)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tokens[serial]
	if t == nil {
		return ErrUnknown
	}
	f(t)
	return nil
}

// Assign gives a token to another user too.
func (s *Server) Assign(serial, user string) error {
	return s.with(serial, func(t *state) { t.users[user] = true })
}

// Unlock ends a lockout.
func (s *Server) Unlock(serial string) error {
	return s.with(serial, func(t *state) { s.unlock(t); t.note("the bank", "unlock", conform.Accepted) })
}

func (s *Server) unlock(t *state) {
	clear(t.failed)
	clear(t.locked)
	clear(t.entered)
	if s.is("C49") {
		clear(t.last)
	}
}

// Revoke puts a token out of use.
func (s *Server) Revoke(serial string) error {
	return s.with(serial, func(t *state) { s.revoke(t, serial); t.note("the bank", "revoke", conform.Accepted) })
}

func (s *Server) revoke(t *state, serial string) {
	t.revoked = true
	for _, p := range s.people {
		if p.token == serial {
			p.token = ""
		}
	}
}

// Remove deletes a token.
func (s *Server) Remove(serial string) error {
	return s.with(serial, func(*state) { delete(s.tokens, serial) })
}

// SetClock sets the clock.
func (s *Server) SetClock(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := at.Unix()
	if s.is("C68") && s.clock != nil && now < *s.clock {
		for _, t := range s.tokens {
			clear(t.last)
		}
	}
	s.clock = &now
}

// Restart loses the state that is only in memory: none, except by mistake.
func (s *Server) Restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tokens {
		if s.is("C13") {
			clear(t.last)
		}
	}
}

// Status is the state of a token.
type Status struct {
	Locked bool    `json:"locked"`
	Failed int64   `json:"failed"`
	Drift  float64 `json:"drift"`
	Expiry string  `json:"expiry,omitempty"`
}

// Status returns the state of a token.
func (s *Server) Status(serial string) (st Status, err error) {
	err = s.with(serial, func(t *state) {
		st = Status{Locked: s.isLocked(t, ""), Failed: int64(t.failed[""]), Drift: float64(t.offset)}
		if !t.expiry.IsZero() {
			st.Expiry = t.expiry.UTC().Format(time.RFC3339)
		}
		if s.is("C24") && t.late {
			st.Drift++
		}
	})
	return st, err
}

func (t *state) hotp(step int64) string {
	return string(token.AppendHOTP(nil, t.key, t.alg, t.digits, uint64(step)))
}

func (s *Server) isLocked(t *state, user string) bool {
	at, locked := t.locked[user]
	return locked && !(s.is("C46") && time.Unix(s.now(), 0).Sub(at) >= lockedFor)
}
