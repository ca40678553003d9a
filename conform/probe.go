// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"context"
	"fmt"
	"math/rand/v2"
)

// Probed has the answers of a target before any case runs.
type Probed struct {
	Wrong   Verdict // the answer to a wrong code
	Current Verdict // the answer to the current code of a new token
	// Hint describes the probable reason if the current code is refused or the wrong
	// one is accepted, and the way out. It is "" otherwise.
	Hint string
	// Problems are mistakes in the answers and in the verbs status, unlock and remove.
	Problems []string
}

// probedSteps is the number of steps before and after the current one whose codes are
// tried if the current code is refused.
const probedSteps = 5

// probedWrong is the number of wrong codes that may lock a token, if none is declared.
const probedWrong = 10

// Probe imports tokens, and submits a wrong code and correct ones. Any answer to them will
// do. If the current code is accepted, Probe also tries to lock a token, and does the verbs
// status, unlock and remove. The error is one of [Run].
func Probe(ctx context.Context, t *Target) (p Probed, err error) {
	if t.Import == nil || t.Check == nil {
		return p, fmt.Errorf("%w: it lacks the verb import or check", ErrTarget)
	}
	seed := rand.Uint64()
	r := &run{target: t, seed: seed, number: seed % 1_000_000}
	if err := r.contact(ctx, 0); err != nil {
		return p, err
	}
	c := Case{ID: "probe", run: func(e *env) string { p = e.probe(); return "" }}
	var e *env
	var end stop
	again := true
	for attempt := 0; again && attempt < maxAttempts; attempt++ {
		e = r.env(ctx, &c, attempt)
		end, again = e.attempt()
		e.clean()
	}
	switch {
	case again:
		return p, fmt.Errorf("trying the target: its requests take longer than a step of %d s", e.period())
	case end.err != nil:
		return p, fmt.Errorf("trying the target: %w", end.err)
	case end.outcome != Pass:
		return p, fmt.Errorf("trying the target: %s", end.detail)
	}
	return p, nil
}

func (e *env) probe() (p Probed) {
	verdict := func(code func(*Token) string) Verdict {
		t := e.token()
		return e.check(t, code(t)).Verdict
	}
	p.Wrong = verdict(func(t *Token) string { return e.wrongCodes(t, 1)[0] })
	p.Current = verdict(func(t *Token) string { return e.code(t, 0) })
	switch {
	case p.Wrong == Accepted:
		p.Hint = "a wrong code is accepted: does accepted in check also match the answer to a wrong code?"
	case p.Current == Accepted:
		p.Problems = e.tryVerbs()
	case verdict(func(t *Token) string { return t.hotp(e.time() / 30) }) == Accepted:
		p.Hint = "the current code is refused, and the code of a 30 s step is accepted: give the period in import, or limits: {period: 30}"
	default:
		p.Hint = "the current code is refused, and so are other codes nearby: are the seed, the user and the answers in the file right?"
		for n := int64(1); n <= probedSteps; n++ {
			for _, step := range []int64{n, -n} {
				if verdict(func(t *Token) string { return e.code(t, step) }) == Accepted {
					p.Hint = fmt.Sprintf("the current code is refused, and the code of step %+d is accepted: the clocks of the server and of this machine differ by %d s", step, n*e.period())
					return p
				}
			}
		}
	}
	return p
}

// tryVerbs describes the mistakes in the verbs status, unlock and remove, and in the answers
// while a token is locked.
func (e *env) tryVerbs() (problems []string) {
	report := func(v Verb, format string, args ...any) {
		problems = append(problems, e.redact(string(v)+": "+fmt.Sprintf(format, args...)))
	}
	status := func(t *Token) (s Status) {
		if !e.has(VerbStatus) {
			return s
		}
		s, err := e.target.Status(e.ctx, t)
		if err != nil {
			report(VerbStatus, "%v", err)
		}
		return s
	}
	unread := func(s Status, name string) {
		if place, ok := s.Unread[name]; ok {
			report(VerbStatus, "%s: %s is not a number in the answer", name, place)
		}
	}
	t := e.token()
	e.check(t, e.wrongCodes(t, 1)[0])
	s := status(t)
	unread(s, "failed")
	if s.Failed != nil && *s.Failed == 0 {
		report(VerbStatus, "failed: it is 0 after a wrong code")
	}
	if e.check(t, e.code(t, 0)).Verdict == Accepted {
		if s.Locked != nil && *s.Locked {
			report(VerbStatus, "locked: it matches although the token is not locked")
		}
		unread(status(t), "drift")
	}
	t = e.token()
	locked, wrong := e.tryLock(t, report)
	if s := status(t); locked && s.Locked != nil && !*s.Locked {
		where := ""
		if place, ok := s.Unread["locked"]; ok {
			where = fmt.Sprintf(": %s is not in the answer", place)
		}
		report(VerbStatus, "locked: it does not match, although the correct code is refused after %d wrong ones%s", wrong, where)
	}
	if e.has(VerbUnlock) {
		if err := e.target.Unlock(e.ctx, t); err != nil {
			report(VerbUnlock, "%v", err)
		} else if locked && e.check(t, e.code(t, 0)).Verdict != Accepted && e.check(t, e.code(t, 1)).Verdict != Accepted {
			report(VerbUnlock, "codes are still refused after it")
		}
	}
	if e.has(VerbRemove) {
		if err := e.target.Remove(e.ctx, t); err != nil {
			report(VerbRemove, "%v", err)
		} else {
			e.run.held.Add(-1)
			e.tokens = e.tokens[:len(e.tokens)-1]
		}
	}
	return problems
}

// tryLock enters wrong codes, and reports whether the correct one is refused after them.
func (e *env) tryLock(t *Token, report func(v Verb, format string, args ...any)) (locked bool, wrong int) {
	wrong = probedWrong
	if d := e.target.Declares.Lockout; d != nil {
		wrong = *d
	}
	e.loose()
	codes := e.wrongCodes(t, wrong)
	for i := range wrong + 1 {
		if i == wrong {
			e.settle()
			codes = append(codes, e.code(t, 0))
		}
		a, err := e.target.Check(e.ctx, Attempt{Token: t, User: t.User, Code: codes[i]})
		switch {
		case err != nil:
			e.fail(VerbCheck, err)
		case a.Verdict == Limited:
			return false, i
		case a.Verdict == Undescribed:
			report(VerbCheck, "after %d wrong codes: %v", i, a.undescribed())
			return i == wrong, i
		case a.Verdict == Trouble:
			report(VerbCheck, "after %d wrong codes: %s", i, a.words())
			return false, i
		}
		locked = a.Verdict != Accepted
	}
	e.inStep()
	return locked, wrong
}
