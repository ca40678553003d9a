// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// ruleCases are the rules of the bank that no other case tests.
var ruleCases = []Case{
	{
		ID: "BK-02", Requirement: "a code is accepted once, for all users, operations and requests",
		Source: "bank rule BK-02; RFC 6238 §5.2", Level: Bank, Needs: with(bankUsers, VerbOperate), Wait: 8 * time.Minute, run: bk02,
		Why: "The code of a small payment also approves a large one, if used codes are kept for each operation or user, or if two requests come at once.",
		Steps: []string{
			"Let two users share a token. Let one of them do a transfer with a code. It must be accepted.",
			"Let both of them do other operations with the same code, log in with it, and let a third user register the token with it. All must be refused.",
			"Let the other user do a transfer with the next code. It must be accepted.",
			"Let both users do operations with one code in many requests at once. Exactly one must be accepted.",
		},
	},
	{
		ID: "BK-03", Requirement: "a code that was seen but not used is worthless when its time has passed",
		Source: "bank rule BK-03; RFC 6238 §5.2", Level: Bank, run: bk03,
		Why: "Codes are noted, photographed and phished. The bank promises its customers that such a code is worthless a few minutes later.",
		Steps: []string{
			"Import a token for each of some times between the window and a week ago, and enter the code that it showed then. It must be refused.",
			"Enter the current code of each token. It must be accepted.",
		},
	},
	{
		ID: "BK-04", Requirement: "transfers, payments, payees and files need a code, and other operations need none",
		Source: "bank rule BK-04", Level: Bank, Needs: with(bankUsers, VerbOperate), Wait: 10 * time.Minute, run: bk04,
		Why: "An operation that was forgotten in the list is the one that a stolen password is used for. A code for each look at the balance teaches users to enter codes anywhere.",
		Steps: []string{
			"Add a user with a token. Do each operation that needs a code, without one. It must be refused.",
			"Do the same operation with a code. It must be accepted.",
			"Do each operation that needs no code, without one. It must be accepted.",
		},
	},
	{
		ID: "BK-05", Requirement: "a locked token is locked for every operation that needs a code, and for no other",
		Source: "bank rules BK-05 and BK-06; RFC 4226 §7.3", Level: Bank, Needs: with(bankUsers, VerbOperate), Wait: 12 * time.Minute, run: bk05,
		Why: "If each operation has a count of its own, an attacker has as many times more guesses. If one of them ignores the lockout, guessing goes on there.",
		Steps: []string{
			"Add two users who share a token. Do operations with wrong codes in turn, one fewer than lock a token. A correct code must then be accepted.",
			"Do them again, with as many wrong codes as lock a token.",
			"Do each operation that needs a code, with correct codes, as both users, and register the token again. All must be refused.",
			"Do each operation that needs no code. It must be accepted.",
			"Unlock the token, if the target has the verb unlock. A correct code must be accepted.",
		},
	},
	{
		ID: "BK-12", Requirement: "users of one contract share a token, and users of different contracts do not",
		Source: "bank rules BK-12 and BK-08", Level: Bank, Needs: bankUsers, Wait: 5 * time.Minute, run: bk12,
		Why: "The serial number is on the back of the token. Without this rule, a user of another company can register it, lock it, or have it revoked.",
		Steps: []string{
			"Add a master and a user to a contract, and let both register one token. Codes of both must be accepted.",
			"Add a master to another contract, and let them register a token of their own contract. It must succeed.",
			"Let them register, unlock and revoke the token of the first contract, with correct codes. It must be refused, and the token must still be in use.",
		},
	},
	{
		ID: "BK-20", Requirement: "every decision leaves a record of who, and about which token",
		Source: "bank rule BK-20", Level: Bank, Needs: with(bankUsers, VerbOperate, VerbAudit), run: bk20,
		Why: "When a customer disputes a transfer, the bank must show who entered which token's code, and also the attempts before it. A record of successes only hides the attack.",
		Steps: []string{
			"Let a user register a token, do an operation with a correct code and one with a wrong code, and let another user try to register the token.",
			"If the target has the verbs, let the master try to unlock and then revoke the token.",
			"After each action, the records about the token must name the user once more than before, or more often.",
		},
	},
}

// The operations of the bank, except those with verbs of their own.
var (
	codedOperations = []string{
		"transfer", "pay-easy", "register-payee", "approve-bulk-transfer", "approve-payroll", "register-bulk-payee", "send-file",
	}
	freeOperations = []string{"balance", "history", "transfer-to-registered-payee", "pay-easy-tax"}
)

func bk02(e *env) string {
	const others = 3 // operations that are tried with the used code
	c := e.contract()
	one, two, three := e.holder(c, Master), e.member(c, User), e.member(c, User)
	t := one.token
	e.activate(two, t)
	both := []*member{one, two}
	var tries []func(code string)
	for _, op := range codedOperations[:others] {
		for _, m := range both {
			tries = append(tries, func(code string) {
				e.refused(e.operate(m, op, code), "%s of the %s with the used code", op, m.Role)
			})
		}
	}
	tries = append(tries,
		func(code string) { e.refuse(t, code, "a login with the used code") },
		func(code string) { e.refused(e.tryActivate(three, t, code), "a registration with the used code") })
	group, counts := len(tries), true
	if d := e.target.Declares.CountReplayed; d != nil {
		counts = *d
	}
	if counts { // a correct code ends the count
		group = max(min(group, e.lockoutOr(maxWrong)-1), 1)
	}
	for some := range slices.Chunk(tries, group) {
		code := e.good(t)
		e.accepted(e.operate(one, "transfer", code), "a transfer")
		for _, try := range some {
			try(code)
		}
	}
	e.accepted(e.operate(two, "transfer", e.good(t)), "a transfer with the next code")
	const rounds = 3
	parallel := 16
	if most := e.target.Limits.Parallel; most > 0 {
		parallel = min(parallel, most)
	}
	for round := range rounds {
		if counts && round > 0 { // the requests of a round may lock the token
			c := e.contract()
			both = []*member{e.holder(c, Master), e.member(c, User)}
			t = both[0].token
			e.activate(both[1], t)
		}
		if n := e.operateAtOnce(both, parallel, e.good(t)); n != 1 {
			e.failf("%d of %d operations at once are done with one code, in round %d of %d", n, parallel, round+1, rounds)
		}
	}
	return fmt.Sprintf("refused for other users, operations, a login and a registration; exactly 1 of %d requests at once accepted in %d of %d rounds", parallel, rounds, rounds)
}

// operateAtOnce lets users do operations with one code at the same time, and returns how
// many were accepted.
func (e *env) operateAtOnce(users []*member, n int, code string) (accepts int) {
	e.secret.addCode(code)
	e.present(users[0].token)
	answers, errs := make([]Answer, n), make([]error, n)
	begin := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		m := users[i%len(users)]
		act := Act{Person: m.Person, Token: users[0].token, Operation: codedOperations[i%len(codedOperations)], Code: code}
		all.Go(func() {
			<-begin
			answers[i], errs[i] = e.target.Operate(e.ctx, act)
		})
	}
	close(begin)
	all.Wait()
	for i, err := range errs {
		switch {
		case err != nil:
			e.fail(VerbOperate, err)
		case answers[i].Verdict == Limited:
			e.skipf("the target limits the rate of requests")
		case answers[i].Verdict == Undescribed:
			e.described(VerbOperate, answers[i])
		case answers[i].Verdict == Accepted:
			accepts++
		}
	}
	e.inStep()
	e.logf("%s with one code in %d requests at once: %d accepted", VerbOperate, n, accepts)
	return accepts
}

func bk03(e *env) string {
	w := e.windowOf()
	places := []int64{w.low - 1, w.low - 5, -10, -30, -1440, -10080}
	for _, n := range places {
		if n >= w.low {
			continue // such a code is still accepted
		}
		t := e.token()
		old := e.code(t, n)
		for shown := w.low; shown <= w.high; shown++ {
			if e.code(t, shown) == old { // one of a million
				t = e.token()
				old, shown = e.code(t, n), w.low-1
			}
		}
		e.refuse(t, old, "an unused code of %d minutes ago", -n)
		e.accept(t, e.good(t), "the current code after it")
	}
	return fmt.Sprintf("unused codes of %d to %d minutes ago are refused, and current ones accepted", -places[0], -places[len(places)-1])
}

func bk04(e *env) string {
	m := e.holder(e.contract(), Master)
	for _, op := range codedOperations {
		e.refused(e.operate(m, op, ""), "%s without a code", op)
		e.accepted(e.operate(m, op, e.good(m.token)), "%s with a code", op)
	}
	for _, op := range freeOperations {
		e.accepted(e.operate(m, op, ""), "%s without a code", op)
	}
	return fmt.Sprintf("a code is needed for %s; not for %s; C50 tests the revocation, and no case adds or changes users",
		strings.Join(codedOperations, ", "), strings.Join(freeOperations, ", "))
}

func bk05(e *env) string {
	n := e.lockout()
	if n == 1 {
		e.skipf("one wrong code locks a token")
	}
	c := e.contract()
	one, two := e.holder(c, Master), e.member(c, User)
	t := one.token
	e.activate(two, t)
	both := []*member{one, two}
	wrong := func(count int) {
		e.loose()
		for i, code := range e.wrongCodes(t, count) {
			op := codedOperations[i%len(codedOperations)]
			e.refused(e.operate(both[i%2], op, code), "%s with wrong code %d", op, i+1)
		}
		e.settle()
	}
	wrong(n - 1)
	e.accepted(e.operate(two, "transfer", e.good(t)), "a transfer with a correct code after %d wrong ones", n-1)
	twin := e.twin()
	wrong(n)
	t.locked = e.time()
	code := e.code(t, 1) // the same one for all, because waiting for others may end a lockout (C46)
	e.await(twin)
	for i, op := range codedOperations {
		e.refused(e.operate(both[i%2], op, code), "%s with a correct code after %d wrong ones", op, n)
	}
	e.refused(e.tryActivate(two, t, code), "the locked token registered again")
	e.stillLocked(t, "registering it again")
	for _, op := range freeOperations {
		e.accepted(e.operate(one, op, ""), "%s, which needs no code", op)
	}
	if e.has(VerbUnlock) {
		e.unlock(t)
		e.accepted(e.operate(one, "transfer", e.codeAfter(t, code)), "a transfer after unlocking")
	}
	return fmt.Sprintf("%d wrong codes in different operations of two users lock all %d operations that need a code, and no other", n, len(codedOperations))
}

func bk12(e *env) string {
	c := e.contract()
	master, user := e.holder(c, Master), e.member(c, User)
	t := master.token
	e.activate(user, t)
	stranger := e.holder(e.contract(), Master)
	e.accept(stranger.token, e.good(stranger.token), "a code of the other contract's token")
	e.refused(e.tryActivate(stranger, t, e.good(t)), "registering the token of another contract")
	tried := "register"
	if e.has(VerbRevokeAs) {
		e.refused(e.revokeAs(stranger, t, e.good(stranger.token)), "revoking the token of another contract")
		tried += ", revoke"
	}
	if e.has(VerbUnlockAs) && e.has(VerbUnlock) && e.lockoutOr(0) > 0 {
		e.lock(t)
		e.refused(e.unlockAs(stranger, t, e.good(stranger.token)), "unlocking the token of another contract")
		e.stillLocked(t, "an attempt of another contract")
		e.unlock(t)
		tried += ", unlock"
	}
	for _, m := range []*member{master, user} {
		e.accepted(e.checkAs(m.ID, t, e.good(t)), "a code of the %s who shares the token", m.Role)
	}
	return "users of a contract share a token; a master of another one cannot " + tried + " it"
}

func bk20(e *env) string {
	c := e.contract()
	master, user, other := e.holder(c, Master), e.member(c, User), e.member(c, User)
	t := e.issue(c, "")
	records := func() string {
		e.present(t)
		text, err := e.target.Audit(e.ctx, t)
		e.logf("read the records about token %s: %s", t.Serial, told(err))
		if err != nil {
			e.fail(VerbAudit, err)
		}
		return text
	}
	var said []string
	after := func(m *member, name string, do func()) {
		before := strings.Count(records(), m.ID)
		do()
		text := records()
		if strings.Count(text, m.ID) <= before {
			e.failf("the records about the token do not name %s after: %s", m.ID, name)
		}
		if !strings.Contains(text, t.Serial) {
			e.failf("the records do not name the token after: %s", name)
		}
		said = append(said, name)
	}
	after(user, "a registration", func() { e.activate(user, t) })
	after(user, "an operation", func() { e.accepted(e.operate(user, "transfer", e.good(t)), "a transfer") })
	after(user, "a wrong code", func() {
		e.refused(e.operate(user, "transfer", e.wrongCodes(t, 1)[0]), "a transfer with a wrong code")
	})
	after(other, "a registration with a wrong code", func() {
		e.refused(e.tryActivate(other, t, e.wrongCodes(t, 1)[0]), "a registration with a wrong code")
	})
	if e.has(VerbUnlockAs) {
		after(master, "an attempt to unlock a token that is not locked, without a code", func() { e.refused(e.unlockAs(master, t, ""), "unlocking") })
	}
	if e.has(VerbRevokeAs) {
		after(master, "a revocation", func() { e.accepted(e.revokeAs(master, t, e.good(master.token)), "a revocation") })
	}
	return "recorded with user and token: " + strings.Join(said, ", ")
}
