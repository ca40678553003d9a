// SPDX-License-Identifier: Apache-2.0

package mutant

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/token"
)

// The rules of the server.
const (
	window        = 1   // steps
	shortest      = 14  // bytes of a seed
	lockout       = 5   // wrong codes
	reach         = 720 // steps of a correction
	interval      = 15 * 24 * time.Hour
	moment        = time.Millisecond // in which other requests overtake this one
	farthest      = 100              // steps that C27's mistake searches
	lockedFor     = time.Hour        // C46
	rememberedFor = 60               // seconds; C12
)

// Errors of the verbs.
var (
	ErrUnknown = errors.New("unknown token")
	ErrExists  = errors.New("the token exists")
	ErrSeed    = errors.New("the seed is too short, or belongs to another token")
)

// Server is a validation server. Create it with [New].
type Server struct {
	fault string

	mu     sync.Mutex
	tokens map[string]*state
	clock  *int64 // seconds; nil: the system's
}

// state is the state of a token.
type state struct {
	key     []byte
	digits  uint8
	period  int64
	users   map[string]bool
	revoked bool

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
func New(fault string) *Server { return &Server{fault: fault, tokens: map[string]*state{}} }

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
	if s.tokens[serial] != nil {
		return ErrExists
	}
	for _, t := range s.tokens {
		if bytes.Equal(t.key, key) && !s.is("C66") {
			return ErrSeed
		}
	}
	if len(key) < shortest && !s.is("C66") {
		return ErrSeed
	}
	s.tokens[serial] = &state{
		key: key, digits: digits, period: period, users: map[string]bool{user: true}, last: map[string]int64{},
		steps: map[int64]bool{}, texts: map[string]bool{}, failed: map[string]int{}, locked: map[string]time.Time{}, entered: map[string]bool{},
	}
	return nil
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
	return s.with(serial, func(t *state) {
		clear(t.failed)
		clear(t.locked)
		clear(t.entered)
		if s.is("C49") {
			clear(t.last)
		}
	})
}

// Revoke puts a token out of use.
func (s *Server) Revoke(serial string) error {
	return s.with(serial, func(t *state) { t.revoked = true })
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
}

// Status returns the state of a token.
func (s *Server) Status(serial string) (st Status, err error) {
	err = s.with(serial, func(t *state) {
		st = Status{Locked: s.isLocked(t, ""), Failed: int64(t.failed[""]), Drift: float64(t.offset)}
		if s.is("C24") && t.late {
			st.Drift++
		}
	})
	return st, err
}

func (t *state) hotp(step int64) string {
	return string(token.AppendHOTP(nil, t.key, token.SHA1, t.digits, uint64(step)))
}

func (s *Server) isLocked(t *state, user string) bool {
	at, locked := t.locked[user]
	return locked && !(s.is("C46") && time.Unix(s.now(), 0).Sub(at) >= lockedFor)
}

// found is a step whose code was entered.
type found struct {
	step int64
	used bool
}

// match searches the code in the window. It returns false if no step has it.
func (s *Server) match(t *state, key, code string) (f found, any bool) {
	now := s.now()
	period := t.period
	if s.is("C01") {
		period = 30
	}
	current := now/period + t.offset
	low, high := int64(window), int64(window)
	switch {
	case s.is("C07"):
		low, high = 2, 2
	case s.is("C08"):
		high = 2
	case s.is("C25"):
		low, high = 9, 9
	case s.is("C09"):
		low, high = 35, 35
	case s.is("C10"):
		low, high = 60/period, 60/period
	case s.is("C06") && now%period < 2:
		low = 0
	}
	if s.is("C02") && code == t.hotp(now/30) {
		return found{current, false}, true
	}
	for n := -low; n <= high; n++ {
		step := current + n
		if s.is("C19") && t.last[key] > 0 && step > t.last[key]+1 {
			continue
		}
		if !s.equal(t.hotp(step), code) {
			continue
		}
		if !s.used(t, key, step, now) {
			return found{step, false}, true
		}
		f, any = found{step, true}, true
	}
	return f, any
}

func (s *Server) equal(want, code string) bool {
	if s.is("C05") {
		a, _ := strconv.Atoi(want)
		b, err := strconv.Atoi(code)
		return err == nil && a == b
	}
	return want == code
}

// used reports whether the code of a step is used up.
func (s *Server) used(t *state, key string, step, now int64) bool {
	switch {
	case s.is("C11"):
		return false
	case s.is("C12") && now-t.usedAt > rememberedFor:
		return false
	case s.is("C18"):
		return t.steps[step]
	}
	for _, k := range []string{key, ""} {
		if last, any := t.last[k]; any && step <= last {
			return true
		}
	}
	return false
}

// keys returns the keys of the used codes and of the count of an attempt.
func (s *Server) keys(user, front string) (last, count string) {
	switch {
	case s.is("C16"):
		return front, ""
	case s.is("C17"):
		return user, ""
	case s.is("C44"):
		return "", user
	}
	return "", ""
}

const (
	refusedText = "the code is not accepted"
	correctText = "the token is locked, although the code is correct"
)

// Check checks a code, which came by an interface.
func (s *Server) Check(serial, user, front, code string) (conform.Verdict, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tokens[serial]
	if t == nil || !t.users[user] {
		return conform.Refused, refusedText
	}
	raw := code
	if s.is("C14") {
		code = strings.TrimSpace(code)
	}
	key, count := s.keys(user, front)
	f, any := s.match(t, key, code)
	if s.is("C14") && f.used && !t.texts[raw] && raw != code {
		f.used = false
	}
	if s.is("C41") && any && f.used {
		clear(t.locked)
		clear(t.failed)
	}
	if t.revoked || s.isLocked(t, count) {
		if any && !f.used && !t.revoked {
			switch {
			case s.is("C22"):
				t.last[""] = f.step
			case s.is("C43"):
				return conform.Refused, correctText
			}
		}
		return conform.Refused, refusedText
	}
	if !digitsOnly(code, t.digits) && !any {
		if s.is("C40") {
			return conform.Trouble, "internal error"
		}
		return conform.Refused, refusedText
	}
	if (s.is("C20") || s.is("C21")) && any && t.texts[raw] {
		return conform.Refused, refusedText
	}
	switch {
	case !any:
		s.wrong(t, serial, count, raw)
		return conform.Refused, refusedText
	case f.used:
		return conform.Refused, refusedText
	}
	if s.is("C15") {
		s.pause()
	}
	s.accept(t, key, count, raw, f.step)
	return conform.Accepted, "welcome"
}

// pause lets other requests overtake this one.
func (s *Server) pause() {
	s.mu.Unlock()
	time.Sleep(moment)
	s.mu.Lock()
}

func digitsOnly(code string, n uint8) bool {
	return len(code) == int(n) && strings.Trim(code, "0123456789") == ""
}

func (s *Server) accept(t *state, key, count, raw string, step int64) {
	now := s.now()
	t.last[key] = max(t.last[key], step)
	t.usedAt = now
	t.steps[step] = true
	t.texts[raw] = true
	t.late = now%t.period >= 50
	if !s.is("C38") {
		delete(t.failed, count)
		clear(t.entered)
	}
	off := step - (now/t.period + t.offset)
	at := time.Unix(now, 0)
	switch {
	case s.is("C23"):
	case s.is("C25"):
		t.offset += off
	case off != 0 && at.Sub(t.learned) >= interval:
		t.offset += min(max(off, -1), 1)
		t.learned = at
	}
}

// wrong counts a wrong code.
func (s *Server) wrong(t *state, serial, count, raw string) {
	if s.is("C20") {
		t.texts[raw] = true
	}
	current := s.now()/t.period + t.offset
	for n := int64(1); n <= farthest && (s.is("C26") || s.is("C27")); n++ {
		for _, off := range []int64{n, -n} {
			switch {
			case t.hotp(current+off) != raw:
			case s.is("C27"):
				t.failed[count] = lockout - 1
			case n <= 10:
				t.offset += off
			}
		}
	}
	if s.is("C36") || s.is("C39") && t.entered[raw] {
		return
	}
	t.entered[raw] = true
	n := t.failed[count] + 1
	if s.is("C42") {
		s.pause()
	}
	t.failed[count] = n
	most := lockout
	if s.is("C37") {
		most++
	}
	if n < most {
		return
	}
	at := time.Unix(s.now(), 0)
	t.locked[count] = at
	if s.is("C45") {
		for other, t := range s.tokens {
			if len(other) > 9 && len(serial) > 9 && other[:9] == serial[:9] {
				t.locked[count] = at
			}
		}
	}
}

// Resync corrects the offset by two codes.
func (s *Server) Resync(serial, user, first, second string) conform.Verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tokens[serial]
	_, count := s.keys(user, "")
	if t == nil || !t.users[user] || t.revoked && !s.is("C35") || s.isLocked(t, count) && !s.is("C34") {
		return conform.Refused
	}
	newest := int64(0)
	for _, step := range t.last {
		newest = max(newest, step)
	}
	most, gap := int64(reach), int64(1)
	switch {
	case s.is("C28"):
		gap = 3
	case s.is("C29"):
		most = 20000
	}
	now := s.now() / t.period
	for n := -most; n < most; n++ {
		if t.hotp(now+n) != first {
			continue
		}
		for g := int64(1); g <= gap; g++ {
			step := now + n + g
			if n+g > most || t.hotp(step) != second || now+n <= newest && !s.is("C32") {
				continue
			}
			t.offset, t.learned = n+g, time.Unix(s.now(), 0)
			switch {
			case s.is("C31"):
				step++
				t.last[""] = step
			case !s.is("C30"):
				t.last[""] = step
				t.steps[step-1], t.steps[step], t.usedAt = true, true, s.now()
			}
			clear(t.failed)
			clear(t.locked)
			return conform.Accepted
		}
	}
	if !s.is("C33") {
		s.wrong(t, serial, count, first+second)
	}
	return conform.Refused
}
