// SPDX-License-Identifier: Apache-2.0

package firmware

import (
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// How long the display messages stand, in milliseconds.
const (
	// A hold this long shows all segments (OneSpan's GO 6 and 7 open their menu
	// then: help.iprescribe.com, article 39511833173907).
	holdTime = 6000
	// A button that is down this long counts as stuck. The display goes off and
	// stays off until the button comes up, as on a GO 7, which switches off after
	// about 32 s: a token squeezed in a bag must not drain its battery.
	stuckTime   = 32_000
	warnTime    = 2000 // the low-battery warning before the code
	testTime    = 2000 // all segments after a self-test
	deadMessage = 3000 // "EEEEEE" after a press at the end of life
)

// showTime is the longest that a press lights the display.
func (c *Core) showTime() token.UnixMilli {
	return max(token.UnixMilli(c.rec.profile.Behaviour.ShowSeconds)*1000, deadMessage)
}

// pollButton follows the button until it stands still: a click that the driver
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
	if c.holding() && c.holdFor(stuckTime) <= c.now {
		c.view.Stuck, c.view.On = true, false
	}
}

// holding reports whether the button is down and not stuck.
func (c *Core) holding() bool {
	return c.view.Down && !c.view.Stuck && c.rec.profile.Behaviour.Button
}

// held reports whether the button has been down long enough for the menu.
func (c *Core) held() bool {
	return c.holding() && c.holdFor(holdTime) <= c.now
}

// press applies the profile's button rules.
func (c *Core) press() {
	b := &c.rec.profile.Behaviour
	switch {
	case !b.Button:
		return
	case c.view.On: // a second press turns off
		c.view.On = false
		return
	case !c.readable() || !c.valid:
		return
	}
	if b.PressLimit > 0 && c.rec.presses >= uint32(b.PressLimit) && c.rec.state != serialproto.StateDead {
		c.die(deathPresses)
	}
	if c.hasMessage() {
		c.view.On, c.view.CodeAt, c.view.OffAt = true, c.now, c.now+deadMessage
		return
	}
	var next record
	next.set(&c.rec)
	next.presses++
	c.save(&next) // a flash that fails costs the count, not the code
	clear(next.seed[:])

	c.view.On, c.view.CodeAt = true, c.now
	c.view.OffAt = c.now + token.UnixMilli(b.ShowSeconds)*1000
	if b.UntilStepEnd {
		p := &c.rec.profile
		end := p.StepStart(p.StepAtMilli(c.now) + 1).Milli()
		c.view.OffAt = min(c.view.OffAt, end)
	}
	if c.lowBattery() {
		c.view.CodeAt = min(c.now+warnTime, c.view.OffAt)
	}
}

// lowBattery reports whether a press shows the warning first.
func (c *Core) lowBattery() bool {
	return c.batteryPercent() < int(c.rec.profile.Behaviour.LowPercent)
}

// The knee of a lithium cell's discharge: above it the voltage tells nothing.
const (
	kneeVoltage    Millivolts = 2700
	cutoffVoltage  Millivolts = 2000
	percentAtKnee             = 10
	maxPercentLeft            = 100
)

// batteryPercent estimates what is left. The voltage of Li/MnO2 is flat until
// shortly before the end, so that the presses count, and the voltage only
// below the knee.
func (c *Core) batteryPercent() int {
	left := maxPercentLeft
	if limit := int(c.rec.profile.Behaviour.PressLimit); limit > 0 {
		left = max(0, limit-int(c.rec.presses)) * 100 / limit
	}
	if v := c.hw.Supply.Voltage(); v < kneeVoltage {
		byVoltage := int(v-cutoffVoltage) * percentAtKnee / int(kneeVoltage-cutoffVoltage)
		left = min(left, max(0, byVoltage))
	}
	return left
}
