// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/virtual"
)

// TestViewText compares the text views with testdata/lcd. To rewrite the files, run
// with UPDATE_GOLDEN=1 and review the difference.
func TestViewText(t *testing.T) {
	lcdView := func(digits int, f firmware.Frame, mv firmware.Millivolts, dead virtual.Segments) virtual.View {
		g := virtual.NewLCD(digits)
		g.Show(f)
		g.Break(dead, virtual.Segments{})
		return g.View(mv, virtual.RoomTemperature)
	}
	sound := virtual.Segments{}
	for name, v := range map[string]virtual.View{
		"six":      lcdView(6, frame("123456", 6, firmware.IconTick), 3000, sound),
		"six-odd":  lcdView(6, frame("789024", 3, 0), 3000, sound),
		"six-none": lcdView(6, frame("Err", 0, 0), 3000, sound),
		"eight":    lcdView(8, frame("bAtt  05", 1, firmware.IconTick|firmware.IconBattery), 3000, sound),
		"selftest": lcdView(8, firmware.AllSegments(8), 3000, sound),
		"blank":    lcdView(6, firmware.Frame{}, 3000, sound),
		"faint":    lcdView(6, frame("123456", 6, 3), 2100, sound),
		"broken":   lcdView(6, frame("888888", 6, 0), 3000, virtual.Segments{Digits: [8]uint8{1, 2, 4, 8, 16, 32}, Bars: 0b010100}),
	} {
		t.Run(name, func(t *testing.T) {
			got := v.Text() + "\n" + v.Art()
			path := filepath.Join("testdata", "lcd", name+".txt")
			if os.Getenv("UPDATE_GOLDEN") != "" {
				require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
				require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, strings.ReplaceAll(string(want), "\r\n", "\n"), got)
		})
	}
}

func TestViewTextWidth(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		digits := rapid.SampledFrom([]int{6, 8}).Draw(t, "digits")
		g := virtual.NewLCD(digits)
		f := firmware.Frame{Bars: rapid.Uint8().Draw(t, "bars"), Icons: firmware.Icons(rapid.Uint8().Draw(t, "icons"))}
		copy(f.Digits[:], rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(t, "segments"))
		g.Show(f)
		v := g.View(3000, 25)
		require.Equal(t, 2+digits+3, utf8.RuneCountInString(v.Text()))
		lines := strings.SplitAfter(v.Art(), "\n")
		require.Len(t, lines, 4)
		for _, line := range lines[:3] {
			require.Equal(t, 3+4*digits+2+1, utf8.RuneCountInString(line))
		}
	})
}
