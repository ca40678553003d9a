// SPDX-License-Identifier: Apache-2.0

package conform

import "fmt"

var clockCases = []Case{
	{
		ID: "C68", Requirement: "moving the server's clock does not make a used code valid again",
		Source: "RFC 6238 §5.2", Level: Must, Needs: []Verb{VerbClock}, run: c68,
		Why: "Time servers correct clocks by seconds, and virtual machines wake up with old ones. A memory of used codes that depends on the time forgets them.",
		Steps: []string{
			"Import a token, and enter its current code. It must be accepted.",
			"Move the clock by 90 s, 30 s or an hour, back or forward, and enter the same code. It must be refused.",
			"Set the clock to the next step, and enter the current code. It must be accepted.",
		},
	},
	{
		ID: "C69", Requirement: "leap seconds, summer time and time zones do not matter",
		Source: "RFC 6238 §4.2", Level: Must, Needs: []Verb{VerbClock}, run: c69,
		Why: "Twice a year, in the night, every token would be an hour off.",
		Steps: []string{
			"Import a token.",
			"Set the clock to nights in which summer time begins or ends, a leap second, a leap day, and ends of days and years.",
			"Enter the current codes of three steps in a row each time. They must be accepted.",
		},
	},
}

// c68 uses a token for each move, because a code far from its time counts as a wrong one.
func c68(e *env) string {
	moves := []int64{-90, 90, -30, 30, -3600, 3600}
	at := e.now
	for _, by := range moves {
		e.setClock(at)
		t := e.token()
		code := e.good(t)
		e.accept(t, code, "a code")
		e.setClock(at + by)
		e.refuse(t, code, "the used code with the clock moved by %+d s", by)
		e.setClock(at + e.period())
		e.accept(t, e.code(t, 0), "the next code, with the clock set back")
	}
	return fmt.Sprintf("a used code is refused after each of %+d s", moves)
}

func c69(e *env) string {
	t := e.token()
	nights := []struct{ name, at string }{
		{"a leap second", "2016-12-31T23:59:00Z"},
		{"summer time begins in Europe", "2026-03-29T00:59:00Z"},
		{"midnight in Japan", "2026-04-01T14:59:00Z"},
		{"summer time ends in Europe", "2026-10-25T00:59:00Z"},
		{"summer time ends in New York", "2026-11-01T05:59:00Z"},
		{"the year ends in Japan", "2026-12-31T14:59:00Z"},
		{"29 February", "2028-02-28T23:59:00Z"},
	}
	for _, night := range nights {
		e.setClockText(night.at)
		for range 3 {
			e.accept(t, e.code(t, 0), "%s", night.name)
			e.advanceSteps(1)
		}
	}
	return fmt.Sprintf("codes of 3 consecutive steps accepted at %d such times; the time zone of the target's machine was not changed", len(nights))
}
