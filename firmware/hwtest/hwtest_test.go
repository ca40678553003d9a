// SPDX-License-Identifier: Apache-2.0

package hwtest_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/firmware/hwtest"
)

// failures runs all checks on a board with the given fault, and returns the sentences
// that do not hold.
func failures(fault string) (broken []string, checked int) {
	b := newBoard(fault)
	report := func(sentence string, ok bool) {
		checked++
		if !ok {
			broken = append(broken, sentence)
		}
	}
	hw := firmware.Hardware{
		Clock: (*bClock)(b), Flash: (*bFlash)(b), LCD: (*bLCD)(b), Button: (*bButton)(b), Line: (*bLine)(b),
		Supply: (*bSupply)(b), Identity: (*bIdentity)(b), Rig: (*bRig)(b),
	}
	hwtest.Clock(hw.Clock, true, b.wait, report)
	hwtest.Flash(hw.Flash, report)
	hwtest.LCD(hw.LCD, func() firmware.Frame { return b.frame }, report)
	hwtest.Button(hw.Button, func() { b.clicked = true }, func() { b.down = true }, func() { b.down = false }, report)
	hwtest.Line(hw.Line, b.wait, true, report)
	hwtest.Supply(hw.Supply, report)
	hwtest.Identity(hw.Identity, report)
	hwtest.Rig(&hw, b.wait, report)
	return broken, checked
}

func TestCorrectBoardPasses(t *testing.T) {
	for _, variant := range []string{"", "line accepts little", "flash rejects a second write"} {
		broken, checked := failures(variant)
		require.Empty(t, broken, variant)
		require.Greater(t, checked, 100)
	}
}

// TestEachFaultIsReported checks that each fault is found by the sentence that it
// violates.
func TestEachFaultIsReported(t *testing.T) {
	for fault, sentence := range map[string]string{
		"clock runs backwards":        "Now does not run backwards",
		"clock stopped":               "the clock runs",
		"clock in seconds":            "Now continues from the set time, to the millisecond",
		"clock valid too early":       "Now is not valid before Set",
		"clock overflows in 2038":     "Now continues from the set time, to the millisecond",
		"clock never valid":           "Now is valid after Set",
		"flash of one page":           "Geometry returns 2 or more pages of a multiple of SlotSize",
		"flash with half slots":       "Geometry returns 2 or more pages of a multiple of SlotSize",
		"flash reads out of range":    "Read outside the flash is an error",
		"flash reads in words":        "Read starts at any offset and fills any length",
		"flash writes out of range":   "an operation outside the flash changes nothing",
		"flash sets bits":             "Program can only clear bits",
		"flash programs other bytes":  "Program changes only its slot",
		"flash erases half a page":    "Erase sets every byte of its page to 0xFF and changes no other",
		"flash erases to zero":        "erased bytes read 0xFF",
		"flash erases all pages":      "Erase sets every byte of its page to 0xFF and changes no other",
		"lcd with 7 digits":           "Digits is 6 or 8",
		"lcd keeps segments":          "Show drives exactly the segments of the frame",
		"lcd without icons":           "Show drives exactly the segments of the frame",
		"button stays clicked":        "a click is read once",
		"button without latch":        "a click is latched until it is read",
		"button reports only clicks":  "a button that is held is down at each call",
		"button stuck":                "a button that was not pressed is not down",
		"line read blocks":            "Read never waits",
		"line reads no bytes":         "Read returns 0 when nothing has arrived",
		"line reverses bytes":         "Read returns the bytes that arrived, in order",
		"line write blocks":           "Write never waits",
		"line accepts too much":       "Write returns a count from 0 to the number of bytes",
		"uptime runs backwards":       "Line.Uptime is monotonic",
		"uptime in seconds":           "Line.Uptime is in milliseconds",
		"uptime is the clock":         "Skew does not move Line.Uptime",
		"clock uptime runs backwards": "Clock.Uptime is monotonic",
		"clock uptime in seconds":     "Clock.Uptime is in milliseconds",
		"clock uptime is the clock":   "Set does not move Clock.Uptime",
		"clock uptime is skewed":      "Skew does not move Clock.Uptime",
		"supply in volts":             "Voltage is in millivolts, between 1,500 and 6,000",
		"supply jumps":                "Voltage does not jump between two calls",
		"no hardware id":              "HardwareID is not zero",
		"hardware id changes":         "HardwareID is constant",
		"model too long":              "Model has at most 24 bytes",
		"model not ASCII":             "Model is printable ASCII",
		"no model":                    "Model is printable ASCII",
		"no static key":               "StaticKey is not nil",
		"static key of zeros":         "StaticKey is not zero",
		"static key changes":          "StaticKey is constant",
		"same key twice":              "StaticKey is not StationKey",
		"rig press without effect":    "Press of 0 is a click",
		"rig press never ends":        "Press holds the button down for the given time",
		"rig accepts any supply":      "Supply rejects a voltage at which the token cannot run",
		"rig supply in centivolts":    "Supply sets the supply voltage",
		"rig returns another error":   "each method of Rig succeeds or returns ErrUnsupported or ErrRange",
		"rig skews forwards only":     "Skew moves the clock by the given time, forwards and backwards",
	} {
		broken, _ := failures(fault)
		require.Contains(t, broken, sentence, fault)
	}
}

// recorder is a T that records the errors reported to it.
type recorder struct{ errors []string }

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

// TestToReportsSentence checks that a Report for a test names the sentence that failed.
func TestToReportsSentence(t *testing.T) {
	var r recorder
	hwtest.Identity((*bIdentity)(newBoard("no hardware id")), hwtest.To(&r))
	require.Equal(t, []string{"contract violated: HardwareID is not zero"}, r.errors)
}
