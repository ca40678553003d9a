// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"fmt"
	"strings"
	"time"
)

var resyncCases = []Case{
	{
		ID: "C28", Requirement: "two consecutive codes correct a clock, and no other two do",
		Source: "RFC 4226 §7.4", Level: Must, Needs: []Verb{VerbResync}, run: c28,
		Why: "Two codes in a row prove the possession of the token. Pairs with a gap or in another order are many times easier to guess.",
		Steps: []string{
			"Import four tokens whose clocks are far ahead.",
			"Correct the first by two consecutive codes. It must succeed.",
			"Try to correct the others by codes with a gap, in the wrong order, and by the same code twice. Each must be refused.",
		},
	},
	{
		ID: "C29", Requirement: "the search for the two codes has a limit, which is the declared one",
		Source: "RFC 4226 §7.4", Level: Must, Needs: []Verb{VerbResync}, run: c29,
		Why: "A search without a limit finds a pair for almost any guess, and codes noted a week ago move the clock back to them.",
		Steps: []string{
			"Import tokens, and correct each by two consecutive codes at another distance.",
			"Distances within the declared limit must be accepted, and those beyond it refused.",
			"If no limit is declared, codes that are a week off must be refused.",
		},
	},
	{
		ID: "C30", Requirement: "codes that corrected a clock cannot log in",
		Source: "RFC 6238 §5.2", Level: Must, Needs: []Verb{VerbResync}, run: c30,
		Why: "Both codes were sent, and can be replayed like any other used code.",
		Steps: []string{
			"Import a token, and correct it by the previous and the current code. It must succeed.",
			"Enter both codes. They must be refused.",
			"Enter the next code. It must be accepted.",
		},
	},
	{
		ID: "C31", Requirement: "the next code after a correction is accepted at once",
		Source: "usability", Level: Should, Needs: []Verb{VerbResync}, run: c31,
		Why: "The user has followed the instructions, enters the next code, and is refused. The help desk gets a second call.",
		Steps: []string{
			"Import a token, and correct it by two consecutive codes.",
			"Enter the code that follows them. It must be accepted.",
			"Do the same with a token whose clock is far ahead.",
		},
	},
	{
		ID: "C32", Requirement: "used codes do not correct a clock",
		Source: "RFC 6238 §5.2", Level: Must, Needs: []Verb{VerbResync}, run: c32,
		Why: "A code that was seen during a login is one half of the proof. Its successor is then the only secret left.",
		Steps: []string{
			"Import a token, and enter its current code. It must be accepted.",
			"Try to correct the token by this code and the next one. It must be refused.",
			"Enter the next code. It must be accepted.",
		},
	},
	{
		ID: "C33", Requirement: "failed corrections are throttled like failed logins",
		Source: "RFC 4226 §7.3", Level: Must, Needs: []Verb{VerbResync}, run: c33,
		Why: "The page for corrections is otherwise a way to guess codes without being locked out, over a far wider window.",
		Steps: []string{
			"Import a token, and correct it by two consecutive codes. It must succeed.",
			"Import others, and revoke one, let one expire, and report one as lost and one as broken, as far as the target has the verbs.",
			"Try to correct each of them by two consecutive codes. It must be refused.",
		},
	},
	{
		ID: "C34", Requirement: "a correction does not unlock a token",
		Source: "bank rule BK-07", Level: Bank, Needs: []Verb{VerbResync}, Wait: 2 * time.Minute, run: c34,
		Why: "A thief unlocks the stolen token alone, and has any number of attempts.",
		Steps: []string{
			"Import a token, and lock it with wrong codes.",
			"Submit two consecutive codes to correct its clock.",
			"Enter the code that follows them. It must be refused.",
			"If the target has the verb unlock: unlock the token, and enter a code. It must be accepted.",
		},
	},
	{
		ID: "C35", Requirement: "the clock of a token that is revoked, expired, lost or broken is not corrected",
		Source: "bank rules BK-14 and BK-18", Level: Bank, Needs: []Verb{VerbResync}, run: c35,
		Why: "A token out of use that still has a use comes back to life in some corner of the system.",
		Steps: []string{
			"Import two tokens, and correct the first by two consecutive codes. It must succeed.",
			"Revoke the second.",
			"Try to correct the second. It must be refused.",
		},
	},
}

// farOff is the offset of clocks that are corrected, in steps: outside of usual windows.
const farOff = 10

func (e *env) farOff() int64 {
	n := int64(farOff)
	if d := e.target.Declares.Resync; d != nil {
		n = min(n, *d-3)
	}
	if w := e.windowOf(); n <= w.high {
		e.skipf("the window %s reaches as far as resynchronisation", w)
	}
	return n
}

func c28(e *env) string {
	off := e.farOff()
	tries := []struct {
		name          string
		first, second int64
		want          Verdict
	}{
		{"n, n+1", 0, 1, Accepted},
		{"n, n+2", 0, 2, Refused},
		{"n+1, n", 1, 0, Refused},
		{"n, n", 0, 0, Refused},
	}
	for _, try := range tries {
		t := e.token()
		equal(e, try.want, e.resync(t, e.code(t, off+try.first), e.code(t, off+try.second)), "the answer to the codes %s", try.name)
	}
	return "(n, n+1) corrects; (n, n+2), (n+1, n) and (n, n) do not"
}

// c29 tests pairs of codes whose second code is at an offset.
func c29(e *env) string {
	corrects := func(n int64) bool {
		t := e.token()
		return e.resync(t, e.code(t, n-1), e.code(t, n)) == Accepted
	}
	near := e.farOff()
	equal(e, true, corrects(near), "corrected by codes of step %+d", near)
	if d := e.target.Declares.Resync; d != nil {
		for _, n := range []int64{*d, -*d + 1} { // both codes are in the limit
			equal(e, true, corrects(n), "corrected by codes of step %+d, with a declared limit of %d", n, *d)
		}
		for _, n := range []int64{*d + 1, -*d - 1, *d + 1000, -*d - 1000} {
			equal(e, false, corrects(n), "corrected by codes of step %+d, with a declared limit of %d", n, *d)
		}
		return fmt.Sprintf("corrected up to ±%d steps, as declared", *d)
	}
	reached := near
	for _, n := range []int64{60, 1440, 10000} {
		if corrects(n) || corrects(-n) {
			reached = n
		}
	}
	if reached == 10000 {
		e.failf("codes 10000 steps off, a week, correct a clock")
	}
	return fmt.Sprintf("corrected at ±%d steps, and not at all of ±60, ±1440 and ±10000; the target declares no limit", reached)
}

func c30(e *env) string {
	for _, name := range []string{"second", "first"} { // a token each, because both may count as wrong codes
		t := e.token()
		first, second := e.code(t, -1), e.code(t, 0)
		equal(e, Accepted, e.resync(t, first, second), "two consecutive codes")
		e.refuse(t, map[string]string{"first": first, "second": second}[name], "the %s code", name)
		t.last = e.stepOf(t)
		e.accept(t, e.good(t), "the next code")
	}
	return "both codes refused, the next one accepted"
}

func c31(e *env) string {
	for _, off := range []int64{0, e.farOff()} {
		t := e.token()
		equal(e, Accepted, e.resync(t, e.code(t, off-1), e.code(t, off)), "two consecutive codes of steps %+d and %+d", off-1, off)
		next := e.code(t, off+1)
		if e.has(VerbClock) || e.windowOf().high == 0 {
			e.advanceSteps(1)
		}
		e.accept(t, next, "the next code, of step %+d", off+1)
	}
	return "the next code is accepted"
}

func c32(e *env) string {
	t := e.token()
	used := e.code(t, 0)
	e.accept(t, used, "the first code")
	next := e.code(t, 1)
	if e.has(VerbClock) || e.windowOf().high == 0 {
		e.advanceSteps(1)
	}
	equal(e, Refused, e.resync(t, used, next), "the answer to a used code and the next one")
	e.accept(t, next, "the next code, which is not used up")
	return "refused, and the next code still accepted"
}

func c33(e *env) string {
	const tries = maxWrong
	off := e.farOff()
	fresh := e.token()
	equal(e, Accepted, e.resync(fresh, e.code(fresh, off), e.code(fresh, off+1)), "two consecutive codes of another token")
	t := e.token()
	codes := e.wrongCodes(t, 2*tries)
	e.loose()
	for i := range tries {
		if v := e.resync(t, codes[2*i], codes[2*i+1]); v != Refused && v != Limited {
			e.failf("pair %d of wrong codes: %s, must be refused", i+1, v)
		}
	}
	e.settle()
	if v := e.resync(t, e.code(t, -1), e.code(t, 0)); v == Accepted {
		e.failf("after %d wrong pairs, the correct pair is accepted", tries)
	}
	return fmt.Sprintf("after %d wrong pairs, the correct pair is refused", tries)
}

func c34(e *env) string {
	t := e.token()
	twin := e.twin()
	e.lock(t)
	verdict := e.resync(t, e.code(t, -1), e.code(t, 0))
	next := e.code(t, 1)
	e.await(twin)
	e.refuse(t, next, "the next code of a locked token, after two consecutive codes (%s)", verdict)
	if e.has(VerbUnlock) {
		e.unlock(t)
		e.accept(t, e.codeAfter(t, next), "a code after unlocking")
	}
	return "still locked"
}

// codeAfter returns the code after another one that was entered, in its time.
func (e *env) codeAfter(t *Token, code string) string {
	t.last = e.stepOf(t)
	if e.code(t, 1) == code {
		t.last++
	}
	return e.good(t)
}

func c35(e *env) string {
	list := e.retired()
	if len(list) == 0 {
		e.skipf("needs %s, %s or %s", VerbRevoke, VerbReport, VerbImportFile)
	}
	used := e.token()
	equal(e, Accepted, e.resync(used, e.code(used, -1), e.code(used, 0)), "the answer to two consecutive codes of a token in use")
	var states []string
	for _, gone := range list {
		first := max(e.stepOf(gone.Token), gone.last+1) - e.stepOf(gone.Token)
		equal(e, Refused, e.resync(gone.Token, e.code(gone.Token, first), e.code(gone.Token, first+1)), "the answer to two consecutive codes of a token that is %s", gone.state)
		states = append(states, gone.state)
	}
	return "refused for a token that is " + strings.Join(states, ", ")
}
