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
}

// probedSteps is the number of steps before and after the current one whose codes are
// tried if the current code is refused.
const probedSteps = 5

// Probe imports tokens, and submits a wrong code and correct ones. Any answer to them will
// do. The error is one of [Run].
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
