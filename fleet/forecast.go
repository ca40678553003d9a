// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"fmt"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/virtual"
)

// ErrPoints is the error of a forecast with too many points.
var ErrPoints = errclass.New(errclass.Usage, "invalid number of points")

// MaxPoints is the largest number of points of a [Forecast].
const MaxPoints = 500

// Forecast is a token as it would be if it were aged. See [Member.Forecast].
type Forecast struct {
	virtual.Reading // without a press of the button

	// Shown is the display on which the token shows its code: Reading's, or the one after a
	// press of the button.
	Shown   virtual.Reading
	Code    string // on Shown; "" if it shows none
	Genuine bool   // Code is the code of the token's step; a faulty or cold display may show another
	Offset  int64  // steps from the step of the true time to the token's; 0 without a clock or a step

	Points []ForecastPoint
}

// ForecastPoint is a token as it would be at an age on the way to a [Forecast].
type ForecastPoint struct {
	After time.Duration
	virtual.Reading
}

// Forecast returns the token as it would be if it were aged by a period at a temperature
// now, as by [virtual.Token.AgeAt], and at a number of ages on the way, at equal
// distances: the first is 0 and the last is by. The token, the log and the world do not
// change. The error wraps [ErrPoints].
func (m Member) Forecast(by time.Duration, at virtual.Celsius, points int) (f Forecast, err error) {
	if points < 0 || points == 1 || points > MaxPoints {
		return f, fmt.Errorf("%w: %d, want 0 or 2 to %d", ErrPoints, points, MaxPoints)
	}
	now := m.Token.Ahead(virtual.WorldEnd)
	then := now.Aged(by, at)
	f.Reading = then.Reading(then.From)
	f.Shown = f.Reading
	var shows bool
	if f.Code, shows = CodeOn(f.Reading); !shows && m.Token.Model().Profile().Behaviour.Button && f.Powered {
		f.Shown = then.Pressed().Reading(then.From)
		f.Code, _ = CodeOn(f.Shown)
	}
	f.Genuine = f.Code != "" && f.Code == m.codeAt(f.Shown.Step)
	if f.ClockSet && f.CodeLen > 0 {
		f.Offset = f.Step - m.Token.Profile().StepAtMilli(f.World.Milli())
	}
	for i := range points {
		after := share(by, i, points-1)
		aged := now.Aged(after, at)
		f.Points = append(f.Points, ForecastPoint{after, aged.Reading(aged.From)})
	}
	return f, nil
}

// share returns i/n of d, without an overflow.
func share(d time.Duration, i, n int) time.Duration {
	whole, rest := d/time.Duration(n), d%time.Duration(n)
	return whole*time.Duration(i) + rest*time.Duration(i)/time.Duration(n)
}
