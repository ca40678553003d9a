// SPDX-License-Identifier: Apache-2.0

package cases

import "fmt"

var revokeCases = []Case{
	{"C50", "a master or admin whose own token is in use revokes any but that, with a code of it; users none; else paper (BK-15 to BK-18)", "BK-15 to BK-18", Bank, false, c50},
	{"C51", "a revoked token gives no good code to any of its users; another is registered after the declared wait", "BK-18", Bank, false, c51},
}

// c50 tests the whole table of which user may revoke which token, and the statuses of a
// user's own token that leave only paper.
func c50(e *env) string {
	people := []*user{e.with("master"), e.with("admin"), e.with("admin"), e.with("user"), e.with("user")}
	role := []string{"master", "admin", "admin", "user", "user"}
	yes, no := 0, 0
	for i, actor := range people {
		for j, owner := range people {
			name := fmt.Sprintf("%s revokes the token of %s", actor.id, owner.id)
			if i == j || role[i] == "user" {
				same(e, false, e.revokeOnScreen(actor, owner.fob, e.code(actor.fob, 0)).Done, "%s", name)
				no++
				continue
			}
			same(e, false, e.revokeOnScreen(actor, owner.fob, "").Done, "%s without a code", name)
			same(e, false, e.revokeOnScreen(actor, owner.fob, e.wrong(actor.fob, 1)[0]).Done, "%s with a wrong code", name)
			same(e, false, e.revokeOnScreen(actor, owner.fob, e.code(owner.fob, 0)).Done, "%s with a code of that token", name)
			same(e, true, e.revokeOnScreen(actor, owner.fob, e.code(actor.fob, 0)).Done, "%s with a code of his own", name)
			yes++
			e.pass(e.rules.ReactivateAfter + period)
			e.activate(owner, e.fob())
		}
	}
	paper := e.paperOnly(people)
	return fmt.Sprintf("%d of 25 fields on screen, %d refused; %d more only on paper", yes, no, paper)
}

// paperOnly tries the revocations that the bank allows only on paper, and returns their
// number.
func (e *env) paperOnly(people []*user) (tries int) {
	master, target := people[0], people[3].fob
	for _, own := range []string{"lost", "broken"} {
		e.report(master.fob, own)
		a := e.revokeOnScreen(master, target, e.code(master.fob, 0))
		same(e, false, a.Done, "a master whose own token is %s revokes", own)
		same(e, "on paper", a.Way, "what a master is told whose own token is %s", own)
		e.report(master.fob, "in use")
		tries++
	}
	// The master's own token has expired.
	old := e.newFob()
	e.imported(pskcFile("", pskcKey{fob: old, deviceExpiry: "2026-04-30T14:59:59Z"}), e.contract)
	e.activate(master, old)
	e.when("2026-04-30T15:00:00Z")
	a := e.revokeOnScreen(master, target, e.code(old, 0))
	same(e, false, a.Done, "a master whose own token has expired revokes")
	same(e, "on paper", a.Way, "what a master is told whose own token has expired")
	tries++
	e.revoke(target) // at the back office
	// A contract with one user, and a contract whose users share one token.
	own := e.contract
	defer func() { e.contract = own }()
	e.contract = e.newContract("-one")
	one := e.with("master")
	a = e.revokeOnScreen(one, one.fob, e.code(one.fob, 0))
	same(e, "on paper", a.Way, "what the only user of a contract is told")
	tries++
	second := e.user("admin")
	e.activate(second, one.fob)
	for _, u := range []*user{one, second} {
		a = e.revokeOnScreen(u, one.fob, e.code(one.fob, 0))
		same(e, "on paper", a.Way, "what a user is told where all share one token")
		tries++
	}
	e.revoke(one.fob)
	return tries
}

func c51(e *env) string {
	master := e.with("master")
	alice, bob := e.with("user"), e.user("user")
	gone := alice.fob
	e.activate(bob, gone)
	same(e, true, e.revokeOnScreen(master, gone, e.code(master.fob, 0)).Done, "revoked by the master")
	begun := e.now
	for _, minutes := range []int64{0, 29, 31} {
		e.at(begun + minutes*60)
		e.refuse(gone, e.code(gone, 0), "a code by serial number, %d minutes later", minutes)
		for _, u := range []*user{alice, bob} {
			same(e, refused, e.transfer(u, e.code(gone, 0)), "a code of %s, %d minutes later", u.id, minutes)
			same(e, false, e.act(e.as(u), gone, "activation", object{"code": e.code(gone, 0)}).Done, "registered again, %d minutes later", minutes)
		}
	}
	fresh := e.fob()
	if wait := e.rules.ReactivateAfter; wait > 0 {
		e.at(begun + wait - 1)
		same(e, false, e.act(e.as(alice), fresh, "activation", object{"code": e.code(fresh, 0)}).Done, "another registered before the wait")
	}
	e.at(max(begun+e.rules.ReactivateAfter, e.now))
	e.activate(alice, fresh)
	same(e, accepted, e.transfer(alice, e.code(fresh, 0)), "a code of the other token")
	return fmt.Sprintf("refused at once, after 29 and 31 minutes, for both users; another registered after the declared wait of %d s", e.rules.ReactivateAfter)
}
