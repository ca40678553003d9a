// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/d204ef64/fob/conform/seedset"
)

// Outcome is the outcome of a case.
type Outcome string

// The outcomes.
const (
	Pass          Outcome = "PASS"
	Fail          Outcome = "FAIL"
	NotApplicable Outcome = "N/A" // cannot be tested on this target
)

// Result is the outcome of a case.
type Result struct {
	ID          string   `json:"id"`
	Requirement string   `json:"requirement"`
	Source      string   `json:"source"`
	Level       Level    `json:"level"`
	Outcome     Outcome  `json:"outcome"`
	Detail      string   `json:"detail"`            // the measurement, or the reason of another outcome
	Why         string   `json:"why,omitempty"`     // after FAIL: the harm
	Actions     []string `json:"actions,omitempty"` // after FAIL: the actions of the case, in order
	// ByHand are the commands for a shell that repeat the case, with a new token; only after
	// FAIL.
	ByHand []string `json:"by_hand,omitempty"`
	// HandBegin and HandEnd are how many lines of ByHand, at its beginning and end, prepare
	// the shell and clean up. They are 0 in a report that was read from a file.
	HandBegin int   `json:"-"`
	HandEnd   int   `json:"-"`
	LeftOut   bool  `json:"waits_too_long,omitempty"` // N/A because of [Options.MaxWait]
	TookMS    int64 `json:"took_ms"`
	// Expected is why the case is known to fail, or "" if it is not. A run leaves it empty.
	Expected  string `json:"expected_to_fail,omitempty"`
	Sometimes bool   `json:"fails_sometimes,omitempty"` // it is known to fail in some runs only
}

// Report is the result of a run.
type Report struct {
	Target  string
	Version string    // of the target; "" if unknown
	Date    time.Time // of the beginning
	File    string    // from which it was read; "" after a run
	Seed    uint64
	// Incomplete reports whether some cases did not run to their end, because the context
	// ended or the target was lost.
	Incomplete bool
	Results    []Result
}

// Options are the options of a run.
type Options struct {
	Cases []Case // nil: all
	Seed  uint64 // of all random choices
	// MaxWait leaves out cases that wait longer. nil means no limit.
	MaxWait *time.Duration
	// Progress is called with each result, by one goroutine at a time. It may be nil.
	Progress func(Result)
}

// run is one run of cases.
type run struct {
	target  *Target
	seed    uint64
	number  uint64 // begins all serial numbers
	maxWait *time.Duration
	held    atomic.Int64 // tokens in the target
	// imported is the kind of a seed file that the target has imported.
	imported atomic.Pointer[seedset.Kind]

	window    measured[span]
	threshold measured[int]
}

// Run runs cases and returns a result for each, in order. If the context ends, the
// remaining cases are not applicable. The error wraps [ErrUnreachable] if the target does
// not answer, or describes why no token can be imported and checked. If the target answers
// no longer in the middle of a run, Run returns both the results so far and the error.
func Run(ctx context.Context, t *Target, o Options) (*Report, error) {
	if t.Import == nil || t.Check == nil {
		return nil, fmt.Errorf("%w: it lacks the verb import or check", ErrTarget)
	}
	cases := o.Cases
	if cases == nil {
		cases = All()
	}
	r := &run{target: t, seed: o.Seed, number: o.Seed % 1_000_000, maxWait: o.MaxWait}
	if err := r.contact(ctx, 0); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	report := &Report{Target: t.Name, Version: t.Version, Date: time.Now().UTC().Truncate(time.Second), Seed: o.Seed, Results: make([]Result, len(cases))}
	var mu sync.Mutex // for Progress
	do := func(i int) {
		result, end := r.do(ctx, &cases[i])
		if end.err != nil {
			if lost := r.contact(ctx, 1+i); errors.Is(lost, ErrUnreachable) {
				cancel(fmt.Errorf("case %s: %w", cases[i].ID, lost))
			}
			if cause := context.Cause(ctx); cause != nil { // the failure is not of the requirement
				end.unfinished = true
				result.Outcome, result.Detail = NotApplicable, fmt.Sprintf("not run to its end: %v", cause)
				result.Why, result.Actions, result.ByHand = "", nil, nil
			}
		}
		mu.Lock()
		defer mu.Unlock()
		report.Results[i] = result
		report.Incomplete = report.Incomplete || end.unfinished
		if o.Progress != nil && context.Cause(ctx) == nil {
			o.Progress(result)
		}
	}
	// Cases that wait run beside the others, and cases that restart the target after both.
	most := t.Limits.Parallel
	if most == 0 {
		most = 32
	}
	slots := make(chan struct{}, most)
	var waiting sync.WaitGroup
	var inTurn, last []int
	for i := range cases {
		switch c := &cases[i]; {
		case c.restarts && t.Restart != nil && t.SetClock == nil:
			last = append(last, i)
		case c.Wait > 0 && t.SetClock == nil && most > 1:
			waiting.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				do(i)
			})
		default:
			inTurn = append(inTurn, i)
		}
	}
	for _, i := range inTurn {
		do(i)
	}
	waiting.Wait()
	for _, i := range last {
		do(i)
	}
	if cause := context.Cause(ctx); errors.Is(cause, ErrUnreachable) {
		return report, cause
	}
	return report, nil
}

// contact imports a token and submits a wrong code. Any answer to it will do.
func (r *run) contact(ctx context.Context, n int) (err error) {
	e := r.env(ctx, &Case{ID: fmt.Sprint("contact ", n)}, 0)
	e.number = 600 + n%400
	defer e.clean()
	defer func() {
		if s, ok := recover().(stop); ok {
			err = s.err
			if err == nil {
				err = errors.New(s.detail)
			}
		}
		if err != nil {
			err = fmt.Errorf("trying the target: %w", e.redactError(err))
		}
	}()
	if e.has(VerbClock) {
		e.setClock(start)
	}
	t := e.newToken()
	if err := e.tryImport(t); err != nil {
		return fmt.Errorf("%s: %w", VerbImport, err)
	}
	code := e.wrongCodes(t, 1)[0]
	e.secret.addCode(code)
	answer, err := r.target.Check(ctx, Attempt{Token: t, User: t.User, Code: code})
	if err != nil {
		return fmt.Errorf("%s: %w", VerbCheck, err)
	}
	if answer.Verdict == Undescribed {
		return fmt.Errorf("%s: a wrong code: %w", VerbCheck, answer.undescribed())
	}
	if answer.Verdict == Trouble {
		return fmt.Errorf("%s: the answer to a wrong code is %s", VerbCheck, e.brief("%s", answer.words()))
	}
	return nil
}

// usualPeriod returns the period of the tokens of most cases, in seconds.
func (r *run) usualPeriod() int64 { return cmp.Or(r.target.Limits.Period, period) }

func (r *run) env(ctx context.Context, c *Case, attempt int) *env {
	e := &env{run: r, ctx: ctx, c: c, random: seedset.Random(r.seed, c.ID, attempt), now: start, secret: secrets{}}
	kind, digits := strings.TrimRight(c.ID, "0123456789"), strings.TrimLeft(c.ID, "BCFKM-")
	number, _ := strconv.Atoi(digits) // 0 for a token of contact, which has a number of its own
	switch kind {
	case "BK-":
		number += 310 // after the measurements
	case "F":
		e.number, e.made = seedset.Number(number), 300*attempt
		return e
	}
	e.number = number + 100*attempt
	return e
}

// maxAttempts is how often a case begins, if a step ends before its requests.
const maxAttempts = 3

// do runs a case, and also returns how it ended.
func (r *run) do(ctx context.Context, c *Case) (Result, stop) {
	begun := time.Now()
	result := Result{ID: c.ID, Requirement: c.Requirement, Source: c.Source, Level: c.Level}
	var last stop
	var log []*action
	var e *env
	for attempt := range maxAttempts {
		e = r.env(ctx, c, attempt)
		var again bool
		last, again = e.attempt()
		log = e.log
		if !slices.ContainsFunc(log, func(a *action) bool { return len(a.codes) > 0 }) {
			log = slices.Concat(e.shared, log)
		}
		e.clean()
		if !again {
			break
		}
		last = stop{outcome: NotApplicable, detail: fmt.Sprintf("its requests take longer than a step of %d s", r.usualPeriod())}
	}
	result.Outcome, result.Detail, result.TookMS = last.outcome, last.detail, time.Since(begun).Milliseconds()
	result.LeftOut = last.leftOut
	if result.Outcome == Fail {
		result.Why = cmp.Or(last.why, c.Why)
		for _, a := range log {
			result.Actions = append(result.Actions, cut(e.redact(a.text())))
		}
		result.ByHand, result.HandBegin, result.HandEnd = e.byHand(log)
	}
	return result, last
}

// attempt runs a case once, and reports whether it must begin again.
func (e *env) attempt() (s stop, again bool) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case stop:
			s = p
		case crossed:
			again = true
		default:
			s = stop{outcome: Fail, detail: fmt.Sprintf("the case panicked: %v\n%s", p, debug.Stack())}
		}
	}()
	if e.ctx.Err() != nil {
		return stop{outcome: NotApplicable, detail: fmt.Sprintf("not run: %v", context.Cause(e.ctx)), unfinished: true}, false
	}
	if lacks := e.c.Unable(e.target); lacks != "" {
		e.skipf("needs %s", lacks)
	}
	if e.c.Wait > 0 && !e.has(VerbClock) && e.maxWait != nil && e.c.Wait > *e.maxWait {
		e.leaveOut(e.c.Wait)
	}
	e.begin()
	return stop{outcome: Pass, detail: e.c.run(e)}, false
}

// listed returns verbs as a list in words.
func listed(verbs []Verb) string {
	var names []string
	for _, v := range verbs {
		names = append(names, string(v))
	}
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
