// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

// A device is a token in the world. Its display depends only on its own clock.
type device struct {
	ahead float64 // seconds by which the clock is ahead at epoch
	rate  float64 // seconds per day
}

const epoch = token.UnixSeconds(40_000_000 * 60)

// clock returns how many seconds the clock is ahead at an instant.
func (d device) clock(now token.UnixSeconds) float64 {
	return d.ahead + d.rate*float64(now-epoch)/86400
}

// shows returns the step whose code is on the display at an instant.
func (d device) shows(now token.UnixSeconds) int64 {
	return int64((float64(now) + d.clock(now)) / 60)
}

// passed returns how many seconds ago the display stopped showing the code of a step.
func (d device) passed(step int64, now token.UnixSeconds) float64 {
	return float64(now) + d.clock(now) - float64(step+1)*60
}

func (d *checker) codeAt(step int64) string {
	c, err := d.token.Profile.Code(d.token.Seed, step)
	require.NoError(d.t, err)
	return c.String()
}

// TestLatePairAfterDailyUse is a thief's attack on a token that is used daily and in
// time. Two consecutive codes are entered at one instant, nine minutes late, through a
// check and through the user's own resynchronisation. Neither moves the clock, and the
// owner's next code is accepted.
func TestLatePairAfterDailyUse(t *testing.T) {
	enter := map[string]func(d *checker, now token.UnixSeconds, first, second string){
		"check": func(d *checker, now token.UnixSeconds, first, second string) {
			d.enterAt(now, first)
			d.enterAt(now, second)
		},
		"check, a minute apart": func(d *checker, now token.UnixSeconds, first, second string) {
			d.enterAt(now-60, first)
			d.enterAt(now, second)
		},
		"own resync": func(d *checker, now token.UnixSeconds, first, second string) {
			_, d.state = validator.ResyncOwn(d.settings, d.token, d.state, now, first, second)
		},
	}
	for name, pair := range enter {
		for late := int64(2); late <= 10; late++ {
			t.Run(fmt.Sprintf("%s, %d late", name, late), func(t *testing.T) {
				d := newChecker(t)
				now := epoch + 5 // early in the minute, which makes the codes a strong proof of the clock
				for range 60 {
					now += 86400
					require.Equal(t, validator.Accepted, d.enterAt(now, d.codeAt(int64(now/60))).Answer)
				}
				now += 3600 + 25
				step := int64(now / 60)
				pair(d, now, d.codeAt(step-late-1), d.codeAt(step-late))
				require.Zero(t, d.state.Drift.Offset)
				require.NotEqual(t, validator.Accepted, d.enterAt(now+60, d.codeAt(step-late+1)).Answer)
				for range 5 {
					now += 120
					require.Equal(t, validator.Accepted, d.enterAt(now, d.codeAt(int64(now/60))).Answer)
					require.Zero(t, d.state.FailedAttempts)
				}
			})
		}
	}
}

// TestPairAtOneInstant: the second of two codes is accepted only when a display can
// show it. If it comes too soon, it waits in place of the first.
func TestPairAtOneInstant(t *testing.T) {
	for seconds, want := range map[token.UnixSeconds]validator.Answer{
		0: validator.NextCode, 1: validator.NextCode, 14: validator.NextCode,
		15: validator.Corrected, 60: validator.Corrected, 109: validator.Corrected,
		170: validator.NextCode, // the third minute
	} {
		d := newChecker(t)
		require.Equal(t, validator.NextCode, d.enterAt(at(100, 10), codeOf(t, 95)).Answer)
		require.Equal(t, want, d.enterAt(at(100, 10)+seconds, codeOf(t, 96)).Answer, "after %d s", seconds)
		if seconds < 15 {
			require.Equal(t, validator.Corrected, d.enterAt(at(101, 10), codeOf(t, 97)).Answer)
		}
		require.Zero(t, d.state.FailedAttempts)
	}
}

// TestResyncOwnLookAhead: users are limited to the look-ahead; the back office searches
// farther.
func TestResyncOwnLookAhead(t *testing.T) {
	for off := int64(-15); off <= 15; off++ {
		d := newChecker(t)
		first, second := codeOf(t, 749+off), codeOf(t, 750+off)
		got, after := validator.ResyncOwn(d.settings, d.token, d.state, at(750, 10), first, second)
		if off < -10 || off > 10 {
			require.Equal(t, validator.ReasonWrong, got.Reason, off)
			require.Equal(t, validator.State{FailedAttempts: 1}, after)
			continue
		}
		require.Equal(t, validator.Corrected, got.Answer, off)
		require.Equal(t, off, after.Drift.Offset)
		d.state = after
		require.Equal(t, validator.Accepted, d.show(751, 751+off).Answer, "the very next code")
	}
	d := newChecker(t)
	require.Equal(t, validator.Accepted, d.show(740, 740).Answer)
	got, after := validator.ResyncOwn(d.settings, d.token, d.state, at(750, 10), codeOf(t, 744), codeOf(t, 745))
	require.Equal(t, validator.ReasonOutOfTime, got.Reason)
	require.Equal(t, d.state, after, "the token's own pair is not a guess")
}

// TestPropertyLateCodes simulates an owner and a thief. The owner uses a token whose
// clock drifts within the usual bounds. The thief has every code that it has shown, and
// enters any of them at any later time, one at a time and in pairs.
//
// No code is accepted later than the window after the display stopped showing it,
// except for two unknowns: how late the owner entered the best code, and how far the
// clock may have moved since. The owner's next code is always accepted.
func TestPropertyLateCodes(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		d := newChecker(t)
		d.settings.LockoutThreshold = 100
		d.settings.Window = rapid.Int64Range(1, 3).Draw(t, "window")
		length, day := float64(60), float64(86400)
		most := length / (float64(d.settings.DriftInterval) / day) // 4 s a day
		dev := device{
			ahead: rapid.Float64Range(-8*length, 8*length).Draw(t, "ahead"),
			rate:  rapid.Float64Range(-0.9*most, 0.9*most).Draw(t, "rate"),
		}
		if rapid.Bool().Draw(t, "slow") { // 5 ppm, like tokens of a sorted lot
			dev.rate /= 9
		}
		d.state.Drift = validator.DriftOf(int64(dev.ahead / length))
		now := epoch
		var lastOwn token.UnixSeconds
		late := float64(0) // by how much the clock may be faster than the owner's best code proves, at lastOwn
		// Among millions of entries, some have a code that belongs to another step too.
		alone := func(got validator.Decision, step int64) validator.Decision {
			if got.Step != 0 && got.Step != step {
				require.Equal(t, d.codeAt(step), d.codeAt(got.Step))
				t.Skip("two steps have the same code")
			}
			return got
		}
		enter := func(step int64) validator.Decision { return alone(d.enterAt(now, d.codeAt(step)), step) }
		own := func() validator.Decision {
			// The code is read and typed while it is on the display.
			got := enter(dev.shows(now))
			if got.Answer == validator.Accepted {
				lastOwn, late = now, length
			}
			return got
		}
		wait := func() { // for the display to change
			for step := dev.shows(now); dev.shows(now) == step; {
				now += 20
			}
		}
		// At the first use, two codes reveal how the clock drifted in its box.
		for i := 0; own().Answer != validator.Accepted; i++ {
			require.Less(t, i, 3)
			wait()
		}
		thief := token.UnixSeconds(0) // when the thief's first code since lastOwn was accepted
		for range rapid.IntRange(1, 40).Draw(t, "entries") {
			now += token.UnixSeconds(rapid.OneOf(
				rapid.Int64Range(0, 130), rapid.Int64Range(0, 20*86400), rapid.Int64Range(40*86400, 100*86400),
			).Draw(t, "seconds"))
			if rapid.IntRange(0, 2).Draw(t, "who") == 0 {
				if d.state.Next > dev.shows(now) { // the thief has used the displayed code
					wait()
				}
				idle, wrong, was := now-lastOwn, d.state.FailedAttempts, d.state
				moved := dev.rate * float64(idle) / day
				got := own()
				if idle > 4*d.settings.DriftInterval && got.Answer == validator.Refused {
					return // farther than LookAhead: only the back office can help
				}
				require.NotEqual(t, validator.Refused, got.Answer, "%+v: %+v -> %+v, clock %.1f, step %+d", got, was, d.state, dev.clock(now), dev.shows(now)-int64(now/60))
				if thief == 0 || now-thief < d.settings.DriftInterval {
					// With a window of one, two steps behind the bank's clock is
					// outside the window (BK-03), however little the clock has moved.
					// It needs a second code.
					near := dev.shows(now)-int64(now/60) >= was.Drift.Offset-d.settings.Window
					if moved > -length && moved < 1 && near {
						require.Equal(t, validator.Accepted, got.Answer, "%+v -> %+v, clock %.1f, step %+d", was, d.state, dev.clock(now), dev.shows(now)-int64(now/60))
					}
				}
				if got.Answer != validator.Accepted {
					require.Equal(t, wrong, d.state.FailedAttempts)
				}
				for i := 0; got.Answer != validator.Accepted; i++ {
					if i == 3 && idle > 4*d.settings.DriftInterval {
						return // for months, only a thief's codes arrived: only the back office can help
					}
					require.Less(t, i, 3)
					wait()
					got = own()
				}
				thief = 0
				continue
			}
			ago := rapid.OneOf(rapid.Int64Range(0, 4), rapid.Int64Range(0, 40)).Draw(t, "ago")
			step := dev.shows(now) - ago
			before := d.state
			var got validator.Decision
			switch rapid.IntRange(0, 2).Draw(t, "how") {
			case 0:
				got = enter(step)
			case 1: // a pair through a check, RADIUS or a page
				enter(step)
				now += token.UnixSeconds(rapid.Int64Range(0, 130).Draw(t, "apart"))
				got = enter(min(step+1, dev.shows(now)))
			case 2: // the user's own resynchronisation
				got, d.state = validator.ResyncOwn(d.settings, d.token, d.state, now, d.codeAt(max(step-1, 0)), d.codeAt(step))
				got = alone(got, step)
			}
			bound := late + 2*most*float64(now-lastOwn)/day + 2
			if got.Answer == validator.Accepted {
				require.LessOrEqual(t, dev.passed(got.Step, now), float64(d.settings.Window)*length+bound)
			}
			// The bank's estimate is the slowest clock for which it would accept a
			// code.
			require.GreaterOrEqual(t, float64(d.state.Drift.Shown), dev.clock(now)-bound)
			if d.state.Drift != before.Drift && thief == 0 {
				thief = now
			}
		}
	})
}

// TestLateCodesErodeNothing enters codes of an exact clock, each a second later than
// the one before. The bank's estimate of the clock must not become slower than physics
// allows: a second in DriftInterval/60, which is 6 hours. Nor may older codes become
// acceptable.
func TestLateCodesErodeNothing(t *testing.T) {
	d := newChecker(t)
	dev := device{}
	require.Equal(t, validator.Accepted, d.enterAt(epoch, d.codeAt(dev.shows(epoch))).Answer)
	start := d.state.Drift.Shown
	first := dev.shows(epoch) + 1
	for k := int64(1); k < 600; k++ {
		step := first + k
		now := d.token.Profile.StepStart(step) + token.UnixSeconds(k)
		got := d.enterAt(now, d.codeAt(step))
		if k > 2*60 { // the window ends 60 s after the display has changed
			require.NotEqual(t, validator.Accepted, got.Answer, "%d s after it was first shown", k)
		}
		hours := token.UnixSeconds(k) * 60 / 3600
		require.GreaterOrEqual(t, d.state.Drift.Shown, start-hours/6-1-60, "after %d codes", k)
	}
}

// use enters the code on the display, and then the next codes if they are requested.
func (d *checker) use(dev device, now token.UnixSeconds) {
	d.t.Helper()
	for range 3 {
		got := d.enterAt(now, d.codeAt(dev.shows(now)))
		if got.Answer == validator.Accepted {
			return
		}
		require.NotEqual(d.t, validator.Refused, got.Answer, "%+v", got)
		now += 60
	}
	require.Fail(d.t, "three codes were not enough")
}

// TestDriftAcrossTwoSteps: a clock gains 3.6 s a day. After 40 days without use and
// then 4 days, it has moved by 15 s and may show a code two steps ahead of the last
// one.
func TestDriftAcrossTwoSteps(t *testing.T) {
	dev := device{ahead: -150.5, rate: 3.6}
	d := newChecker(t)
	d.state.Drift = validator.DriftOf(-2)
	for _, seconds := range []token.UnixSeconds{50, 3456060, 3456060 + 362632} {
		d.use(dev, epoch+seconds)
	}
}

// TestDriftTwoLateCodesRaise repeats this with a clock that was behind at its first
// use. Two late codes are entered, and the first proves more than the estimate, which
// time has lowered. They must not rule out a clock that is two steps ahead.
func TestDriftTwoLateCodesRaise(t *testing.T) {
	dev := device{ahead: -1, rate: 3.6}
	d := newChecker(t)
	d.use(dev, epoch)
	now := epoch + 40*86400
	for ago := int64(3); ago >= 2; ago-- {
		require.Equal(t, validator.Accepted, d.enterAt(now, d.codeAt(dev.shows(now)-ago)).Answer)
	}
	d.use(dev, now)
}

// TestDriftLateCodeRaises enters a code two minutes late after 40 days. It is ahead of
// all earlier codes, but by less than the clock has gained. It must not prevent the
// owner's next code from being accepted.
func TestDriftLateCodeRaises(t *testing.T) {
	dev := device{ahead: 1, rate: 3.6}
	d := newChecker(t)
	d.use(dev, epoch)
	now := epoch + 3456035
	require.Equal(t, validator.Accepted, d.enterAt(now, d.codeAt(dev.shows(now)-2)).Answer)
	d.use(dev, now)
}
