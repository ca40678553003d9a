// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"math/bits"

	"github.com/d204ef64/fob/firmware"
)

// Segments is a set of segments of the LCD, one bit for each. Unlike a [firmware.Frame]
// it can name individual bars, because any of them may be broken.
type Segments struct {
	Digits [8]uint8       `json:"digits"` // gfedcba with a in bit 0, leftmost digit first
	Bars   uint8          `json:"bars"`   // bar 0 (the lowest) in bit 0, to bar 5
	Icons  firmware.Icons `json:"icons"`
}

const allBars = 0x3F

// Frame returns the segments in the firmware's form, in which the bars are a number.
func (s Segments) Frame() firmware.Frame {
	return firmware.Frame{Digits: s.Digits, Bars: uint8(bits.OnesCount8(s.Bars & allBars)), Icons: s.Icons}
}

// with returns s with each byte b replaced by f(b, o's byte).
func (s Segments) with(o Segments, f func(a, b uint8) uint8) Segments {
	for i := range s.Digits {
		s.Digits[i] = f(s.Digits[i], o.Digits[i])
	}
	s.Bars = f(s.Bars, o.Bars)
	s.Icons = firmware.Icons(f(uint8(s.Icons), uint8(o.Icons)))
	return s
}

func union(a, b uint8) uint8     { return a | b }
func intersect(a, b uint8) uint8 { return a & b }
func without(a, b uint8) uint8   { return a &^ b }

// LCDFaults are broken connections of the LCD. A segment in both sets is stuck on.
type LCDFaults struct {
	Dead  Segments `json:"dead"`  // never on
	Ghost Segments `json:"ghost"` // always on
}

// Constants of a typical twisted-nematic LCD for -20 to 70 °C at 1/4 multiplex, driven
// directly by the battery. No vendor publishes the values of its token. Values without
// a source were chosen to keep the display readable until the knee of a CR2032.
const (
	// DefaultThreshold is the supply voltage at which segments become visible at 25 °C.
	DefaultThreshold = firmware.Millivolts(2100)
	// thresholdPerDegree is how much the threshold rises for each degree colder, in mV:
	// 8 to 22 mV/°C for common fluids (etop-lcd.com, newspage7; Liquid Crystal
	// Technologies, "Adaptive Addressing").
	thresholdPerDegree = 10
	// fullOverdrive is the voltage above the threshold, in mV, that gives full
	// contrast.
	fullOverdrive = 600
	// hotLimit is the temperature above which contrast falls (etop-lcd.com), by hotFade
	// for each degree.
	hotLimit = Celsius(50)
	hotFade  = 0.02

	// LCDs for -20 to 70 °C may be stored at -30 to 80 °C (the usual data sheet).
	// Outside this range the fluid is not nematic, and the LCD shows nothing until it
	// is back inside. From clearing on, the fluid is isotropic, and the whole display
	// is black, like one that lies in a hot car. Below frozen it is smectic or solid.
	clearing = Celsius(80)
	frozen   = Celsius(-30)

	// readable is the lowest contrast at which a person can read the display.
	readable = 0.15
	// faintest and strongest limit the visibility of unlit segments.
	faintest, strongest = 0.03, 0.08
)

// LCD is the display of a token. It keeps the frame that the firmware shows and computes how it
// looks. Change its exported fields only between two calls.
type LCD struct {
	Driven    firmware.Frame      `json:"driven"`
	Positions uint8               `json:"positions"`        // number of digits, 6 or 8
	FromBelow bool                `json:"fromBelow"`        // the lowest bar goes out first, instead of the highest
	Threshold firmware.Millivolts `json:"threshold"`        // at 25 °C; see DefaultThreshold
	Faults    *LCDFaults          `json:"faults,omitempty"` // nil: no faults
	Fade      *Fade               `json:"fade,omitempty"`   // nil: the segments have reached their driven state
}

var _ firmware.LCD = (*LCD)(nil)

// NewLCD returns a blank LCD with 8 digits, or with 6 for any other number.
func NewLCD(digits int) LCD {
	if digits != 8 {
		digits = 6
	}
	return LCD{Positions: uint8(digits), Threshold: DefaultThreshold}
}

// Digits returns the number of digits, 6 or 8.
func (l *LCD) Digits() int { return int(l.Positions) }

// Show drives the segments of f, which change at once. See [LCD.ShowAt] for segments
// that change slowly.
func (l *LCD) Show(f firmware.Frame) { l.Driven, l.Fade = f, nil }

// Break adds faults to the LCD. Empty sets allocate nothing.
func (l *LCD) Break(dead, ghost Segments) {
	if dead == (Segments{}) && ghost == (Segments{}) {
		return
	}
	var f LCDFaults
	if l.Faults != nil {
		f = *l.Faults
	}
	l.Faults = &LCDFaults{Dead: f.Dead.with(dead, union), Ghost: f.Ghost.with(ghost, union)}
}

// Mend removes all faults of the LCD.
func (l *LCD) Mend() { l.Faults = nil }

// Contrast returns how dark a lit segment is at the given supply voltage and
// temperature, from 0 (invisible) to 1 (full). It depends on how far the supply is
// above the threshold, which rises in the cold. Above 50 °C contrast falls. Below -30
// °C and from 80 °C on it is 0.
func (l *LCD) Contrast(supply firmware.Millivolts, t Celsius) float64 {
	t = clampCelsius(t)
	if t < frozen || t >= clearing {
		return 0
	}
	threshold := float64(l.Threshold) + mul(thresholdPerDegree, float64(RoomTemperature-t))
	x := min(max((float64(supply)-threshold)/fullOverdrive, 0), 1)
	c := x * x * (3 - mul(2, x))
	if t > hotLimit {
		c *= max(1-mul(hotFade, float64(t-hotLimit)), 0)
	}
	return c
}

// View is the appearance of an LCD.
type View struct {
	Digits   int      `json:"digits"`
	Lit      Segments `json:"lit"`
	Contrast float64  `json:"contrast"` // darkness of lit segments, 0 to 1
	Haze     float64  `json:"haze"`     // darkness of unlit segments, 0.03 to 0.08, less than Contrast unless that is 0

	// Fade has the segments that are changing, by their names in the SVG. The value is
	// each segment's share of a lit segment's darkness, 0.01 to 0.99. Segments with 0.5
	// or more count as lit.
	Fade map[string]float64 `json:"fade,omitempty"`

	Black bool `json:"black,omitempty"` // the LCD is too hot and completely black
}

// View returns how the LCD looks at the given supply voltage and temperature. Lit holds
// every segment that is dark, even if it is too faint to be read.
func (l *LCD) View(supply firmware.Millivolts, t Celsius) View {
	v := View{
		Digits: l.Digits(), Lit: l.driven(), Contrast: l.Contrast(supply, t),
		Black: clampCelsius(t) >= clearing,
	}
	v.fade(l.Fade)
	if f := l.Faults; f != nil {
		v.Lit = v.Lit.with(f.Dead, without).with(f.Ghost, union)
		v.dropFade(f.Dead.with(f.Ghost, union))
	}
	v.Lit = v.Lit.with(l.all(), intersect)
	// As the drive falls, lit and unlit segments of a multiplexed LCD become more
	// similar. Without any drive only the electrodes remain visible.
	v.Haze = faintest + mul(strongest-faintest, 1-v.Contrast)
	if v.Contrast == 0 {
		v.Lit, v.Fade, v.Haze = Segments{}, nil, faintest
	}
	return v
}

// Readable reports whether a person can read the display.
func (v View) Readable() bool { return v.Contrast >= readable }

// Frame returns the segments that a person reads: the lit ones, or a blank display if
// the contrast is too low.
func (v View) Frame() firmware.Frame {
	if !v.Readable() {
		return firmware.Frame{}
	}
	return v.Lit.Frame()
}

// Seen returns the segments that a person reads on the LCD at the given supply voltage
// and temperature.
func (l *LCD) Seen(supply firmware.Millivolts, t Celsius) firmware.Frame {
	return l.View(supply, t).Frame()
}

// driven returns the segments of the driven frame.
func (l *LCD) driven() Segments {
	n := min(l.Driven.Bars, 6)
	bars := uint8(1)<<n - 1
	if l.FromBelow {
		bars = bars << (6 - n)
	}
	return Segments{Digits: l.Driven.Digits, Bars: bars, Icons: l.Driven.Icons}
}

// all returns every segment of the LCD.
func (l *LCD) all() Segments {
	f := firmware.AllSegments(l.Digits())
	return Segments{Digits: f.Digits, Bars: allBars, Icons: f.Icons}
}
