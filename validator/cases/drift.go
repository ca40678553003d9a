// SPDX-License-Identifier: Apache-2.0

package cases

import "fmt"

var driftCases = []Case{
	{"C23", "the server follows a clock that moves by at most one step in 15 days, and stores its offset in steps after each use", "R62 §6", Bank, false, c23},
	{"C24", "the stored offset does not depend on the second in which a code arrives", "R62 §6", Should, false, c24},
	{"C25", "the stored offset moves no faster than a clock can drift, so a thief cannot move it", "R62 §6", Should, false, c25},
	{"C26", "failed attempts do not move the offset", "R62 §6", Must, false, c26},
	{"C27", "after a long time without use, a token outside the window needs two codes and is not suspended", "R62 §6", Should, false, c27},
}

func c23(e *env) string {
	const uses = 10
	f := e.fob()
	for i := int64(1); i <= uses; i++ {
		e.advance(e.rules.DriftInterval)
		e.accept(f, e.code(f, i), "use %d, %d steps ahead", i, i)
	}
	equal(e, uses, e.token(f).Offset, "the stored offset in steps")
	return fmt.Sprintf("%d of %d uses accepted with one more step every %d days; offset %+d", uses, uses, e.rules.DriftInterval/86400, uses)
}

func c24(e *env) string {
	fobs := e.fobs(2)
	var got []int64
	for i, second := range []int64{1, period - 1} {
		e.setClock(start + second)
		e.accept(fobs[i], e.code(fobs[i], 0), "at second %d", second)
		got = append(got, e.token(fobs[i]).Offset)
		equal(e, 0, got[i], "the offset after a code at second %d", second)
	}
	return fmt.Sprintf("offsets %d and %d after codes at second 1 and second %d", got[0], got[1], period-1)
}

// c25 tries to move the clock as some servers allow: each code is a little farther off.
func c25(e *env) string {
	alone, pairs := e.fob(), e.fob()
	far := []int64{8, 12, 20}
	for i, n := range far {
		e.setClock(start + int64(i)*3600)
		e.refuse(alone, e.code(alone, n), "one code %+d steps off", n)
	}
	var reached []int64
	for i, n := range far {
		e.setClock(start + int64(i)*3600)
		e.refuse(pairs, e.code(pairs, n), "the first of two codes %+d steps off", n)
		e.advanceSteps(1)
		if e.check(pairs, e.code(pairs, n)) == corrected {
			reached = append(reached, n)
		}
	}
	if len(reached) > 1 {
		e.failf("pairs of codes moved the offset to %+d within 2 h", reached)
	}
	e.accept(alone, e.code(alone, 0), "the code of the current step, after codes that were off")
	off := e.token(pairs).Offset
	if off > e.rules.LookAhead {
		e.failf("offset %+d within 2 h", off)
	}
	return fmt.Sprintf("%+d within 2 h: single codes not accepted; pairs moved the offset to %+d and no farther", far, off)
}

func c26(e *env) string {
	const groups = 5
	f := e.fob()
	entered := 0
	for range groups {
		for _, code := range e.wrongCodes(f, e.rules.LockoutThreshold-1) {
			e.refuse(f, code, "a wrong code")
			entered++
		}
		equal(e, 0, e.token(f).Offset, "the offset after wrong codes")
		e.accept(f, e.code(f, 0), "the correct code after %d wrong ones", e.rules.LockoutThreshold-1)
		e.advanceSteps(1)
	}
	return fmt.Sprintf("offset 0 after %d wrong codes in %d groups", entered, groups)
}

func c27(e *env) string {
	const off = 20
	f := e.fob()
	e.advance(365 * 86400)
	a := e.check(f, e.code(f, off))
	if a == accepted {
		e.failf("a code %+d steps off is accepted", off)
	}
	equal(e, false, e.token(f).Suspended, "suspended after one such code")
	e.advanceSteps(1)
	equal(e, corrected, e.resync(f, e.code(f, off), e.code(f, off+1)), "two consecutive codes, %+d off", off)
	e.advanceSteps(2)
	e.accept(f, e.code(f, off), "the next code")
	return fmt.Sprintf("a code %+d off after a year: %q, not suspended, corrected by two codes", off, a)
}
