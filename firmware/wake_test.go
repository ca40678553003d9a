// SPDX-License-Identifier: Apache-2.0

package firmware_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// An event is an external influence on a token.
type event struct {
	kind string
	n    int64
}

func drawEvents(t *rapid.T) []event {
	kinds := []string{"press", "down", "up", "skew", "set", "supply", "temperature", "advance", "advance", "advance"}
	events := make([]event, rapid.IntRange(1, 25).Draw(t, "events"))
	for i := range events {
		e := event{kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
		switch e.kind {
		case "skew":
			e.n = rapid.Int64Range(-200_000, 200_000).Draw(t, "ms")
		case "set":
			e.n = int64(noon) + rapid.Int64Range(-100_000, 10*86400_000).Draw(t, "ms")
		case "supply":
			e.n = rapid.Int64Range(2000, 3200).Draw(t, "mv")
		case "temperature":
			e.n = rapid.Int64Range(-20, 60).Draw(t, "°C")
		case "advance":
			e.n = rapid.SampledFrom([]int64{1, 499, 500, 1999, 2000, 2999, 3000, 5999, 6000, 30_000, 59_999, 60_000, 3600_000}).Draw(t, "ms") +
				rapid.Int64Range(0, 700).Draw(t, "more ms")
		}
		events[i] = e
	}
	return events
}

// drawPayload returns a token of any profile, which may expire during the test.
func drawPayload(t *rapid.T) *serialproto.Payload {
	p := payload(token.Profiles()[rapid.IntRange(0, 2).Draw(t, "profile")])
	p.Profile.Step = rapid.SampledFrom([]token.UnixSeconds{20, 30, 36, 60}).Draw(t, "step")
	b := &p.Profile.Behaviour
	b.Expiry = token.ExpiryPolicy(rapid.IntRange(0, 2).Draw(t, "policy"))
	b.BlankDelayDays = uint8(rapid.IntRange(0, 1).Draw(t, "delay"))
	if b.Button {
		b.PressLimit = uint16(rapid.IntRange(0, 5).Draw(t, "limit"))
		b.LimitEnds = b.PressLimit > 0 && rapid.Bool().Draw(t, "limit ends")
	}
	if rapid.Bool().Draw(t, "expires") {
		p.Expiry, _ = token.NewExpiry(2027, 1, 15)
		p.Ends = noon.Seconds() + token.UnixSeconds(rapid.IntRange(1, 7200).Draw(t, "ends"))
	}
	return p
}

// TestWake checks that a token that runs only at the times of Wake.State, and once at
// the end, is in the same state as one that also runs at every Wake.Paint. It also
// checks that Wake.Paint is complete: the display does not change in between.
func TestWake(t *testing.T) {
	proptest.Check(t, func(rt *rapid.T) {
		p, lock := drawPayload(rt), rapid.IntRange(0, 3).Draw(rt, "lock") > 0
		fresh := func() *machine {
			m := newMachine(t)
			require.NoError(rt, m.core.Program(&m.hw, serial(t, testSerial), p, lock))
			m.step()
			return m
		}
		lazy, eager := fresh(), fresh()
		for _, e := range drawEvents(rt) {
			if e.kind == "advance" {
				to := lazy.now + token.UnixMilli(e.n)
				for lazy.wake.State <= to {
					require.Greater(rt, lazy.wake.State, lazy.now, "the wake time must be later")
					lazy.elapse(lazy.wake.State)
					lazy.step()
				}
				for next := min(eager.wake.State, eager.wake.Paint); next <= to; next = min(eager.wake.State, eager.wake.Paint) {
					require.Greater(rt, next, eager.now, "the wake time must be later")
					before := eager.frame
					if next-1 > eager.now {
						eager.elapse(next - 1)
						eager.step()
						require.Equal(rt, before, eager.frame, "the display changed before Wake.Paint")
					}
					eager.elapse(next)
					eager.step()
				}
				lazy.elapse(to)
				eager.elapse(to)
			}
			for _, m := range []*machine{lazy, eager} {
				m.apply(e)
			}
		}
		lazy.step()
		eager.step()
		require.Equal(rt, eager.record(), lazy.record())
		require.Equal(rt, eager.frame, lazy.frame)
		require.Equal(rt, eager.core.View().On, lazy.core.View().On)
		require.Equal(rt, eager.wake, lazy.wake)
	})
}

// apply applies e to the machine and runs a step.
func (m *machine) apply(e event) {
	switch e.kind {
	case "press":
		if m.down {
			return
		}
		m.clicks++
	case "down":
		m.down = true
	case "up":
		m.down = false
	case "skew":
		m.now += token.UnixMilli(e.n)
	case "set":
		m.now = token.UnixMilli(e.n)
	case "supply":
		m.supply = firmware.Millivolts(e.n)
	}
	m.step()
}

// TestWakeOfVirtualToken repeats TestWake with a virtual token, whose crystal drifts.
// One token is observed only at the end, and its twin all the time.
func TestWakeOfVirtualToken(t *testing.T) {
	proptest.Check(t, func(rt *rapid.T) {
		p := drawPayload(rt)
		name := p.Profile.Name
		if name == "" {
			name = "always-on-6"
		}
		fresh := func() (*virtual.World, *virtual.Token) {
			w := newWorld(t, time.UnixMilli(int64(noon)))
			v := w.NewToken(model(t, name))
			require.NoError(rt, v.Program(serial(t, testSerial), p, true))
			return w, v
		}
		lazyWorld, lazy := fresh()
		eagerWorld, eager := fresh()
		for _, e := range drawEvents(rt) {
			for i, v := range []*virtual.Token{lazy, eager} {
				w := []*virtual.World{lazyWorld, eagerWorld}[i]
				switch e.kind {
				case "press":
					v.Press()
				case "down":
					v.Hold(8 * time.Second)
				case "skew":
					v.Skew(time.Duration(e.n) * time.Millisecond)
				case "temperature":
					v.SetTemperature(virtual.Celsius(e.n))
				case "advance":
					d := time.Duration(e.n) * time.Millisecond
					if v == eager {
						for range min(e.n/250, 40) {
							w.Advance(250 * time.Millisecond)
							d -= 250 * time.Millisecond
							eager.Display()
						}
					}
					w.Advance(d)
				}
			}
		}
		a, b := lazy.Display(), eager.Display()
		a.Battery, b.Battery = 0, 0 // the same charge, summed in a different order
		require.Equal(rt, fmt.Sprintf("%+v", b), fmt.Sprintf("%+v", a))
	})
}
