// SPDX-License-Identifier: Apache-2.0

package cases

import "fmt"

var resyncCases = []Case{
	{"C28", "two consecutive codes correct a clock", "R42 §7.4", Must, false, c28},
	{"C29", "the resync window has a declared limit", "R42 §7.4", Must, false, c29},
	{"C30", "codes that corrected a clock cannot log in", "R62 §5.2", Must, false, c30},
	{"C31", "the next code after a correction is accepted at once", "usability", Should, false, c31},
	{"C32", "used codes do not correct a clock", "R62 §5.2", Must, false, c32},
	{"C33", "failed corrections count like failed logins", "R42 §7.3", Must, false, c33},
	{"C34", "a correction does not unlock a token", "BK-07", Bank, false, c34},
	{"C35", "the clock of a revoked or expired token is not corrected", "BK-14, BK-18", Bank, false, c35},
}

func c28(e *env) string {
	fobs := e.fobs(4)
	code := func(f *fob, n int64) string { return e.code(f, 30+n) }
	tries := []struct {
		name          string
		first, second int64
		want          string
	}{
		{"n, n+1", 0, 1, corrected},
		{"n, n+2", 0, 2, refused},
		{"n+1, n", 1, 0, refused},
		{"n, n", 0, 0, refused},
	}
	for i, try := range tries {
		f := fobs[i]
		equal(e, try.want, e.resync(f, code(f, try.first), code(f, try.second)), "the answer to the codes %s", try.name)
	}
	return "(n, n+1) corrects; (n, n+2), (n+1, n) and (n, n) do not"
}

// c29 tests pairs of codes whose second code is at an offset.
func c29(e *env) string {
	reach := e.rules.ResyncWindow
	offsets := []int64{10, -10, 60, -60, reach, -reach, reach + 1, -reach - 1, 1440, -1440, 10000, -10000}
	fobs := e.fobs(len(offsets))
	most := int64(0)
	for i, n := range offsets {
		f := fobs[i]
		want := corrected
		if n > reach || n < -reach {
			want = refused
		} else {
			most = max(most, n)
		}
		equal(e, want, e.resync(f, e.code(f, n-1), e.code(f, n)), "the answer to codes %+d steps off, with a declared window of %d", n, reach)
	}
	return fmt.Sprintf("corrected up to ±%d steps, as declared; ±%d and ±10000 refused", most, reach+1)
}

func c30(e *env) string {
	f := e.fob()
	first, second := e.code(f, -1), e.code(f, 0)
	equal(e, corrected, e.resync(f, first, second), "two consecutive codes")
	e.refuse(f, second, "the second code")
	e.refuse(f, first, "the first code")
	return "both codes refused"
}

func c31(e *env) string {
	for _, off := range []int64{0, 30} {
		f := e.fob()
		equal(e, corrected, e.resync(f, e.code(f, off-1), e.code(f, off)), "two consecutive codes")
		e.advanceSteps(1)
		e.accept(f, e.code(f, off), "the next code, %+d off", off)
	}
	return "the next code accepted a step later"
}

func c32(e *env) string {
	f := e.fob()
	used := e.code(f, 0)
	e.accept(f, used, "the first code")
	e.advanceSteps(1)
	equal(e, refused, e.resync(f, used, e.code(f, 0)), "a used code and the next one")
	e.accept(f, e.code(f, 0), "the next code, which was not used up")
	return "refused, and the next code still accepted"
}

func c33(e *env) string {
	const tries = 100
	u := e.userWithToken("master")
	codes := e.wrongCodes(u.fob, 2*tries)
	after := 0
	for i := range tries {
		a := e.perform(e.session(u), u.fob, "resync", object{"first": codes[2*i], "second": codes[2*i+1]})
		equal(e, refused, a.Answer, "pair %d of wrong codes", i)
		if after == 0 && e.token(u.fob).Suspended {
			after = i + 1
		}
	}
	equal(e, e.rules.LockoutThreshold, after, "wrong pairs until the suspension")
	a := e.perform(e.session(u), u.fob, "resync", object{"first": e.code(u.fob, -1), "second": e.code(u.fob, 0)})
	equal(e, refused, a.Answer, "the correct pair while suspended")
	return fmt.Sprintf("suspended after %d of %d wrong pairs; the correct pair then refused", after, tries)
}

func c34(e *env) string {
	u := e.userWithToken("master")
	e.suspend(u.fob)
	e.advanceSteps(2)
	a := e.perform(e.session(u), u.fob, "resync", object{"first": e.code(u.fob, -1), "second": e.code(u.fob, 0)})
	equal(e, refused, a.Answer, "two consecutive codes of a suspended token")
	equal(e, true, e.token(u.fob).Suspended, "suspended after the correction")
	e.advanceSteps(1)
	equal(e, refused, e.transfer(u, e.code(u.fob, 0)), "the next code")
	return "still suspended"
}

func c35(e *env) string {
	gone, old := e.fob(), e.newFob()
	e.importFile(pskcFile("", pskcKey{fob: old, deviceExpiry: "2026-04-30T14:59:59Z"}), e.contract)
	e.revoke(gone)
	equal(e, refused, e.resync(gone, e.code(gone, -1), e.code(gone, 0)), "two codes of a revoked token")
	e.setClockText("2026-04-30T15:01:00Z")
	equal(e, refused, e.resync(old, e.code(old, -1), e.code(old, 0)), "two codes of an expired token")
	return "refused for both"
}
