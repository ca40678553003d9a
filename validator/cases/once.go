// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"fmt"
	"strings"
	"sync"
)

var onceCases = []Case{
	{"C11", "a used code is never accepted again", "R62 §5.2; N 3.1.4.2", Must, false, c11},
	{"C12", "a used code is refused for as long as it would be valid", "R62 §5.2; N 3.1.4.2", Must, false, c12},
	{"C13", "a used code is refused after a restart", "R62 §5.2", Must, false, c13},
	{"C14", "a used code is refused in any other spelling", "N 3.1.4.2; CVE-2025-6014", Must, false, c14},
	{"C15", "of many requests with the same code at once, one is accepted", "R62 §5.2; R42 §7.3", Must, false, c15},
	{"C16", "a used code is refused by every interface", "R62 §5.2", Must, false, c16},
	{"C17", "a used code is refused from another user of the same token and for any other operation", "R62 §5.2; BK-02", Must, false, c17},
	{"C18", "a code older than a used one is refused", "R62 §5.2", Must, false, c18},
	{"C19", "codes may be skipped", "R62 §5.2", Must, false, c19},
	{"C20", "a wrong or early entry does not use up the code", "R62 §5.2", Must, false, c20},
	{"C21", "the same code in two steps counts as two one-time passwords", "R62 §5.2", Must, false, c21},
	{"C22", "a code that is refused because its token is suspended is not used up", "N 3.2.2", Should, false, c22},
}

func c11(e *env) string {
	f := e.fob()
	code := e.code(f, 0)
	e.accept(f, code, "the first time")
	e.advance(1)
	e.refuse(f, code, "the second time, a second later")
	return "refused a second later"
}

func c12(e *env) string {
	f := e.fob()
	code := e.code(f, 0)
	e.accept(f, code, "the first time")
	begun := e.now
	times := []int64{30, 58, 61, 63, 90, 119, 121, 179}
	for _, later := range times {
		e.setClock(begun + later)
		e.refuse(f, code, "again %d s later", later)
	}
	return fmt.Sprintf("refused at %d times, up to %d s later", len(times), times[len(times)-1])
}

func c13(e *env) string {
	f := e.fob()
	code := e.code(f, 0)
	e.accept(f, code, "the first time")
	e.restart()
	e.refuse(f, code, "after a restart")
	e.advanceSteps(1)
	e.accept(f, e.code(f, 0), "the next code after the restart")
	return "refused after a restart, the next code accepted"
}

// spellings returns other ways to write a code.
func spellings(code string) []string {
	wide := strings.Map(func(r rune) rune { return r - '0' + '０' }, code)
	arabic := strings.Map(func(r rune) rune { return r - '0' + '٠' }, code)
	return []string{
		" " + code, code + " ", code[:3] + " " + code[3:], "\t" + code, code + "\r\n", code + "\n", code + "\x00", "\x00" + code,
		"+" + code, "-" + code, code[:3] + "-" + code[3:], "0" + code, code + "0", code + ".0", "0x" + code, code + "e0",
		wide, wide[:9] + code[3:], arabic, "\u00a0" + code, "\u200b" + code, code + "\u3000", code[:3] + "\u2060" + code[3:],
	}
}

func c14(e *env) string {
	f := e.fob()
	code := e.code(f, 0)
	all := spellings(code)
	for i, s := range all {
		e.refuse(f, s, "spelling %d before it was used", i)
	}
	e.accept(f, code, "the code itself")
	for i, s := range all {
		e.refuse(f, s, "spelling %d after it was used", i)
	}
	return fmt.Sprintf("%d spellings refused, before and after the code was used", len(all))
}

// atOnce submits codes at the same moment, and returns how many were accepted.
func (e *env) atOnce(f *fob, codes []string) (accepts int) {
	answers := make([]string, len(codes))
	errs := make([]error, len(codes))
	ready := make(chan struct{})
	var all sync.WaitGroup
	for i, code := range codes {
		all.Go(func() {
			<-ready
			answers[i], errs[i] = e.client.check(e.ctx, f.serial, code)
		})
	}
	close(ready)
	all.Wait()
	for i, err := range errs {
		if err != nil {
			e.failf("check: %v", err)
		}
		if answers[i] == accepted {
			accepts++
		}
	}
	return accepts
}

func c15(e *env) string {
	const parallel, rounds = 32, 20
	f := e.fob()
	for round := range rounds {
		codes := make([]string, parallel)
		for i := range codes {
			codes[i] = e.code(f, 0)
		}
		equal(e, 1, e.atOnce(f, codes), "codes accepted in round %d of %d requests at once", round+1, parallel)
		e.advanceSteps(1)
	}
	return fmt.Sprintf("exactly 1 of %d accepted in %d of %d rounds", parallel, rounds, rounds)
}

func c16(e *env) string {
	if e.client.t.RADIUS == "" {
		e.skipf("the target has no other interface")
	}
	u := e.userWithToken("master")
	code := e.code(u.fob, 0)
	e.accept(u.fob, code, "over HTTP")
	equal(e, false, e.radius(u, code), "accepted again over RADIUS")
	e.advanceSteps(1)
	code = e.code(u.fob, 0)
	equal(e, true, e.radius(u, code), "accepted over RADIUS")
	e.refuse(u.fob, code, "again over HTTP")
	equal(e, false, e.radius(u, code), "accepted again over RADIUS")
	return "a code used over HTTP is refused over RADIUS, and the other way round"
}

func c17(e *env) string {
	alice := e.userWithToken("master")
	bob := e.user("user")
	e.activate(bob, alice.fob)
	code := e.code(alice.fob, 0)
	equal(e, accepted, e.transfer(alice, code), "the code of the first user")
	equal(e, refused, e.transfer(bob, code), "the same code of the second user")
	equal(e, refused, e.transact(alice, "pay-easy", code), "the same code for a payment")
	e.refuse(alice.fob, code, "the same code from another system")
	equal(e, false, e.revokeOnScreen(alice, e.fob(), code).Done, "the same code revokes another token")
	e.advanceSteps(1)
	equal(e, accepted, e.transfer(bob, e.code(bob.fob, 0)), "the next code of the second user")
	return "accepted once, then refused from the other user and for other operations"
}

func c18(e *env) string {
	f := e.fob()
	e.accept(f, e.code(f, 1), "the code of the next step")
	e.refuse(f, e.code(f, 0), "the unused code before it")
	e.refuse(f, e.code(f, -1), "the unused code before that")
	return "after the code at +1, the codes at 0 and -1 are refused"
}

func c19(e *env) string {
	f := e.fob()
	for _, ahead := range []int64{0, 1, 4} {
		e.advanceSteps(ahead)
		e.accept(f, e.code(f, 0), "after %d steps", ahead)
	}
	return "the codes of steps k, k+1 and k+5 accepted"
}

func c20(e *env) string {
	f := e.fob()
	early := e.code(f, 2)
	first := e.check(f, early)
	if first == accepted {
		e.failf("a code two steps early is accepted")
	}
	e.refuse(f, e.wrongCodes(f, 1)[0], "a wrong code")
	e.advanceSteps(2)
	e.accept(f, early, "the same code in its own step")
	return fmt.Sprintf("two steps early the answer is %q; in its own step the code is accepted", first)
}

// c21 searches for two steps with the same code, too far apart for one window to
// contain both. In a window with both, the second would be accepted at once.
func c21(e *env) string {
	const (
		most    = 50_000_000 // steps; one in 100,000 is enough
		nearest = 2*5 + 1    // steps, for the widest window
	)
	f := e.fob()
	begin := start / period
	var last [nearest + 10]string
	n := int64(len(last))
	for i := range int64(most) {
		code := f.hotp(begin + i)
		for gap := int64(nearest); gap < n && gap <= i; gap++ {
			if last[(i-gap)%n] != code {
				continue
			}
			e.setClock((begin + i - gap) * period)
			e.accept(f, code, "the code in the first of two steps with the same code")
			e.refuse(f, code, "the same code again in that step")
			e.setClock((begin + i) * period)
			e.accept(f, code, "the code in the second step, %d steps later", gap)
			e.refuse(f, code, "the same code again in the second step")
			return fmt.Sprintf("the same code is accepted again %d steps later, as another one-time password", gap)
		}
		last[i%n] = code
	}
	e.failf("no two steps of %d have the same code", most)
	return ""
}

func c22(e *env) string {
	f := e.fob()
	e.suspend(f)
	code := e.code(f, 0)
	e.refuse(f, code, "the correct code of a suspended token")
	e.unlock(f)
	e.accept(f, code, "the same code after unlocking")
	return "not used up: accepted after unlocking, within its time"
}
