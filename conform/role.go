// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"fmt"
	"time"
)

var roleCases = []Case{
	{
		ID: "C47", Requirement: "only a master or an admin who uses another token unlocks one, with a code of their own",
		Source: "bank rules BK-08 and BK-15; NIST SP 800-63B-4 §3.2.2", Level: Bank, Needs: with(bankUsers, VerbUnlockAs), Wait: 12 * time.Minute, run: c47,
		Why: "A lockout stops an attacker who guesses codes. If the attacker, a colleague without the right, or a password alone can end it, it does not hold.",
		Steps: []string{
			"Add a master, an admin, and two users to a contract. One user shares the admin's token, the others have their own. Lock the admin's token.",
			"Let the admin, the user who shares the token, the other user, and the master with wrong codes or without a code unlock it. Each must be refused, and the token must stay locked.",
			"Report the master's token as lost, if the target has the verb report. The master must not unlock then.",
			"Let the master unlock the token with a code of their own one. It must succeed, and the next code of the token must be accepted.",
		},
	},
	{
		ID: "C48", Requirement: "if all masters and admins are locked out, users cannot unlock, and the answer names paper as the only way",
		Source: "bank rule BK-07", Level: Bank, Needs: with(bankUsers, VerbUnlockAs, VerbUnlock), Wait: 12 * time.Minute, run: c48,
		Why: "A master whose own token is locked has just failed to prove possession of it. An answer that does not name the application on paper leaves the customer without a way.",
		Steps: []string{
			"Let a master and an admin share the only token of a contract. Lock it. Neither of them may unlock it, and both answers must name paper.",
			"Give the admin another token, and lock that too. Neither may unlock the other's token, and both answers must name paper.",
			"Unlock the master's token at the bank. The master must then be able to unlock the admin's.",
		},
	},
	{
		ID: "C50", Requirement: "a master or an admin whose own token is in use revokes any other token with a code of their own, and otherwise only paper remains",
		Source: "bank rules BK-15 to BK-18 and BK-04", Level: Bank, Needs: with(bankUsers, VerbRevokeAs, VerbRevoke, VerbClock), run: c50,
		Why: "Revoking a token takes a colleague out of the payments. A user without the right, or a thief with a lost token, must not be able to do it.",
		Steps: []string{
			"Add a master, two admins and two users to a contract, each with a token. Let each of them revoke the token of each, and give the owner a new one after it.",
			"Users must be refused, and everyone for their own token. Masters and admins must be refused without a code, with a wrong code, and with a code of the token that they revoke, and accepted with a code of their own.",
			"Report the master's token as lost and as broken, if the target has the verb report, and let it expire. Each time the master must be refused, and the answer must name paper.",
			"Let the only user of a contract revoke their token, and both users of a contract who share one. They must be refused, and the answer must name paper.",
		},
	},
	{
		ID: "C51", Requirement: "the codes of a revoked token are refused from all its users, who can register another token after the declared wait, but not the same one",
		Source: "bank rule BK-18", Level: Bank, Needs: with(bankUsers, VerbRevokeAs, VerbOperate, VerbClock), run: c51,
		Why: "A token is revoked because a thief may have it. If it works for one of its users, or can be registered again, the revocation has done nothing.",
		Steps: []string{
			"Let two users share a token. Let the master revoke it.",
			"At once, and after 29 and 31 minutes, enter codes of it, operate as both users with them, and register it again. All must be refused.",
			"Register another token before the end of the wait that the target declares. It must be refused.",
			"Register it after the wait. It must succeed, and a code of it must be accepted.",
		},
	},
}

// fewWrong ends a case that enters a few wrong codes of a token which must not be locked.
func (e *env) fewWrong() {
	if n := e.lockoutOr(maxWrong); n < 4 {
		e.skipf("%d wrong codes lock a token, and this case enters more", n)
	}
}

func c47(e *env) string {
	e.fewWrong()
	c := e.contract()
	master, admin, other, sharer := e.holder(c, Master), e.holder(c, Admin), e.holder(c, User), e.member(c, User)
	target := admin.token
	e.activate(sharer, target)
	e.lock(target)
	tries := []struct {
		name string
		who  *member
		code func() string
	}{
		{"the user of the locked token", sharer, func() string { return e.good(target) }},
		{"an admin who uses the same token", admin, func() string { return e.good(target) }},
		{"a user with another token", other, func() string { return e.good(other.token) }},
		{"the master with a wrong code", master, func() string { return e.wrongCodes(master.token, 1)[0] }},
		{"the master with a code of the locked token", master, func() string { return e.good(target) }},
	}
	if d := e.target.Declares.UnlockNeedsCode; d == nil || *d {
		tries = append(tries, tries[3])
		tries[len(tries)-1].name, tries[len(tries)-1].code = "the master without a code", func() string { return "" }
	}
	for _, t := range tries {
		e.refused(e.unlockAs(t.who, target, t.code()), "unlocking by %s", t.name)
		e.stillLocked(target, "an attempt of %s", t.name)
	}
	if e.has(VerbReport) {
		e.report(master.token, "lost")
		e.refused(e.unlockAs(master, target, e.good(master.token)), "unlocking by the master whose own token is lost")
		e.stillLocked(target, "an attempt of the master whose own token is lost")
		e.report(master.token, "in use")
	}
	e.accepted(e.unlockAs(master, target, e.good(master.token)), "unlocking by the master with a code of their own token")
	e.accept(target, e.good(target), "a code of the unlocked token")
	return fmt.Sprintf("%d other attempts refused; the master unlocks with a code of their own token", len(tries))
}

func c48(e *env) string {
	c := e.contract()
	master, admin := e.holder(c, Master), e.member(c, Admin)
	one := master.token
	e.activate(admin, one)
	e.lock(one)
	for _, m := range []*member{master, admin} { // the contract has one token
		e.onPaper(e.unlockAs(m, one, e.good(one)), "the only token of a contract, unlocked by the %s who uses it", m.Role)
	}
	e.activate(admin, e.issue(c, ""))
	e.lock(admin.token)
	e.onPaper(e.unlockAs(master, admin.token, e.good(one)), "the admin's token, unlocked by the master whose own is locked")
	e.onPaper(e.unlockAs(admin, one, e.good(admin.token)), "the master's token, unlocked by the admin whose own is locked")
	e.stillLocked(one, "an attempt of the admin")
	e.stillLocked(admin.token, "an attempt of the master")
	e.unlock(one)
	e.accepted(e.unlockAs(master, admin.token, e.good(one)), "the admin's token, unlocked by the master whose own the bank has unlocked")
	e.accept(admin.token, e.good(admin.token), "a code of the unlocked token")
	return "no user unlocks, and the answers name paper; after the bank has unlocked the master's token, the master unlocks the other"
}

// c50 tests the whole table of which user may revoke which token.
func c50(e *env) string {
	e.fewWrong()
	c := e.contract()
	var people []*member
	for _, role := range []Role{Master, Admin, Admin, User, User} {
		people = append(people, e.holder(c, role))
	}
	done, denied := 0, 0
	for i, actor := range people {
		for j, owner := range people {
			name := fmt.Sprintf("%s %d revokes the token of %s %d", actor.Role, i+1, owner.Role, j+1)
			if i == j || actor.Role == User {
				e.refused(e.revokeAs(actor, owner.token, e.good(actor.token)), "%s", name)
				e.accept(owner.token, e.good(owner.token), "a code of the token, after: %s", name)
				denied++
				continue
			}
			e.refused(e.revokeAs(actor, owner.token, ""), "%s without a code", name)
			e.refused(e.revokeAs(actor, owner.token, e.wrongCodes(actor.token, 1)[0]), "%s with a wrong code", name)
			e.refused(e.revokeAs(actor, owner.token, e.good(owner.token)), "%s with a code of that token", name)
			e.accepted(e.revokeAs(actor, owner.token, e.good(actor.token)), "%s with a code of their own", name)
			e.refuse(owner.token, e.good(owner.token), "a code of the revoked token, after: %s", name)
			done++
			e.afterRevocation()
			e.activate(owner, e.issue(c, ""))
		}
	}
	paper := e.paperOnly(people)
	return fmt.Sprintf("%d of %d pairs of users on screen, the others refused; %d more cases only on paper", done, done+denied, paper)
}

// afterRevocation lets the time pass in which a user cannot register another token.
func (e *env) afterRevocation() {
	if d := e.target.Declares.ReactivateAfter; d != nil && *d > 0 {
		e.advance(int64(d.Seconds()))
	}
}

// paperOnly tries the revocations that the bank allows only on paper, and returns their
// number.
func (e *env) paperOnly(people []*member) (tries int) {
	master, target := people[0], people[3].token
	if e.has(VerbReport) {
		for _, own := range []string{"lost", "broken"} {
			e.report(master.token, own)
			e.onPaper(e.revokeAs(master, target, e.good(master.token)), "revoking by a master whose own token is %s", own)
			e.report(master.token, "in use")
			tries++
		}
	}
	c := master.Contract
	old := e.issue(c, e.endOfDay(30))
	e.activate(master, old)
	e.setClock(e.now + 32*day)
	e.onPaper(e.revokeAs(master, target, e.good(old)), "revoking by a master whose own token has expired")
	e.accept(target, e.good(target), "a code of the token, which is not revoked")
	tries++
	one := e.holder(e.contract(), Master)
	e.onPaper(e.revokeAs(one, one.token, e.good(one.token)), "revoking by the only user of a contract")
	tries++
	second := e.member(one.Contract, Admin)
	e.activate(second, one.token)
	for _, m := range []*member{one, second} {
		e.onPaper(e.revokeAs(m, one.token, e.good(one.token)), "revoking by the %s of a contract whose users share one token", m.Role)
		tries++
	}
	e.accept(one.token, e.good(one.token), "a code of the shared token, which is not revoked")
	return tries
}

// endOfDay returns the last second of a day in Japan, some days from now, as xs:dateTime.
func (e *env) endOfDay(days int64) string {
	const japan = 9 * 3600
	end := (e.now+japan)/day*day + (days+1)*day - japan - 1
	return time.Unix(end, 0).UTC().Format(time.RFC3339)
}

func c51(e *env) string {
	c := e.contract()
	master, alice, bob := e.holder(c, Master), e.holder(c, User), e.member(c, User)
	gone := alice.token
	e.activate(bob, gone)
	bob.token = gone
	for _, m := range []*member{alice, bob} {
		e.accepted(e.operate(m, "transfer", e.good(gone)), "a transfer of a user of the shared token")
	}
	e.accepted(e.revokeAs(master, gone, e.good(master.token)), "revoking by the master")
	begun := e.now
	for _, minutes := range []int64{0, 29, 31} {
		e.setClock(max(e.now, begun+minutes*60))
		e.refuse(gone, e.good(gone), "a code of the revoked token, %d minutes later", minutes)
		for i, m := range []*member{alice, bob} {
			e.refused(e.operate(m, "transfer", e.good(gone)), "a transfer of user %d with the revoked token, %d minutes later", i+1, minutes)
			e.refused(e.tryActivate(m, gone, e.good(gone)), "user %d registers the revoked token again, %d minutes later", i+1, minutes)
		}
	}
	wait := e.target.Declares.ReactivateAfter
	fresh := e.issue(c, "")
	text := "the target declares no wait"
	if wait != nil {
		text = fmt.Sprintf("after the declared wait of %s", *wait)
		if end := begun + int64(wait.Seconds()); end > e.now {
			e.setClock(end - 1)
			e.refused(e.tryActivate(alice, fresh, e.good(fresh)), "another token registered before the end of the declared wait")
			e.setClock(max(end, e.now))
		}
	}
	e.activate(alice, fresh)
	e.accepted(e.operate(alice, "transfer", e.good(fresh)), "a transfer with the new token")
	return "refused at once and after 29 and 31 minutes for both users; another token registered: " + text
}
