// SPDX-License-Identifier: Apache-2.0

package firmware

import "github.com/d204ef64/fob/serialproto"

// The durations of displays and button presses, in milliseconds.
const (
	// Holding the button this long shows all segments. OneSpan's GO 6 and 7 open their
	// menu then (help.iprescribe.com, article 39511833173907).
	holdTime = 6000
	// A button that is down this long counts as stuck. The display goes off and stays
	// off until the button comes up, as on a GO 7, which switches off after about 32 s.
	// A token squeezed in a bag must not drain its battery.
	stuckTime   = 32_000
	warnTime    = 2000 // the low-battery warning before the code
	testTime    = 2000 // all segments after a self-test
	deadMessage = 3000 // "EEEEEE" after a press at the end of life
)

// showTime returns the longest time that a press lights the display.
func (c *Core) showTime() int64 {
	return max(int64(c.rec.profile.Behaviour.ShowSeconds)*1000, deadMessage)
}

// pollButton reads the button until its state stays the same. A click that the driver
// latched is a press and a release in one step.
func (c *Core) pollButton() {
	for range 4 {
		down := c.hw.Button.Down()
		if down == c.view.Down {
			break
		}
		c.view.Down, c.view.DownAt, c.view.Stuck = down, c.hw.Clock.Uptime(), false
		if down {
			c.press()
		}
	}
	if c.buttonHeld() && c.clockTimeAt(c.view.DownAt+stuckTime) <= c.now {
		c.view.Stuck, c.view.On = true, false
	}
}

// buttonHeld reports whether the button is down and not stuck.
func (c *Core) buttonHeld() bool {
	return c.view.Down && !c.view.Stuck && c.rec.profile.Behaviour.Button
}

// heldLong reports whether the button has been down long enough to show all segments.
func (c *Core) heldLong() bool {
	return c.buttonHeld() && c.clockTimeAt(c.view.DownAt+holdTime) <= c.now
}

// press applies the profile's button rules.
func (c *Core) press() {
	b := &c.rec.profile.Behaviour
	switch {
	case !b.Button:
		return
	case c.view.On: // a second press turns the display off
		c.view.On = false
		return
	case !c.readable() || !c.valid:
		return
	}
	if b.LimitEnds && c.rec.presses >= uint32(b.PressLimit) && c.rec.state != serialproto.StateDead {
		c.die(deathPresses)
	}
	up := c.hw.Clock.Uptime()
	if c.hasMessage() {
		c.view.On, c.view.CodeAt, c.view.OffAt = true, up, up+deadMessage
		return
	}
	var next record
	next.set(&c.rec)
	next.presses++
	c.save(&next) // if the flash fails, the press is not counted but still shows a code
	clear(next.seed[:])

	c.view.On, c.view.CodeAt = true, up
	c.view.OffAt = up + int64(b.ShowSeconds)*1000
	step, _ := c.step()
	c.view.Step = uint32(step) // with UntilStepEnd, the code disappears at the end of this step
	if c.pressLimitExceeded() || c.lowBattery() {
		c.view.CodeAt = up + warnTime
	}
}

// pressLimitExceeded reports whether the button has been pressed more often than the
// manufacturer guarantees. Each press then shows "EEEEEE" before the code, until the
// battery is empty. The token card of the Japan Net Bank asks for its replacement in
// this way after 18,000 displays (japannetbank.co.jp/token/onetime/about.html).
func (c *Core) pressLimitExceeded() bool {
	limit := uint32(c.rec.profile.Behaviour.PressLimit)
	return limit > 0 && c.rec.presses > limit
}

// lowBattery reports whether a press shows the low-battery warning first.
func (c *Core) lowBattery() bool {
	return c.batteryPercent() < int(c.rec.profile.Behaviour.LowPercent)
}

// KneeVoltage is the knee of a lithium battery's discharge curve. Above it, the voltage does
// not indicate the charge; below it, the battery is nearly empty.
const KneeVoltage Millivolts = 2700

const cutoffVoltage Millivolts = 2000

const (
	percentAtKnee  = 10
	maxPercentLeft = 100
)

// batteryPercent estimates the remaining charge. The voltage of Li/MnO2 is flat until
// shortly before the end. The estimate therefore uses the number of presses, and below
// the knee also the voltage.
func (c *Core) batteryPercent() int {
	left := maxPercentLeft
	if limit := int(c.rec.profile.Behaviour.PressLimit); limit > 0 {
		left = max(0, limit-int(c.rec.presses)) * 100 / limit
	}
	if v := c.hw.Supply.Voltage(); v < KneeVoltage {
		byVoltage := int(v-cutoffVoltage) * percentAtKnee / int(KneeVoltage-cutoffVoltage)
		left = min(left, max(0, byVoltage))
	}
	return left
}
