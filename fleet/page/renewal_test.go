// SPDX-License-Identifier: Apache-2.0

package page

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/virtual"
)

// TestRenewal: the wall follows the clocks and the batteries of tokens whose displays are
// off, to which nothing happens: when the world's clock jumps, and while it runs fast.
func TestRenewal(t *testing.T) {
	machine := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]virtual.Config{
		"jump": {Mode: virtual.Manual, Seed: 7},
		"fast": {Mode: virtual.Scaled, Rate: 1e6, Seed: 7, Machine: func() time.Time { return machine }},
	} {
		t.Run(name, func(t *testing.T) {
			w, err := virtual.NewWorld(c)
			require.NoError(t, err)
			f, err := fleet.New(w, fleet.Config{Lots: []fleet.Lot{{Count: 250, Profile: "button-6", Ready: true}}})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, f.Close()) })
			s := &server{fleet: f}
			v, err := s.newWallView(url.Values{})
			require.NoError(t, err)
			l := &live{server: s, view: v, bell: newBell(f), seq: f.Log().Seq()}
			shown := map[uint32]face{}
			var next virtual.WorldTime
			follow := func() {
				for more := true; more; more = len(v.turns) > 0 {
					var u update
					entries, lost := l.entries()
					next, _ = v.fill(&u, w.Now(), entries, lost)
					require.LessOrEqual(t, len(u.Faces), facesAtOnce)
					for _, f := range u.Faces {
						shown[f.Tag] = f
					}
				}
			}
			follow()
			for range 4 {
				if name == "jump" {
					w.Advance(2 * virtual.Year)
				} else {
					machine = machine.Add(63 * time.Second)
					require.LessOrEqual(t, next, w.Now(), "the page looks again")
				}
				follow()
				badges := 0
				for m := range f.All(0) {
					now := faceOf(m, m.Look())
					got := shown[m.Tag()]
					require.Equal(t, now.clockBadge(), got.clockBadge())
					require.Equal(t, now.Battery, got.Battery)
					if now.clockBadge() != 0 {
						badges++
					}
				}
				require.Greater(t, badges, 100)
			}
		})
	}
}

// TestRenewalToken: the page of a token follows a jump of the world's clock, too.
func TestRenewalToken(t *testing.T) {
	w, err := virtual.NewWorld(virtual.Config{Mode: virtual.Manual, Seed: 7})
	require.NoError(t, err)
	f, err := fleet.New(w, fleet.Config{Lots: []fleet.Lot{{Count: 1, Profile: "button-6", Ready: true}}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	s := &server{fleet: f}
	for m := range f.All(0) {
		l := &live{server: s, bell: newBell(f), seq: f.Log().Seq()}
		v := s.newTokenView(faceOf(m, m.Look()).ID, 0)
		v.fill(&update{}, w.Now(), nil, false)
		w.Advance(2 * virtual.Year)
		entries, lost := l.entries()
		var u update
		v.fill(&u, w.Now(), entries, lost)
		require.NotNil(t, u.Token)
		require.Equal(t, m.Look().Error.Milliseconds(), *u.Token.Face.ErrorMS)
	}
}

// TestClockBadge: a badge has the largest whole unit.
func TestClockBadge(t *testing.T) {
	for ms, want := range map[int64]time.Duration{
		0: 0, 59_999: 0, -59_999: 0, 60_000: time.Minute, -119_999: -time.Minute, 3_599_999: 59 * time.Minute,
		7_199_999: time.Hour, 86_400_000: 24 * time.Hour, -200_000_000: -48 * time.Hour,
	} {
		require.Equal(t, want, (&face{ErrorMS: &ms}).clockBadge(), ms)
	}
	require.Zero(t, (&face{}).clockBadge())
	near, far := int64(59_999), int64(60_000)
	require.False(t, (&face{ErrorMS: &far}).looksLike(&face{ErrorMS: &near}), "a new badge")
	require.True(t, (&face{ErrorMS: &near}).looksLike(&face{}), "no badge")
}
