// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"fmt"
	"time"
)

var driftCases = []Case{
	{
		ID: "C23", Requirement: "the server follows the clock of a token, by steps, after each success",
		Source: "RFC 6238 §6", Level: Should, run: c23,
		Why: "The crystal of a token is minutes off after some years. A server that does not learn the offset refuses the token long before its battery is empty.",
		Steps: []string{
			"Import a token.",
			"Use it ten times, each time with a clock one step farther ahead, after the declared time in which an offset may change. Each code must be accepted.",
			"Without the verb clock: enter the last code of the window, and then the one after it. Both must be accepted.",
		},
	},
	{
		ID: "C24", Requirement: "the stored offset does not depend on the second in which a code arrives",
		Source: "RFC 6238 §6", Level: Should, Needs: []Verb{VerbStatus}, lacks: driftShown, Wait: 2 * time.Minute, run: c24,
		Why: "If the second of the entry counts as drift, users who type late push the window away from a token whose clock is correct.",
		Steps: []string{
			"Import two tokens.",
			"Enter the code of the first at the beginning of a step, and the code of the second at its end. Both must be accepted.",
			"Read the stored offsets. They must be equal.",
		},
	},
	{
		ID: "C25", Requirement: "the stored offset moves no faster than a clock can drift",
		Source: "RFC 6238 §6", Level: Should, run: c25,
		Why: "A window that jumps after every code is as wide as an attacker likes. Each jump makes other codes valid, and the next guess easier.",
		Steps: []string{
			"Import a token.",
			"Enter its codes of 8, 12 and 20 steps ahead. The last one must be refused.",
			"Enter the current code of another token. It must be accepted.",
		},
	},
	{
		ID: "C26", Requirement: "failed attempts do not move the offset",
		Source: "RFC 6238 §6", Level: Must, run: c26,
		Why: "With a user name alone, an attacker could otherwise push the window away, and the user's own codes are refused.",
		Steps: []string{
			"Import a token.",
			"Enter codes of the token itself that lie after the window, fewer than lock it. They must be refused, and the stored offset must stay 0.",
			"Enter the current code. It must be accepted. Do both twice.",
		},
	},
	{
		ID: "C27", Requirement: "a code far outside the window is refused without locking the token, and two codes correct its clock",
		Source: "RFC 6238 §6", Level: Should, run: c27,
		Why: "A token that lay in a drawer for a year is off by minutes. Its user needs a correction, not a new token.",
		Steps: []string{
			"Import a token.",
			"Enter its code of 20 steps ahead. It must be refused.",
			"Enter its current code. It must be accepted: the refused code has not locked it.",
			"Enter the code of 20 steps ahead of a second token, a year later if the target has the verb clock. It must be refused.",
			"Correct this token by its next two codes, if the target has the verb resync. The code after them must be accepted.",
		},
	},
}

const day = 86400

func c23(e *env) string {
	interval := 30 * day * time.Second
	if d := e.target.Declares.DriftInterval; d != nil {
		interval = *d
	}
	t := e.token()
	if !e.has(VerbClock) {
		if e.target.Declares.DriftInterval != nil && interval > 0 {
			e.skipf("needs clock, because the offset moves by one step in %s", interval)
		}
		h := e.windowOf().high
		e.accept(t, e.code(t, h), "the code of step %+d, the last in the window", h)
		e.accept(t, e.code(t, h+1), "then the code of step %+d, one more", h+1)
		return fmt.Sprintf("the code of step %+d is accepted after that of step %+d", h+1, h)
	}
	const uses = 10
	for i := int64(1); i <= uses; i++ {
		e.advance((int64(interval/time.Second)/e.period() + 1) * e.period())
		e.accept(t, e.code(t, i), "use %d, with a clock %d steps ahead", i, i)
	}
	if d := e.status(t).Drift; d != nil {
		equal(e, uses, *d, "the stored offset in steps")
	}
	return fmt.Sprintf("%d of %d uses accepted, each one more step ahead", uses, uses)
}

func c24(e *env) string {
	var got []float64
	begun := (e.step() + 1) * e.period()
	for _, second := range []int64{2, e.period() - 4} {
		t := e.token()
		if e.has(VerbClock) {
			e.setClock(begun + second)
		} else {
			e.loose()
			e.wait(time.Until(time.Unix(begun+second, 0)))
		}
		e.accept(t, e.code(t, 0), "at second %d", second)
		d := e.status(t).Drift
		if d == nil {
			e.skipf("needs the drift in the status")
		}
		got = append(got, *d)
	}
	equal(e, got[0], got[1], "the stored offset after a code late in its step, and early in its step")
	return fmt.Sprintf("offset %g after codes at the beginning and at the end of a step", got[0])
}

// c25 tries to move the window as some servers allow: each code is a little farther off,
// by more than a usual window. Smaller steps forward prove that the clock is that fast,
// because no code is shown before its time.
func c25(e *env) string {
	far := []int64{8, 12, 20}
	t := e.token()
	reached := int64(0)
	for _, n := range far {
		if e.check(t, e.code(t, n)).Verdict == Accepted {
			reached = n
		}
	}
	if reached == far[len(far)-1] {
		e.failf("the code of step %+d is accepted, after codes of the steps before it in %+d", reached, far)
	}
	other := e.token()
	e.accept(other, e.good(other), "the code of the current step of another token")
	return fmt.Sprintf("of codes of the steps %+d, accepted up to %+d", far, reached)
}

// c26 enters codes of the token itself outside the window, because a server that learns
// from refused codes learns from these.
func c26(e *env) string {
	t := e.token()
	w := e.windowOf()
	most := min(max(e.lockoutOr(maxWrong)-1, 0), 4)
	if most == 0 {
		e.skipf("one wrong code locks a token")
	}
	entered := 0
	for range 2 {
		before := 0.0 // correct codes may move it
		if d := e.status(t).Drift; d != nil {
			before = *d
		}
		for n := range int64(most) {
			e.refuse(t, e.code(t, w.high+2+n), "the code of step %+d", w.high+2+n)
			entered++
		}
		if d := e.status(t).Drift; d != nil {
			equal(e, before, *d, "the stored offset after refused codes")
		}
		e.accept(t, e.good(t), "the correct code after %d refused ones", most)
	}
	return fmt.Sprintf("the correct codes are accepted after %d refused codes of later steps", entered)
}

func c27(e *env) string {
	const off = 20
	w := e.windowOf()
	if w.high >= off {
		e.failf("window %s: a code of step %+d is accepted", w, off)
	}
	other := e.token()
	e.refuse(other, e.code(other, off), "the code of step %+d", off)
	e.accept(other, e.good(other), "the correct code after it")
	t := e.token()
	if e.has(VerbClock) {
		e.advance(365 * day)
	}
	a := e.check(t, e.code(t, off))
	e.refused(a, "the code of step %+d", off)
	if !e.has(VerbResync) {
		return fmt.Sprintf("the code of step %+d: %s, and no lockout; the target has no resync", off, a.Verdict)
	}
	equal(e, Accepted, e.resync(t, e.code(t, off+1), e.code(t, off+2)), "two consecutive codes of steps %+d and %+d", off+1, off+2)
	next := e.code(t, off+3)
	if w.high == 0 {
		e.advanceSteps(1)
	}
	e.accept(t, next, "the next code")
	return fmt.Sprintf("the code of step %+d: %s, no lockout, corrected by two codes", off, a.Verdict)
}

// lockoutOr is lockout with another value if there is none.
func (e *env) lockoutOr(n int) int {
	if l := e.run.threshold.get(e, lockoutID, (*env).measureLockout); l > 0 {
		return l
	}
	return n
}
