// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

// Q1. 一回限り有効な使い捨てパスワードです。
// Q2. 一回限り有効であるため、…成りすましの被害を防止することができます。

// TestBK02Once enters an accepted code again, for as long as it could still match: some
// servers accept it once more after 61 seconds.
func TestBK02Once(t *testing.T) {
	for _, after := range []token.UnixSeconds{0, 1, 30, 49, 50, 58, 61, 63, 90, 109, 110, 119, 121, 179, 181, 600} {
		d := newChecker(t)
		require.Equal(t, validator.Accepted, d.show(100, 100).Answer)
		before := d.state
		got := d.enterAt(at(100, 10)+after, codeOf(t, 100))
		require.Equal(t, validator.Decision{Reason: validator.ReasonReplayed, Rule: validator.BK02}, got, "%d s", after)
		require.Equal(t, before, d.state, "a replay does not change the state")
	}
}

// TestBK02ClockSetBack sets the bank's clock back: used codes stay used.
func TestBK02ClockSetBack(t *testing.T) {
	d := newChecker(t)
	require.Equal(t, validator.Accepted, d.show(100, 100).Answer)
	require.Equal(t, validator.ReasonReplayed, d.show(98, 100).Reason)
	require.Equal(t, validator.ReasonReplayed, d.show(98, 98).Reason)
	require.Equal(t, validator.Accepted, d.show(500, 500).Answer)
	for step := int64(300); step < 500; step++ { // the clock is set back by hours
		require.Equal(t, validator.ReasonReplayed, d.show(step, step).Reason)
	}
}

// TestBK02OlderAfterNewer refuses an unused code after a later one was used.
func TestBK02OlderAfterNewer(t *testing.T) {
	d := newChecker(t)
	require.Equal(t, validator.Accepted, d.show(100, 101).Answer)
	for _, older := range []int64{100, 99} {
		require.Equal(t, validator.ReasonReplayed, d.show(100, older).Reason)
	}
}

// TestBK02SkippedCodes enters only some of the codes that the token shows.
func TestBK02SkippedCodes(t *testing.T) {
	d := newChecker(t)
	for _, step := range []int64{100, 101, 105, 300} {
		require.Equal(t, validator.Accepted, d.show(step, step).Answer)
	}
}

// TestBK02OtherSpellings refuses any spelling of a code other than its digits.
func TestBK02OtherSpellings(t *testing.T) {
	const full = "755224" // RFC 4226 appendix D, step 0
	for _, typed := range []string{
		"", " " + full, full + " ", full + "\n", full + "\r\n", full + "\t", full + "\x00", "755 224", "755-224",
		"+" + full, "-" + full, "+55224", "-55224", "75522", "7552240", "0" + full,
		"\uff17\uff15\uff15\uff12\uff12\uff14", "\u0667\u0665\u0665\u0662\u0662\u0664", "75522x", "75522\x80", "7.5522", "755224;", "0x5522",
	} {
		d := newChecker(t)
		got := d.enter(0, typed)
		require.Equal(t, validator.Decision{Reason: validator.ReasonMalformed, Rule: validator.BK03}, got, "%q", typed)
		require.Equal(t, validator.State{}, d.state, "%q", typed)
		require.Equal(t, validator.Accepted, d.enter(0, full).Answer)
		require.Equal(t, validator.Refused, d.enter(0, typed).Answer, "%q", typed)
	}
}

// TestBK02LeadingZeros tests codes that begin with a zero, from step 1,000 on. Without
// the zero, the entry does not have the form of a code.
func TestBK02LeadingZeros(t *testing.T) {
	seen := 0
	for step := int64(1000); step < 1200; step++ {
		code := codeOf(t, step)
		if code[0] != '0' {
			continue
		}
		seen++
		d := newChecker(t)
		require.Equal(t, validator.ReasonMalformed, d.enter(step, code[1:]).Reason)
		require.Equal(t, validator.Accepted, d.enter(step, code).Answer)
	}
	require.NotZero(t, seen)
}
