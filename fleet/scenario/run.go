// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/virtual"
)

// Options are the settings of a run.
type Options struct {
	Fleet *control.Client // of the fleet that the scenario drives

	// Shared is set for a fleet that others use too. The scenario then sets its clock. At
	// the end, it removes everything that it has made, and the clock runs as before.
	Shared bool

	Environment []string // of the commands that the scenario runs; see os.Environ
	Program     string   // path of fob, for ${fob}

	Events    string // file for the event log, as JSON lines; "": none
	Artifacts string // folder for the files of a failure of this scenario; "": none
	Repeat    string // command that repeats the scenario, without the world seed
}

// Result is how a scenario has ended.
type Result struct {
	Scenario  *Scenario
	WorldSeed uint64
	Steps     int // that were done
	Took      time.Duration
	Err       error // nil: it passed; a *Failure if a step failed
	Artifacts string
	Begun     time.Time
}

// Failure is a step that failed.
type Failure struct {
	File string
	Line int
	Step string // the verb
	Err  error
}

// Error returns the message, with the file and the line.
func (f *Failure) Error() string { return fmt.Sprintf("%s:%d: %s: %v", f.File, f.Line, f.Step, f.Err) }

// Unwrap returns the reason.
func (f *Failure) Unwrap() error { return f.Err }

// ErrorClass returns [errclass.Failed]: the reason may be an error of another class.
func (f *Failure) ErrorClass() errclass.Class { return errclass.Failed }

// unmet is the reason of a failure: something is not as expected.
func unmet(want, got string, args ...any) error {
	return unmetError(fmt.Sprintf("expected %s, but %s", want, fmt.Sprintf(got, args...)))
}

type unmetError string

func (e unmetError) Error() string { return string(e) }

// runner is a scenario that runs.
type runner struct {
	Options
	scenario *Scenario
	ctx      context.Context
	seed     uint64
	dir      string // a temporary folder
	vars     map[string]string
	clock    time.Time // the world's time after the newest request
	http     *http.Client
	found    *clockView // the clock of a shared fleet before the scenario; nil: it was not changed

	tokens    map[string]string // hardware ids by name
	names     []string          // of the tokens, oldest first
	newest    string            // hardware id of the default token
	mine      []string          // hardware ids of all tokens that were made
	ports     map[string]*portOf
	port      *portOf  // the default port
	snapshots []string // names in the file
	procs     []*process
	log       eventLog
	since     uint64   // number of the event after which a wait for an event looks
	traces    traces   // in a shared fleet
	hidden    []string // secrets of steps
}

// Run runs a scenario. If it cannot begin, because the fleet cannot be reached or the
// event log cannot be written, the error in the result is not a [Failure].
func Run(ctx context.Context, s *Scenario, o Options) *Result {
	begun := time.Now()
	result := &Result{Scenario: s, Begun: begun}
	jar, _ := cookiejar.New(nil) // fails with a bad list of public suffixes only
	r := &runner{
		Options: o, scenario: s, ctx: ctx, vars: map[string]string{}, tokens: map[string]string{}, ports: map[string]*portOf{},
		http: &http.Client{
			Jar:           jar,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	if o.Shared {
		r.traces = newTraces()
	}
	defer func() { result.Took = time.Since(begun) }()
	if result.Err = r.begin(); result.Err != nil {
		result.Err = errors.Join(result.Err, r.end())
		return result
	}
	result.WorldSeed = r.seed
	result.Err = r.steps(&result.Steps)
	if result.Err != nil && !errors.Is(result.Err, context.Canceled) && o.Artifacts != "" {
		err := r.keepArtifacts(result.Err)
		if _, statErr := os.Stat(o.Artifacts); statErr == nil {
			result.Artifacts = o.Artifacts
		}
		result.Err = errors.Join(result.Err, err)
	}
	if err := r.end(); result.Err == nil {
		result.Err = err
	}
	return result
}

// capabilities has the fields of a fleet's capabilities that the runner needs.
type capabilities struct {
	WorldSeed string `json:"world_seed"`
}

func (r *runner) begin() error {
	var about capabilities
	if err := r.get("/v1/capabilities", &about); err != nil {
		return err
	}
	seed, err := strconv.ParseUint(about.WorldSeed, 10, 64)
	if err != nil {
		return fmt.Errorf("%w: its world seed is %q", control.ErrUnreachable, about.WorldSeed)
	}
	r.seed = seed
	if r.Shared {
		var found clockView
		if err := r.get("/v1/time", &found); err != nil {
			return err
		}
		r.found = &found
		if err := r.setClock(); err != nil {
			if refused := (*control.RefusedError)(nil); errors.As(err, &refused) { // it runs as before
				r.found = nil
			}
			return fmt.Errorf("setting the clock of the fleet: %w", err)
		}
	}
	if err := r.readClock(); err != nil {
		return err
	}
	if err := r.log.begin(r); err != nil {
		return err
	}
	if r.dir, err = os.MkdirTemp("", "fob-scenario-"); err != nil {
		return err
	}
	here, err := filepath.Abs(filepath.Dir(r.scenario.File))
	if err != nil {
		return err
	}
	r.vars["dir"], r.vars["here"], r.vars["fob"] = r.dir, here, r.Program
	r.vars["world_seed"] = about.WorldSeed
	return nil
}

// steps does the steps until one fails.
func (r *runner) steps(done *int) error {
	for _, st := range r.scenario.steps {
		err := r.ctx.Err()
		before, running := r.log.seq, len(r.procs)
		if err == nil {
			err = st.run(r)
		}
		if err == nil {
			err = r.log.follow(r)
		}
		r.since = r.log.seq
		if len(r.procs) > running { // the command may have acted already
			r.since = before
		}
		if err == nil {
			err = r.dead()
		}
		if r.ctx.Err() != nil {
			return r.ctx.Err()
		}
		if err != nil {
			return &Failure{r.scenario.File, st.line, st.verb, r.maskError(err)}
		}
		*done++
	}
	return nil
}

// end stops the scenario's processes, closes its ports and removes its folder. In a
// shared fleet it also removes everything that the scenario has made, and restores how the
// clock runs.
func (r *runner) end() error {
	r.ctx = context.WithoutCancel(r.ctx)
	r.stopAll()
	for _, p := range r.ports {
		p.hangUp()
	}
	return errors.Join(r.log.end(), r.removeTraces(), r.restoreClock(), os.RemoveAll(r.dir))
}

// restoreClock makes the clock of a shared fleet run as it did before the scenario. Its
// time stays, because no clock goes back.
func (r *runner) restoreClock() error {
	if r.found == nil {
		return nil
	}
	set := map[string]any{"mode": r.found.Mode, "paused": r.found.Paused}
	if r.found.Mode == virtual.Scaled.String() {
		set["rate"] = r.found.Rate
	}
	if err := r.last(http.MethodPut, "/v1/time", set); err != nil {
		return fmt.Errorf("restoring the clock of the fleet: %w", err)
	}
	return nil
}

func (r *runner) get(path string, out any) error {
	return r.Fleet.Do(r.ctx, http.MethodGet, path, nil, out)
}

func (r *runner) post(path string, in, out any) error {
	return r.Fleet.Do(r.ctx, http.MethodPost, path, in, out)
}

func (r *runner) put(path string, in, out any) error {
	return r.Fleet.Do(r.ctx, http.MethodPut, path, in, out)
}

// clockView is the world's clock in the answers of a fleet.
type clockView struct {
	Now    time.Time `json:"now"`
	Mode   string    `json:"mode"`
	Rate   float64   `json:"rate"`
	Paused bool      `json:"paused"`
}

func (r *runner) readClock() error {
	var c clockView
	err := r.get("/v1/time", &c)
	r.clock = c.Now
	return err
}

// now returns the world's time.
func (r *runner) now() time.Time {
	if !r.scenario.manual() {
		_ = r.readClock() // the next request reports that the fleet is gone
	}
	return r.clock
}

// setClock sets the clock of a shared fleet.
func (r *runner) setClock() error {
	at, rate, err := r.scenario.start()
	if err != nil {
		return err
	}
	set := map[string]any{"mode": "manual"}
	switch {
	case rate != 0:
		set["mode"], set["rate"] = "scaled", rate
	case !r.scenario.manual():
		set["mode"] = "real"
	}
	if !at.IsZero() {
		set["now"] = at
	}
	return r.put("/v1/time", set, nil)
}
