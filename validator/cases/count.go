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
	{"C37", "exactly the N-th wrong code in a row suspends the token", "BK-05; R42 §7.3", Bank, false, c37},
	{"C38", "a correct code resets the count", "N 3.2.2", Should, false, c38},
	{"C39", "every wrong code counts, including the same code again", "BK-05; R42 §7.3", Bank, false, c39},
	{"C40", "the server declares whether malformed entries count", "BK-05", Bank, false, c40},
	{"C41", "the server declares whether used codes count; a used code never unlocks a token", "N 3.2.2; BK-02", Should, false, c41},
	{"C42", "wrong codes that arrive at once are all counted", "R42 §7.3", Must, false, c42},
	{"C43", "while a token is out of use, answers do not reveal whether a code is correct", "N 3.2.2", Must, false, c43},
}

func c36(e *env) string {
	const tries = 101
	f := e.fob()
	e.accept(f, e.code(f, 0), "a correct code before the wrong ones")
	e.advanceSteps(1)
	for i, code := range e.wrongCodes(f, tries) {
		e.refuse(f, code, "wrong code %d", i+1)
	}
	e.refuse(f, e.code(f, 0), "the correct code after %d wrong ones", tries)
	return fmt.Sprintf("the correct code after %d wrong ones is refused", tries)
}

func c37(e *env) string {
	n := e.rules.LockoutThreshold
	fobs := e.fobs(2)
	for _, code := range e.wrongCodes(fobs[0], n-1) {
		e.refuse(fobs[0], code, "a wrong code")
	}
	e.accept(fobs[0], e.code(fobs[0], 0), "the correct code after %d wrong ones", n-1)
	for _, code := range e.wrongCodes(fobs[1], n) {
		equal(e, false, e.token(fobs[1]).Suspended, "suspended before the %d-th wrong code", n)
		e.refuse(fobs[1], code, "a wrong code")
	}
	equal(e, true, e.token(fobs[1]).Suspended, "suspended after %d wrong codes", n)
	e.refuse(fobs[1], e.code(fobs[1], 0), "the correct code after %d wrong ones", n)
	return fmt.Sprintf("the correct code is accepted after %d wrong ones and refused after %d", n-1, n)
}

func c38(e *env) string {
	f := e.fob()
	for range 2 {
		for _, code := range e.wrongCodes(f, e.rules.LockoutThreshold-1) {
			e.refuse(f, code, "a wrong code")
		}
		e.accept(f, e.code(f, 0), "the correct code after %d wrong ones", e.rules.LockoutThreshold-1)
		equal(e, 0, e.token(f).FailedAttempts, "the count after a correct code")
		e.advanceSteps(1)
	}
	return fmt.Sprintf("%d wrong codes, a correct one, %d wrong codes, a correct one: both correct codes accepted", e.rules.LockoutThreshold-1, e.rules.LockoutThreshold-1)
}

func c39(e *env) string {
	f := e.fob()
	code := e.wrongCodes(f, 1)[0]
	for i := range e.rules.LockoutThreshold {
		e.refuse(f, code, "the same wrong code")
		equal(e, i+1, e.token(f).FailedAttempts, "the count after %d attempts", i+1)
	}
	equal(e, true, e.token(f).Suspended, "suspended")
	e.unlock(f)
	e.accept(f, e.code(f, 0), "the correct code after unlocking")
	return fmt.Sprintf("counted %d of %d, then suspended", e.rules.LockoutThreshold, e.rules.LockoutThreshold)
}

func c40(e *env) string {
	f := e.fob()
	entries := []string{"", "12345", "1234567", "12345a", "abcdef", "１２３４５６", "      ", "12 456", "-12345", "123456789012345678901234567890", "'; --", "{{7}}"}
	for _, s := range entries {
		e.refuse(f, s, "a malformed entry of %d bytes", len(s))
	}
	counted := e.token(f).FailedAttempts
	if !e.rules.CountMalformed {
		equal(e, 0, counted, "malformed entries counted, but the target declares that they do not count")
		e.accept(f, e.code(f, 0), "the correct code after malformed entries")
		return fmt.Sprintf("declared not to count: counted 0 of %d, the correct code accepted", len(entries))
	}
	equal(e, e.rules.LockoutThreshold, counted, "malformed entries counted, because the target declares that they count")
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
		equal(e, true, v.Suspended, "suspended, because the target declares that used codes count")
	} else {
		equal(e, 0, v.FailedAttempts, "used codes counted, but the target declares that they do not count")
		e.suspend(f)
	}
	for range n {
		e.refuse(f, code, "the used code of a suspended token")
	}
	equal(e, true, e.token(f).Suspended, "suspended after used codes")
	return fmt.Sprintf("declared to count: %v; counted %d of %d; the token stays suspended", e.rules.CountReplayed, v.FailedAttempts, n)
}

// c42 counts in two ways. On many tokens, fewer wrong codes at once than the limit must
// all be counted. On one token, more at once than the limit must suspend it.
func c42(e *env) string {
	const parallel = 40
	few := e.rules.LockoutThreshold - 1
	tokens := (parallel + few - 1) / few
	counted, entered := 0, 0
	for _, f := range e.fobs(tokens) {
		codes := e.wrongCodes(f, few)
		equal(e, 0, e.atOnce(f, codes), "accepted of %d wrong codes at once", few)
		counted += e.token(f).FailedAttempts
		entered += few
		e.accept(f, e.code(f, 0), "the correct code after %d wrong ones", few)
	}
	equal(e, entered, counted, "wrong codes counted, %d at once on each of %d tokens", few, tokens)
	f := e.fob()
	equal(e, 0, e.atOnce(f, e.wrongCodes(f, parallel)), "accepted of %d wrong codes at once", parallel)
	v := e.token(f)
	equal(e, true, v.Suspended, "suspended after %d wrong codes at once", parallel)
	equal(e, e.rules.LockoutThreshold, v.FailedAttempts, "counted until suspended")
	e.refuse(f, e.code(f, 0), "the correct code while suspended")
	return fmt.Sprintf("counted %d of %d, %d at once; suspended after %d at once, counted %d", counted, entered, few, parallel, v.FailedAttempts)
}

// c43 compares the answers to the correct code and to a wrong one byte by byte, except
// for the date.
func c43(e *env) string {
	fobs := e.fobs(4)
	locked, revoked, lost, broken := fobs[0], fobs[1], fobs[2], fobs[3]
	old, nobody, inUse := e.newFob(), e.newFob(), e.fob()
	e.importFile(pskcFile("", pskcKey{fob: old, deviceExpiry: "2026-03-31T14:59:59Z"}), e.contract)
	e.suspend(locked)
	e.revoke(revoked)
	e.report(lost, "lost")
	e.report(broken, "broken")
	ask := func(f *fob, code string) string {
		r := e.send(e.client.t.CheckKey, http.MethodPost, "/v1/check", object{"serial": f.serial, "code": code})
		r.header.Del("Date")
		return fmt.Sprint(r.status, r.header, string(r.body))
	}
	want := ask(inUse, e.wrongCodes(inUse, 1)[0])
	states := []struct {
		name string
		f    *fob
	}{{"suspended", locked}, {"expired", old}, {"revoked", revoked}, {"lost", lost}, {"broken", broken}, {"unknown", nobody}}
	for _, s := range states {
		equal(e, want, ask(s.f, e.wrongCodes(s.f, 1)[0]), "the answer to a wrong code of a token that is %s", s.name)
		equal(e, want, ask(s.f, e.code(s.f, 0)), "the answer to the correct code of a token that is %s", s.name)
	}
	right, wrong := e.code(locked, 0), e.wrongCodes(locked, 1)[0]
	times, ratio := e.compareTimes(100, func() { ask(locked, right) }, func() { ask(locked, wrong) })
	if ratio > maxRatio {
		e.failf("a suspended token: p10 of the response time is %v for correct codes and %v for wrong ones", times[0], times[1])
	}
	return fmt.Sprintf("status, headers and body are equal in %d states; suspended: p10 of the response time is %v for correct and %v for wrong codes", len(states), times[0], times[1])
}

// maxRatio is the largest allowed ratio of times on a machine that also does other
// work. It detects work that is done for some codes only. The leak of a comparison that
// ends early is far smaller, and cannot be measured in this way.
const maxRatio = 1.25

// rounds is the maximum number of measurements until the times are alike. A busy
// machine is not the error that is searched for. All rounds count.
const rounds = 5

// timings are the times of several requests, each measured repeatedly.
type timings [][]time.Duration

// fastest returns, for each request, the time within which a tenth of its answers came,
// and the largest ratio between two of them. Other work of the machine makes slow
// answers slower but does not affect the quick ones.
func (t timings) fastest() (times []time.Duration, ratio float64) {
	for _, took := range t {
		slices.Sort(took)
		times = append(times, took[len(took)/10].Round(time.Microsecond))
	}
	return times, float64(slices.Max(times)) / float64(max(slices.Min(times), 1))
}

// compareTimes calls the functions in turn, n times each, and measures their times; see
// [timings.fastest].
func (e *env) compareTimes(n int, fns ...func()) (times []time.Duration, ratio float64) {
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
		if times, ratio = took.fastest(); ratio <= maxRatio {
			break
		}
	}
	return times, ratio
}
