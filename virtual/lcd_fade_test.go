// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/virtual"
)

// TestLCDRange: data sheets list LCDs for -20 to 70 °C that may be stored at -30 to
// 80 °C. Such an LCD is readable in the first range with a fresh battery, and shows
// nothing outside the second.
func TestLCDRange(t *testing.T) {
	g := virtual.NewLCD(6)
	g.Show(frame("123456", 6, 0))
	const fresh = 3200 // mV of a new CR2032 without load
	for c := virtual.Celsius(-60); c <= 125; c++ {
		v := g.View(fresh, c)
		switch {
		case c >= -20 && c <= 70:
			require.True(t, v.Readable(), "%v °C", c)
		case c < -30 || c > 80:
			require.False(t, v.Readable(), "%v °C", c)
			require.Zero(t, v.Lit)
			require.Equal(t, "   ", v.Text()[:3])
		}
		require.Equal(t, c >= 80, v.Black, "%v °C", c)
	}
}

func TestResponseTime(t *testing.T) {
	require.Equal(t, 100*time.Millisecond, virtual.ResponseTime(25))
	require.Equal(t, 1600*time.Millisecond, virtual.ResponseTime(-15), "doubles for each 10 °C")
	// Focus LCDs measured 3.5 s until a segment is off at -30 °C; a segment that comes
	// on is slower.
	require.InDelta(t, 4, virtual.ResponseTime(-30).Seconds(), 1)
}

// TestFadeRollOver follows a new code on a cold display: first the old one is visible,
// then both, then the new one.
func TestFadeRollOver(t *testing.T) {
	w := newWorld(t, 1)
	k := newLockedToken(t, w, "always-on-6", virtual.Perfect())
	p := k.Model().Profile()
	code := func(r virtual.Reading) string { return codeAt(t, p, virtual.WorldTimeOf(r.Clock.Time())) }
	k.SetTemperature(-25)
	w.Advance(time.Minute)
	w.Advance(k.Display().Left - time.Millisecond)
	old := k.Display()
	require.Equal(t, code(old), old.Text)
	w.Advance(time.Millisecond)
	require.Equal(t, old.Text, k.Display().Text, "no segment has changed yet")

	both, took := 0, time.Duration(0)
	for k.Display().Text != code(k.Display()) {
		require.Less(t, took, virtual.ResponseTime(-25), "half of a change takes less than 90 % of it")
		took += 50 * time.Millisecond
		w.Advance(50 * time.Millisecond)
		checkViewsAgree(t, k.Display().View)
		if len(k.Display().View.Fade) > 2 {
			both++
		}
	}
	require.Greater(t, took, 500*time.Millisecond)
	require.Greater(t, both, 10)
	w.Advance(7 * time.Second) // of the 10 s until the first bar goes out
	for name := range k.Display().View.Fade {
		require.Equal(t, "tick", name, "only the blinking tick still changes")
	}

	k.SetTemperature(25)
	require.Empty(t, k.Display().View.Fade)
}

// TestFadePress: a code appears slowly and does not disappear at once.
func TestFadePress(t *testing.T) {
	w := newWorld(t, 1)
	k := newLockedToken(t, w, "button-8", virtual.Perfect())
	k.SetTemperature(-20)
	k.Press()
	require.Equal(t, "        ", k.Display().Text)
	w.Advance(3 * time.Second)
	code := codeAt(t, k.Model().Profile(), w.Now())
	require.Equal(t, code, k.Display().Text)
	faded := k.Display()
	k.Press()
	require.Equal(t, code, k.Display().Text, "segments that were switched off are still visible")
	again, err := w.Restore(parseSnapshot(t, snapshotBytes(t, k)))
	require.NoError(t, err)
	require.Equal(t, k.Display(), again.Display(), "a snapshot includes changing segments")
	w.Advance(3 * time.Second)
	require.Equal(t, "        ", k.Display().Text)
	require.Equal(t, k.Display(), again.Display())
	require.NotEqual(t, faded.View, k.Display().View)

	warm := newLockedToken(t, w, "button-8", virtual.Perfect())
	warm.Press()
	require.Equal(t, code, warm.Display().Text, "at 25 °C a change looks immediate")
	require.Empty(t, warm.Display().View.Fade)
}

// TestFadeDoesNotDependOnReads: the visible state does not depend on how often the
// display was read.
func TestFadeDoesNotDependOnReads(t *testing.T) {
	proptest.Check(t, func(rt *rapid.T) {
		c := virtual.Celsius(rapid.IntRange(-35, 10).Draw(rt, "°C"))
		looks := rapid.SliceOfN(rapid.Int64Range(0, int64(20*time.Second)), 1, 30).Draw(rt, "looks")
		model := rapid.SampledFrom([]string{"always-on-6", "button-6"}).Draw(rt, "model")
		one, many := newWorld(t, 3), newWorld(t, 3)
		a, b := newLockedToken(t, one, model), newLockedToken(t, many, model)
		for _, k := range []*virtual.Token{a, b} {
			k.SetTemperature(c)
			k.Press()
		}
		for _, d := range looks {
			one.Advance(time.Duration(d))
			many.Advance(time.Duration(d))
			b.Display()
		}
		x, y := a.Display(), b.Display()
		checkViewsAgree(rt, x.View)
		require.Equal(rt, x.Text, y.Text)
		require.Equal(rt, x.View, y.View)
	})
}

// TestFadeFaults: a broken segment does not change.
func TestFadeFaults(t *testing.T) {
	g := virtual.NewLCD(6)
	g.Show(frame("111111", 0, 0))
	g.Break(virtual.Segments{Digits: [8]uint8{0x7F}}, virtual.Segments{Digits: [8]uint8{0, 0x7F}})
	g.ShowAt(start, -20, frame("888888", 0, 0))
	g.Settle(start.Add(500*time.Millisecond), -20)
	v := g.View(3000, -20)
	for name := range v.Fade {
		require.NotContains(t, []string{"d0", "d1"}, name[:2])
	}
	require.NotEmpty(t, v.Fade)
	require.Equal(t, " 8", string(v.Frame().AppendText(nil, 2)))
}

// polygon finds the segments of an SVG and their opacity.
var polygon = regexp.MustCompile(`<polygon id="((?:d\d\.[a-g])|bar\d|tick|batt)" fill="[^"]*" opacity="([^"]*)"`)

// checkViewsAgree checks that text, segments and pictures show the same thing. In the
// SVG and in the PNG, a segment that counts as lit must have more than half of the
// darkness between an unlit and a lit segment.
func checkViewsAgree(t require.TestingT, v virtual.View) {
	lit := map[string]bool{}
	for i, d := range v.Lit.Digits {
		for s := range 7 {
			lit[fmt.Sprintf("d%d.%c", i, 'a'+s)] = d>>s&1 != 0
		}
	}
	for i := range 6 {
		lit["bar"+strconv.Itoa(i)] = v.Lit.Bars>>i&1 != 0
	}
	lit["tick"] = v.Lit.Icons&firmware.IconTick != 0
	lit["batt"] = v.Lit.Icons&firmware.IconBattery != 0
	half := (v.Haze + max(v.Contrast, v.Haze)) / 2
	seen := polygon.FindAllStringSubmatch(string(v.SVG(virtual.Picture{})), -1)
	require.Len(t, seen, 7*v.Digits+6+2)
	for _, m := range seen {
		opacity, err := strconv.ParseFloat(m[2], 64)
		require.NoError(t, err)
		if v.Contrast > v.Haze {
			require.Equal(t, lit[m[1]], opacity >= half-0.001, "%s: %v", m[1], v.Fade)
		}
		share, changing := v.Fade[m[1]]
		if changing {
			require.InDelta(t, v.Haze+share*(v.Contrast-v.Haze), opacity, 0.001)
		}
	}
	// Each bar is a rectangle. Its middle has the same darkness in the PNG.
	const height = 200
	img := v.Image(virtual.Picture{Height: height})
	scale := height / 180.5 // units of the drawing: 2 × 34 around 112.5
	for i := range 6 {
		name := "bar" + strconv.Itoa(i)
		y := 34 + 112.5 - 5.5 - float64(i)*(112.5-11)/5
		c := img.RGBAAt(int(54*scale), int(y*scale))
		want := v.Haze
		if share, changing := v.Fade[name]; changing {
			want += share * (v.Contrast - v.Haze)
		} else if lit[name] {
			want = max(v.Contrast, v.Haze)
		}
		if !v.Black {
			require.InDelta(t, 0xb8+want*(0x1a-0xb8), float64(c.R), 3, name)
		}
	}
	if !v.Readable() {
		require.Empty(t, strings.TrimSpace(v.Text()))
	}
}

func TestFadeJSON(t *testing.T) {
	g := virtual.NewLCD(6)
	g.ShowAt(start, -20, frame("8", 0, 0))
	g.Settle(start.Add(time.Second), -20)
	b, err := json.Marshal(g)
	require.NoError(t, err)
	var back virtual.LCD
	require.NoError(t, json.Unmarshal(b, &back))
	require.Equal(t, g, back)
	b, err = json.Marshal(g.View(3000, -20))
	require.NoError(t, err)
	require.Contains(t, string(b), `"fade":{"d0.a":0.`)
}
