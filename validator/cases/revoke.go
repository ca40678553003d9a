// SPDX-License-Identifier: Apache-2.0

package cases

import "fmt"

var revokeCases = []Case{
	{"C50", "a master or admin whose own token is in use revokes any other token with a code of their own; in all other cases only paper remains", "BK-15 to BK-18", Bank, false, c50},
	{"C51", "codes of a revoked token are refused from all its users, who can register another token after the declared wait", "BK-18", Bank, false, c51},
}

// c50 tests the whole table of which user may revoke which token, and the statuses of a
// user's own token that leave only paper.
func c50(e *env) string {
	people := []*user{e.userWithToken("master"), e.userWithToken("admin"), e.userWithToken("admin"), e.userWithToken("user"), e.userWithToken("user")}
	role := []string{"master", "admin", "admin", "user", "user"}
	yes, no := 0, 0
	for i, actor := range people {
		for j, owner := range people {
			name := fmt.Sprintf("%s revokes the token of %s", actor.id, owner.id)
			if i == j || role[i] == "user" {
				equal(e, false, e.revokeOnScreen(actor, owner.fob, e.code(actor.fob, 0)).Done, "%s", name)
				no++
				continue
			}
			equal(e, false, e.revokeOnScreen(actor, owner.fob, "").Done, "%s without a code", name)
			equal(e, false, e.revokeOnScreen(actor, owner.fob, e.wrongCodes(actor.fob, 1)[0]).Done, "%s with a wrong code", name)
			equal(e, false, e.revokeOnScreen(actor, owner.fob, e.code(owner.fob, 0)).Done, "%s with a code of that token", name)
			equal(e, true, e.revokeOnScreen(actor, owner.fob, e.code(actor.fob, 0)).Done, "%s with a code of their own token", name)
			yes++
			e.advance(e.rules.ReactivateAfter + period)
			e.activate(owner, e.fob())
		}
	}
	paper := e.paperOnly(people)
	return fmt.Sprintf("%d of 25 pairs of users on screen, %d refused; %d more cases only on paper", yes, no, paper)
}

// paperOnly tries the revocations that the bank allows only on paper, and returns their
// number.
func (e *env) paperOnly(people []*user) (tries int) {
	master, target := people[0], people[3].fob
	for _, own := range []string{"lost", "broken"} {
		e.report(master.fob, own)
		a := e.revokeOnScreen(master, target, e.code(master.fob, 0))
		equal(e, false, a.Done, "revoked by a master whose own token is %s", own)
		equal(e, "on paper", a.Way, "the way in the answer to a master whose own token is %s", own)
		e.report(master.fob, "in use")
		tries++
	}
	// The master's own token has expired.
	old := e.newFob()
	e.importFile(pskcFile("", pskcKey{fob: old, deviceExpiry: "2026-04-30T14:59:59Z"}), e.contract)
	e.activate(master, old)
	e.setClockText("2026-04-30T15:00:00Z")
	a := e.revokeOnScreen(master, target, e.code(old, 0))
	equal(e, false, a.Done, "revoked by a master whose own token has expired")
	equal(e, "on paper", a.Way, "the way in the answer to a master whose own token has expired")
	tries++
	e.revoke(target) // at the back office
	// A contract with one user, and a contract whose users share one token.
	own := e.contract
	defer func() { e.contract = own }()
	e.contract = e.newContract("-one")
	one := e.userWithToken("master")
	a = e.revokeOnScreen(one, one.fob, e.code(one.fob, 0))
	equal(e, "on paper", a.Way, "the way in the answer to the only user of a contract")
	tries++
	second := e.user("admin")
	e.activate(second, one.fob)
	for _, u := range []*user{one, second} {
		a = e.revokeOnScreen(u, one.fob, e.code(one.fob, 0))
		equal(e, "on paper", a.Way, "the way in the answer to a user if all share one token")
		tries++
	}
	e.revoke(one.fob)
	return tries
}

func c51(e *env) string {
	master := e.userWithToken("master")
	alice, bob := e.userWithToken("user"), e.user("user")
	gone := alice.fob
	e.activate(bob, gone)
	equal(e, true, e.revokeOnScreen(master, gone, e.code(master.fob, 0)).Done, "revoked by the master")
	begun := e.now
	for _, minutes := range []int64{0, 29, 31} {
		e.setClock(begun + minutes*60)
		e.refuse(gone, e.code(gone, 0), "a code by serial number, %d minutes later", minutes)
		for _, u := range []*user{alice, bob} {
			equal(e, refused, e.transfer(u, e.code(gone, 0)), "a code of %s, %d minutes later", u.id, minutes)
			equal(e, false, e.perform(e.session(u), gone, "activation", object{"code": e.code(gone, 0)}).Done, "registered again, %d minutes later", minutes)
		}
	}
	fresh := e.fob()
	if wait := e.rules.ReactivateAfter; wait > 0 {
		e.setClock(begun + wait - 1)
		equal(e, false, e.perform(e.session(alice), fresh, "activation", object{"code": e.code(fresh, 0)}).Done, "another token registered before the end of the wait")
	}
	e.setClock(max(begun+e.rules.ReactivateAfter, e.now))
	e.activate(alice, fresh)
	equal(e, accepted, e.transfer(alice, e.code(fresh, 0)), "a code of the new token")
	return fmt.Sprintf("refused at once and after 29 and 31 minutes for both users; another token registered after the declared wait of %d s", e.rules.ReactivateAfter)
}
