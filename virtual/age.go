// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"time"

	"github.com/d204ef64/fob/token"
)

// Age makes the token d older while the world's clock stands still. Afterwards the
// token has the clock error, the used battery and the expiry date of a token that was
// made d earlier and has been kept at 25 °C since. Ageing in two parts has the same
// effect as ageing once by their sum.
func (t *Token) Age(d time.Duration) {
	t.AgeAt(d, RoomTemperature)
}

// AgeAt is like [Token.Age], at the ambient temperature c.
func (t *Token) AgeAt(d time.Duration, c Celsius) {
	d = max(d, 0)
	t.do(EventAge, int64(d), func() { t.ageLocked(d, c) })
}

func (t *Token) ageLocked(d time.Duration, c Celsius) {
	if t.powered {
		run := min(d, t.battery.Lasts(t.at, c, 0))
		t.crystal.Age(t.at, run, c)
		t.backdateLocked(run)
		t.runLocked() // the expiry comes before the end of the battery
		t.battery.Age(t.at, run, c, 0)
		if run == d && !t.battery.emptyAt(t.at) {
			return
		}
		t.powerOffLocked()
		d -= run
	}
	t.crystal.Age(t.at, d, c)
	t.backdateLocked(d)
	t.battery.Age(t.at, d, c, 0)
}

// Aged returns the past as it would be if the token had been aged at its beginning, as by
// [Token.AgeAt].
func (p *Past) Aged(d time.Duration, c Celsius) *Past {
	return p.changed(func(t *Token) { t.ageLocked(max(d, 0), c) })
}

// Pressed returns the past as it would be if the button had been clicked at its beginning.
func (p *Past) Pressed() *Past {
	return p.changed(func(t *Token) { t.clicked = true })
}

// changed returns the past as it would be after a change at its beginning.
func (p *Past) changed(change func(*Token)) *Past {
	t := p.token.copyLocked()
	change(t)
	t.runLocked()
	return &Past{p.From, p.To, t}
}

// backdateLocked moves the expiry date d into the past. A date has whole days only, so
// t.aged keeps the remainder for the next call. The remainder is valid only as long as
// the token still has the date that the last call left, t.agedTo.
//
// A token made d earlier would have been given the earlier date at the factory. Writing
// it is therefore not an event in this token's life: it needs no power, and it does not
// trigger faults that are armed.
func (t *Token) backdateLocked(d time.Duration) {
	const day = 24 * time.Hour
	expiry := t.core.Expiry()
	if expiry.IsZero() || expiry != t.agedTo {
		t.aged = 0
	}
	days := d / day
	t.aged += d % day
	days += t.aged / day
	t.aged %= day
	if days > 0 && !expiry.IsZero() {
		earlier, err := token.ExpiryFromDays(max(0, expiry.Days()-int32(days)))
		if err != nil {
			return // not reached: an earlier date is also in the calendar
		}
		t.withFlashLocked(func(f *Flash) {
			cut, fail := f.cut, f.fail
			f.disarm()
			h := t.borrowLocked()
			_ = t.core.Backdate(&h.hw, earlier) // a worn-out flash keeps its old date
			h.release()
			f.cut, f.fail = cut, fail
		})
	}
	t.agedTo = t.core.Expiry()
}
