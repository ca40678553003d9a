// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"fmt"
	"maps"
	"sync"
)

// The IDs of the measurements, which are not the number of a case.
const (
	windowID  = "M300"
	lockoutID = "M301"
)

// measured is a measurement that several cases share.
type measured[T any] struct {
	mutex sync.Mutex
	done  bool
	value T
	end   *stop // why there is none
	log   []*action

	secret secrets // of the actions
}

// get returns the value, which the first caller measures with f as a case of its own. If the
// target holds few tokens, the caller loses its own, and begins again.
func (m *measured[T]) get(e *env, id string, f func(*env) T) T {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if !m.done {
		again := e.target.Limits.Tokens > 0 && e.target.Remove != nil && len(e.tokens) > 0
		if again {
			e.clean()
			e.tokens = nil
		}
		c := Case{ID: id, Wait: e.c.Wait, run: func(e *env) string { m.value = f(e); return "" }}
		for attempt := range maxAttempts {
			inner := e.run.env(e.ctx, &c, attempt)
			s, again := inner.attempt()
			inner.clean()
			if again {
				s = stop{outcome: NotApplicable, detail: fmt.Sprintf("measuring the target takes longer than a step of %d s", e.period())}
			}
			m.log, m.secret = inner.log, inner.secret
			if id == windowID {
				m.log = ofAccepted(m.log)
			}
			if s.outcome != Pass {
				m.end = &s
			} else {
				m.end = nil
			}
			m.done = !s.full
			if !again {
				break
			}
		}
		if e.has(VerbClock) {
			e.setClock(e.now)
		}
		if again {
			panic(crossed{})
		}
	}
	e.shared = m.log
	maps.Copy(e.secret, m.secret)
	if m.end != nil {
		panic(*m.end)
	}
	if !e.until.IsZero() { // measuring may have taken longer than the step
		e.settle()
	}
	return m.value
}

// ofAccepted returns the actions about tokens of which a code was accepted.
func ofAccepted(log []*action) (kept []*action) {
	accepted := map[*Token]bool{}
	for _, a := range log {
		if a.answer == Accepted.String() {
			accepted[a.token] = true
		}
	}
	for _, a := range log {
		if a.token == nil || accepted[a.token] {
			kept = append(kept, a)
		}
	}
	return kept
}

// span is a range of steps around the current one.
type span struct{ low, high int64 }

const (
	widest = 30 // steps: the farthest codes that are tried
	beyond = 4  // refused codes that end the search
)

// windowOf returns the steps whose codes the target accepts, by tokens that were never
// used. It is measured once for tokens of 60 s.
func (e *env) windowOf() span {
	return e.run.window.get(e, windowID, (*env).sweep)
}

// sweep measures the window of new tokens, outwards from the current step.
func (e *env) sweep() span {
	accepted := func(n int64) bool {
		t := e.token()
		a := e.check(t, e.code(t, n))
		if a.Verdict == Trouble {
			e.failf("the code of step %+d: %s", n, a.words())
		}
		return a.Verdict == Accepted
	}
	if !accepted(0) {
		e.failf("the code of the current step is refused")
	}
	end := func(sign int64) int64 {
		last := int64(0)
		for n := int64(1); n <= widest && n <= last+beyond; n++ {
			if !accepted(sign * n) {
				continue
			}
			if n != last+1 {
				e.failf("the code of step %+d is accepted, but not all between", sign*n)
			}
			last = n
		}
		return sign * last
	}
	return span{end(-1), end(1)}
}

// good returns the next code of a token that the target must accept. Two of them are
// in the window at once if it is at least one step wide.
func (e *env) good(t *Token) string {
	step := e.stepOf(t)
	if t.last < 0 {
		t.last = step
		return t.hotp(step)
	}
	if next := max(t.last+1, step); !e.has(VerbClock) && next <= step+min(e.windowOf().high, 1) {
		t.last = next
		return t.hotp(next)
	}
	if t.last >= step {
		e.advanceSteps(t.last + 1 - step)
	}
	t.last = e.stepOf(t)
	return t.hotp(t.last)
}

// maxWrong is the number of wrong codes in a row after which NIST requires a lockout.
const maxWrong = 100

// lockout returns the number of wrong codes in a row after which the correct one is
// refused. It ends the case as not applicable if there is none.
func (e *env) lockout() int {
	n := e.run.threshold.get(e, lockoutID, (*env).measureLockout)
	if n == 0 {
		e.skipf("%d wrong codes lock no token (C36)", maxWrong)
	}
	return n
}

// locksAfter reports whether the correct code of a new token is refused after n wrong
// codes.
func (e *env) locksAfter(n int) bool {
	t := e.token()
	e.loose()
	for _, code := range e.wrongCodes(t, n) {
		e.refuse(t, code, "a wrong code")
	}
	e.settle()
	a := e.check(t, e.good(t))
	if a.Verdict == Trouble {
		e.failf("the correct code after %d wrong ones: %s", n, a.words())
	}
	return a.Verdict != Accepted
}

// measureLockout tries the declared number first, and then searches up to maxWrong. It
// returns 0 if there is no lockout.
func (e *env) measureLockout() int {
	if d := e.target.Declares.Lockout; d != nil && *d > 0 && !e.locksAfter(*d-1) && e.locksAfter(*d) {
		return *d
	}
	if e.locksAfter(0) {
		e.failf("the code of the current step is refused")
	}
	if !e.locksAfter(maxWrong) {
		return 0
	}
	open, locked := 0, maxWrong
	for locked-open > 1 {
		if middle := (open + locked) / 2; e.locksAfter(middle) {
			locked = middle
		} else {
			open = middle
		}
	}
	return locked
}

// lock enters wrong codes until the token must be locked.
func (e *env) lock(t *Token) {
	n := e.lockout()
	e.loose()
	for _, code := range e.wrongCodes(t, n) {
		e.refuse(t, code, "a wrong code")
	}
	t.locked = e.time()
	e.settle()
}

// twin locks another token before the one of a case, if the window has no next code and the
// case must wait for it. Otherwise it returns nil.
func (e *env) twin() *Token {
	if e.windowOf().high > 0 {
		return nil
	}
	t := e.token()
	e.lock(t)
	return t
}

// await waits for the next step if there is a twin. It ends the case if the lockout of the
// twin has ended by itself, because the other token may be open for the same reason.
func (e *env) await(twin *Token) {
	if twin == nil {
		return
	}
	e.advanceSteps(1)
	if e.check(twin, e.code(twin, 0)).Verdict == Accepted {
		e.skipf("the lockout ends by itself within %d s (C46)", e.period())
	}
}

// unlock unlocks a token.
func (e *env) unlock(t *Token) {
	e.present(t)
	err := e.target.Unlock(e.ctx, t)
	e.about(VerbUnlock, t, err)
	if err != nil {
		e.fail(VerbUnlock, err)
	}
	t.refusals = 0
}

// revoke puts a token out of use.
func (e *env) revoke(t *Token) {
	e.present(t)
	err := e.target.Revoke(e.ctx, t)
	e.about(VerbRevoke, t, err)
	if err != nil {
		e.fail(VerbRevoke, err)
	}
}

// status returns the state of a token, as far as the target reports it.
func (e *env) status(t *Token) (s Status) {
	if !e.has(VerbStatus) {
		return Status{}
	}
	e.present(t)
	s, err := e.target.Status(e.ctx, t)
	if err != nil {
		e.fail(VerbStatus, err)
	}
	return s
}
