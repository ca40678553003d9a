// SPDX-License-Identifier: Apache-2.0

package line

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestSettingFaulty: only an error that the line cannot explain is a fault of the device. A
// request that takes 300 ms there, and whose answer takes 300 ms back, leaves a clock that is
// slow by 300 ms.
func TestSettingFaulty(t *testing.T) {
	const ms, limit = time.Millisecond, 50 * time.Millisecond
	reading := func(off, there, back time.Duration) setting {
		return setting{took: 2 * (there + back), earliest: off - back, top: off + there}
	}
	for _, c := range []struct {
		name   string
		s      setting
		faulty bool
	}{
		{"exact", reading(0, ms, ms), false},
		{"fast, just within", reading(-50*ms, ms, ms), false},
		{"fast, slow clock", reading(-60*ms, ms, ms), true},
		{"fast, fast clock", reading(60*ms, ms, ms), true},
		{"slow line", reading(-300*ms, 300*ms, 300*ms), false},
		{"slow line, fast clock", reading(400*ms, 300*ms, 300*ms), true},
		{"slow line, an hour slow", reading(-time.Hour, 300*ms, 300*ms), true},
		{"slow line, an hour fast", reading(time.Hour, 300*ms, 300*ms), true},
	} {
		require.Equal(t, c.faulty, c.s.faulty(limit), c.name)
	}
	ahead := reading(100*ms, ms, ms)
	ahead.lead = 100 * ms // the request arrived earlier than expected
	require.False(t, ahead.faulty(limit))
}

// TestStepped pauses the machine while it reads the clocks, which must not look like a step of
// the station's clock. A step is seen beside a pause.
func TestStepped(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	at := func(wall, before, after time.Duration) instant {
		return instant{start.Add(wall), start.Add(before), start.Add(after)}
	}
	const s = time.Second
	began := at(0, 0, 0)
	for _, c := range []struct {
		a, b instant
		want time.Duration
	}{
		{began, at(10*s, 10*s, 10*s), 0},
		{began, at(10*s, 10*s, 12*s), 0}, // it pauses after it has read the wall clock
		{began, at(12*s, 10*s, 12*s), 0}, // and before
		{at(0, 0, 2*s), at(10*s, 10*s, 10*s), 0},
		{at(2*s, 0, 2*s), at(10*s, 10*s, 10*s), 0},
		{began, at(20*s, 10*s, 12*s), 8 * s},
		{began, at(-20*s, 10*s, 12*s), -30 * s},
	} {
		require.Equal(t, c.want, c.a.stepped(c.b))
	}
}
