// SPDX-License-Identifier: Apache-2.0

package firmware_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/token"
)

// displayKind returns the kind of text on the display.
func (m *machine) displayKind(p token.Profile) string {
	text := m.text()
	switch {
	case m.frame == firmware.AllSegments(m.digits):
		return "all"
	case strings.TrimSpace(text) == "":
		return "blank"
	case strings.HasPrefix(text, "bAtt"):
		return text
	case strings.HasPrefix(text, "EEEEEE"):
		return "EEEEEE"
	case text[len(text)-int(p.Digits):] == m.code(p):
		return "code"
	}
	return "unknown: " + text
}

// TestMovedClockChangesOnlyCodes compares a token whose clock is moved by arbitrary
// amounts with one whose clock is not. At every moment they show the same, except that
// each shows the code of its own clock.
func TestMovedClockChangesOnlyCodes(t *testing.T) {
	proptest.Check(t, func(rt *rapid.T) {
		p := payload(profile(t, "button-8"))
		b := &p.Profile.Behaviour
		b.ShowSeconds = uint8(rapid.IntRange(1, 60).Draw(rt, "show"))
		b.PressLimit = uint16(rapid.IntRange(0, 4).Draw(rt, "limit"))
		b.LimitEnds = b.PressLimit > 0 && rapid.Bool().Draw(rt, "ends")
		supply := firmware.Millivolts(rapid.SampledFrom([]int{2300, 3000}).Draw(rt, "supply"))
		var twins [2]*machine
		for i := range twins {
			m := newMachine(t)
			m.supply = supply
			m.program(t, p, true)
			twins[i] = m
		}
		moved, still := twins[0], twins[1]
		c, _ := moved.connect(t)
		d, _ := still.connect(t)
		for range rapid.IntRange(1, 40).Draw(rt, "events") {
			switch rapid.SampledFrom([]string{"press", "down", "up", "test", "move", "advance", "advance"}).Draw(rt, "event") {
			case "press":
				if !moved.down {
					moved.press()
					still.press()
				}
			case "down", "up":
				down := rapid.Bool().Draw(rt, "down")
				for _, m := range twins {
					m.down = down
					m.step()
				}
			case "test":
				_, err := c.SelfTest(t.Context())
				require.NoError(rt, err)
				_, err = d.SelfTest(t.Context())
				require.NoError(rt, err)
			case "move":
				ms := rapid.Int64Range(-10_000, 10_000).Draw(rt, "ms") * rapid.SampledFrom([]int64{1, 1000, 3600_000}).Draw(rt, "unit")
				moved.now += token.UnixMilli(ms)
				moved.step()
			case "advance":
				ms := rapid.SampledFrom([]int64{1, 999, 1000, 1999, 2000, 2999, 3000, 6000, 30_000, 40_000}).Draw(rt, "ms")
				for _, m := range twins {
					m.advance(time.Duration(ms) * time.Millisecond)
				}
			}
			require.Equal(rt, still.displayKind(p.Profile), moved.displayKind(p.Profile))
			require.Equal(rt, still.core.View(), func() firmware.View {
				v := moved.core.View()
				v.Step = still.core.View().Step
				return v
			}())
		}
		require.Equal(rt, still.record(), moved.record())
	})
}
