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

// BatterySpec describes a kind of lithium coin cell and the currents that the token
// draws from it.
type BatterySpec struct {
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

// CR2032 is the battery of an always-on fob: 220 mAh, 3 µA including the display (the
// power budget of the SID700). A press is 5 ms of HMAC at 2 mA, and a flash operation
// is 4 ms at 5 mA.
func CR2032() *BatterySpec {
	return &BatterySpec{
		Capacity: 220, SelfDischarge: 0.01, Resistance: 10, Cutoff: 2000,
		Sleep: 3, Display: 0, Serial: 500, Press: 10, Write: 20,
	}
}

// CR2016 is the battery of a fob with a button: 90 mAh, 1 µA asleep, and 8 µA more while
// the display is on.
func CR2016() *BatterySpec {
	return &BatterySpec{
		Capacity: 90, SelfDischarge: 0.01, Resistance: 15, Cutoff: 2000,
		Sleep: 1, Display: 8, Serial: 500, Press: 10, Write: 20,
	}
}

// Battery is a Li/MnO2 coin cell. Currents are constant between two calls that change
// them. The charge used at any instant is therefore one formula, evaluated from the
// last such call (the anchor). An instant before the anchor counts as the anchor.
//
// All state is in the exported fields, which allows snapshots; change it only by
// calling methods. See [NewBattery].
type Battery struct {
	Spec   *BatterySpec     `json:"spec"` // shared by all batteries of the kind: do not change it
	Anchor WorldTime        `json:"anchor"`
	Used   MilliAmpereHours `json:"used"` // at Anchor, self-discharge included

	Override firmware.Millivolts `json:"override,omitempty"` // voltage of the rig's supply, used instead of the battery; 0: no supply
	Temp     float32             `json:"temp"`               // °C
	Load     Load                `json:"load"`
	Removed  bool                `json:"removed,omitempty"`
}

// NewBattery returns a fresh battery that is inserted at w.
func NewBattery(w WorldTime, spec *BatterySpec) Battery {
	return Battery{Spec: spec, Anchor: w, Temp: float32(RoomTemperature)}
}

// Draw sets the consumers that draw current from w on.
func (b *Battery) Draw(w WorldTime, load Load) {
	if load != b.Load {
		b.advance(w)
		b.Load = load
	}
}

// Spend uses up the charge q at w. It has no effect while the battery is removed.
func (b *Battery) Spend(w WorldTime, q MicroCoulombs) {
	if !b.Removed && q > 0 {
		b.advance(w)
		b.Used += MilliAmpereHours(q) / 3.6e6
	}
}

// Press uses up the charge of n presses of the button.
func (b *Battery) Press(w WorldTime, n int) { b.Spend(w, b.Spec.Press*MicroCoulombs(n)) }

// Write uses up the charge of n flash operations.
func (b *Battery) Write(w WorldTime, n int) { b.Spend(w, b.Spec.Write*MicroCoulombs(n)) }

// SetTemperature sets the battery's temperature to t from w on.
func (b *Battery) SetTemperature(w WorldTime, t Celsius) {
	if t := float32(clampCelsius(t)); t != b.Temp {
		b.advance(w)
		b.Temp = t
	}
}

// SetVoltage replaces the battery by an external supply of mv from w on. The battery
// meanwhile only discharges itself. 0 disconnects the supply and reconnects the battery.
func (b *Battery) SetVoltage(w WorldTime, mv firmware.Millivolts) {
	b.advance(w)
	b.Override = max(mv, 0)
}

// Remove takes the battery out at w. From then on it only discharges itself.
func (b *Battery) Remove(w WorldTime) {
	b.advance(w)
	b.Removed = true
}

// Insert puts the same battery back at w.
func (b *Battery) Insert(w WorldTime) {
	b.advance(w)
	b.Removed = false
}

// Replace inserts a fresh battery of the same kind at w.
func (b *Battery) Replace(w WorldTime) {
	b.Insert(w)
	b.Used = 0
}

// Lasts returns how long from w on the voltage stays above the cut-off, at temperature
// t and under load.
func (b *Battery) Lasts(w WorldTime, t Celsius, load Load) time.Duration {
	x := *b
	x.advance(w)
	x.Temp, x.Load = float32(clampCelsius(t)), load
	if end := x.EmptyAt(); end != Forever {
		return time.Duration(end - x.Anchor)
	}
	return math.MaxInt64
}

// Age uses up the charge that d takes at temperature t and under load, while the
// world's clock stays at w. A negative d counts as zero.
func (b *Battery) Age(w WorldTime, d time.Duration, t Celsius, load Load) {
	b.advance(w)
	temp, was := b.Temp, b.Load
	b.Temp, b.Load = float32(clampCelsius(t)), load
	b.Used += b.rate() * MilliAmpereHours(max(d, 0)) / perHour
	b.Temp, b.Load = temp, was
}

// UsedAt returns the charge used up to w. It may exceed the capacity.
func (b *Battery) UsedAt(w WorldTime) MilliAmpereHours {
	return b.Used + b.rate()*MilliAmpereHours(b.since(w))/perHour
}

// Remaining returns the share of the capacity that is left at w, 0 to 1.
func (b *Battery) Remaining(w WorldTime) float64 {
	return min(max(1-float64(b.UsedAt(w)/b.Spec.Capacity), 0), 1)
}

// Current returns the current that the token draws, without single bytes, presses and
// flash operations.
func (b *Battery) Current() MicroAmperes {
	i := b.Spec.Sleep
	if b.Load&LoadDisplay != 0 {
		i += b.Spec.Display
	}
	return i
}

// Voltage returns the voltage at the token's supply pin at w, at least 0.
func (b *Battery) Voltage(w WorldTime) firmware.Millivolts {
	switch {
	case b.Removed:
		return 0
	case b.Override > 0:
		return b.Override
	}
	mv := firmware.Millivolts(math.Round(b.loadedVoltage(float64(b.UsedAt(w) / b.Spec.Capacity))))
	// The model is finer than a millivolt. EmptyAt decides on which side of the cut-off
	// the voltage is, because the two must never disagree.
	if b.emptyAt(w) {
		return min(mv, b.Spec.Cutoff)
	}
	return max(mv, b.Spec.Cutoff+1)
}

// emptyAt reports whether the token has stopped at w because its supply is too low.
func (b *Battery) emptyAt(w WorldTime) bool {
	end := b.EmptyAt()
	return end != Forever && end <= max(w, b.Anchor)
}

// EmptyAt returns when Voltage reaches the cut-off if nothing changes before then. It
// returns the anchor if that has happened already, and [Forever] if it never will.
func (b *Battery) EmptyAt() WorldTime {
	cutoff := b.Spec.Cutoff
	switch {
	case b.Removed || b.Override > 0 && b.Override <= cutoff:
		return b.Anchor
	case b.Override > 0:
		return Forever
	}
	left := MilliAmpereHours(mul(b.depth(float64(cutoff)), float64(b.Spec.Capacity))) - b.Used
	rate := b.rate()
	switch ns := math.Ceil(float64(left / rate * perHour)); {
	case left <= 0:
		return b.Anchor
	case rate <= 0 || ns >= math.MaxInt64:
		return Forever
	default:
		return b.Anchor.Add(time.Duration(ns))
	}
}

const perHour = MilliAmpereHours(time.Hour)

// rate returns how much charge the battery loses per hour.
func (b *Battery) rate() MilliAmpereHours {
	// Self-discharge doubles for each 10 °C more, the usual rule for slow chemistry.
	self := MilliAmpereHours(mul(float64(b.Spec.Capacity), float64(b.Spec.SelfDischarge)*
		exp2(float64(b.Temp-float32(RoomTemperature))/10)/Year.Hours()))
	if b.Removed || b.Override > 0 {
		return self
	}
	return self + MilliAmpereHours(b.Current())/1000
}

// advance moves the anchor to w.
func (b *Battery) advance(w WorldTime) {
	b.Used = b.UsedAt(w)
	b.Anchor = max(b.Anchor, w)
}

// since returns the nanoseconds from the anchor to w, at least 0.
func (b *Battery) since(w WorldTime) float64 {
	return max(float64(w)-float64(b.Anchor), 0)
}

// openCircuit is the voltage of a battery at 25 °C under a load of microamperes, by the
// share of the capacity that has been used. Li/MnO2 is flat for 80 to 90 % of the
// capacity and then falls to 2.0 V at the rated capacity. A SID700 had 3.04 V left
// after five years (nao-yoshi's teardown).
var openCircuit = [...]struct{ depth, mv float64 }{
	{0, 3200}, {0.03, 3110}, {0.10, 3070}, {0.50, 3040}, {0.75, 2990},
	{0.88, 2900}, {0.94, 2700}, {0.98, 2350}, {1, 2000}, {1.1, 0},
}

// LowVoltage is the voltage below which a battery is nearly empty.
const LowVoltage = firmware.KneeVoltage

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
	load float64 // mV over the resistance of a fresh battery
}

// sag returns the voltage lost to the present temperature and load.
func (b *Battery) sag() sag {
	cold := max(float64(RoomTemperature)-float64(b.Temp), 0)
	return sag{cold: coldFade * cold, load: float64(b.Spec.Resistance) * exp2(cold/20) * float64(b.Current()) / 1000}
}

// at returns the voltage at point i of the curve. The curve is linear between points.
func (s sag) at(i int) float64 {
	p := openCircuit[i]
	return p.mv - s.cold - mul(s.load, 1+mul(resistanceGrowth, p.depth))
}

// loadedVoltage returns the voltage in mV at the given depth of discharge.
func (b *Battery) loadedVoltage(depth float64) float64 {
	s := b.sag()
	for i := 1; i < len(openCircuit); i++ {
		if to := openCircuit[i].depth; depth < to {
			from := openCircuit[i-1].depth
			upper, lower := s.at(i-1), s.at(i)
			return max(upper+(lower-upper)*(depth-from)/(to-from), 0)
		}
	}
	return 0
}

// depth is the inverse of loadedVoltage: the depth of discharge at which the voltage
// falls to mv.
func (b *Battery) depth(mv float64) float64 {
	s := b.sag()
	upper := s.at(0)
	if upper <= mv {
		return 0
	}
	for i := 1; i < len(openCircuit); i++ {
		lower := s.at(i)
		if lower <= mv {
			from, to := openCircuit[i-1].depth, openCircuit[i].depth
			return from + (to-from)*(upper-mv)/(upper-lower)
		}
		upper = lower
	}
	return openCircuit[len(openCircuit)-1].depth
}
