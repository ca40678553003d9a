// SPDX-License-Identifier: Apache-2.0

package page

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/virtual"
)

// newClock returns a server whose world has a clock, on a machine whose clock stands still.
func newClock(t *testing.T, c virtual.Config) *server {
	machine := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	c.Machine = func() time.Time { return machine }
	world, err := virtual.NewWorld(c)
	require.NoError(t, err)
	f, err := fleet.New(world, fleet.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	words := map[string]ui.Catalog{}
	for _, lang := range []string{ui.English, ui.Japanese} {
		words[lang] = ui.ReadCatalog(wordFiles, "words/"+lang+".json")
	}
	return &server{fleet: f, words: words}
}

// TestClockWhy checks the text of a page for each kind of clock. Only a clock that shows
// the machine's time is real.
func TestClockWhy(t *testing.T) {
	real := virtual.Config{Mode: virtual.Real}
	for _, c := range []struct {
		config        virtual.Config
		change        func(*virtual.World)
		test          bool
		pace          string
		why, japanese string
	}{
		{real, nil, false, "×1", "It shows the real time.", "実際の時刻を表示しています。"},
		{real, func(w *virtual.World) { w.Advance(time.Second) }, true, "×1", "The clock is 1 second ahead of real time.", "時計は実時刻より1秒進んでいます。"},
		{virtual.Config{Mode: virtual.Real, At: time.Date(2026, 7, 1, 10, 58, 0, 0, time.UTC)}, nil, true, "×1", "The clock is 1 hour 2 minutes behind real time.", "時計は実時刻より1時間2分遅れています。"},
		{real, (*virtual.World).Pause, true, "stands still", "The clock is paused.", "時計は一時停止中です。"},
		{virtual.Config{Mode: virtual.Scaled, Rate: 60, Paused: true}, nil, true, "stands still", "The clock is paused. It runs 60 times as fast as real time when you resume it.", "時計は一時停止中です。再開すると、実時間の60倍の速さで進みます。"},
		{virtual.Config{Mode: virtual.Scaled, Rate: 3600}, nil, true, "×3600", "The clock runs 3600 times as fast as real time.", "時計は実時間の3600倍の速さで進んでいます。"},
		{virtual.Config{Mode: virtual.Scaled, Rate: 0.5}, nil, true, "×0.5", "The clock runs slower than real time, at 0.5 seconds a second.", "時計は実時間より遅く、0.5倍の速さで進んでいます。"},
		{virtual.Config{Mode: virtual.Scaled, Rate: 1}, nil, false, "×1", "It shows the real time.", "実際の時刻を表示しています。"},
		{virtual.Config{}, nil, true, "stands still", "It moves only when you move it.", "操作したときだけ進みます。"},
		{real, func(w *virtual.World) { w.AdvanceTo(virtual.WorldEnd) }, true, "stands still", "The world has ended.", "時計の上限に達しました。時計はこれ以上進みません。"},
	} {
		s := newClock(t, c.config)
		if c.change != nil {
			c.change(s.fleet.World())
		}
		got := s.clockNow(ui.English)
		require.Equal(t, c.why, got.Why)
		require.Equal(t, c.test, got.Test, c.why)
		require.Equal(t, c.pace, got.Pace)
		require.Equal(t, c.japanese, s.clockNow(ui.Japanese).Why)
	}
}

func TestSpan(t *testing.T) {
	s := newClock(t, virtual.Config{})
	for d, want := range map[time.Duration][2]string{
		time.Millisecond:                     {"1 second", "1秒"},
		59600 * time.Millisecond:             {"1 minute", "1分"},
		61 * time.Second:                     {"1 minute 1 second", "1分1秒"},
		25*time.Hour + 61*time.Second:        {"1 day 1 hour", "1日1時間"},
		48*time.Hour + 5*time.Minute:         {"2 days", "2日"},
		5*virtual.Year + 72*time.Hour:        {"5 years 3 days", "5年3日"},
		virtual.Year + 23*time.Hour:          {"1 year", "1年"},
		2*time.Hour + 2*time.Second:          {"2 hours", "2時間"},
		2*time.Hour + 59600*time.Millisecond: {"2 hours 1 minute", "2時間1分"},
	} {
		require.Equal(t, want, [2]string{s.span(ui.English, d), s.span(ui.Japanese, d)}, d)
	}
}
