// SPDX-License-Identifier: Apache-2.0

package page

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/virtual"
)

// clockView is the world's clock, in the language of a page. The page computes the time
// from it until the next message.
type clockView struct {
	Now     time.Time `json:"now"`
	UnixMS  int64     `json:"unix_ms"`
	Mode    string    `json:"mode"`
	Rate    float64   `json:"rate"`
	Running bool      `json:"running"`
	Paused  bool      `json:"paused"`
	Stopped string    `json:"stopped"` // why it stands still, in English
	Seq     uint64    `json:"seq"`

	Test bool   `json:"test"` // it does not show the real time
	Pace string `json:"pace"` // how fast it runs
	Why  string `json:"why"`  // it is a test clock
}

// clockBar is the clock of a page, with the controls that move it.
type clockBar struct {
	*clockView
	Speeds []string
	Steps  []clockStep
}

// clockStep is a button that moves the clock by a period.
type clockStep struct{ By, Text string }

func (s *server) clockBar(lang string) clockBar {
	return clockBar{
		s.clockNow(lang), []string{"1", "10", "60", "3600"},
		[]clockStep{{"PT1S", s.text(lang, "clock 1 s")}, {"PT1M", s.text(lang, "clock 1 min")}},
	}
}

// Date and Time are the parts of the world's time.
func (c clockView) Date() string { return c.Now.Format(time.DateOnly) }
func (c clockView) Time() string { return c.Now.Format(time.TimeOnly) }

// realTime is the largest difference to the machine's clock that is not worth a warning.
// A person moves the clock by a second at least.
const realTime = 500 * time.Millisecond

// clockNow returns the world's clock in a language.
func (s *server) clockNow(lang string) *clockView {
	c := s.fleet.World().Clock()
	t := func(key string, args ...any) string { return s.text(lang, key, args...) }
	rate := fleet.FormatNumber(c.Rate)
	v := &clockView{
		Now: c.Now.Time(), UnixMS: int64(c.Now.Milli()), Mode: c.Mode.String(), Rate: c.Rate,
		Running: c.Stopped() == "", Paused: c.Paused, Stopped: c.Stopped(), Seq: s.fleet.Log().Seq(), Test: true,
	}
	v.Pace = t("clock pace", rate)
	if !v.Running {
		v.Pace = t("clock stands")
	}
	switch {
	case c.Now >= virtual.WorldEnd:
		v.Why = t("clock ended")
	case c.Mode == virtual.Manual:
		v.Why = t("clock manual")
	case c.Paused && c.Rate == 1:
		v.Why = t("clock paused")
	case c.Paused:
		v.Why = t("clock paused rate", rate)
	case c.Rate > 1:
		v.Why = t("clock fast", rate)
	case c.Rate < 1:
		v.Why = t("clock slow", rate)
	case c.Ahead > realTime:
		v.Why = t("clock ahead", s.span(lang, c.Ahead))
	case c.Ahead < -realTime:
		v.Why = t("clock behind", s.span(lang, -c.Ahead))
	default:
		v.Test, v.Why = false, t("clock real")
	}
	return v
}

// farAhead is the length of a jump from which a page asks first: time does not run
// backwards.
const farAhead = 24 * time.Hour

// nextEvent is where a jump to the next event leads.
type nextEvent struct {
	At  time.Time `json:"at,omitzero"` // zero if no event lies ahead
	Far string    `json:"far"`         // how far it is, in words, "" if the page need not ask
}

func (s *server) nextEvent(w http.ResponseWriter, r *http.Request) {
	var n nextEvent
	if at := s.fleet.NextEvent(); at <= virtual.WorldEnd {
		n.At = at.Time()
		if ahead := time.Duration(at - s.fleet.World().Now()); ahead > farAhead {
			n.Far = s.span(ui.LanguageOf(r, ""), ahead)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(n); err != nil {
		s.o.Event(err)
	}
}

// spans are the units of a span of time, the longest first.
var spans = []struct {
	unit      time.Duration
	one, many string // keys of the words
}{
	{virtual.Year, "clock year", "clock years"},
	{24 * time.Hour, "clock day", "clock days"},
	{time.Hour, "clock hour", "clock hours"},
	{time.Minute, "clock minute", "clock minutes"},
	{time.Second, "clock second", "clock seconds"},
}

// span returns a positive span of time in words, such as "2 days 3 hours". Two units are
// enough.
func (s *server) span(lang string, d time.Duration) string {
	d = max(d.Round(time.Second), time.Second)
	text, units := "", 0
	for _, u := range spans {
		n := d / u.unit
		if n == 0 {
			if units > 0 {
				break
			}
			continue
		}
		key := u.many
		if n == 1 {
			key = u.one
		}
		if units > 0 {
			text += s.text(lang, "clock and")
		}
		text += s.text(lang, key, int64(n))
		d -= n * u.unit
		if units++; units == 2 {
			break
		}
	}
	return text
}
