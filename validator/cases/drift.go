// SPDX-License-Identifier: Apache-2.0

package cases

import "fmt"

var driftCases = []Case{
	{"C23", "a clock that moves by a step in 15 days at most is followed: the offset is remembered in steps after each use", "R62 §6", Bank, false, c23},
	{"C24", "the offset remembered does not depend on where in the step a code comes", "R62 §6", Should, false, c24},
	{"C25", "what is learned of a clock is bounded in time: a slow clock, not a thief", "R62 §6", Should, false, c25},
	{"C26", "wrong entries do not move the offset", "R62 §6", Must, false, c26},
	{"C27", "a token outside the window after a long silence needs two codes, and is not suspended", "R62 §6", Should, false, c27},
}

func c23(e *env) string {
	const uses = 10
	f := e.fob()
	for i := int64(1); i <= uses; i++ {
		e.pass(e.rules.DriftInterval)
		e.accept(f, e.code(f, i), "use %d, %d steps ahead", i, i)
	}
	same(e, uses, e.token(f).Offset, "the offset remembered, in steps")
	return fmt.Sprintf("%d of %d uses accepted with a step more every %d days; offset %+d", uses, uses, e.rules.DriftInterval/86400, uses)
}

func c24(e *env) string {
	fobs := e.fobs(2)
	var got []int64
	for i, second := range []int64{1, period - 1} {
		e.at(start + second)
		e.accept(fobs[i], e.code(fobs[i], 0), "at second %d", second)
		got = append(got, e.token(fobs[i]).Offset)
		same(e, 0, got[i], "the offset after a code at second %d", second)
	}
	return fmt.Sprintf("offset %d and %d after codes at second 1 and %d", got[0], got[1], period-1)
}

// c25 tries to move the clock as some servers allow: each code is a little farther off.
func c25(e *env) string {
	alone, pairs := e.fob(), e.fob()
	far := []int64{8, 12, 20}
	for i, n := range far {
		e.at(start + int64(i)*3600)
		e.refuse(alone, e.code(alone, n), "one code %+d steps off", n)
	}
	var reached []int64
	for i, n := range far {
		e.at(start + int64(i)*3600)
		e.refuse(pairs, e.code(pairs, n), "the first of two codes %+d steps off", n)
		e.steps(1)
		if e.check(pairs, e.code(pairs, n)) == corrected {
			reached = append(reached, n)
		}
	}
	if len(reached) > 1 {
		e.failf("two codes each moved the clock to %+d within 2 h", reached)
	}
	e.accept(alone, e.code(alone, 0), "the code of the present step, of a token whose codes were off")
	off := e.token(pairs).Offset
	if off > e.rules.LookAhead {
		e.failf("offset %+d within 2 h", off)
	}
	return fmt.Sprintf("%+d within 2 h: single codes not accepted; two in a row moved it to %+d and no farther", far, off)
}

func c26(e *env) string {
	const groups = 5
	f := e.fob()
	entered := 0
	for range groups {
		for _, code := range e.wrong(f, e.rules.LockoutThreshold-1) {
			e.refuse(f, code, "a wrong code")
			entered++
		}
		same(e, 0, e.token(f).Offset, "the offset after wrong codes")
		e.accept(f, e.code(f, 0), "the right code after %d wrong ones", e.rules.LockoutThreshold-1)
		e.steps(1)
	}
	return fmt.Sprintf("offset 0 after %d wrong codes in %d groups", entered, groups)
}

func c27(e *env) string {
	const off = 20
	f := e.fob()
	e.pass(365 * 86400)
	a := e.check(f, e.code(f, off))
	if a == accepted {
		e.failf("a code %+d steps off is accepted", off)
	}
	same(e, false, e.token(f).Suspended, "suspended after one such code")
	e.steps(1)
	same(e, corrected, e.resync(f, e.code(f, off), e.code(f, off+1)), "two codes in a row, %+d off", off)
	e.steps(2)
	e.accept(f, e.code(f, off), "the code after")
	return fmt.Sprintf("%+d after a year: %q, not suspended, corrected by two codes", off, a)
}
