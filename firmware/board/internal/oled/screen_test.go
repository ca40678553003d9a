// SPDX-License-Identifier: Apache-2.0

package oled_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/firmware/board/internal/oled"
	"github.com/d204ef64/fob/internal/proptest"
)

// frame returns a frame that shows text.
func frame(t *testing.T, text string, bars uint8, icons firmware.Icons) *firmware.Frame {
	t.Helper()
	f := firmware.Frame{Bars: bars, Icons: icons}
	for i := range text {
		var ok bool
		f.Digits[i], ok = firmware.Glyph(text[i])
		require.True(t, ok)
	}
	return &f
}

func draw(f *firmware.Frame, digits int) *oled.Screen {
	var s oled.Screen
	s.Draw(f, digits)
	return &s
}

// text returns a screen as lines of text, in the format of the files in testdata.
func text(s *oled.Screen) string {
	var b strings.Builder
	for y := range oled.Height {
		line := make([]byte, oled.Width)
		for x := range line {
			line[x] = ' '
			if s.At(x, y) {
				line[x] = '#'
			}
		}
		b.WriteString(strings.TrimRight(string(line), " ") + "\n")
	}
	return b.String()
}

// TestPictures compares with pictures that a person has checked. To regenerate them,
// remove them, run the test twice, and look at the result.
func TestPictures(t *testing.T) {
	for name, tt := range map[string]struct {
		frame  *firmware.Frame
		digits int
	}{
		"code-6": {frame(t, "287082", 4, firmware.IconTick), 6},
		"code-8": {frame(t, "19360094", 1, firmware.IconTick|firmware.IconBattery), 8},
		"low-6":  {frame(t, "bAtt05", 0, firmware.IconBattery), 6},
	} {
		file := filepath.Join("testdata", name+".txt")
		got := text(draw(tt.frame, tt.digits))
		want, err := os.ReadFile(file)
		if os.IsNotExist(err) {
			require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
			t.Errorf("wrote %s: review it", file)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, string(want), got, name)
	}
}

// parts returns a frame for each single segment and icon.
func parts(digits int) []firmware.Frame {
	var all []firmware.Frame
	for i := range digits {
		for s := range 7 {
			var f firmware.Frame
			f.Digits[i] = 1 << s
			all = append(all, f)
		}
	}
	return append(all, firmware.Frame{Icons: firmware.IconTick}, firmware.Frame{Icons: firmware.IconBattery})
}

// TestApart checks that no two segments share a pixel, and that each has some.
func TestApart(t *testing.T) {
	for _, digits := range []int{6, 8} {
		owner := map[[2]int]int{}
		frames := parts(digits)
		for n := range frames {
			s, pixels := draw(&frames[n], digits), 0
			for y := range oled.Height {
				for x := range oled.Width {
					if !s.At(x, y) {
						continue
					}
					pixels++
					other, taken := owner[[2]int{x, y}]
					require.False(t, taken, "%+v and %+v share (%d, %d)", frames[n], frames[other], x, y)
					owner[[2]int{x, y}] = n
				}
			}
			require.Greater(t, pixels, 16)
		}
		bars, was := 0, false
		for y := range oled.Height {
			is := draw(&firmware.Frame{Bars: 6}, digits).At(0, y)
			if is && !was {
				bars++
			}
			was = is
		}
		require.Equal(t, 6, bars, "bars must be separated")
	}
}

// TestSum checks that the picture of a frame is the union of the pictures of its
// segments.
func TestSum(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		digits := rapid.SampledFrom([]int{6, 8}).Draw(t, "digits")
		var f firmware.Frame
		for i := range digits {
			f.Digits[i] = rapid.Uint8Range(0, 0x7F).Draw(t, "digit")
		}
		f.Bars = rapid.Uint8Range(0, 6).Draw(t, "bars")
		f.Icons = firmware.Icons(rapid.Uint8Range(0, 3).Draw(t, "icons"))
		want := *draw(&firmware.Frame{Bars: f.Bars}, digits)
		for _, part := range parts(digits) {
			lit := part.Icons&f.Icons != 0
			for i := range part.Digits {
				lit = lit || part.Digits[i]&f.Digits[i] != 0
			}
			if lit {
				for i, b := range draw(&part, digits) {
					want[i] |= b
				}
			}
		}
		require.True(t, want == *draw(&f, digits), "%+v", f)
	})
}

// TestSegments checks that each of the segments a to g is at its place in the digit.
// The bits are gfedcba, with a in bit 0.
func TestSegments(t *testing.T) {
	for _, digits := range []int{6, 8} {
		for position := range digits {
			all := bounds(t, firmware.Frame{Digits: digit(position, 0x7F)}, digits)
			for segment, where := range []string{"top", "right above", "right below", "bottom", "left below", "left above", "middle"} {
				b := bounds(t, firmware.Frame{Digits: digit(position, 1<<segment)}, digits)
				wide := b.right-b.left > b.bottom-b.top
				middle := (all.top + all.bottom) / 2
				require.Equal(t, strings.Contains(where, "left"), !wide && b.left == all.left, where)
				require.Equal(t, strings.Contains(where, "right"), !wide && b.right == all.right, where)
				require.Equal(t, where == "top", wide && b.top == all.top, where)
				require.Equal(t, where == "bottom", wide && b.bottom == all.bottom, where)
				require.Equal(t, where == "middle", wide && b.top < middle && b.bottom > middle, where)
				require.Equal(t, strings.Contains(where, "above"), !wide && b.bottom < middle+2, where)
			}
		}
	}
}

func digit(position int, segments uint8) (d [8]uint8) {
	d[position] = segments
	return d
}

type box struct{ left, right, top, bottom int }

func bounds(t *testing.T, f firmware.Frame, digits int) box {
	t.Helper()
	s := draw(&f, digits)
	b := box{oled.Width, -1, oled.Height, -1}
	for y := range oled.Height {
		for x := range oled.Width {
			if s.At(x, y) {
				b = box{min(b.left, x), max(b.right, x), min(b.top, y), max(b.bottom, y)}
			}
		}
	}
	require.Positive(t, b.right)
	return b
}

// TestOrder checks the order from left to right: bars, digits, icons. None of them
// reaches into the upper 16 rows.
func TestOrder(t *testing.T) {
	for _, digits := range []int{6, 8} {
		last := bounds(t, firmware.Frame{Bars: 6}, digits).right
		for position := range digits {
			b := bounds(t, firmware.Frame{Digits: digit(position, 0x7F)}, digits)
			require.Greater(t, b.left, last+1)
			require.GreaterOrEqual(t, b.top, 16)
			last = b.right
		}
		for _, icon := range []firmware.Icons{firmware.IconTick, firmware.IconBattery} {
			require.Greater(t, bounds(t, firmware.Frame{Icons: icon}, digits).left, last+1)
		}
		require.Equal(t, bounds(t, firmware.Frame{Bars: 1}, digits).bottom, bounds(t, firmware.Frame{Bars: 6}, digits).bottom,
			"the highest bar goes out first")
	}
}

// TestBeyond checks that Draw ignores the parts of a frame that the LCD does not have.
func TestBeyond(t *testing.T) {
	f := firmware.Frame{Digits: [8]uint8{6: 0x7F, 7: 0x7F}, Bars: 255, Icons: 0xFC}
	require.True(t, *draw(&firmware.Frame{Bars: 6}, 6) == *draw(&f, 6))
}
