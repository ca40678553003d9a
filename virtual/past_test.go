// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/virtual"
)

// pasts collects the parts of a token's life.
type pasts struct {
	t   testing.TB
	mu  sync.Mutex
	all []*virtual.Past
}

func (*pasts) Event(*virtual.Token, virtual.Event) {}

func (*pasts) Advanced(virtual.WorldTime, virtual.WorldTime) {}

func (p *pasts) Passing(_ *virtual.Token, to virtual.WorldTime, take func() *virtual.Past) {
	p.mu.Lock()
	defer p.mu.Unlock()
	past := take()
	require.Equal(p.t, to, past.To)
	p.all = append(p.all, past)
}

// watchedToken is a token with a perfect crystal whose life is reported, locked or only
// provisioned.
func watchedToken(t testing.TB, model string, lock bool) (*virtual.World, *virtual.Token, *pasts) {
	w, seen := newWorld(t, 7), &pasts{t: t}
	w.SetObserver(seen)
	m := modelOf(t, model)
	token := w.NewToken(m, virtual.Perfect())
	token.Observe(1)
	require.NoError(t, token.Program(serialNumber(t, "ZZFB00000001"), payloadFor(w, m), lock))
	token.Watch()
	return w, token, seen
}

// TestGlances counts the glances that it takes to see all texts of a token's display.
func TestGlances(t *testing.T) {
	const always, button = "always-on-6", "button-6"
	for name, c := range map[string]struct {
		model       string
		lock        bool
		act         func(*virtual.Token)
		passed      time.Duration
		least, most int
	}{
		"codes of a day":             {always, true, nil, 24 * time.Hour, 1440, 1442},
		"codes of a day in the cold": {always, true, func(t *virtual.Token) { t.SetTemperature(-20) }, 24 * time.Hour, 2 * 1440, 3*1440 + 10},
		"a dark display":             {button, true, nil, 10 * virtual.Year, 1, 4},
		"a code for half a minute":   {button, true, (*virtual.Token).Press, virtual.Year, 2, 200},
		"a clock that is lost": {always, false, func(t *virtual.Token) {
			t.RemoveBattery()
			t.InsertBattery()
		}, virtual.Year, 3, 70},
	} {
		t.Run(name, func(t *testing.T) {
			w, token, seen := watchedToken(t, c.model, c.lock)
			if c.act != nil {
				c.act(token)
			}
			w.Advance(c.passed)
			token.Display()
			require.Len(t, seen.all, 1)
			p, n := seen.all[0], 0
			last := virtual.WorldTime(0)
			for g := range p.Glances(p.From, p.To, true) {
				require.Greater(t, g.World, last)
				last = g.World
				n++
			}
			require.GreaterOrEqual(t, n, c.least)
			require.LessOrEqual(t, n, c.most)
		})
	}
}

// TestGlanceAtFading: a glance falls on the first instant at which a display cannot be read
// because the battery is weak, and on all instants at which the cold lets a code come and
// go.
func TestGlanceAtFading(t *testing.T) {
	for name, c := range map[string]struct {
		celsius virtual.Celsius
		passed  time.Duration
		text    string
	}{
		"battery": {25, 9 * virtual.Year, "      "},
		"cold":    {-20, time.Hour, "?"},
	} {
		t.Run(name, func(t *testing.T) {
			const model = "always-on-6"
			w, token, seen := watchedToken(t, model, true)
			token.SetTemperature(c.celsius)
			if c.text != "?" { // the codes of the first years would take long
				const young = 7 * virtual.Year
				w.Advance(young)
				require.NotContains(t, token.Display().Text, c.text)
				c.passed -= young
			}
			w.Advance(c.passed)
			token.Display()
			past := seen.all[len(seen.all)-1]
			found := false
			for g := range past.Glances(past.From, past.To, true) {
				r := past.Reading(g.World)
				require.Equal(t, r.Text, g.Text)
				require.Equal(t, r.State, g.State)
				if !strings.Contains(g.Text, c.text) {
					continue
				}
				found = true
				before := past.Reading(g.World.Add(-10 * time.Microsecond))
				require.NotContains(t, before.Text, c.text)
				require.True(t, before.Powered)
				break
			}
			require.True(t, found)
		})
	}
}

// TestPastReading compares readings of a past with readings of a token of the same life
// that is advanced to the instant.
func TestPastReading(t *testing.T) {
	live := func(t *testing.T, model string, celsius virtual.Celsius) (*virtual.World, *virtual.Token, *pasts) {
		w, token, seen := watchedToken(t, model, true)
		token.Break(virtual.Segments{Bars: 1}, virtual.Segments{Icons: 2})
		token.SetTemperature(celsius)
		w.Advance(time.Hour)
		token.CutPower(3)
		token.Drop()
		token.Press()
		token.Hold(40 * time.Second)
		return w, token, seen
	}
	for _, model := range []string{"always-on-6", "button-6", "button-8"} {
		for _, celsius := range []virtual.Celsius{25, -25} {
			for _, after := range []time.Duration{0, time.Millisecond, 5 * time.Second, 32 * time.Second, 41 * time.Second, virtual.Year, 20 * virtual.Year} {
				w, token, seen := live(t, model, celsius)
				w.Advance(30 * virtual.Year)
				token.Display()
				past := seen.all[len(seen.all)-1]
				twins, twin, _ := live(t, model, celsius)
				twins.Advance(after)
				require.Equal(t, twin.Display(), past.Reading(past.From.Add(after)), "%s at %v after %s", model, celsius, after)
			}
		}
	}
}

// BenchmarkGlances looks at the codes of a day.
func BenchmarkGlances(b *testing.B) {
	w, token, seen := watchedToken(b, "always-on-6", true)
	w.Advance(24 * time.Hour)
	token.Display()
	p := seen.all[0]
	for b.Loop() {
		for range p.Glances(p.From, p.To, true) {
		}
	}
}
