// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

// The default of Settings.DriftInterval. In 15 days a clock moves by at most one step of
// 60 s, which is 4 s a day.
const fortnight = 15 * 86400

// showAt enters the code of the step ahead steps from now, at dates beyond the fixture.
func (d *checker) showAt(now token.UnixSeconds, ahead int64) validator.Decision {
	d.t.Helper()
	return d.enterAt(now, d.codeAt(int64(now/60)+ahead))
}

// TestDriftWithoutLookAhead uses a token at :59 of a step. This proves that its clock is at most
// 59 s slow, but more likely the clock is right and the code was read late. The window
// therefore stays in place (BK-03). After DriftInterval the clock may have lost a step,
// and the window is one step wider.
func TestDriftWithoutLookAhead(t *testing.T) {
	for _, tt := range []struct {
		days, late int64
		want       validator.Answer
	}{
		{1, 1, validator.Accepted}, {1, 2, validator.Refused},
		{40, 2, validator.Accepted}, {40, 3, validator.Refused},
	} {
		d := newChecker(t)
		d.settings.LookAhead = 0
		require.Equal(t, validator.Accepted, d.showAt(epoch+59, 0).Answer)
		now := epoch + token.UnixSeconds(tt.days*86400)
		require.Equal(t, tt.want, d.showAt(now, -tt.late).Answer, "%d steps late after %d days", tt.late, tt.days)
	}
}

// TestDriftRounding: a clock that was right loses 4.8 s in 28.8 hours. At :04, its
// display has shown the code of the previous minute for 59.2 s. The code before that
// one is two steps old. It is outside a window of one, but within the look-ahead.
func TestDriftRounding(t *testing.T) {
	d := newChecker(t)
	require.Equal(t, validator.Accepted, d.showAt(epoch, 0).Answer)
	now := epoch + 28*3600 + 48*60
	require.Equal(t, validator.NextCode, d.showAt(now+4, -2).Answer)
}

// TestDriftLookAheadEnds: 30 days after a correction at the back office, a clock is at most
// two steps slow. The look-ahead includes one more code, read before the display
// changes. The clock is at most two steps fast, and the estimate may be two steps too
// slow. With one step for a display that is about to change, this makes five.
func TestDriftLookAheadEnds(t *testing.T) {
	for ahead, want := range map[int64]validator.Reason{
		-4: validator.ReasonOutOfTime, -3: validator.ReasonNextCode,
		5: validator.ReasonNextCode, 6: validator.ReasonOutOfTime,
	} {
		d := newChecker(t)
		first, second := d.codeAt(int64(epoch/60)-1), d.codeAt(int64(epoch/60))
		_, d.state = validator.Resync(d.settings, d.token, d.state, epoch, first, second)
		require.Equal(t, want, d.showAt(epoch+2*fortnight+30, ahead).Reason, "%d steps", ahead)
	}
}

// TestOutOfTimeIsNoGuess: a code of the token within LookAhead, which is ten steps in
// either direction, is not counted, even if the token's clock cannot have reached it.
func TestOutOfTimeIsNoGuess(t *testing.T) {
	for ahead, want := range map[int64]validator.Reason{
		-11: validator.ReasonWrong, -10: validator.ReasonOutOfTime,
		10: validator.ReasonOutOfTime, 11: validator.ReasonWrong,
	} {
		d := newChecker(t)
		second := int64(epoch / 60)
		_, d.state = validator.Resync(d.settings, d.token, d.state, epoch, d.codeAt(second-1), d.codeAt(second))
		d.state.Next = 0 // codes before the correction are used; these must not be
		require.Equal(t, want, d.showAt(epoch+10, ahead).Reason, "%d steps", ahead)
	}
}

// TestDriftFrequentUse: the estimate follows a clock that loses 3.9 s a day, even if it
// is used every three hours, in which it loses less than a second.
func TestDriftFrequentUse(t *testing.T) {
	d := newChecker(t)
	dev := device{rate: -3.9}
	for now := epoch; now < epoch+120*86400; now += 3 * 3600 {
		require.Equal(t, validator.Accepted, d.enterAt(now, d.codeAt(dev.shows(now))).Answer, "after %d s", now-epoch)
	}
}

// TestDriftTopStays: late codes lower the highest expected step only after 15 days
// without a code of that step.
func TestDriftTopStays(t *testing.T) {
	const day = 86400
	for name, tt := range map[string]struct {
		again token.UnixSeconds // when another code arrives as late as the first
		right token.UnixSeconds // when a code arrives in time; 0: never
		want  validator.Answer  // the answer to a code that is one step early
	}{
		"a second before":          {again: fortnight - 1, want: validator.Accepted},
		"after fifteen days":       {again: fortnight, want: validator.NextCode},
		"contradicted in between":  {right: day, again: 17 * day, want: validator.Accepted},
		"a month after it was not": {again: 30 * day, want: validator.NextCode},
	} {
		t.Run(name, func(t *testing.T) {
			d := newChecker(t)
			require.Equal(t, validator.Accepted, d.showAt(epoch+55, -1).Answer)
			again := epoch + 55 + tt.again
			if tt.right != 0 {
				require.Equal(t, validator.Accepted, d.showAt(epoch+tt.right+5, 0).Answer)
				again = epoch + tt.again + 5
			}
			require.Equal(t, validator.Accepted, d.showAt(again, -1).Answer)
			require.Equal(t, tt.want, d.showAt(again+60, 1).Answer)
		})
	}
}

// TestDriftTopFallsToTheBest: Top falls only to the best of the late codes. With codes
// that are five, three and five steps late, it falls to three. From there, a code one
// step early is two steps late.
func TestDriftTopFallsToTheBest(t *testing.T) {
	d := newChecker(t)
	require.Equal(t, validator.NextCode, d.showAt(epoch+5, -5).Answer)
	require.Equal(t, validator.Corrected, d.showAt(epoch+65, -5).Answer)
	require.Equal(t, validator.Accepted, d.showAt(epoch+86400+5, -3).Answer)
	require.Equal(t, validator.Accepted, d.showAt(epoch+16*86400+5, -5).Answer)
	require.Equal(t, validator.Accepted, d.showAt(epoch+16*86400+65, -2).Answer)
}

// TestWaitEnds: a pending code stops waiting when another code of the token is
// accepted, or when its pair is complete.
func TestWaitEnds(t *testing.T) {
	d := newChecker(t)
	require.Equal(t, validator.NextCode, d.show(100, 105).Answer)
	require.Equal(t, validator.Accepted, d.show(100, 100).Answer)
	require.Equal(t, validator.NextCode, d.show(101, 106).Answer, "the first of two")
	require.Equal(t, validator.Corrected, d.show(102, 107).Answer)
	require.Zero(t, d.state.Pending)
}

// TestPairWithoutWindow: if no code may be early or late, the second code of a pair
// must come in the next minute.
func TestPairWithoutWindow(t *testing.T) {
	d := newChecker(t)
	d.settings.Window = 0
	require.Equal(t, validator.NextCode, d.enterAt(at(100, 10), codeOf(t, 95)).Answer)
	require.Equal(t, validator.NextCode, d.enterAt(at(100, 50), codeOf(t, 96)).Answer)
	require.Equal(t, validator.Corrected, d.enterAt(at(101, 10), codeOf(t, 97)).Answer)
}

// TestResyncSuspended: the back office does not count failed attempts of a suspended
// token either, for any entry.
func TestResyncSuspended(t *testing.T) {
	d := newChecker(t)
	d.settings.CountMalformed = true
	d.suspend(100)
	before := d.state
	got, after := validator.Resync(d.settings, d.token, d.state, at(750, 0), "", "")
	require.Equal(t, validator.ReasonSuspended, got.Reason)
	require.Equal(t, before, after)
}

// TestDriftProofRenewed: a code that proves exactly as much as is known counts from its
// own time. At :01 the clock was at most 1 s slow, and three hours later it has not
// lost another second. With one second for rounding, the display was then at :00. The
// code of two steps earlier is out of time.
func TestDriftProofRenewed(t *testing.T) {
	d := newChecker(t)
	require.Equal(t, validator.Accepted, d.showAt(epoch, 0).Answer)
	const half = 32400 // seconds in which a clock loses 1.5 s
	require.Equal(t, validator.Accepted, d.showAt(epoch+half+1, 0).Answer)
	require.Equal(t, validator.ReasonOutOfTime, d.showAt(epoch+43200+2, -2).Reason)
}

// TestDriftTopBound: Top stays as close to the clock as an acceptable code, which is
// one step without a second code. A clock was one step ahead, and after a month it is
// seen one step behind. It is then expected to be right at most. The window is one step
// from there, even after the clock was seen to be right.
func TestDriftTopBound(t *testing.T) {
	for _, ahead := range [][]int64{{1}, {0, 1}, {2}, {0, 2}} {
		d := newChecker(t)
		d.settings.LookAhead = 0
		require.Equal(t, validator.Accepted, d.showAt(epoch, 1).Answer)
		now := epoch + token.UnixSeconds(2*fortnight)
		require.Equal(t, validator.Accepted, d.showAt(now, -1).Answer)
		for _, steps := range ahead {
			want := validator.Accepted
			if steps == 2 {
				want = validator.Refused
			}
			now += 600
			require.Equal(t, want, d.showAt(now, steps).Answer, "%d of %d steps ahead", steps, ahead)
		}
	}
}
