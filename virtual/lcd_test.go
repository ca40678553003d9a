// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/virtual"
)

// frame returns a frame with the text in its leftmost digits.
func frame(text string, bars uint8, icons firmware.Icons) firmware.Frame {
	f := firmware.Frame{Bars: bars, Icons: icons}
	for i := range text {
		f.Digits[i], _ = firmware.Glyph(text[i])
	}
	return f
}

// view returns the appearance of an LCD at 3.0 V and 25 °C.
func view(digits int, f firmware.Frame) virtual.View {
	g := virtual.NewLCD(digits)
	g.Show(f)
	return g.View(3000, virtual.RoomTemperature)
}

// TestLCDContrast: the threshold rises about 10 mV for each degree colder, and
// contrast falls above 50 °C (etop-lcd, liquidcrystaltechnologies).
func TestLCDContrast(t *testing.T) {
	g := virtual.NewLCD(6)
	require.InDelta(t, 1, g.Contrast(3000, 25), 0.001)
	require.Zero(t, g.Contrast(2000, 25), "with an empty battery")
	require.InDelta(t, g.Contrast(2500, 25), g.Contrast(2600, 15), 1e-9, "10 mV/°C")
	require.Less(t, g.Contrast(3000, -20), g.Contrast(3000, 0))
	require.Greater(t, g.Contrast(3000, -20), 0.5, "with a good battery it can be read in the cold")
	require.Less(t, g.Contrast(2650, -20), 0.15, "with an old one it cannot")
	require.Less(t, g.Contrast(3000, 70), g.Contrast(3000, 50))
	proptest.Check(t, func(t *rapid.T) {
		mv := firmware.Millivolts(rapid.Int32Range(-10, 5000).Draw(t, "mv"))
		c := virtual.Celsius(rapid.Float64Range(-300, 300).Draw(t, "c"))
		got := g.Contrast(mv, c)
		require.GreaterOrEqual(t, got, 0.0)
		require.LessOrEqual(t, got, 1.0)
		require.LessOrEqual(t, got, g.Contrast(mv+1, c), "a higher supply is never worse")
		haze := g.View(mv, c).Haze
		require.GreaterOrEqual(t, haze, 0.03)
		require.LessOrEqual(t, haze, 0.08)
	})
}

func TestLCDSeen(t *testing.T) {
	g := virtual.NewLCD(6)
	f := frame("123456", 4, firmware.IconTick)
	g.Show(f)
	require.Equal(t, f, g.Seen(3000, 25))
	require.Equal(t, firmware.Frame{}, g.Seen(2150, 25), "too faint")
	require.NotZero(t, g.View(2150, 25).Lit, "faint segments are still in the view")
	require.Equal(t, firmware.Frame{}, g.Seen(0, 25))
	require.Equal(t, virtual.Segments{}, g.View(0, 25).Lit)

	g.Show(frame("12345678", 9, 0xFF))
	require.Equal(t, firmware.Frame{Digits: frame("123456", 0, 0).Digits, Bars: 6, Icons: 3}, g.Seen(3000, 25),
		"no more than the LCD has")
	require.Equal(t, 8, view(8, f).Digits)
	require.Equal(t, 6, view(7, f).Digits)
}

func TestLCDBars(t *testing.T) {
	g := virtual.NewLCD(6)
	for n := range uint8(7) {
		g.Show(firmware.Frame{Bars: n})
		g.FromBelow = false
		require.Equal(t, uint8(1)<<n-1, g.View(3000, 25).Lit.Bars, "the highest bar goes out first")
		g.FromBelow = true
		require.Equal(t, 0x3F&^(uint8(1)<<(6-n)-1), g.View(3000, 25).Lit.Bars, "the lowest bar goes out first")
		require.Equal(t, n, g.Seen(3000, 25).Bars)
	}
}

func TestLCDFaults(t *testing.T) {
	g := virtual.NewLCD(6)
	g.Show(frame("888888", 6, 0))
	sound := g
	g.Break(virtual.Segments{}, virtual.Segments{})
	require.Nil(t, g.Faults, "empty sets allocate no faults")

	dead := virtual.Segments{Bars: 1 << 2}
	dead.Digits[0] = 1 << 6 // the middle segment: 8 is read as 0
	ghost := virtual.Segments{Icons: firmware.IconBattery}
	g.Break(dead, virtual.Segments{})
	g.Break(virtual.Segments{}, ghost)
	seen := g.Seen(3000, 25)
	require.Equal(t, "088888", string(seen.AppendText(nil, 6)))
	require.Equal(t, uint8(5), seen.Bars)
	require.Equal(t, uint8(0b111011), g.View(3000, 25).Lit.Bars)
	require.Equal(t, firmware.IconBattery, seen.Icons)
	require.Zero(t, g.Seen(0, 25), "a ghost segment needs a supply")

	copied := g
	copied.Break(virtual.Segments{Bars: 1}, virtual.Segments{})
	require.Equal(t, uint8(5), g.Seen(3000, 25).Bars, "faults of a copy do not affect the original")

	b, err := json.Marshal(g)
	require.NoError(t, err)
	var back virtual.LCD
	require.NoError(t, json.Unmarshal(b, &back))
	require.Equal(t, g, back)

	g.Mend()
	require.Equal(t, sound, g)
}
