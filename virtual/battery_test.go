// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/virtual"
)

func years(w virtual.WorldTime) float64 { return float64(w-start) / float64(virtual.Year) }

// TestBatteryLife checks lifetimes that follow from the capacity, the current and a
// self-discharge of 1 % a year. The capacities are from data sheets of Energizer
// (CR2032) and Panasonic (CR2016).
func TestBatteryLife(t *testing.T) {
	cr2032, cr2016 := virtual.CR2032(), virtual.CR2016()
	for _, c := range []struct {
		spec  *virtual.BatterySpec
		sleep virtual.MicroAmperes
		life  float64
	}{
		{cr2032, 3, 7.7}, {cr2032, 4, 5.9}, {cr2032, 5, 4.8},
		{cr2016, 1, 9.3}, {cr2016, 2, 4.9}, {cr2016, 3, 3.3}, {cr2016, 5, 2.0},
	} {
		spec := *c.spec
		spec.Sleep = c.sleep
		x := virtual.NewBattery(start, &spec)
		require.InEpsilon(t, c.life, years(x.EmptyAt()), 0.02, "%v mAh at %v µA", c.spec.Capacity, c.sleep)
	}
}

// TestBatteryCurve: a cell has 3.2 V when fresh, 3.1 to 2.9 V for most of its life, and
// 2.0 V when empty. 3.04 V was measured in a SID700 after five years (nao-yoshi).
func TestBatteryCurve(t *testing.T) {
	x := virtual.NewBattery(start, virtual.CR2032())
	require.InDelta(t, 3200, int(x.Voltage(start)), 2)
	require.InDelta(t, 3040, int(x.Voltage(start.Add(5*virtual.Year))), 50)
	life := time.Duration(x.EmptyAt() - start)
	for _, share := range []float64{0.05, 0.3, 0.6, 0.85} {
		v := x.Voltage(start.Add(time.Duration(float64(life) * share)))
		require.GreaterOrEqual(t, v, firmware.Millivolts(2900), "%v", share)
		require.LessOrEqual(t, v, firmware.Millivolts(3110), "%v", share)
	}
	require.Less(t, x.Voltage(start.Add(life/100*98)), firmware.Millivolts(2500))
	require.Equal(t, firmware.Millivolts(2000), x.Voltage(start.Add(life)))
	require.Zero(t, x.Voltage(start.Add(2*life)))
	require.InDelta(t, 0, x.Remaining(start.Add(life)), 0.001)
}

func TestBatteryResistanceAndCold(t *testing.T) {
	spec := virtual.CR2032()
	spec.Display = 3000 // the maximum continuous current of a CR2032
	x := virtual.NewBattery(start, spec)
	fresh := x.Voltage(start)
	x.Draw(start, virtual.LoadDisplay)
	require.InDelta(t, 30, int(fresh-x.Voltage(start)), 1, "3 mA through 10 Ω")
	x.Draw(start, 0)
	x.SetTemperature(start, -20)
	require.InDelta(t, 45, int(fresh-x.Voltage(start)), 2)
}

func TestBatteryRemoveAndOverride(t *testing.T) {
	x := virtual.NewBattery(start, virtual.CR2032())
	end := x.EmptyAt()
	x.Remove(start)
	require.Zero(t, x.Voltage(start))
	require.Equal(t, start, x.EmptyAt())
	year := start.Add(virtual.Year)
	require.InDelta(t, 2.2, float64(x.UsedAt(year)), 0.01, "self-discharge of 1 % a year")
	x.Press(year, 1000)
	require.InDelta(t, 2.2, float64(x.UsedAt(year)), 0.01)
	x.Insert(year)
	require.InDelta(t, years(end)+1-2.2/28.5, years(x.EmptyAt()), 0.02)

	x.SetVoltage(year, 2700)
	require.Equal(t, firmware.Millivolts(2700), x.Voltage(year.Add(20*virtual.Year)))
	require.Equal(t, virtual.Forever, x.EmptyAt())
	x.SetVoltage(year, 1900)
	require.LessOrEqual(t, x.EmptyAt(), year)
	x.SetVoltage(year, 0)
	require.Greater(t, x.Voltage(year), firmware.Millivolts(3000))
	x.Replace(year)
	require.Zero(t, x.UsedAt(year))
}

// TestBatteryPresses: Feitian promises 14,000 presses, or three to five years at ten
// presses a day. A press shows the code for 30 s, at 8 µA.
func TestBatteryPresses(t *testing.T) {
	x := virtual.NewBattery(start, virtual.CR2016())
	w := start
	for range 1000 {
		x.Press(w, 1)
		x.Draw(w, virtual.LoadDisplay)
		w = w.Add(30 * time.Second)
		x.Draw(w, 0)
	}
	// 1000 × (10 µC + 30 s × 9 µA), and self-discharge below 0.01 mAh.
	require.InDelta(t, 1000*(10+270)/3.6e6, float64(x.UsedAt(w)), 0.01)
}

func TestBatteryAge(t *testing.T) {
	waited, aged := virtual.NewBattery(start, virtual.CR2016()), virtual.NewBattery(start, virtual.CR2016())
	aged.Draw(start, virtual.LoadDisplay)
	d := 3 * virtual.Year
	aged.Age(start, d, virtual.RoomTemperature, 0)
	require.InDelta(t, float64(waited.UsedAt(start.Add(d))), float64(aged.UsedAt(start)), 1e-9)
	require.Equal(t, virtual.LoadDisplay, aged.Load)
}

func TestBatteryNumericIntegration(t *testing.T) {
	x := virtual.NewBattery(start, virtual.CR2032())
	sum, w := 0.0, start
	for day := range 2000 {
		temp := float64(day % 50)
		x.SetTemperature(w, virtual.Celsius(temp))
		x.Draw(w, virtual.Load(day%2))
		for range 24 {
			self := 220 * 0.01 / 8766 * math.Exp2((temp-25)/10)
			sum += float64(x.Current())/1000 + self
			w = w.Add(time.Hour)
		}
	}
	require.InEpsilon(t, sum, float64(x.UsedAt(w)), 1e-6)
}

func drawBattery(t *rapid.T) (virtual.Battery, virtual.WorldTime) {
	spec := rapid.SampledFrom([]*virtual.BatterySpec{virtual.CR2032(), virtual.CR2016()}).Draw(t, "spec")
	w := start
	x := virtual.NewBattery(w, spec)
	for range rapid.IntRange(0, 4).Draw(t, "events") {
		w = w.Add(time.Duration(rapid.Int64Range(0, int64(virtual.Year)).Draw(t, "wait")))
		switch rapid.IntRange(0, 2).Draw(t, "event") {
		case 0:
			x.SetTemperature(w, virtual.Celsius(rapid.Float64Range(-40, 85).Draw(t, "temperature")))
		case 1:
			x.Draw(w, virtual.Load(rapid.IntRange(0, 1).Draw(t, "load")))
		case 2:
			x.Press(w, rapid.IntRange(0, 5000).Draw(t, "presses"))
		}
	}
	return x, w
}

func TestBatteryEmptyAt(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		x, w := drawBattery(t)
		end := x.EmptyAt()
		if end <= w {
			require.LessOrEqual(t, x.Voltage(w), x.Spec.Cutoff)
			return
		}
		require.Equal(t, x.Spec.Cutoff, x.Voltage(end))
		require.Greater(t, x.Voltage(end-1), x.Spec.Cutoff, "EmptyAt is exact to the nanosecond")
		require.InDelta(t, float64(end-w), float64(x.Lasts(w, virtual.Celsius(x.Temp), x.Load)), 1e6)

		// Stops on the way do not change the end.
		x.Spend(w+(end-w)/3, 0.000001)
		x.Draw(w+(end-w)/2, x.Load^virtual.LoadDisplay)
		x.Draw(w+(end-w)/2, x.Load^virtual.LoadDisplay)
		require.InDelta(t, float64(end-w), float64(x.EmptyAt()-w), 1e9)
	}, 11267536184899279867) // regression: just before the end the voltage was rounded to the cut-off
}

func TestBatteryVoltageOnlyFalls(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		x, w := drawBattery(t)
		a := w.Add(time.Duration(rapid.Int64Range(0, int64(15*virtual.Year)).Draw(t, "a")))
		b := a.Add(time.Duration(rapid.Int64Range(0, int64(virtual.Year)).Draw(t, "b")))
		require.GreaterOrEqual(t, x.Voltage(a), x.Voltage(b))
		require.LessOrEqual(t, x.UsedAt(a), x.UsedAt(b))
		require.Equal(t, x.Voltage(x.Anchor), x.Voltage(start-1), "an instant before the anchor counts as the anchor")
	})
}

func TestBatterySnapshot(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		x, _ := drawBattery(t)
		b, err := json.Marshal(x)
		require.NoError(t, err)
		var y virtual.Battery
		require.NoError(t, json.Unmarshal(b, &y))
		require.Equal(t, x, y)
	})
	require.LessOrEqual(t, unsafe.Sizeof(virtual.Battery{}), uintptr(96))
}

func BenchmarkBatteryVoltage(b *testing.B) {
	for name, d := range map[string]time.Duration{"10s": 10 * time.Second, "7y": 7 * virtual.Year} {
		b.Run(name, func(b *testing.B) {
			x := virtual.NewBattery(start, virtual.CR2032())
			for b.Loop() {
				x.Voltage(start.Add(d))
			}
		})
	}
}
