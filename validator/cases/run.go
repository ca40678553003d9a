// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
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
	ID          string  `json:"id"`
	Requirement string  `json:"requirement"`
	Source      string  `json:"source"`
	Level       Level   `json:"level"`
	Outcome     Outcome `json:"outcome"`
	Detail      string  `json:"detail"` // the measurement, the reason of the failure, or the reason why it was not tested
	TookMS      int64   `json:"took_ms"`
}

// Options select and observe the cases of a run.
type Options struct {
	Only     []string     // IDs; empty: all cases
	Progress func(Result) // called with each result; may be nil
}

// ErrCase is returned for an unknown case ID.
var ErrCase = errclass.New(errclass.Usage, "no such case")

// Select returns the cases with the given IDs, in the order of [All]. Without IDs it
// returns all cases. The error wraps [ErrCase].
func Select(ids []string) ([]Case, error) {
	all := All()
	for _, id := range ids {
		if !slices.ContainsFunc(all, func(c Case) bool { return strings.EqualFold(c.ID, id) }) {
			return nil, fmt.Errorf("case %q: %w: want C01 to C70", id, ErrCase)
		}
	}
	if len(ids) == 0 {
		return all, nil
	}
	return slices.DeleteFunc(all, func(c Case) bool {
		return !slices.ContainsFunc(ids, func(id string) bool { return strings.EqualFold(c.ID, id) })
	}), nil
}

// Run runs cases one after the other and returns a result for each. The error wraps
// [ErrCase]. If the context ends, the run ends too, and the remaining cases fail.
func Run(ctx context.Context, t Target, o Options) ([]Result, error) {
	list, err := Select(o.Only)
	if err != nil {
		return nil, err
	}
	r := &run{ctx: ctx, client: newClient(t)}
	defer r.client.http.CloseIdleConnections()
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		return nil, err
	}
	r.id = int64(binary.BigEndian.Uint32(b[:]) % 1_000_000)
	r.unready = r.prepare()
	results := make([]Result, 0, len(list))
	for _, c := range list {
		result := r.runCase(c)
		results = append(results, result)
		if o.Progress != nil {
			o.Progress(result)
		}
	}
	return results, nil
}

// run is one run of cases. Its ID distinguishes the objects that it creates from those
// made by other runs.
type run struct {
	ctx     context.Context
	client  *client
	id      int64 // 0 to 999,999
	made    int   // number of serial numbers
	rules   settings
	unready error // a stop if the target is not ready, or nil
}

// settings are the settings that a target reports.
type settings struct {
	LockoutThreshold int   `json:"wrong_limit"`
	Window           int64 `json:"window_steps"`
	LookAhead        int64 `json:"second_band_steps"`
	ResyncWindow     int64 `json:"resync_reach_steps"`
	DriftInterval    int64 `json:"learn_every_seconds"`
	CountReplayed    bool  `json:"count_replayed"`
	CountMalformed   bool  `json:"count_malformed"`
	UnlockNeedsOTP   bool  `json:"lift_needs_otp"`
	ReactivateAfter  int64 `json:"reactivate_after_seconds"`
	NoticeMonths     int   `json:"notice_months"`
}

// prepare reads the target's settings and determines whether cases can run on it.
func (r *run) prepare() (err error) {
	defer func() {
		if p := recover(); p != nil {
			s, ok := p.(stop)
			if !ok {
				panic(p)
			}
			err = s
		}
	}()
	e := &env{run: r, id: "C00"}
	e.get("/v1/settings", &r.rules)
	if r.rules.LockoutThreshold < 2 || r.rules.DriftInterval <= 0 {
		e.failf("GET /v1/settings: wrong_limit or learn_every_seconds is missing")
	}
	at := e.send(r.client.t.ClerkKey, http.MethodGet, "/v1/clock", nil)
	if at.status == http.StatusNotFound {
		e.skipf("the target's clock cannot be moved: start it in test mode with a manual clock")
	}
	if at.status != http.StatusOK {
		e.failf("/v1/clock: %v", at.unexpected())
	}
	return nil
}

// stop ends a case.
type stop struct {
	outcome Outcome
	words   string
}

func (s stop) Error() string { return s.words }

// runCase runs a case.
func (r *run) runCase(c Case) (res Result) {
	res = Result{ID: c.ID, Requirement: c.Requirement, Source: c.Source, Level: c.Level, Outcome: Pass}
	begun := time.Now()
	defer func() {
		res.TookMS = time.Since(begun).Milliseconds()
		switch p := recover().(type) {
		case nil:
		case stop:
			res.Outcome, res.Detail = p.outcome, p.words
		default:
			res.Outcome, res.Detail = Fail, fmt.Sprintf("the case panicked: %v\n%s", p, debug.Stack())
		}
	}()
	if err := r.ctx.Err(); err != nil {
		panic(stop{Fail, "not run: " + err.Error()})
	}
	e := &env{run: r, id: c.ID}
	if !c.offline {
		if r.unready != nil {
			panic(r.unready)
		}
		e.begin()
	}
	res.Detail = c.run(e)
	return res
}
