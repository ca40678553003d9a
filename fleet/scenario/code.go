// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
)

const (
	maxWindow    = 1000             // steps, in a question to the fleet's oracle
	shortestStep = 20 * time.Second // of all profiles
)

type code struct {
	onToken      `yaml:",inline"`
	MinRemaining string `yaml:"min_remaining" doc:"the code must stay that long; a manual clock moves to the next step if it does not"`
	Fresh        bool   `yaml:"fresh" doc:"not a code that expect-code has read with fresh before"`
	None         bool   `yaml:"none" doc:"the token shows no code"`
	Offset       *int64 `yaml:"offset" doc:"exact number of time steps by which the token is ahead of the world; negative if it is behind"`
	Window       *int   `yaml:"window" doc:"number of time steps that a server accepts each way, for passes" min:"0" max:"1000"`
	Passes       *bool  `yaml:"passes" doc:"whether a server with correct time and that window would accept the code"`
	As           string `yaml:"as" doc:"name of the variable for the code; code by default"`
}

func (s *code) check(c *checker) error {
	if s.As == "" {
		s.As = "code"
	}
	if !s.None {
		c.vars[s.As] = true
	}
	if err := c.name(s.As); err != nil {
		return err
	}
	if s.None && (s.Offset != nil || s.Passes != nil || s.Fresh || s.MinRemaining != "") {
		return errors.New("none can be combined with token only")
	}
	if (s.Window == nil) != (s.Passes == nil) {
		return errors.New("give window and passes together")
	}
	if s.Window != nil && (*s.Window < 0 || *s.Window > maxWindow) {
		return fmt.Errorf("window: %d, want 0 to %d", *s.Window, maxWindow)
	}
	_, err := period("min_remaining", s.MinRemaining, 0, 0, time.Hour)
	return cmp.Or(c.token(s.Token), err)
}

func (s *code) run(r *runner) error {
	if s.None {
		return s.none(r)
	}
	err := s.read(r)
	var wrong unmetError
	if errors.As(err, &wrong) && !r.scenario.manual() {
		err = s.read(r) // a step of a running clock may have ended after the code was read
	}
	return err
}

// read reads a code, and asks the fleet's oracle about it.
func (s *code) read(r *runner) error {
	q := url.Values{}
	if s.MinRemaining != "" {
		q.Set("min_remaining", s.MinRemaining)
	}
	if s.Fresh {
		q.Set("fresh", strconv.FormatBool(s.Fresh))
	}
	var v struct {
		Code string    `json:"code"`
		Now  time.Time `json:"true_time"`
		Err  *int64    `json:"error_ms"` // nil: the clock is not set
	}
	if err := r.get(tokenPath(r.token(s.Token), "/code?"+q.Encode()), &v); err != nil {
		return fmt.Errorf("expected a code: %w", err)
	}
	if r.scenario.manual() {
		r.clock = v.Now
	}
	r.vars[s.As] = v.Code
	if s.Offset == nil && s.Passes == nil {
		return nil
	}
	var o struct {
		Found  bool  `json:"found"`
		Offset int64 `json:"offset"`
		Passes bool  `json:"would_pass"`
	}
	// No further than the token's clock is off: among many steps, some have the same code.
	search := int64(2)
	if v.Err != nil {
		search += max(*v.Err, -*v.Err) / shortestStep.Milliseconds()
	}
	in := map[string]any{"token": r.token(s.Token), "code": v.Code, "search": min(search, fleet.MaxWindow)}
	if s.Window != nil {
		in["window"] = *s.Window
	}
	if err := r.post("/v1/oracle", in, &o); err != nil {
		return err
	}
	got := "it is " + stepsAway(o.Offset)
	if !o.Found {
		got = fmt.Sprintf("it belongs to none of %d steps each way", search)
	}
	got += fmt.Sprintf(" (the token's clock is %s)", offset(v.Err))
	if s.Offset != nil && (!o.Found || o.Offset != *s.Offset) {
		return unmet("a code "+stepsAway(*s.Offset), "%s", got)
	}
	if s.Passes != nil && o.Passes != *s.Passes {
		verb := "passes"
		if !*s.Passes {
			verb = "does not pass"
		}
		return unmet(fmt.Sprintf("a code that %s a window of %s", verb, stepsOf(*s.Window)), "%s", got)
	}
	return nil
}

// stepsAway describes a time step by its distance from the world's.
func stepsAway(n int64) string {
	switch n {
	case 0:
		return "of the world's time step"
	case 1, -1:
		return fmt.Sprintf("%+d step from the world's time", n)
	}
	return fmt.Sprintf("%+d steps from the world's time", n)
}

func stepsOf(window int) string {
	if window == 1 {
		return "1 step"
	}
	return fmt.Sprintf("%d steps", window)
}

// none checks that the token shows no code.
func (s *code) none(r *runner) error {
	err := r.get(tokenPath(r.token(s.Token), "/code"), nil)
	var refused *control.RefusedError
	if errors.As(err, &refused) && refused.Code == "no_code" {
		return nil
	}
	if err != nil {
		return err
	}
	v, err := r.look(s.Token)
	if err != nil {
		return err
	}
	return unmet("no code", "%s", v)
}
