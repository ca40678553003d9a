// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/d204ef64/fob/conform/seedset"
)

// start is the time of a target with the verb clock when a case begins: a third of a step
// after noon of 1 April 2026 in Japan.
const start int64 = 1775012400 + 20

// margin is the time at both ends of a step in which no request depends on the step. The
// clocks of the target and of this machine may differ by as much.
const margin = time.Second

// env is a running case. Only the goroutine of the case calls its methods, which end the
// case if a requirement is not met.
type env struct {
	*run
	ctx    context.Context
	c      *Case
	number int // of the case and the attempt
	random *rand.Rand
	made   int
	tokens []*Token        // in the target, oldest first
	files  []*seedset.File // imported ones
	log    []*action
	shared []*action // of a measurement that several cases share
	secret secrets

	now   int64     // the target's time, if it has a clock
	until time.Time // otherwise: the end of the step in which requests must be sent; zero: any
	other int64     // period of the tokens of the case, if it is not the usual one
}

// stop ends a case.
type stop struct {
	outcome Outcome
	detail  string
	err     error // the error of the target, if it cannot be reached
	leftOut bool
	// unfinished is set if the run has ended before the case.
	unfinished bool
	why        string // the harm, if it is not the one of the case
	full       bool   // the target held too many tokens
}

// crossed ends a case whose step has ended too early.
type crossed struct{}

func (e *env) failf(format string, args ...any) {
	panic(stop{outcome: Fail, detail: e.brief(format, args...)})
}

func (e *env) skipf(format string, args ...any) {
	panic(stop{outcome: NotApplicable, detail: e.brief(format, args...)})
}

// leaveOut ends a case that waits longer than allowed.
func (e *env) leaveOut(d time.Duration) {
	panic(stop{outcome: NotApplicable, detail: fmt.Sprintf("needs %s of waiting", d), leftOut: true})
}

// interrupted ends a case if the run has ended.
func (e *env) interrupted() {
	if e.ctx.Err() != nil {
		panic(stop{outcome: NotApplicable, detail: e.brief("not run to its end: %v", context.Cause(e.ctx)), unfinished: true})
	}
}

// fail ends the case because of the error of a verb.
func (e *env) fail(v Verb, err error) {
	e.interrupted()
	if errors.Is(err, ErrUndescribed) || errors.Is(err, ErrUnsendable) {
		e.skipf("%s: %v", v, err)
	}
	s := stop{outcome: Fail, detail: e.brief("%s: %v", v, err)}
	if errors.Is(err, ErrUnreachable) {
		s.err = e.redactError(err)
	}
	panic(s)
}

// described ends the case if the target file does not describe an answer: the server is not to
// blame for that.
func (e *env) described(v Verb, a Answer) {
	if a.Verdict == Undescribed {
		e.skipf("%s: %v", v, a.undescribed())
	}
}

// undescribed is the error of an answer that the target file does not describe.
func (a Answer) undescribed() error {
	return fmt.Errorf("%w: %s: add it to accepted or refused", ErrUndescribed, a.Text)
}

func (e *env) logf(format string, args ...any) {
	e.did(&action{text: func() string { return fmt.Sprintf(format, args...) }})
}

// equal ends the case unless both values are equal.
func equal[T comparable](e *env, want, got T, format string, args ...any) {
	if want != got {
		e.failf("%s: %v instead of %v", fmt.Sprintf(format, args...), got, want)
	}
}

// has reports whether the target has a verb.
func (e *env) has(v Verb) bool { return e.target.Has(v) }

// time returns the target's time in seconds.
func (e *env) time() int64 {
	if e.has(VerbClock) {
		return e.now
	}
	return time.Now().Unix()
}

// period returns the period of the tokens of the case, in seconds.
func (e *env) period() int64 { return cmp.Or(e.other, e.usualPeriod()) }

// use lets the case use tokens with another period, and begins a sequence of requests.
func (e *env) use(period int64) {
	e.other = period
	e.settle()
}

// step returns the target's current step, and stepOf the step of a token.
func (e *env) step() int64                   { return e.time() / e.period() }
func (e *env) stepOf(t *Token) int64         { return e.time() / t.Period }
func (e *env) code(t *Token, n int64) string { return t.hotp(e.stepOf(t) + n) }

// begin sets the clock to its start, or waits for a time that is not at the end of a step.
func (e *env) begin() {
	if e.has(VerbClock) {
		e.setClock(start)
		return
	}
	e.settle()
}

// settle begins a sequence of requests that must be sent in one step.
func (e *env) settle() { e.room(0) }

// room is settle for a sequence that takes some time: it waits for the next step if less
// is left of this one.
func (e *env) room(need time.Duration) {
	if e.has(VerbClock) {
		return
	}
	p := time.Duration(e.period()) * time.Second
	now := time.Now()
	begun := now.Truncate(p)
	switch place := now.Sub(begun); {
	case place < margin:
		e.sleep(margin - place)
	case place > p-2*margin-min(need, p/2):
		e.sleep(p - place + margin)
		begun = begun.Add(p)
	}
	e.until = begun.Add(p - margin)
}

// loose ends the sequence of [env.settle]: the next requests do not depend on the step.
func (e *env) loose() { e.until = time.Time{} }

// inStep ends the case if the step of [env.settle] has ended.
func (e *env) inStep() {
	if !e.until.IsZero() && time.Now().After(e.until) {
		panic(crossed{})
	}
}

// setClock sets the target's clock.
func (e *env) setClock(unix int64) {
	at := time.Unix(unix, 0).UTC()
	err := e.target.SetClock(e.ctx, at)
	e.did(&action{verb: VerbClock, clock: at, text: func() string {
		return fmt.Sprintf("set the clock to %s: %s", at.Format(time.RFC3339), told(err))
	}})
	if err != nil {
		e.fail(VerbClock, err)
	}
	e.now = unix
}

// setClockText sets the target's clock to a time in RFC 3339 format.
func (e *env) setClockText(text string) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err) // a mistake in a case
	}
	e.setClock(t.Unix())
}

// advance moves the target's clock by a number of seconds, or waits.
func (e *env) advance(seconds int64) {
	if e.has(VerbClock) {
		e.setClock(e.now + seconds)
		return
	}
	e.wait(time.Duration(seconds) * time.Second)
}

// advanceSteps moves the target's clock by a number of steps, or waits until the beginning
// of that step. A sequence of requests in one step begins.
func (e *env) advanceSteps(n int64) {
	if e.has(VerbClock) {
		e.setClock(e.now + n*e.period())
		return
	}
	e.wait(time.Until(time.Unix((e.step()+n)*e.period(), 0).Add(margin)))
	e.log[len(e.log)-1].steps = n
	e.settle()
}

// wait waits, unless that is longer than allowed.
func (e *env) wait(d time.Duration) {
	if d > e.c.Wait && e.maxWait != nil && d > *e.maxWait {
		e.leaveOut(d.Round(time.Second))
	}
	e.did(&action{wait: d, text: func() string { return fmt.Sprintf("wait for %s", d.Round(time.Second)) }})
	e.sleep(d)
}

func (e *env) sleep(d time.Duration) {
	select {
	case <-time.After(d):
	case <-e.ctx.Done():
		e.interrupted()
	}
}

// restart restarts the target.
func (e *env) restart() {
	err := e.target.Restart(e.ctx)
	e.did(&action{verb: VerbRestart, text: func() string { return "restart the target: " + told(err) }})
	if err != nil {
		e.fail(VerbRestart, err)
	}
}

// maxRetries is the number of times that an attempt is repeated if the target has not
// checked it because of too many requests.
const maxRetries = 5

// longestRetry is the longest wait before such a repetition. A target that doubles its
// delay after each wrong code would otherwise take hours.
const longestRetry = 10 * time.Second

// submit submits an attempt with a verb.
func (e *env) submit(v Verb, do func(context.Context, Attempt) (Answer, error), a Attempt) Answer {
	e.present(a.Token)
	e.secret.addCode(a.Code)
	e.secret.addCode(a.Second)
	for tries := 0; ; tries++ {
		answer, err := do(e.ctx, a)
		if errors.Is(err, ErrUnsendable) && a.leaveOut {
			return Answer{unsent: true}
		}
		if err != nil {
			e.did(a.action(v, e.stepOf(a.Token), err.Error()))
			e.fail(v, err)
		}
		e.inStep()
		if answer.Verdict != Limited || tries == maxRetries || answer.RetryAfter > longestRetry {
			e.did(a.action(v, e.stepOf(a.Token), answer.Verdict.String()))
			if answer.Verdict == Limited && v != VerbResync { // that does not refuse it
				e.skipf("the target limits the rate of attempts, and has not checked a code")
			}
			e.described(v, answer)
			return e.counted(a.Token, a.Code, answer)
		}
		e.sleep(max(answer.RetryAfter, time.Second))
	}
}

// counted keeps the number of entries in a row that the target has refused and may count as
// wrong codes of a token.
func (e *env) counted(t *Token, code string, a Answer) Answer {
	if a.token = t; t == nil {
		return a
	}
	declares := func(b *bool) bool { return b == nil || *b }
	malformed := len(code) != int(t.Digits) || strings.Trim(code, "0123456789") != ""
	switch {
	case a.Verdict == Accepted:
		if t.refusals = 0; t.accepted == nil {
			t.accepted = map[string]bool{}
		}
		t.accepted[code] = true
	case malformed && !declares(e.target.Declares.CountMalformed), t.accepted[code] && !declares(e.target.Declares.CountReplayed):
	default:
		t.refusals++
	}
	return a
}

// action returns an attempt as an action.
func (a *Attempt) action(v Verb, step int64, answer string) *action {
	return &action{
		verb: v, token: a.Token, user: a.User, codes: []string{a.Code}, second: a.Second, step: step, answer: answer,
		text: func() string { return fmt.Sprintf("%s %s: %s", v, a.named(step), answer) },
	}
}

// named describes the codes of an attempt by the steps in which the token shows them, from
// the step of the attempt. A report has no codes.
func (a *Attempt) named(step int64) string {
	name := func(code string) string {
		for n := -int64(distinct); n <= distinct; n++ {
			if a.Token.hotp(step+n) == code {
				return fmt.Sprintf("the code of step %+d", n)
			}
		}
		return "another entry"
	}
	text := fmt.Sprintf("as %s, token %s, %s", a.User, a.Token.Serial, name(a.Code))
	if a.Second != "" {
		text += " and " + name(a.Second)
	}
	return text
}

// check submits a code of a token as its user.
func (e *env) check(t *Token, code string) Answer { return e.checkAs(t.User, t, code) }

func (e *env) checkAs(user string, t *Token, code string) Answer {
	return e.submit(VerbCheck, e.target.Check, Attempt{Token: t, User: user, Code: code})
}

// resync submits two codes.
func (e *env) resync(t *Token, first, second string) Verdict {
	return e.submit(VerbResync, e.target.Resync, Attempt{Token: t, User: t.User, Code: first, Second: second}).Verdict
}

// accept requires a code to be accepted, and refuse requires it not to be.
func (e *env) accept(t *Token, code, format string, args ...any) {
	e.accepted(e.check(t, code), format, args...)
}

func (e *env) refuse(t *Token, code, format string, args ...any) {
	e.refused(e.check(t, code), format, args...)
}

func (e *env) accepted(a Answer, format string, args ...any) {
	if a.Verdict == Refused && a.token != nil && a.token.refusals > 1 {
		if n := e.lockoutOr(maxWrong + 1); a.token.refusals > n {
			e.skipf("%d refused entries in a row lock a token, and this case enters %d", n, a.token.refusals-1)
		}
	}
	if a.Verdict != Accepted {
		e.failf("%s: %s, must be accepted", fmt.Sprintf(format, args...), a.words())
	}
}

func (e *env) refused(a Answer, format string, args ...any) {
	if a.Verdict != Refused && a.Verdict != NextCode {
		e.failf("%s: %s, must be refused", fmt.Sprintf(format, args...), a.words())
	}
}

// words describes an answer, with the text of an error.
func (a Answer) words() string {
	if a.Verdict != Trouble || a.Text == "" {
		return a.Verdict.String()
	}
	return a.Verdict.String() + ": " + a.Text
}

// atOnce submits codes of a token at the same time, and returns how many were accepted.
// Codes that the target has not checked, because of too many requests, are submitted
// afterwards, one by one, until one is accepted.
func (e *env) atOnce(t *Token, codes []string) (accepts int) {
	if most := e.target.Limits.Parallel; most > 0 && most < len(codes) {
		e.skipf("needs %d requests at once, and the target allows %d", len(codes), most)
	}
	e.present(t)
	answers := make([]Answer, len(codes))
	errs := make([]error, len(codes))
	var ready, all sync.WaitGroup
	ready.Add(len(codes))
	for i, code := range codes {
		e.secret.addCode(code)
		all.Go(func() {
			arrive := sync.OnceFunc(ready.Done)
			defer arrive()
			answers[i], errs[i] = e.target.Check(e.ctx, Attempt{Token: t, User: t.User, Code: code, Ready: func() { arrive(); ready.Wait() }})
		})
	}
	all.Wait()
	for i, err := range errs {
		if err != nil {
			e.fail(VerbCheck, err)
		}
		e.described(VerbCheck, answers[i])
		switch answers[i].Verdict {
		case Accepted:
			accepts++
		case Trouble:
			e.failf("%d requests at once: %s", len(codes), answers[i].words())
		}
	}
	e.inStep()
	answer := fmt.Sprintf("%d accepted", accepts)
	e.did(&action{verb: VerbCheck, token: t, user: t.User, codes: codes, step: e.stepOf(t), answer: answer, text: func() string {
		return fmt.Sprintf("check %d codes at once: %s", len(codes), answer)
	}})
	for i, code := range codes {
		if accepts == 0 && answers[i].Verdict == Limited && e.check(t, code).Verdict == Accepted {
			accepts++
		}
	}
	return accepts
}
