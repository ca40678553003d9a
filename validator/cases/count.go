// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

var countCases = []Case{
	{"C36", "no more than 100 wrong codes in a row can be tried", "N 3.2.2", Must, false, c36},
	{"C37", "the token is suspended by exactly the N-th wrong code in a row (BK-05)", "BK-05; R42 §7.3", Bank, false, c37},
	{"C38", "a right code sets the count back", "N 3.2.2", Should, false, c38},
	{"C39", "every wrong entry counts, the same wrong code each time", "BK-05; R42 §7.3", Bank, false, c39},
	{"C40", "whether an entry that is no code counts is declared", "BK-05", Bank, false, c40},
	{"C41", "whether a used code counts is declared; it never lifts a suspension", "N 3.2.2; BK-02", Should, false, c41},
	{"C42", "wrong codes that come at once are all counted", "R42 §7.3", Must, false, c42},
	{"C43", "nobody learns from the answer whether a code is right while its token is out of use", "N 3.2.2", Must, false, c43},
}

func c36(e *env) string {
	const tries = 101
	f := e.fob()
	e.accept(f, e.code(f, 0), "a right code before")
	e.steps(1)
	for i, code := range e.wrong(f, tries) {
		e.refuse(f, code, "wrong code %d", i+1)
	}
	e.refuse(f, e.code(f, 0), "the right code after %d wrong ones", tries)
	return fmt.Sprintf("the right code after %d wrong ones is refused", tries)
}

func c37(e *env) string {
	n := e.rules.LockoutThreshold
	fobs := e.fobs(2)
	for _, code := range e.wrong(fobs[0], n-1) {
		e.refuse(fobs[0], code, "a wrong code")
	}
	e.accept(fobs[0], e.code(fobs[0], 0), "the right code after %d wrong ones", n-1)
	for _, code := range e.wrong(fobs[1], n) {
		same(e, false, e.token(fobs[1]).Suspended, "suspended before the %d-th wrong code", n)
		e.refuse(fobs[1], code, "a wrong code")
	}
	same(e, true, e.token(fobs[1]).Suspended, "suspended after %d wrong codes", n)
	e.refuse(fobs[1], e.code(fobs[1], 0), "the right code after %d wrong ones", n)
	return fmt.Sprintf("the right code is accepted after %d wrong ones, refused after %d", n-1, n)
}

func c38(e *env) string {
	f := e.fob()
	for range 2 {
		for _, code := range e.wrong(f, e.rules.LockoutThreshold-1) {
			e.refuse(f, code, "a wrong code")
		}
		e.accept(f, e.code(f, 0), "the right code after %d wrong ones", e.rules.LockoutThreshold-1)
		same(e, 0, e.token(f).Wrong, "the count after a right code")
		e.steps(1)
	}
	return fmt.Sprintf("%d wrong, right, %d wrong, right: both accepted", e.rules.LockoutThreshold-1, e.rules.LockoutThreshold-1)
}

func c39(e *env) string {
	f := e.fob()
	code := e.wrong(f, 1)[0]
	for i := range e.rules.LockoutThreshold {
		e.refuse(f, code, "the same wrong code")
		same(e, i+1, e.token(f).Wrong, "the count after %d times", i+1)
	}
	same(e, true, e.token(f).Suspended, "suspended")
	e.unlock(f)
	e.accept(f, e.code(f, 0), "the right code after lifting")
	return fmt.Sprintf("counted %d of %d, then suspended", e.rules.LockoutThreshold, e.rules.LockoutThreshold)
}

func c40(e *env) string {
	f := e.fob()
	entries := []string{"", "12345", "1234567", "12345a", "abcdef", "１２３４５６", "      ", "12 456", "-12345", "123456789012345678901234567890", "'; --", "{{7}}"}
	for _, s := range entries {
		e.refuse(f, s, "an entry of %d bytes that is no code", len(s))
	}
	counted := e.token(f).Wrong
	if !e.rules.CountMalformed {
		same(e, 0, counted, "counted, where it is declared that they are not")
		e.accept(f, e.code(f, 0), "the right code after them")
		return fmt.Sprintf("declared not to count: counted 0 of %d, the right code accepted", len(entries))
	}
	same(e, e.rules.LockoutThreshold, counted, "counted, where it is declared that they are")
	return fmt.Sprintf("declared to count: suspended after %d of %d", counted, len(entries))
}

func c41(e *env) string {
	f := e.fob()
	n := e.rules.LockoutThreshold
	code := e.code(f, 0)
	e.accept(f, code, "the code")
	for range n {
		e.refuse(f, code, "the same code again")
	}
	v := e.token(f)
	if e.rules.CountReplayed {
		same(e, true, v.Suspended, "suspended, where it is declared that used codes count")
	} else {
		same(e, 0, v.Wrong, "counted, where it is declared that used codes do not")
		e.lock(f)
	}
	for range n {
		e.refuse(f, code, "the used code of a suspended token")
	}
	same(e, true, e.token(f).Suspended, "suspended after used codes")
	return fmt.Sprintf("declared: counts is %v; counted %d of %d; a suspension stays", e.rules.CountReplayed, v.Wrong, n)
}

// c42 counts in two ways. On many tokens, fewer wrong codes at once than the limit must
// all be counted. On one token, more at once than the limit must suspend it.
func c42(e *env) string {
	const parallel = 40
	few := e.rules.LockoutThreshold - 1
	tokens := (parallel + few - 1) / few
	counted, entered := 0, 0
	for _, f := range e.fobs(tokens) {
		codes := e.wrong(f, few)
		same(e, 0, e.atOnce(f, codes), "accepted of %d wrong codes at once", few)
		counted += e.token(f).Wrong
		entered += few
		e.accept(f, e.code(f, 0), "the right code after %d wrong ones", few)
	}
	same(e, entered, counted, "wrong codes counted, %d at once on each of %d tokens", few, tokens)
	f := e.fob()
	same(e, 0, e.atOnce(f, e.wrong(f, parallel)), "accepted of %d wrong codes at once", parallel)
	v := e.token(f)
	same(e, true, v.Suspended, "suspended after %d wrong codes at once", parallel)
	same(e, e.rules.LockoutThreshold, v.Wrong, "counted until suspended")
	e.refuse(f, e.code(f, 0), "the right code then")
	return fmt.Sprintf("counted %d of %d, %d at once; after %d at once suspended, counted %d", counted, entered, few, parallel, v.Wrong)
}

// c43 compares the answers to the right code and to a wrong one byte by byte, except
// for the date.
func c43(e *env) string {
	fobs := e.fobs(4)
	locked, revoked, lost, broken := fobs[0], fobs[1], fobs[2], fobs[3]
	old, nobody, inUse := e.newFob(), e.newFob(), e.fob()
	e.imported(pskcFile("", pskcKey{fob: old, deviceExpiry: "2026-03-31T14:59:59Z"}), e.contract)
	e.lock(locked)
	e.revoke(revoked)
	e.report(lost, "lost")
	e.report(broken, "broken")
	ask := func(f *fob, code string) string {
		r := e.send(e.client.t.CheckKey, http.MethodPost, "/v1/check", object{"serial": f.serial, "code": code})
		r.header.Del("Date")
		return fmt.Sprint(r.status, r.header, string(r.body))
	}
	want := ask(inUse, e.wrong(inUse, 1)[0])
	states := []struct {
		name string
		f    *fob
	}{{"suspended", locked}, {"expired", old}, {"revoked", revoked}, {"lost", lost}, {"broken", broken}, {"unknown", nobody}}
	for _, s := range states {
		same(e, want, ask(s.f, e.wrong(s.f, 1)[0]), "the answer to a wrong code of a token that is %s", s.name)
		same(e, want, ask(s.f, e.code(s.f, 0)), "the answer to the right code of a token that is %s", s.name)
	}
	right, wrong := e.code(locked, 0), e.wrong(locked, 1)[0]
	times, ratio := e.compare(100, func() { ask(locked, right) }, func() { ask(locked, wrong) })
	if ratio > mostRatio {
		e.failf("a suspended token: a tenth of the answers within %v for right codes, %v for wrong ones", times[0], times[1])
	}
	return fmt.Sprintf("status, headers and body alike in %d states; suspended: a tenth of the answers within %v for right, %v for wrong codes", len(states), times[0], times[1])
}

// mostRatio is the largest allowed ratio of times on a machine that also does other
// work. It detects work that is done for some codes only. The leak of a comparison that
// ends early is far smaller, and cannot be measured in this way.
const mostRatio = 1.25

// rounds is the maximum number of measurements until the times are alike. A busy
// machine is not the error that is searched for. All rounds count.
const rounds = 5

// timings are the times of several requests, each measured repeatedly.
type timings [][]time.Duration

// quick returns, for each request, the time within which a tenth of its answers came,
// and the largest ratio between two of them. Other work of the machine makes slow
// answers slower but does not affect the quick ones.
func (t timings) quick() (times []time.Duration, ratio float64) {
	for _, took := range t {
		slices.Sort(took)
		times = append(times, took[len(took)/10].Round(time.Microsecond))
	}
	return times, float64(slices.Max(times)) / float64(max(slices.Min(times), 1))
}

// compare calls the functions in turn, n times each, and measures their times; see
// [timings.quick].
func (e *env) compare(n int, fns ...func()) (times []time.Duration, ratio float64) {
	took := make(timings, len(fns))
	for range rounds {
		for i := range n {
			for j := range fns {
				k := (i + j) % len(fns) // vary the order: each follows a different one
				begun := time.Now()
				fns[k]()
				took[k] = append(took[k], time.Since(begun))
			}
		}
		if times, ratio = took.quick(); ratio <= mostRatio {
			break
		}
	}
	return times, ratio
}
