// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"fmt"
	"time"
)

var shareCases = []Case{
	{
		ID: "C44", Requirement: "a lockout applies to all users who share the token",
		Source: "RFC 4226 §7.3; bank rule BK-06", Level: Bank, Needs: []Verb{VerbAssign}, Or: with(bankUsers, VerbOperate), run: c44,
		Why: "Attempts that are counted per user multiply with the number of users: ten colleagues with one token give an attacker ten times the guesses.",
		Steps: []string{
			"Import a token, and assign it to three users, or let three users of a bank register it.",
			"Enter its current code as the third user. It must be accepted.",
			"Enter as many wrong codes as lock a token, in turn as the first and the second user.",
			"Enter the current code as each of the three. It must be refused.",
		},
	},
	{
		ID: "C45", Requirement: "a lockout does not affect other tokens",
		Source: "bank rule BK-06", Level: Bank, run: c45,
		Why: "Five wrong codes for one user name would stop the work of all users.",
		Steps: []string{
			"Import the tokens of two users.",
			"Lock the first with wrong codes. Its current code must be refused.",
			"Enter the current code of the second. It must be accepted.",
		},
	},
	{
		ID: "C46", Requirement: "neither a restart nor time ends a lockout",
		Source: "bank rule BK-05", Level: Bank, Wait: 2 * time.Minute, run: c46, restarts: true,
		Why: "A lockout that ends by itself only slows an attacker down, who comes back every few minutes, for months.",
		Steps: []string{
			"Import a token, and lock it with wrong codes.",
			"Restart the server, if the target has the verb restart, and enter the current code. It must be refused.",
			"Enter the current code an hour, a day and a year later, or 2 minutes later without the verb clock. It must be refused. Without the clock, the case can only fail.",
			"If the target has the verb unlock: unlock the token, and enter its current code. It must be accepted.",
		},
	},
	{
		ID: "C49", Requirement: "unlocking does not make a used code valid again",
		Source: "RFC 6238 §5.2", Level: Must, Needs: []Verb{VerbUnlock}, run: c49,
		Why: "If an unlock resets the whole state of a token, the code that the help desk has just heard is valid a second time.",
		Steps: []string{
			"Import a token, and enter its current code. It must be accepted.",
			"Lock the token with wrong codes, and unlock it.",
			"Enter the same code. It must be refused.",
			"Enter the next code. It must be accepted.",
		},
	},
}

// sharers returns a token that users share, and how each of them submits a code: as a login,
// or on a target without the verb assign as a transfer.
func (e *env) sharers(n int) (t *Token, submit []func(code string) Answer) {
	if e.has(VerbAssign) {
		t = e.token()
		for i := range n {
			user := t.User
			if i > 0 {
				user = e.assign(t, string(rune('a'+i)))
			}
			submit = append(submit, func(code string) Answer { return e.checkAs(user, t, code) })
		}
		return t, submit
	}
	c := e.contract()
	t = e.issue(c, "")
	for i := range n {
		m := e.member(c, []Role{Master, User}[min(i, 1)])
		e.activate(m, t)
		submit = append(submit, func(code string) Answer { return e.operate(m, "transfer", code) })
	}
	return t, submit
}

func c44(e *env) string {
	n := e.lockout()
	if n == 1 {
		e.skipf("one wrong code locks a token")
	}
	t, users := e.sharers(3)
	e.accepted(users[2](e.good(t)), "the code of the third user before wrong ones")
	twin := e.twin()
	e.loose()
	for i, code := range e.wrongCodes(t, n) {
		e.refused(users[i%2](code), "wrong code %d", i+1)
	}
	e.settle()
	code := e.code(t, 1)
	e.await(twin)
	for i := range users {
		e.refused(users[2-i](code), "the correct code of user %d after %d wrong ones of users 1 and 2", 3-i, n)
	}
	return fmt.Sprintf("%d wrong codes of two users lock the token for all three", n)
}

func c45(e *env) string {
	one, two := e.token(), e.token()
	e.lock(one)
	e.refuse(one, e.good(one), "the correct code of the locked token")
	e.accept(two, e.good(two), "the code of another user's token")
	return "the code of another user's token is accepted"
}

func c46(e *env) string {
	var spare *Token
	if e.has(VerbRestart) {
		spare = e.spare()
	}
	t := e.token()
	e.lock(t)
	text := ""
	if e.has(VerbRestart) {
		e.restart()
		if e.lost(spare) {
			e.skipf("the tokens do not survive a restart (C13)")
		}
		e.refuse(t, e.good(t), "the correct code after a restart")
		text = "after a restart, and "
	}
	if e.has(VerbClock) {
		for _, later := range []int64{3600, day, 366 * day} {
			e.setClock(start + later)
			e.refuse(t, e.code(t, 0), "the correct code %d s later", later)
		}
		text += "an hour, a day and a year later"
	} else {
		e.advanceSteps(2)
		e.refuse(t, e.code(t, 0), "the correct code 2 minutes later")
		text += "2 minutes later"
	}
	if e.has(VerbUnlock) {
		e.unlock(t)
		t.last = e.stepOf(t)
		e.accept(t, e.good(t), "the correct code after unlocking")
	}
	if !e.has(VerbClock) {
		e.skipf("needs clock: still locked %s", text)
	}
	return "still locked " + text
}

func c49(e *env) string {
	t := e.token()
	code := e.good(t)
	e.accept(t, code, "a code")
	e.lock(t)
	e.unlock(t)
	e.refuse(t, code, "the same code after locking and unlocking")
	e.accept(t, e.good(t), "the next code")
	return "refused after unlocking, the next code accepted"
}
