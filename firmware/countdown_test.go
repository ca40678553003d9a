// SPDX-License-Identifier: Apache-2.0

package firmware_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// TestCountdown checks the bars and the tick every half second. There are six bars, one
// of which goes out every sixth of the step; on banks' pages about the SID700 a bar is
// 10 s. The tick is on in the first half of each second.
func TestCountdown(t *testing.T) {
	for _, step := range []token.UnixSeconds{60, 30} {
		p := token.Profile{Step: step, Digits: 6, Behaviour: token.Behaviour{Bars: 6}}
		w := newWorld(t, time.UnixMilli(int64(noon)))
		v := newShowingToken(t, w, p, secret, noon)
		bar := int(step) / 6
		for half := range 2 * 2 * int(step) {
			second := half / 2 % int(step)
			r := v.Display()
			f := r.View.Frame()
			require.EqualValues(t, 6-second/bar, f.Bars, "step %d, second %d", step, second)
			require.Equal(t, half%2 == 0, f.Icons&firmware.IconTick != 0, "second %d, half %d", second, half%2)
			require.Zero(t, f.Icons&firmware.IconBattery)
			w.Advance(499 * time.Millisecond)
			require.Equal(t, f, v.Display().View.Frame(), "nothing changes within the half second")
			w.Advance(time.Millisecond)
		}
	}
}

// TestCountdownToTheMillisecond checks all steps and numbers of bars, also those that
// do not divide evenly. Bar i of n goes out when (i+1)/n of the step have passed.
func TestCountdownToTheMillisecond(t *testing.T) {
	for _, step := range []token.UnixSeconds{20, 30, 36, 60} {
		for bars := uint8(1); bars <= 6; bars++ {
			m := newMachine(t)
			p := profile(t, "always-on-6")
			p.Step, p.Behaviour.Bars = step, bars
			require.NoError(t, p.Validate())
			m.program(t, payload(p), true)
			whole := int64(step) * 1000
			require.Zero(t, int64(m.now)%whole, "noon is the start of a step")
			for i := range int64(bars) {
				end := (whole*(i+1) + int64(bars) - 1) / int64(bars) // the first millisecond at or after it
				start := int64(m.now) % whole
				m.advance(time.Duration(end-1-start) * time.Millisecond)
				require.EqualValues(t, int64(bars)-i, m.frame.Bars, "%d s, %d bars, %d ms", step, bars, end-1)
				m.advance(time.Millisecond)
				want := int64(bars) - i - 1
				if want == 0 {
					want = int64(bars) // of the next step
				}
				require.EqualValues(t, want, m.frame.Bars, "%d s, %d bars, %d ms", step, bars, end)
			}
		}
	}
}

// TestBars checks profiles with fewer bars or none.
func TestBars(t *testing.T) {
	for bars, want := range map[uint8][]uint8{
		0: {0, 0, 0, 0, 0, 0},
		1: {1, 1, 1, 1, 1, 1},
		2: {2, 2, 2, 1, 1, 1},
		3: {3, 3, 2, 2, 1, 1},
		6: {6, 5, 4, 3, 2, 1},
	} {
		m := newMachine(t)
		p := profile(t, "always-on-6")
		p.Behaviour.Bars = bars
		m.program(t, payload(p), true)
		for i, n := range want {
			require.Equal(t, n, m.frame.Bars, "%d bars, second %d", bars, 10*i)
			m.advance(10 * time.Second)
		}
	}
}

// TestRollOver checks that the code changes by the token's own clock, to the
// millisecond, and not by the world's.
func TestRollOver(t *testing.T) {
	p := profile(t, "always-on-6")
	w := newWorld(t, time.UnixMilli(int64(noon)))
	v := w.NewToken(model(t, "always-on-6"), virtual.Perfect(), virtual.Trim(12))
	require.NoError(t, v.Program(serial(t, testSerial), payload(p), true))
	w.Advance(100 * 24 * time.Hour)
	r := v.Display()
	// 12 ppm in 100 days make 103.68 s; the clock is fast.
	require.InDelta(t, 103.68, r.Error.Seconds(), 0.002)
	code := func(step int64) string {
		return string(token.AppendCode(nil, secret, p.Algorithm, p.Digits, step))
	}
	require.Equal(t, code(r.Step), r.Text)
	worlds := p.StepAtMilli(w.Now().Milli())
	require.Equal(t, worlds+1, r.Step, "the token's clock is one step ahead")

	w.Advance(r.Left - time.Millisecond)
	before := v.Display()
	require.Equal(t, code(r.Step), before.Text)
	w.Advance(time.Millisecond)
	after := v.Display()
	require.Equal(t, code(r.Step+1), after.Text)
	require.EqualValues(t, 1, before.View.Frame().Bars)
	require.EqualValues(t, 6, after.View.Frame().Bars)
	require.NotZero(t, int64(w.Now())%int64(time.Minute), "the world's minute starts at another time")
}

// TestEpoch2000 checks a token that counts from the year 2000, as SafeNet's do.
func TestEpoch2000(t *testing.T) {
	m := newMachine(t)
	p := profile(t, "always-on-6")
	p.T0 = token.Epoch2000
	m.program(t, payload(p), true)
	steps := (int64(noon)/1000 - 946684800) / 60
	require.Equal(t, string(token.AppendCode(nil, secret, p.Algorithm, 6, steps)), m.text()[2:])
	// Before T0 there is no code. The display stays blank instead of showing a wrong
	// one.
	m.now = (token.Epoch2000 - 1).Milli()
	m.step()
	require.Equal(t, "        ", m.text())
	m.now += 1000
	m.step()
	require.Equal(t, string(token.AppendCode(nil, secret, p.Algorithm, 6, 0)), m.text()[2:])
}
