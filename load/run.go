// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/d204ef64/fob/internal/errclass"
)

// Options describe a load.
type Options struct {
	Scenario Scenario
	Users    []*User
	Target   *Target
	Rate     float64 // requests per second; 0: each token once per step or in Duration, for Storm all at once
	Duration time.Duration

	Connections int            // requests at the same time; 0 means 512
	Timeout     time.Duration  // of a request; 0 means 30 s
	Roots       *x509.CertPool // certificate authorities to trust; nil means the system's

	Progress func(requests int) // may be nil
}

var (
	// ErrNoAnswer is the error of a load whose target never answered.
	ErrNoAnswer = errclass.New(errclass.Unreachable, "the target does not answer")
	// ErrKey is the error of a load whose target refused the API key of every request.
	ErrKey = errclass.New(errclass.Refused, "the target refused the API key")
)

// replaced is the URL of the library's requests. RoundTrip sends others.
const replaced = "http://localhost/"

// job is a request that is due.
type job struct {
	user  *User
	code  string
	again bool // the server has accepted the code before
	guess bool
	due   time.Time
	rest  bool   // sent after the duration
	done  func() // after the answer; nil before the request
}

// run is a load in progress. The library calls Pace for every request, in order, and then
// RoundTrip with the request's number.
type run struct {
	ctx      context.Context
	options  Options
	schedule schedule
	began    time.Time
	base     http.RoundTripper

	turns uint64        // of users, for fresh codes
	held  time.Time     // until when a token without a new code has held up the requests after it
	noted chan struct{} // gets a value after each answer

	mu       sync.Mutex // guards the fields below
	jobs     map[uint64]*job
	accepted []*job // codes that Replay sends again
}

// Run sends requests until the duration ends, and waits for the last answers. [Storm] goes
// on until the step ends that began last. If ctx ends first, the requests without an answer
// are given up, and the report is of those before. The error wraps [ErrOptions],
// [ErrNoAnswer] or [ErrKey].
func Run(ctx context.Context, o Options) (*Report, error) {
	if o.Connections == 0 {
		o.Connections = 512
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	began := time.Now()
	s, err := newSchedule(&o, began)
	if err != nil {
		return nil, err
	}
	return runSchedule(ctx, o, s, began)
}

func runSchedule(ctx context.Context, o Options, s schedule, began time.Time) (*Report, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost, transport.MaxIdleConns = o.Connections, 0
	if o.Roots != nil {
		transport.TLSClientConfig = &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12}
	}
	defer transport.CloseIdleConnections()
	r := &run{ctx: ctx, options: o, schedule: s, began: began, base: transport, noted: make(chan struct{}, 1), jobs: map[uint64]*job{}}
	attacker := vegeta.NewAttacker(
		vegeta.Client(&http.Client{
			Transport: r, Timeout: o.Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}),
		vegeta.Workers(uint64(min(o.Connections, 16))), vegeta.MaxWorkers(uint64(o.Connections)), vegeta.MaxBody(64<<10),
	)
	stop := func() { attacker.Stop() }
	defer context.AfterFunc(ctx, stop)()
	if s.scenario != Replay { // which waits for all answers, to send the codes again
		end := began.Add(s.end())
		defer time.AfterFunc(time.Until(end), func() {
			if r.busy() {
				stop()
			}
		}).Stop()
		defer time.AfterFunc(time.Until(end.Add(lateness)), stop).Stop()
	}
	every := vegeta.NewStaticTargeter(vegeta.Target{Method: http.MethodGet, URL: replaced})
	report := newReport(&o, s)
	for result := range attacker.Attack(every, r, 0, "") {
		r.note(report, result)
		if o.Progress != nil && report.Requests%100 == 0 {
			o.Progress(report.Requests)
		}
	}
	report.Interrupted = ctx.Err() != nil
	sent, took := uint64(report.Requests+report.Abandoned-report.rest), time.Since(began)
	if r.held.Sub(began) < min(took, s.duration) { // no token without a new code held up the rest
		report.Unsent = int(max(s.before(took), sent) - sent)
	}
	report.close(time.Since(began.Add(s.lead)))
	if report.Requests > 0 && report.answers == 0 && !report.Interrupted {
		return report, fmt.Errorf("%w: %s", ErrNoAnswer, report.Problems[0])
	}
	if n := report.denied; n > 0 && n == report.answers && o.Target.key != "" {
		return report, fmt.Errorf("%w (%d)", ErrKey, report.deniedWith)
	}
	return report, nil
}

// lateness is the time after the end in which requests are sent that are late because
// this machine is slow, not the server.
const lateness = 5 * time.Second

// over reports whether requests that are due are too late to be sent.
func (r *run) over() bool {
	late := time.Since(r.began) - r.schedule.end()
	return late > lateness || late > 0 && r.busy()
}

// busy reports whether all connections wait for an answer.
func (r *run) busy() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.jobs) >= r.options.Connections
}

// Pace waits until the next request is due, and prepares it. It implements
// [vegeta.Pacer].
func (r *run) Pace(_ time.Duration, n uint64) (time.Duration, bool) {
	j := r.next(n)
	if j == nil || !r.sleep(time.Until(j.due)) {
		return 0, true
	}
	now := time.Now()
	switch {
	case j.guess:
		j.code = j.user.guessed(now)
	case !j.again:
		j.user.last = max(j.user.last+1, j.user.step(now)) // the clock of this machine may be set back
		j.code = string(j.user.coder(nil, j.user.last))
	}
	r.mu.Lock()
	r.jobs[n] = j
	r.mu.Unlock()
	return 0, false
}

// next returns the next job, or nil at the end.
func (r *run) next(n uint64) *job {
	after, ok := r.schedule.due(n)
	due := r.began.Add(after)
	if !ok || r.over() {
		return r.rest(due)
	}
	if n%2 == 1 {
		if j, _ := r.replayed(); j != nil {
			if j.due = due; due.Before(r.held) {
				j.due = r.held
			}
			return j
		}
	}
	j := &job{user: r.options.Users[r.turns%uint64(len(r.options.Users))], guess: r.schedule.scenario == Guess}
	r.turns++
	if wait := time.Until(j.user.fresh()); !j.guess && wait > time.Until(due) {
		due = time.Now().Add(wait)
		r.held = due
	}
	if due.Before(r.held) {
		due = r.held
	}
	if due.Sub(r.began) >= r.schedule.duration { // the token shows its next code later
		return r.rest(time.Now())
	}
	j.due = due
	return j
}

// rest returns a job after the duration: the codes that were accepted last are also sent
// again. It waits for the answers that are missing.
func (r *run) rest(due time.Time) *job {
	for {
		j, more := r.replayed()
		if j != nil {
			if j.due, j.rest = due, true; due.Before(time.Now()) {
				j.due = time.Now()
			}
			return j
		}
		if !more {
			return nil
		}
		select {
		case <-r.noted:
		case <-r.ctx.Done():
			return nil
		}
	}
}

// Rate implements [vegeta.Pacer].
func (r *run) Rate(time.Duration) float64 { return r.schedule.rate }

// replayed returns a job that sends a code again, and whether answers are missing that can
// lead to another one.
func (r *run) replayed() (j *job, more bool) {
	if r.schedule.scenario != Replay {
		return nil, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.accepted) > 0 {
		old := r.accepted[0]
		r.accepted = r.accepted[1:]
		return &job{user: old.user, code: old.code, again: true}, true
	}
	for _, sent := range r.jobs {
		more = more || !sent.again
	}
	return nil, more
}

// sleep waits, and returns false if ctx ends first.
func (r *run) sleep(d time.Duration) bool {
	if d <= 0 {
		return r.ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return r.ctx.Err() == nil
	case <-r.ctx.Done():
		return false
	}
}

// RoundTrip sends the request of a job. It implements [http.RoundTripper].
func (r *run) RoundTrip(numbered *http.Request) (*http.Response, error) {
	n, err := strconv.ParseUint(numbered.Header.Get("X-Vegeta-Seq"), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("internal error: %w", err)
	}
	r.mu.Lock()
	j := r.jobs[n]
	r.mu.Unlock()
	req, err := r.options.Target.request(j)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(numbered.Context())
	stop := context.AfterFunc(r.ctx, cancel)
	j.done = func() {
		stop()
		cancel()
	}
	return r.base.RoundTrip(req.WithContext(ctx))
}

// note adds a result to the report.
func (r *run) note(report *Report, result *vegeta.Result) {
	v := r.options.Target.verdict(int(result.Code), result.Body)
	r.mu.Lock()
	j := r.jobs[result.Seq]
	delete(r.jobs, result.Seq)
	if r.schedule.scenario == Replay && v == Accepted && !j.again {
		r.accepted = append(r.accepted, j)
	}
	r.mu.Unlock()
	select {
	case r.noted <- struct{}{}:
	default:
	}
	if j.done != nil {
		j.done()
	}
	if j.rest {
		report.rest++
	}
	if result.Code == 0 && r.ctx.Err() != nil {
		report.Abandoned++
		return
	}
	result.Latency = result.End().Sub(j.due)
	result.Error = strings.TrimPrefix(result.Error, fmt.Sprintf("Get %q: ", replaced))
	report.add(j, result, v)
}
