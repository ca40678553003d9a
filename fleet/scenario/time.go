// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

type advance struct {
	By    string `yaml:"by" doc:"a period, such as P2Y3D"`
	To    string `yaml:"to" doc:"an instant, as in 2031-11-30T15:00:00Z"`
	Until string `yaml:"until" doc:"next_step is the next time step of the first token, event the next event of any token" values:"next_step,event"`
}

func (s *advance) check(c *checker) error {
	n := 0
	for _, field := range []string{s.By, s.To, s.Until} {
		if field != "" {
			n++
		}
	}
	if n != 1 {
		return errors.New("give exactly one of by, to and until")
	}
	if s.To != "" {
		to, err := time.Parse(time.RFC3339, s.To)
		if err != nil {
			return fmt.Errorf("to: %q is not a time such as 2026-01-01T00:00:00Z", s.To)
		}
		return cmp.Or(inWorld("to", to), c.advance("to", to))
	}
	if s.Until != "" {
		return oneOf("until", s.Until, "next_step", "event")
	}
	by, err := period("by", s.By, 0, 0, longest)
	if err != nil || s.By == "" {
		return err
	}
	return c.advance("by", c.now.Add(by))
}

// The first and the last instant of a world.
var worldBegin, worldEnd = virtual.WorldTime(0).Time().UTC(), virtual.WorldEnd.Time().UTC()

// inWorld returns an error if an instant lies outside of the world.
func inWorld(field string, at time.Time) error {
	if at.Before(worldBegin) || at.After(worldEnd) {
		return fmt.Errorf("%s: the world lies between %s and %s", field, worldBegin.Format(time.RFC3339), worldEnd.Format(time.RFC3339))
	}
	return nil
}

// advance notes that the world's time is not before an instant.
func (c *checker) advance(field string, to time.Time) error {
	if to.Before(c.now) {
		return fmt.Errorf("%s: time does not run backwards: it is %s already", field, c.now.UTC().Format(time.RFC3339))
	}
	if to.After(worldEnd) {
		return fmt.Errorf("%s: the world ends at %s, and it is %s already", field, worldEnd.Format(time.RFC3339), c.now.UTC().Format(time.RFC3339))
	}
	c.now = to
	return nil
}

func (s *advance) run(r *runner) error {
	in := map[string]any{}
	for field, text := range map[string]string{"by": s.By, "to": s.To, "until": s.Until} {
		if text != "" {
			in[field] = text
		}
	}
	return r.advance(in)
}

func (r *runner) advance(in map[string]any) error {
	var c clockView
	err := r.post("/v1/time/advance", in, &c)
	if err == nil {
		r.clock = c.Now
	}
	return err
}

// condition is a requirement on a token, of expect-display or of wait.
type condition struct {
	onToken `yaml:",inline"`
	Text    string `yaml:"text" doc:"regular expression (RE2) for the text of the display, one character for each position; its named groups become variables" format:"regex"`
	State   string `yaml:"state" doc:"state of the token" values:"@states"`
}

func (s *condition) check(c *checker) error {
	if s.State != "" {
		state, err := fleet.ParseState(s.State)
		if err != nil {
			return fmt.Errorf("state: %w", err)
		}
		s.State = state.String()
	}
	return cmp.Or(c.token(s.Token), c.pattern("text", s.Text))
}

// met reports whether a token fulfils the condition.
func (s *condition) met(r *runner, re *regexp.Regexp, v tokenView) bool {
	return (s.State == "" || v.State == s.State) && (s.Text == "" || r.match(re, v.Display))
}

// wanted returns the condition in words, for the message of a failure.
func (s *condition) wanted() string {
	var want []string
	if s.Text != "" {
		want = append(want, fmt.Sprintf("a display that matches %q", s.Text))
	}
	if s.State != "" {
		want = append(want, "state "+s.State)
	}
	return strings.Join(want, " and ")
}

type display struct {
	condition `yaml:",inline"`
}

func (s *display) check(c *checker) error {
	if s.Text == "" && s.State == "" {
		return errors.New("give text, state or both; an empty display is text: '^ *$'")
	}
	return s.condition.check(c)
}

func (s *display) run(r *runner) error {
	re, err := r.compile(s.Text)
	if err != nil {
		return err
	}
	v, err := r.look(s.Token)
	if err != nil {
		return err
	}
	if !s.met(r, re, v) {
		return unmet(s.wanted(), "%s", v)
	}
	return nil
}

type wait struct {
	condition `yaml:",inline"`
	Event     string `yaml:"event" doc:"kind of event that happens after this step begins, or since the step before it began a command in the background" values:"@events"`
	Within    string `yaml:"within" doc:"in world time; five minutes by default"`
	Timeout   string `yaml:"timeout" doc:"by this machine's clock; five minutes by default"`
}

func (s *wait) check(c *checker) error {
	if s.Text == "" && s.State == "" && s.Event == "" {
		return errors.New("give at least one of text, state and event")
	}
	if s.Event != "" {
		kind, err := fleet.ParseEvent(s.Event)
		if err != nil {
			return fmt.Errorf("event: %w", err)
		}
		s.Event = kind.String()
	}
	_, err := period("within", s.Within, 0, time.Second, longest)
	_, err2 := period("timeout", s.Timeout, 0, time.Second, 24*time.Hour)
	return cmp.Or(s.condition.check(c), err, err2)
}

func (s *wait) run(r *runner) error {
	within, _ := period("within", s.Within, 5*time.Minute, 0, longest)
	timeout, _ := period("timeout", s.Timeout, 5*time.Minute, 0, 24*time.Hour)
	q := url.Values{"timeout": {within.String()}, "real_timeout": {timeout.String()}}
	for key, text := range map[string]string{"state": s.State, "event": s.Event} {
		if text != "" {
			q.Set(key, text)
		}
	}
	if s.Event != "" {
		q.Set("after_seq", fmt.Sprint(max(r.since, 1)))
	}
	re, err := r.compile(s.Text)
	if err != nil {
		return err
	}
	if s.Text != "" {
		q.Set("display", re.String())
	}
	v, err := s.ask(r, q)
	if err != nil {
		return err
	}
	r.clock = v.Now
	r.match(re, v.Display)
	return nil
}

// ask waits on the server, which moves a manual clock no further than necessary.
func (s *wait) ask(r *runner, q url.Values) (v tokenView, err error) {
	get := func() error { return r.get(tokenPath(r.token(s.Token), "/wait?"+q.Encode()), &v) }
	manual := r.scenario.manual()
	if manual && s.fromOutside(r) {
		realTime := q.Get("real_timeout")
		q.Set("real_timeout", outsideTime.String())
		if err = get(); err == nil {
			return v, nil
		}
		q.Set("real_timeout", realTime)
	}
	if manual {
		q.Set("advance", "true")
	}
	if err = get(); err == nil {
		return v, nil
	}
	within, _ := period("within", s.Within, 5*time.Minute, 0, longest)
	wanted := s.wanted() + " within " + fleet.FormatPeriod(within)
	var refused *control.RefusedError
	if manual && errors.As(err, &refused) && refused.Code == "wait_timeout" {
		if v, err = r.look(s.Token); err == nil {
			r.clock = v.Now
			return v, unmet(wanted, "%s", v)
		}
	}
	return v, fmt.Errorf("expected %s: %w", wanted, err)
}

// outsideTime is how long a wait gives a command in the background before it moves the clock.
const outsideTime = 20 * time.Second

// fromOutside reports whether the wait is for an event that only a command in the background
// can cause. It needs the machine's time, and not the world's.
func (s *wait) fromOutside(r *runner) bool {
	return len(r.procs) > 0 && s.Event != "" && !slices.Contains(byItself, s.Event)
}

// byItself are the kinds of event that happen while time passes.
var byItself = []string{
	virtual.EventDisplayOn.String(), virtual.EventDisplayOff.String(), virtual.EventState.String(), virtual.EventClockLost.String(),
	virtual.EventFlash.String(), virtual.EventRestart.String(), virtual.EventFault.String(),
}

func (s *wait) wanted() string {
	want := s.condition.wanted()
	if s.Event == "" {
		return want
	}
	if want != "" {
		want += " and "
	}
	return want + "event " + s.Event
}
