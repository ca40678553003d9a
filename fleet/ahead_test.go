// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/virtual"
)

// advances returns how often the clock was moved.
func advances(f *Fleet) (n int) {
	for _, e := range f.Log().After(nil, 0, DefaultLogSize) {
		if e.Kind == virtual.EventAdvance {
			n++
		}
	}
	return n
}

// TestAdvanceUntil: a manual clock stops at the first instant at which the condition holds,
// after a few moves, and not one nanosecond before.
func TestAdvanceUntil(t *testing.T) {
	expired := serialproto.StateExpired
	for name, test := range map[string]struct {
		profile string
		begin   func(*virtual.Token)
		Condition
		moves int
		at    time.Time // of the world's start
	}{
		"a display after years": {"always-on-6", nil, Condition{Display: regexp.MustCompile(`^00001\d$`), Within: 10 * virtual.Year}, 1, time.Time{}},
		"a state":               {"always-on-6", nil, Condition{State: &expired, Within: 10 * virtual.Year}, 1, time.Time{}},
		"a state and a display": {"always-on-6", nil, Condition{State: &expired, Display: regexp.MustCompile(`^\D+$`)}, 2, time.Date(2031, 9, 1, 0, 0, 0, 0, time.UTC)},
		"an event":              {"button-6", (*virtual.Token).Press, Condition{Event: virtual.EventDisplayOff}, 3, time.Time{}},
		"an event and a state":  {"button-6", (*virtual.Token).Press, Condition{Event: virtual.EventDisplayOff, State: &expired}, 4, time.Time{}},
		"a display that goes":   {"button-6", (*virtual.Token).Press, Condition{Display: regexp.MustCompile(`^ *$`)}, 1, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			f := emptyFleet(t, virtual.Config{Seed: 7, At: test.at})
			m := locked(t, f, test.profile, "F1")
			if test.begin != nil {
				_, err := m.Do(test.begin)
				require.NoError(t, err)
			}
			before := f.TakeSnapshot("before", m)
			start := f.World().Now()
			s, err := m.AdvanceUntil(t.Context(), test.Condition)
			require.NoError(t, err)
			require.Equal(t, f.World().Now(), s.World)
			w := newWatch(test.Condition)
			require.True(t, w.holds(s.Text, s.State))
			require.LessOrEqual(t, advances(f), test.moves)
			require.Positive(t, s.World-start)
			if test.Event != 0 {
				return
			}
			// A fork of the token as it was finds no earlier instant.
			forks, err := f.Fork(before)
			require.NoError(t, err)
			past := forks[0].Token.Ahead(s.World)
			for g := range past.Glances(start, s.World-1, true) {
				require.False(t, w.holds(g.Text, g.State), g.World.Time())
			}
		})
	}
}

// TestAdvanceUntilFails: without a result the clock has moved by the whole time, and other
// clocks are not moved.
func TestAdvanceUntilFails(t *testing.T) {
	f := emptyFleet(t, virtual.Config{Seed: 7})
	m := locked(t, f, "always-on-6", "F1")
	start := f.World().Now()
	_, err := m.AdvanceUntil(t.Context(), Condition{Event: virtual.EventPress, Within: time.Hour})
	require.ErrorIs(t, err, ErrTimeout)
	require.Equal(t, start.Add(time.Hour), f.World().Now())
	_, err = m.AdvanceUntil(t.Context(), Condition{Display: regexp.MustCompile("[A-Z]"), Within: time.Hour})
	require.ErrorIs(t, err, ErrTimeout)
	require.Equal(t, start.Add(2*time.Hour), f.World().Now())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = m.AdvanceUntil(ctx, Condition{Display: regexp.MustCompile("[A-Z]")})
	require.ErrorIs(t, err, context.Canceled)
	_, err = m.AdvanceUntil(t.Context(), Condition{Event: virtual.EventAdvance})
	require.ErrorIs(t, err, ErrNever)
	require.NoError(t, f.World().SetMode(virtual.Real, 1))
	_, err = m.AdvanceUntil(t.Context(), Condition{Display: regexp.MustCompile("[A-Z]")})
	require.ErrorIs(t, err, virtual.ErrClock)
}
