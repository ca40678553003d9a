// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// The maximum values of fields in a snapshot. They are far beyond any real token's, and
// small enough for the formulas of the models not to overflow.
const (
	maxStoredMilliVolts = 100_000
	maxStoredQuantity   = 1e12 // for charges, currents and resistances
	maxStoredFlash      = 1 << 20
	maxStoredPages      = 1 << 10
	maxStoredIndex      = 1 << 62
)

// check rejects values that no token can have. With such values the formulas of the
// models have no result, and a simulated life might never end.
func (d *snapshot) check() error {
	model, err := ModelByName(d.Model)
	if err != nil {
		return err
	}
	switch {
	case d.Origin.Index > maxStoredIndex:
		return fmt.Errorf("token number %d is too large", d.Origin.Index)
	case d.Aged < 0 || d.Aged >= 24*time.Hour:
		return fmt.Errorf("aged by a part of a day of %v, want 0 to 24 h", d.Aged)
	case d.At < 0 || d.UpAt < 0:
		return errors.New("time before 1970")
	case int(d.LCD.Positions) != model.Digits:
		return fmt.Errorf("LCD with %d digits in model %s", d.LCD.Positions, d.Model)
	case !d.LCD.Fade.inRange(d.At):
		return errors.New("LCD state out of range")
	case len(d.Flash.Pages) > maxStoredPages || d.Flash.PageSize > maxStoredFlash ||
		len(d.Flash.Pages)*d.Flash.PageSize > maxStoredFlash:
		return fmt.Errorf("flash too large: %d pages of %d bytes", len(d.Flash.Pages), d.Flash.PageSize)
	case !d.Crystal.inRange(d.At):
		return errors.New("crystal value out of range")
	case !d.Battery.inRange(d.At):
		return errors.New("battery value out of range")
	}
	return d.Flash.check()
}

func (f *Fade) inRange(at WorldTime) bool {
	if f == nil {
		return true
	}
	for _, share := range f.Share {
		if !within(share, 0, 1) {
			return false
		}
	}
	return f.At >= 0 && f.At <= at
}

func (c *Crystal) inRange(at WorldTime) bool {
	ppm := func(p PPM) bool { return within(float64(p), -float64(maxPPM), float64(maxPPM)) }
	temp := func(t Celsius) bool { return within(float64(t), float64(MinTemperature), float64(MaxTemperature)) }
	return c.Anchor >= 0 && c.Anchor <= at && c.Ticks >= 0 && c.Lived >= 0 &&
		within(float64(c.Frac), -1, 1) && temp(c.Temp) && temp(c.T0) && within(c.B, -1, 1) &&
		ppm(c.Trim) && ppm(c.YearOne) && ppm(c.Shocks)
}

func (b *Battery) inRange(at WorldTime) bool {
	s := b.Spec
	if s == nil {
		return false
	}
	for _, q := range [...]float64{
		float64(b.Used), float64(s.Resistance), float64(s.Sleep), float64(s.Display), float64(s.Serial),
		float64(s.Press), float64(s.Write),
	} {
		if !within(q, 0, maxStoredQuantity) {
			return false
		}
	}
	return b.Anchor >= 0 && b.Anchor <= at &&
		within(float64(b.Temp), float64(MinTemperature), float64(MaxTemperature)) &&
		within(float64(s.Capacity), math.SmallestNonzeroFloat32, maxStoredQuantity) &&
		within(float64(s.SelfDischarge), 0, 1) &&
		s.Cutoff >= 0 && s.Cutoff <= maxStoredMilliVolts && b.Override >= 0 && b.Override <= maxStoredMilliVolts
}

// within reports whether x is in the range. It is false for NaN.
func within(x, low, high float64) bool { return x >= low && x <= high }
