// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"
)

var onceCases = []Case{
	{
		ID: "C11", Requirement: "a used code is never accepted again",
		Source: "RFC 6238 §5.2; NIST SP 800-63B-4 §3.1.4.2", Level: Must, run: c11,
		Why: "A person who sees a code being typed, or reads it from a log or a proxy, can log in with it at once.",
		Steps: []string{
			"Import a token, and enter its current code. It must be accepted.",
			"Enter it again at once, and a second later if the clock can be moved. It must be refused.",
		},
	},
	{
		ID: "C12", Requirement: "a used code is refused for as long as it would be valid",
		Source: "RFC 6238 §5.2; NIST SP 800-63B-4 §3.1.4.2", Level: Must, Wait: 3 * time.Minute, run: c12,
		Why: "A memory of used codes that ends before the window makes codes valid again: an attacker waits a minute, and logs in with a code that was seen.",
		Steps: []string{
			"Import a token, and enter its current code. It must be accepted.",
			"Enter it again 30, 58, 61, 63, 90, 119, 121 and 179 seconds later. It must be refused each time. Use another token before a lockout.",
			"Enter the current code of each token at the end. It must be accepted.",
		},
	},
	{
		ID: "C13", Requirement: "a used code is refused after a restart",
		Source: "RFC 6238 §5.2", Level: Must, Needs: []Verb{VerbRestart}, run: c13, restarts: true,
		Why: "Used codes that are only in memory are valid again after a restart, a crash or on another node.",
		Steps: []string{
			"Import two tokens, and enter the current code of the second. It must be accepted.",
			"Restart the server.",
			"Enter the same code. It must be refused.",
			"Enter the next code. It must be accepted. Otherwise, enter the code of the first token: if it is refused too, the tokens do not survive a restart.",
		},
	},
	{
		ID: "C14", Requirement: "a used code is refused in any other spelling",
		Source: "NIST SP 800-63B-4 §3.1.4.2; CVE-2025-6014", Level: Must, run: c14,
		Why: "If spaces are removed before a code is compared, but not before it is searched among the used ones, a space makes every used code valid again, without limit.",
		Steps: []string{
			"Import a token, and enter its current code. It must be accepted.",
			"Enter the same code in other spellings: with spaces, tabs and line ends, signs, hyphens, further digits, full-width and Arabic digits, and invisible characters. Each must be refused. Those that cannot be sent are left out.",
			"Enter the next code. It must be accepted: otherwise a lockout would hide the mistake.",
		},
	},
	{
		ID: "C15", Requirement: "of many requests with the same code at once, one is accepted",
		Source: "RFC 6238 §5.2; RFC 4226 §7.3", Level: Must, run: c15,
		Why: "A phishing proxy forwards the code of its victim and uses it itself in the same moment. If the server checks before it stores, both are logged in.",
		Steps: []string{
			"Import a token.",
			"Send its current code in 32 requests at the same time, or in as many as the target allows.",
			"Exactly one of them must be accepted.",
			"Repeat this with 20 tokens, because a race is not lost every time.",
		},
	},
	{
		ID: "C16", Requirement: "a code used at one interface is refused at the other",
		Source: "RFC 6238 §5.2", Level: Must, Needs: []Verb{VerbCheckOther}, run: c16,
		Why: "A code that was typed at the VPN opens the web page too, for everyone who saw it.",
		Steps: []string{
			"Import a token, and register it for its user if the target is a bank. Enter its next code at the first interface. It must be accepted.",
			"Enter the same code at the other interface. It must be refused.",
			"Enter the next code at the other interface. It must be accepted there, and then be refused at the first one.",
		},
	},
	{
		ID: "C17", Requirement: "a code used by one user is refused from another user of the same token",
		Source: "RFC 6238 §5.2 and R5; bank rule BK-02", Level: Must, Needs: []Verb{VerbAssign}, Or: with(bankUsers, VerbOperate), run: c17,
		Why: "Colleagues share a token. If used codes are kept per user, the code of one payment also approves another one.",
		Steps: []string{
			"Import a token, and assign it to a second user, or let two users of a bank register it.",
			"Enter its current code as the first user. It must be accepted.",
			"Enter the same code as the second user. It must be refused.",
			"Enter the next code as the second user. It must be accepted.",
		},
	},
	{
		ID: "C18", Requirement: "a code older than a used one is refused",
		Source: "RFC 6238 §5.2", Level: Must, run: c18,
		Why: "The token has moved on, so an older code was noted earlier by another person.",
		Steps: []string{
			"Import a token, and enter the newest code that the window allows. It must be accepted.",
			"Enter older codes that are still in the window. They must be refused.",
		},
	},
	{
		ID: "C19", Requirement: "codes may be skipped",
		Source: "RFC 6238 §5.2", Level: Must, Wait: 2 * time.Minute, run: c19,
		Why: "A token shows a new code every minute, and most of them are never entered. A server that expects each of them locks its users out.",
		Steps: []string{
			"Import a token, and enter its current code. It must be accepted.",
			"Enter codes of later steps, and skip those between. They must be accepted.",
		},
	},
	{
		ID: "C20", Requirement: "a code that was entered too early is accepted in its time",
		Source: "RFC 6238 §5.2", Level: Must, Wait: time.Minute, run: c20,
		Why: "Only a successful validation uses a code up. A server that also remembers refused codes denies service to tokens whose clocks are fast, and to users whose codes are guessed by others.",
		Steps: []string{
			"Import a token.",
			"Enter the code of the first step after the window. It must be refused.",
			"Wait for the next step, and enter the same code. It must be accepted.",
		},
	},
	{
		ID: "C21", Requirement: "the same code in two steps counts as two one-time passwords",
		Source: "RFC 6238 §5.2", Level: Should, Wait: 3 * time.Minute, run: c21,
		Why: "One of a million codes equals the one before. A server that compares digits instead of steps refuses it, which cannot be reproduced.",
		Steps: []string{
			"Find a token that shows the same code in two steps near each other.",
			"Enter the code in the first of them. It must be accepted.",
			"Enter it in the second of them. It must be accepted, and refused when it is entered once more.",
		},
	},
	{
		ID: "C22", Requirement: "a code that is refused because its token is locked is not used up",
		Source: "NIST SP 800-63B-4 §3.2.2", Level: Should, Needs: []Verb{VerbUnlock}, run: c22,
		Why: "The help desk unlocks the token, the user enters the code on its display, and it is refused again.",
		Steps: []string{
			"Import a token, and lock it with wrong codes.",
			"Enter its current code. It must be refused.",
			"Unlock the token, and enter the same code. It must be accepted.",
		},
	},
}

func c11(e *env) string {
	t := e.token()
	code := e.good(t)
	e.accept(t, code, "the first time")
	e.refuse(t, code, "the second time")
	if e.has(VerbClock) {
		e.advance(1)
		e.refuse(t, code, "a second later")
	}
	return "refused the second time"
}

func c12(e *env) string {
	times := []int64{30, 58, 61, 63, 90, 119, 121, 179}
	group := len(times)        // of a token: a lockout would hide the mistake
	n := e.lockoutOr(maxWrong) // beyond the window, used codes count as wrong ones anyway
	if n == 1 {
		e.skipf("one wrong code locks a token")
	}
	group = min(group, n-1)
	var tokens []*Token
	var codes []string
	for range (len(times) + group - 1) / group {
		t := e.token()
		code := e.good(t)
		e.accept(t, code, "the first time")
		tokens, codes = append(tokens, t), append(codes, code)
	}
	e.loose()
	begun, real := e.time(), time.Now()
	for i, later := range times {
		if e.has(VerbClock) {
			e.setClock(begun + later)
		} else {
			e.wait(time.Until(real.Add(time.Duration(later) * time.Second)))
		}
		e.refuse(tokens[i/group], codes[i/group], "again %d s later", later)
	}
	e.settle()
	for _, t := range tokens {
		e.accept(t, e.good(t), "the next code")
	}
	return fmt.Sprintf("refused at %d times, up to %d s later", len(times), times[len(times)-1])
}

func c13(e *env) string {
	spare := e.spare()
	t := e.token()
	code := e.good(t)
	e.accept(t, code, "the first time")
	e.restart()
	e.refuse(t, code, "after a restart")
	if a := e.check(t, e.good(t)); a.Verdict != Accepted {
		if e.lost(spare) {
			panic(stop{outcome: Fail, detail: "after the restart, the next code and the code of a token that was never used are refused: the tokens do not survive a restart",
				why: "A server that forgets its tokens refuses all users after each restart, until somebody imports the seeds again, and forgets the used codes and lockouts with them."})
		}
		e.accepted(a, "the next code after the restart")
	}
	return "refused after a restart, the next code accepted"
}

// spare returns a token that shows whether tokens survive a restart. It returns nil if the
// target holds one token only.
func (e *env) spare() *Token {
	if e.target.Limits.Tokens == 1 {
		return nil
	}
	return e.token()
}

// lost reports whether the target refuses the code of a spare token after a restart.
func (e *env) lost(spare *Token) bool {
	return spare != nil && e.check(spare, e.good(spare)).Verdict != Accepted
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

// c14 uses as few tokens as the lockout allows. After the spellings of a token, its next
// code is accepted: otherwise a lockout would hide the mistake.
func c14(e *env) string {
	group := 1
	if d := e.target.Declares.Lockout; d != nil {
		group = max(*d-1, 1)
	}
	count, sent := len(spellings("000000")), 0
	for first := 0; first < count; first += group {
		t := e.token()
		e.settle()
		code := e.good(t)
		all := spellings(code)
		e.accept(t, code, "the code itself")
		for i := first; i < min(first+group, count); i++ {
			a := e.submit(VerbCheck, e.target.Check, Attempt{Token: t, User: t.User, Code: all[i], leaveOut: true})
			if a.unsent { // such as NUL in an argument of a program
				continue
			}
			e.refused(a, "the used code as %q", strings.ReplaceAll(all[i], code, "CODE"))
			sent++
		}
		e.accept(t, e.good(t), "the next code")
	}
	if sent < count {
		return fmt.Sprintf("%d of %d spellings of a used code refused; the others cannot be sent", sent, count)
	}
	return fmt.Sprintf("%d spellings of a used code refused", count)
}

func c15(e *env) string {
	const rounds = 20
	parallel := 32
	if most := e.target.Limits.Parallel; most > 1 {
		parallel = min(parallel, most)
	}
	var longest time.Duration
	for round := range rounds {
		t := e.token()
		e.room(2 * longest)
		begun := time.Now()
		codes := slices.Repeat([]string{e.good(t)}, parallel)
		if n := e.atOnce(t, codes); n != 1 {
			e.failf("%d of %d requests at once accepted, in round %d of %d", n, parallel, round+1, rounds)
		}
		longest = max(longest, time.Since(begun))
	}
	return fmt.Sprintf("exactly 1 of %d accepted in %d of %d rounds", parallel, rounds, rounds)
}

func c16(e *env) string {
	t := e.inUse()
	other := func(code string) Answer {
		return e.submit(VerbCheckOther, e.target.CheckOther, Attempt{Token: t, User: t.User, Code: code})
	}
	first := e.good(t)
	e.accept(t, first, "the code at the first interface")
	e.refused(other(first), "the same code at the other interface")
	second := e.good(t)
	e.accepted(other(second), "the next code at the other interface")
	e.refuse(t, second, "the same code at the first interface")
	return "a code used at one interface is refused at the other, in both directions"
}

func c17(e *env) string {
	t, users := e.sharers(2)
	code := e.good(t)
	e.accepted(users[0](code), "the code of the first user")
	e.refused(users[1](code), "the same code of the second user")
	e.accepted(users[1](e.good(t)), "the next code of the second user")
	return "accepted once; the second user needs the next code"
}

// assign gives a token to another user too, whose name it returns.
func (e *env) assign(t *Token, prefix string) string {
	e.present(t)
	user := prefix + t.Serial
	if err := e.tryAssign(t, user); err != nil {
		e.fail(VerbAssign, err)
	}
	return user
}

func (e *env) tryAssign(t *Token, user string) error {
	err := e.target.Assign(e.ctx, t, user)
	e.did(&action{verb: VerbAssign, token: t, user: user, text: func() string {
		return fmt.Sprintf("assign token %s to %s: %s", t.Serial, user, told(err))
	}})
	return err
}

func c18(e *env) string {
	w := e.windowOf()
	if w.low == w.high {
		e.skipf("the window has one step only")
	}
	t := e.token()
	e.accept(t, e.code(t, w.high), "the code of step %+d", w.high)
	for n := w.high - 1; n >= w.low && n >= w.high-2; n-- {
		e.refuse(t, e.code(t, n), "the unused code of step %+d after it", n)
	}
	return fmt.Sprintf("after the code of step %+d, the codes before it are refused", w.high)
}

func c19(e *env) string {
	t := e.token()
	steps, text := []int64{0, 1, 4}, "the codes of steps k, k+1 and k+5 accepted"
	if !e.has(VerbClock) {
		steps, text = []int64{0, 2}, "the codes of steps k and k+2 accepted"
	}
	for _, ahead := range steps {
		if ahead > 0 {
			e.advanceSteps(ahead)
		}
		e.accept(t, e.code(t, 0), "after %d steps", ahead)
	}
	return text
}

func c20(e *env) string {
	t := e.token()
	early := e.windowOf().high + 1
	code := e.code(t, early)
	first := e.check(t, code)
	e.refused(first, "the code of step %+d", early)
	e.advanceSteps(1)
	e.accept(t, code, "the same code a step later, in its time")
	return fmt.Sprintf("%d steps early: %s; accepted a step later", early, first.Verdict)
}

func c21(e *env) string {
	t, step, gap := e.repeating()
	t.special = fmt.Sprintf("the same code %d steps later", gap)
	e.imported(t)
	code := t.hotp(step)
	e.accept(t, code, "the code in the first of two steps with the same code")
	e.advanceSteps(gap)
	e.accept(t, code, "the code in the second step")
	e.refuse(t, code, "the code again in the second step")
	return fmt.Sprintf("the same code is accepted again %d steps later, and then refused", gap)
}

// repeating returns a token that shows the same code in the current step and some steps
// later. If the target's clock can be moved, it is moved to such a step, the first of some
// 100,000. Otherwise the token is the first of some 400,000.
func (e *env) repeating() (t *Token, step, gap int64) {
	const far, near = 10, 3
	t = e.newToken()
	if e.has(VerbClock) {
		var codes [far]string // of the last steps
		begin := e.step()
		for step = begin; ; step++ {
			code := t.hotp(step)
			for gap := int64(1); gap <= far; gap++ {
				if first := step - gap; first >= begin && codes[first%far] == code {
					e.setClock(first*e.period() + start%e.period())
					return t, first, gap
				}
			}
			codes[step%far] = code
		}
	}
	step = e.step()
	key := slices.Clone(t.key)
	for n := uint64(0); ; n++ {
		binary.LittleEndian.PutUint64(key, n^binary.LittleEndian.Uint64(t.key))
		candidate := Token{Digits: t.Digits, key: key}
		code := candidate.hotp(step)
		for gap := int64(1); gap <= near; gap++ {
			if candidate.hotp(step+gap) == code {
				e.inStep()
				return e.tokenWith(key), step, gap
			}
		}
	}
}

func c22(e *env) string {
	t := e.token()
	e.lock(t)
	code := e.good(t)
	e.refuse(t, code, "the correct code of a locked token")
	e.unlock(t)
	e.accept(t, code, "the same code after unlocking")
	return "not used up: accepted after unlocking, in its time"
}
