// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/virtual"
)

// clockView is the world's clock.
type clockView struct {
	Mode   string    `json:"mode" enum:"real,scaled,manual" doc:"a manual clock stands still until it is advanced"`
	Rate   float64   `json:"rate" doc:"world seconds per second; 0 for manual, 1 for real"`
	Paused bool      `json:"paused" doc:"a real or scaled clock stands still until paused is false"`
	Ended  bool      `json:"ended" doc:"the time is 2261-12-31T23:59:59Z, where every clock stops"`
	Now    time.Time `json:"now" doc:"the world's time"`
	Seq    uint64    `json:"seq" doc:"number of the newest event"`
}

// setClock changes the clock. Fields that are left out stay.
type setClock struct {
	Mode   string    `json:"mode,omitempty" enum:"real,scaled,manual" doc:"how the clock runs; the time does not jump when this changes"`
	Rate   float64   `json:"rate,omitempty" doc:"speed of a scaled clock: world seconds per second, 0.001 to 1000000000"`
	Paused *bool     `json:"paused,omitempty" doc:"true stops the clock, false lets it run again"`
	Now    time.Time `json:"now,omitzero" doc:"the new time, not before the present one"`
}

// advance moves the clock. Exactly one field is given.
type advance struct {
	By    string    `json:"by,omitempty" maxLength:"60" doc:"a period" example:"P2Y3D"`
	To    time.Time `json:"to,omitzero" doc:"an instant; one in the past is refused"`
	Until string    `json:"until,omitempty" enum:"next_step,event" doc:"the next time step of the first token, or the next event of any token"`
}

func seedText(seed uint64) string { return strconv.FormatUint(seed, 10) }

func (s *server) clock() *body[clockView] {
	c := s.fleet.World().Clock()
	return &body[clockView]{clockView{
		Mode: c.Mode.String(), Rate: c.Rate, Paused: c.Paused, Ended: c.Now >= virtual.WorldEnd,
		Now: c.Now.Time(), Seq: s.fleet.Log().Seq(),
	}}
}

// savedClock saves the clock and returns it as it was before: another client may move it
// meanwhile, and a crash could undo that.
func (s *server) savedClock() (*body[clockView], error) {
	clock := s.clock()
	return clock, s.fleet.SaveWorld()
}

func (s *server) time() {
	get(s, "/v1/time", "get-time", "The world's clock", func(*nothing) (*body[clockView], error) {
		return s.clock(), nil
	})
	add(s, http.MethodPut, "/v1/time", "set-time", "Change how the clock runs",
		func(_ context.Context, in *body[setClock]) (*body[clockView], error) {
			if err := s.setClock(in.Body); err != nil {
				return nil, err
			}
			return s.savedClock()
		})
	add(s, http.MethodPost, "/v1/time/advance", "advance", "Move the clock forward, in any mode",
		func(_ context.Context, in *body[advance]) (*body[clockView], error) {
			if err := s.advance(in.Body); err != nil {
				return nil, err
			}
			return s.savedClock()
		})
}

// inWorld checks an instant, unless it is zero.
func inWorld(where string, t time.Time) error {
	if year := t.UTC().Year(); !t.IsZero() && (year < 1970 || year > 2261 || virtual.WorldTimeOf(t) > virtual.WorldEnd) {
		return invalid(where, "the world lies between 1970 and "+worldEnd)
	}
	return nil
}

var worldEnd = virtual.WorldEnd.Time().Format(time.RFC3339)

func (s *server) setClock(in setClock) error {
	w := s.fleet.World()
	now := w.Now()
	if err := inWorld("body.now", in.Now); err != nil {
		return err
	}
	if in.Rate != 0 && in.Mode != "" && in.Mode != virtual.Scaled.String() {
		return invalid("body.rate", "only a scaled clock has a rate")
	}
	if in.Mode == "" && in.Rate == 0 && in.Paused == nil && in.Now.IsZero() {
		return invalid("body", "give at least one of mode, rate, paused and now")
	}
	if !in.Now.IsZero() && virtual.WorldTimeOf(in.Now) < now {
		return invalid("body.now", "time does not run backwards: it is "+now.Time().Format(time.RFC3339)+" already; skew a token instead")
	}
	if r := in.Rate; (r != 0 || in.Mode == "scaled") && !(r >= virtual.MinRate && r <= virtual.MaxRate) {
		return fmt.Errorf("%w: rate %s, want %s to %s", virtual.ErrClock, fleet.FormatNumber(r), fleet.FormatNumber(virtual.MinRate), fleet.FormatNumber(virtual.MaxRate))
	}
	modes := map[string]virtual.ClockMode{"manual": virtual.Manual, "real": virtual.Real, "scaled": virtual.Scaled}
	if in.Paused != nil && *in.Paused {
		w.Pause() // first: a clock that is to stand still does not run for a moment
	}
	switch {
	case in.Mode != "":
		if err := w.SetMode(modes[in.Mode], in.Rate); err != nil {
			return err
		}
	case in.Rate != 0:
		if err := w.SetMode(virtual.Scaled, in.Rate); err != nil {
			return err
		}
	}
	if in.Paused != nil && !*in.Paused {
		w.Resume()
	}
	if !in.Now.IsZero() {
		w.AdvanceTo(virtual.WorldTimeOf(in.Now))
	}
	return nil
}

func (s *server) advance(in advance) error {
	w := s.fleet.World()
	switch {
	case in.By != "" && in.To.IsZero() && in.Until == "":
		d, err := fleet.ParsePeriod(in.By)
		tooLong := errors.Is(err, fleet.ErrTooLong)
		if err != nil && !tooLong {
			return err
		}
		if d < 0 || tooLong && strings.HasPrefix(in.By, "-") {
			return invalid("body.by", "time does not run backwards; skew a token instead")
		}
		if tooLong || w.Now().Add(d) > virtual.WorldEnd {
			return invalid("body.by", "the world ends at "+worldEnd+", and it is "+w.Now().Time().Format(time.RFC3339))
		}
		w.Advance(d)
	case in.By == "" && !in.To.IsZero() && in.Until == "":
		if err := inWorld("body.to", in.To); err != nil {
			return err
		}
		if to := virtual.WorldTimeOf(in.To); to < w.Now() {
			return invalid("body.to", "time does not run backwards; skew a token instead")
		}
		w.AdvanceTo(virtual.WorldTimeOf(in.To))
	case in.By == "" && in.To.IsZero() && in.Until == "event":
		next := s.fleet.NextEvent()
		if next > virtual.WorldEnd {
			return newProblem(http.StatusConflict, "no_event", "no token has an event ahead before the end of the world, at "+worldEnd)
		}
		w.AdvanceTo(next)
	case in.By == "" && in.To.IsZero() && in.Until == "next_step":
		steps := false
		for m := range s.fleet.All(0) {
			r := m.Look()
			if r.StepEnds <= virtual.WorldEnd {
				w.AdvanceTo(r.StepEnds)
				return nil
			}
			steps = steps || r.CodeLen > 0
		}
		if steps {
			return newProblem(http.StatusConflict, "no_event", "no time step begins before the end of the world, at "+worldEnd)
		}
		return newProblem(http.StatusConflict, "no_event", "no token is provisioned, so none has a time step")
	default:
		return invalid("body", "give exactly one of by, to and until")
	}
	return nil
}
