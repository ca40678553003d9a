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

// ErrNoAnswer is the error of a load whose target never answered.
var ErrNoAnswer = errclass.New(errclass.Unreachable, "the target does not answer")

// replaced is the URL of the library's requests. RoundTrip sends others.
const replaced = "http://localhost/"

// job is a request that is due.
type job struct {
	user  *User
	code  string
	again bool // the server has accepted the code before
	guess bool
	due   time.Time
}

// run is a load in progress. The library calls Pace for every request, in order, and then
// RoundTrip with the request's number.
type run struct {
	ctx      context.Context
	options  Options
	schedule schedule
	began    time.Time
	base     http.RoundTripper

	turns uint64    // of users, for fresh codes
	held  time.Time // until when a token without a new code has held up the requests after it

	mu       sync.Mutex // guards the fields below
	jobs     map[uint64]*job
	accepted []*job // codes that Replay sends again
}

// Run sends requests until the duration or ctx ends, and waits for the last answers. The
// report is complete also if ctx ends. The error wraps [ErrOptions] or [ErrNoAnswer].
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
	r := &run{ctx: ctx, options: o, schedule: s, began: began, base: transport, jobs: map[uint64]*job{}}
	attacker := vegeta.NewAttacker(
		vegeta.Client(&http.Client{
			Transport: r, Timeout: o.Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}),
		vegeta.Workers(uint64(min(o.Connections, 16))), vegeta.MaxWorkers(uint64(o.Connections)), vegeta.MaxBody(64<<10),
	)
	every := vegeta.NewStaticTargeter(vegeta.Target{Method: http.MethodGet, URL: replaced})
	report := newReport(&o, s)
	for result := range attacker.Attack(every, r, 0, "") {
		r.note(report, result)
		if o.Progress != nil && report.Requests%100 == 0 {
			o.Progress(report.Requests)
		}
	}
	report.close(time.Since(began.Add(s.lead)))
	if report.Requests > 0 && report.answers == 0 {
		return report, fmt.Errorf("%w: %s", ErrNoAnswer, report.Problems[0])
	}
	return report, nil
}

// Pace waits until the next request is due, and prepares it. It implements
// [vegeta.Pacer].
func (r *run) Pace(_ time.Duration, n uint64) (time.Duration, bool) {
	after, ok := r.schedule.due(n)
	if !ok {
		return 0, true
	}
	due := r.began.Add(after)
	j := r.replayed(n)
	if j == nil {
		j = &job{user: r.options.Users[r.turns%uint64(len(r.options.Users))], guess: r.schedule.scenario == Guess}
		r.turns++
		if wait := time.Until(j.user.fresh()); !j.guess && wait > time.Until(due) {
			due = time.Now().Add(wait)
			r.held = due
		}
	}
	if due.Before(r.held) {
		due = r.held
	}
	j.due = due
	if due.Sub(r.began) >= r.schedule.duration { // the token shows its next code later
		return 0, true
	}
	if !r.sleep(time.Until(due)) {
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

// Rate implements [vegeta.Pacer].
func (r *run) Rate(time.Duration) float64 { return r.schedule.rate }

// replayed returns a job that sends a code again, nil for a fresh code.
func (r *run) replayed(n uint64) *job {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.schedule.scenario != Replay || n%2 == 0 || len(r.accepted) == 0 {
		return nil
	}
	old := r.accepted[0]
	r.accepted = r.accepted[1:]
	return &job{user: old.user, code: old.code, again: true}
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
	return r.base.RoundTrip(req.WithContext(numbered.Context()))
}

// note adds a result to the report.
func (r *run) note(report *Report, result *vegeta.Result) {
	r.mu.Lock()
	j := r.jobs[result.Seq]
	delete(r.jobs, result.Seq)
	r.mu.Unlock()
	v := r.options.Target.verdict(int(result.Code), result.Body)
	result.Latency = result.End().Sub(j.due)
	result.Error = strings.TrimPrefix(result.Error, fmt.Sprintf("Get %q: ", replaced))
	report.add(j, result, v)
	if r.schedule.scenario == Replay && v == Accepted && !j.again {
		r.mu.Lock()
		r.accepted = append(r.accepted, j)
		r.mu.Unlock()
	}
}
