// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"math"
	"time"

	"github.com/d204ef64/fob/firmware"
)

// MilliAmpereHours is a charge in 1/1000 Ah (3.6 C).
type MilliAmpereHours float64

// MicroAmperes is a current in 1/1000000 A.
type MicroAmperes float32

// MicroCoulombs is a charge in 1/1000000 C; 1 mAh is 3,600,000 µC.
type MicroCoulombs float32

// Ohms is a resistance.
type Ohms float32

// Load is the set of consumers that draw from the battery in addition to the sleep
// current, which always flows.
type Load uint8

// The consumers.
const (
	LoadDisplay Load = 1 << iota // the display of a token with a button is on
)

// CellSpec describes a kind of lithium coin cell and the currents that the token draws
// from it.
type CellSpec struct {
	Capacity      MilliAmpereHours    `json:"capacity"`      // until 2.0 V is reached
	SelfDischarge float32             `json:"selfDischarge"` // share of Capacity a year at 25 °C
	Resistance    Ohms                `json:"resistance"`    // when fresh, at 25 °C; four times as much when empty
	Cutoff        firmware.Millivolts `json:"cutoff"`        // the token stops at this voltage and below

	Sleep   MicroAmperes `json:"sleep"`   // always flows; includes an always-on display
	Display MicroAmperes `json:"display"` // added while LoadDisplay is set
	Serial  MicroAmperes `json:"serial"`  // added while a byte passes on the line

	Press MicroCoulombs `json:"press"` // one press of the button
	Write MicroCoulombs `json:"write"` // one flash operation
}

// CR2032 is the cell of an always-on fob: 220 mAh, 3 µA including the display (the
// power budget of the SID700). A press is 5 ms of HMAC at 2 mA, and a flash operation
// is 4 ms at 5 mA.
func CR2032() *CellSpec {
	return &CellSpec{
		Capacity: 220, SelfDischarge: 0.01, Resistance: 10, Cutoff: 2000,
		Sleep: 3, Display: 0, Serial: 500, Press: 10, Write: 20,
	}
}

// CR2016 is the cell of a fob with a button: 90 mAh, 1 µA asleep, and 8 µA more while
// the display is on.
func CR2016() *CellSpec {
	return &CellSpec{
		Capacity: 90, SelfDischarge: 0.01, Resistance: 15, Cutoff: 2000,
		Sleep: 1, Display: 8, Serial: 500, Press: 10, Write: 20,
	}
}

// Cell is a Li/MnO2 coin cell. Currents are constant between two calls that change
// them. The charge used at any instant is therefore one formula, evaluated from the
// last such call (the anchor). An instant before the anchor counts as the anchor.
//
// All state is in the exported fields, which allows snapshots; change it only by
// calling methods. See [NewCell].
type Cell struct {
	Spec   *CellSpec        `json:"spec"` // shared by all cells of the kind: do not change it
	Anchor WorldTime        `json:"anchor"`
	Used   MilliAmpereHours `json:"used"` // at Anchor, self-discharge included

	Override firmware.Millivolts `json:"override,omitempty"` // voltage of the rig's bench supply, used instead of the cell; 0: no supply
	Temp     float32             `json:"temp"`               // °C
	Load     Load                `json:"load"`
	Removed  bool                `json:"removed,omitempty"`
}

// NewCell returns a fresh cell that is inserted at w.
func NewCell(w WorldTime, spec *CellSpec) Cell {
	return Cell{Spec: spec, Anchor: w, Temp: float32(RoomTemperature)}
}

// Draw sets the consumers that draw current from w on.
func (c *Cell) Draw(w WorldTime, load Load) {
	if load != c.Load {
		c.advance(w)
		c.Load = load
	}
}

// Spend uses up the charge q at w. It has no effect while the cell is removed.
func (c *Cell) Spend(w WorldTime, q MicroCoulombs) {
	if !c.Removed && q > 0 {
		c.advance(w)
		c.Used += MilliAmpereHours(q) / 3.6e6
	}
}

// Press uses up the charge of n presses of the button.
func (c *Cell) Press(w WorldTime, n int) { c.Spend(w, c.Spec.Press*MicroCoulombs(n)) }

// Write uses up the charge of n flash operations.
func (c *Cell) Write(w WorldTime, n int) { c.Spend(w, c.Spec.Write*MicroCoulombs(n)) }

// SetTemperature sets the cell's temperature to t from w on.
func (c *Cell) SetTemperature(w WorldTime, t Celsius) {
	if t := float32(clampCelsius(t)); t != c.Temp {
		c.advance(w)
		c.Temp = t
	}
}

// SetVoltage replaces the cell by a bench supply of mv from w on. The cell meanwhile
// only discharges itself. 0 disconnects the supply and puts the cell back to work.
func (c *Cell) SetVoltage(w WorldTime, mv firmware.Millivolts) {
	c.advance(w)
	c.Override = max(mv, 0)
}

// Remove takes the cell out at w. From then on it only discharges itself.
func (c *Cell) Remove(w WorldTime) {
	c.advance(w)
	c.Removed = true
}

// Insert puts the same cell back at w.
func (c *Cell) Insert(w WorldTime) {
	c.advance(w)
	c.Removed = false
}

// Replace inserts a fresh cell of the same kind at w.
func (c *Cell) Replace(w WorldTime) {
	c.Insert(w)
	c.Used = 0
}

// Lasts returns how long from w on the voltage stays above the cut-off, at temperature
// t and under load.
func (c *Cell) Lasts(w WorldTime, t Celsius, load Load) time.Duration {
	x := *c
	x.advance(w)
	x.Temp, x.Load = float32(clampCelsius(t)), load
	if end := x.EmptyAt(); end != Forever {
		return time.Duration(end - x.Anchor)
	}
	return math.MaxInt64
}

// Age uses up the charge that d takes at temperature t and under load, while the
// world's clock stays at w. A negative d counts as zero.
func (c *Cell) Age(w WorldTime, d time.Duration, t Celsius, load Load) {
	c.advance(w)
	temp, was := c.Temp, c.Load
	c.Temp, c.Load = float32(clampCelsius(t)), load
	c.Used += c.rate() * MilliAmpereHours(max(d, 0)) / perHour
	c.Temp, c.Load = temp, was
}

// UsedAt returns the charge used up to w. It may exceed the capacity.
func (c *Cell) UsedAt(w WorldTime) MilliAmpereHours {
	return c.Used + c.rate()*MilliAmpereHours(c.since(w))/perHour
}

// Remaining returns the share of the capacity that is left at w, 0 to 1.
func (c *Cell) Remaining(w WorldTime) float64 {
	return min(max(1-float64(c.UsedAt(w)/c.Spec.Capacity), 0), 1)
}

// Current returns the current that the token draws, without single bytes, presses and
// flash operations.
func (c *Cell) Current() MicroAmperes {
	i := c.Spec.Sleep
	if c.Load&LoadDisplay != 0 {
		i += c.Spec.Display
	}
	return i
}

// Voltage returns the voltage at the token's supply pin at w, at least 0.
func (c *Cell) Voltage(w WorldTime) firmware.Millivolts {
	switch {
	case c.Removed:
		return 0
	case c.Override > 0:
		return c.Override
	}
	mv := firmware.Millivolts(math.Round(c.loaded(float64(c.UsedAt(w) / c.Spec.Capacity))))
	// The model is finer than a millivolt. EmptyAt decides on which side of the cut-off
	// the voltage is, because the two must never disagree.
	if c.emptyAt(w) {
		return min(mv, c.Spec.Cutoff)
	}
	return max(mv, c.Spec.Cutoff+1)
}

// emptyAt reports whether the token has stopped at w because its supply is too low.
func (c *Cell) emptyAt(w WorldTime) bool {
	end := c.EmptyAt()
	return end != Forever && end <= max(w, c.Anchor)
}

// EmptyAt returns when Voltage reaches the cut-off if nothing changes before then. It
// returns the anchor if that has happened already, and [Forever] if it never will.
func (c *Cell) EmptyAt() WorldTime {
	cutoff := c.Spec.Cutoff
	switch {
	case c.Removed || c.Override > 0 && c.Override <= cutoff:
		return c.Anchor
	case c.Override > 0:
		return Forever
	}
	left := MilliAmpereHours(c.depth(float64(cutoff)))*c.Spec.Capacity - c.Used
	rate := c.rate()
	switch ns := math.Ceil(float64(left / rate * perHour)); {
	case left <= 0:
		return c.Anchor
	case rate <= 0 || ns >= math.MaxInt64:
		return Forever
	default:
		return c.Anchor.Add(time.Duration(ns))
	}
}

const perHour = MilliAmpereHours(time.Hour)

// rate returns how much charge the cell loses per hour.
func (c *Cell) rate() MilliAmpereHours {
	// Self-discharge doubles for each 10 °C more, the usual rule for slow chemistry.
	self := c.Spec.Capacity * MilliAmpereHours(float64(c.Spec.SelfDischarge)*
		exp2(float64(c.Temp-float32(RoomTemperature))/10)/Year.Hours())
	if c.Removed || c.Override > 0 {
		return self
	}
	return self + MilliAmpereHours(c.Current())/1000
}

// advance moves the anchor to w.
func (c *Cell) advance(w WorldTime) {
	c.Used = c.UsedAt(w)
	c.Anchor = max(c.Anchor, w)
}

// since returns the nanoseconds from the anchor to w, at least 0.
func (c *Cell) since(w WorldTime) float64 {
	return max(float64(w)-float64(c.Anchor), 0)
}

// openCircuit is the voltage of a cell at 25 °C under a load of microamperes, by the
// share of the capacity that has been used. Li/MnO2 is flat for 80 to 90 % of the
// capacity and then falls to 2.0 V at the rated capacity. A SID700 had 3.04 V left
// after five years (nao-yoshi's teardown).
var openCircuit = [...]struct{ depth, mv float64 }{
	{0, 3200}, {0.03, 3110}, {0.10, 3070}, {0.50, 3040}, {0.75, 2990},
	{0.88, 2900}, {0.94, 2700}, {0.98, 2350}, {1, 2000}, {1.1, 0},
}

const (
	// coldFade is how much the plateau falls for each degree below 25 °C, in mV.
	coldFade = 1.0
	// resistanceGrowth makes the resistance at the end four times the fresh resistance
	// (data sheets: 10 to 40 Ω).
	resistanceGrowth = 3.0
)

// sag is how far cold and load lower the open-circuit voltage.
type sag struct {
	cold float64 // mV at any depth
	load float64 // mV over the resistance of a fresh cell
}

// sag returns the voltage lost to the present temperature and load.
func (c *Cell) sag() sag {
	cold := max(float64(RoomTemperature)-float64(c.Temp), 0)
	return sag{cold: coldFade * cold, load: float64(c.Spec.Resistance) * exp2(cold/20) * float64(c.Current()) / 1000}
}

// at returns the voltage at point i of the curve. The curve is linear between points.
func (s sag) at(i int) float64 {
	p := openCircuit[i]
	return p.mv - s.cold - s.load*(1+resistanceGrowth*p.depth)
}

// exp2 is math.Exp2 with a fast path for 25 °C, the temperature of most tokens.
func exp2(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Exp2(x)
}

// loaded returns the voltage in mV at the given depth of discharge.
func (c *Cell) loaded(depth float64) float64 {
	s := c.sag()
	for i := 1; i < len(openCircuit); i++ {
		if to := openCircuit[i].depth; depth < to {
			from := openCircuit[i-1].depth
			a, b := s.at(i-1), s.at(i)
			return max(a+(b-a)*(depth-from)/(to-from), 0)
		}
	}
	return 0
}

// depth is the inverse of loaded: the depth of discharge at which the voltage
// falls to mv.
func (c *Cell) depth(mv float64) float64 {
	s := c.sag()
	a := s.at(0)
	if a <= mv {
		return 0
	}
	for i := 1; i < len(openCircuit); i++ {
		b := s.at(i)
		if b <= mv {
			from, to := openCircuit[i-1].depth, openCircuit[i].depth
			return from + (to-from)*(a-mv)/(a-b)
		}
		a = b
	}
	return openCircuit[len(openCircuit)-1].depth
}
