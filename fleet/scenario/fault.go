// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/d204ef64/fob/virtual"
)

type fault struct {
	onToken    `yaml:",inline"`
	Dead       []string `yaml:"dead" doc:"segments that are never on: d0.a for segment a of the leftmost digit, to d7.g; bar0 to bar5; tick; batt"`
	Ghost      []string `yaml:"ghost" doc:"segments that are always on"`
	FlashFail  bool     `yaml:"flash_fail" doc:"the next flash operation fails"`
	PowerCutAt uint32   `yaml:"power_cut_at" doc:"the supply fails in the n-th flash operation from now; 1 is the next" min:"1"`

	onPort `yaml:",inline"`
	In     *lineFaults `yaml:"in" doc:"faults of the line from the host to the token"`
	Out    *lineFaults `yaml:"out" doc:"faults of the line from the token to the host"`

	Clear bool `yaml:"clear" doc:"mend the token, or with port its line"`
}

// lineFaults are faults of one direction of a line.
type lineFaults struct {
	Seed    uint64  `json:"seed,omitempty" yaml:"seed" doc:"the same seed and the same bytes give the same faults"`
	Flip    float64 `json:"flip,omitempty" yaml:"flip" doc:"probability that a bit of a byte is inverted" min:"0" max:"1"`
	Drop    float64 `json:"drop,omitempty" yaml:"drop" doc:"probability that a byte is lost" min:"0" max:"1"`
	Double  float64 `json:"double,omitempty" yaml:"double" doc:"probability that a byte arrives twice" min:"0" max:"1"`
	Insert  float64 `json:"insert,omitempty" yaml:"insert" doc:"probability that a random byte arrives before a byte" min:"0" max:"1"`
	StallAt int     `json:"stall_at,omitempty" yaml:"stall_at" doc:"the line stops before the n-th byte" min:"1"`
	Stall   string  `json:"stall,omitempty" yaml:"stall" doc:"how long it stops, by this machine's clock"`
	Baud    int     `json:"baud,omitempty" yaml:"baud" doc:"speed in bit/s, 10 bits a byte; no limit by default" min:"1"`

	Unplug int `json:"unplug_after,omitempty" yaml:"-"` // a step of its own
}

func (f *lineFaults) check(field string) error {
	if f == nil {
		return nil
	}
	for _, rate := range []float64{f.Flip, f.Drop, f.Double, f.Insert} {
		if !(rate >= 0 && rate <= 1) {
			return fmt.Errorf("%s: a probability of %v, want 0 to 1", field, rate)
		}
	}
	if f.StallAt < 0 || f.Baud < 0 {
		return fmt.Errorf("%s: stall_at and baud are not negative", field)
	}
	if (f.StallAt > 0) != (f.Stall != "") {
		return fmt.Errorf("%s: stall_at and stall go together: the byte before which the line stops, and for how long", field)
	}
	_, err := period(field+".stall", f.Stall, 0, 0, time.Hour)
	return err
}

// value returns the faults; nil is none.
func (f *lineFaults) value() lineFaults {
	if f == nil {
		return lineFaults{}
	}
	return *f
}

// ofToken reports whether the step has a fault of a token.
func (s *fault) ofToken() bool {
	return len(s.Dead) > 0 || len(s.Ghost) > 0 || s.FlashFail || s.PowerCutAt > 0
}

// ofLine reports whether the step is about a line.
func (s *fault) ofLine() bool { return s.Port != "" || s.In != nil || s.Out != nil }

func (s *fault) check(c *checker) error {
	switch {
	case s.ofLine() && (s.ofToken() || s.Token != ""):
		return errors.New("faults of a token and of a line need a step each")
	case s.Clear && (s.ofToken() || s.In != nil || s.Out != nil):
		return errors.New("clear can be combined with token or port only")
	case !s.Clear && !s.ofToken() && s.In == nil && s.Out == nil:
		return errors.New("no fault is given: give dead, ghost, flash_fail, power_cut_at, in or out, or clear: true to mend all")
	}
	if s.ofLine() {
		return cmp.Or(c.hasPort(s.Port), s.In.check("in"), s.Out.check("out"))
	}
	for _, f := range []struct {
		name     string
		segments []string
	}{{"dead", s.Dead}, {"ghost", s.Ghost}} {
		if _, err := virtual.ParseSegments(f.segments...); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return c.token(s.Token)
}

func (s *fault) run(r *runner) error {
	if s.ofLine() {
		return r.put(r.portNamed(s.Port).path("/faults"), lineOf{s.In.value(), s.Out.value()}, nil)
	}
	path := tokenPath(r.token(s.Token), "/faults")
	if r.Shared { // the token may be another client's
		r.traces.faults[path] = true
	}
	if s.Clear {
		return r.Fleet.Do(r.ctx, http.MethodDelete, path, nil, nil)
	}
	in := map[string]any{"flash_fail": s.FlashFail, "power_cut_at": s.PowerCutAt}
	if len(s.Dead) > 0 {
		in["dead"] = s.Dead
	}
	if len(s.Ghost) > 0 {
		in["ghost"] = s.Ghost
	}
	return r.put(path, in, nil)
}
