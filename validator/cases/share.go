// SPDX-License-Identifier: Apache-2.0

package cases

import "fmt"

var shareCases = []Case{
	{"C44", "the suspension belongs to the token: who shares it shares it (BK-06)", "BK-06; R42 §7.3", Bank, false, c44},
	{"C45", "a suspended token leaves others usable, also for its own user", "BK-06", Bank, false, c45},
	{"C46", "a suspension stays over a restart and in time", "BK-05", Bank, false, c46},
	{"C47", "it is lifted by a master or admin who uses another token, with a code of that (BK-08)", "BK-08; N 3.2.2", Bank, false, c47},
	{"C48", "where all masters and admins are suspended, only the desk lifts (BK-07)", "BK-07", Bank, false, c48},
	{"C49", "lifting makes no used code good", "R62 §5.2", Must, false, c49},
}

func c44(e *env) string {
	n := e.rules.LockoutThreshold
	alice := e.with("master")
	bob, carol := e.user("user"), e.user("user")
	e.activate(bob, alice.fob)
	e.activate(carol, alice.fob)
	for i, code := range e.wrong(alice.fob, n) {
		u := []*user{alice, bob}[i%2]
		same(e, refused, e.transfer(u, code), "wrong code %d", i+1)
	}
	for _, u := range []*user{carol, bob, alice} {
		same(e, refused, e.transfer(u, e.code(u.fob, 0)), "the right code of %s", u.id)
		same(e, true, e.status(u).Suspended, "the page of %s shows the suspension", u.id)
	}
	same(e, 3, len(e.token(alice.fob).Users), "users of the token")
	same(e, false, e.act(e.as(carol), carol.fob, "activation", object{"code": e.code(carol.fob, 0)}).Done, "registered again while suspended")
	return fmt.Sprintf("%d wrong codes of two users suspend all three", n)
}

// c45 lets one user register another token: a user of this bank has one token at a
// time.
func c45(e *env) string {
	alice, bob := e.with("master"), e.with("user")
	e.lock(alice.fob)
	same(e, refused, e.transfer(alice, e.code(alice.fob, 0)), "the right code of the suspended token")
	same(e, accepted, e.transfer(bob, e.code(bob.fob, 0)), "another user's token")
	e.activate(alice, e.fob())
	same(e, accepted, e.transfer(alice, e.code(alice.fob, 0)), "the same user's other token")
	return "another user's token and the same user's other one are accepted"
}

func c46(e *env) string {
	f := e.fob()
	e.lock(f)
	e.restart()
	for _, later := range []int64{0, 3600, 86400, 366 * 86400} {
		e.at(start + later)
		e.refuse(f, e.code(f, 0), "the right code after a restart and %d s", later)
	}
	same(e, true, e.token(f).Suspended, "suspended")
	e.unlock(f)
	e.accept(f, e.code(f, 0), "the right code after lifting")
	return "still suspended after a restart, an hour, a day and a year"
}

func c47(e *env) string {
	master, admin, holder := e.with("master"), e.with("admin"), e.user("user")
	other := e.with("user")
	e.activate(holder, admin.fob)
	target := admin.fob
	e.lock(target)
	refusals := []struct {
		name string
		who  *user
		code string
	}{
		{"the user who was suspended", holder, e.code(target, 0)},
		{"an admin who uses the same token", admin, e.code(target, 0)},
		{"a user with another token", other, e.code(other.fob, 0)},
		{"the master with a wrong code", master, e.wrong(master.fob, 1)[0]},
		{"the master with a code of the suspended token", master, e.code(target, 0)},
	}
	if e.rules.UnlockNeedsOTP {
		refusals = append(refusals, struct {
			name string
			who  *user
			code string
		}{"the master without a code", master, ""})
	}
	for _, r := range refusals {
		same(e, false, e.unlockOnScreen(r.who, target, r.code).Done, "lifted by %s", r.name)
		same(e, true, e.token(target).Suspended, "suspended after %s tried", r.name)
	}
	e.report(master.fob, "lost")
	same(e, false, e.unlockOnScreen(master, target, e.code(master.fob, 0)).Done, "unlocked by the master, whose own token is lost (BK-15)")
	e.report(master.fob, "in use")
	same(e, true, e.unlockOnScreen(master, target, e.code(master.fob, 0)).Done, "lifted by the master with a code of his own token")
	same(e, accepted, e.transfer(holder, e.code(target, 0)), "a code of the token then")
	return fmt.Sprintf("%d others refused, the master with his own token's code lifts", len(refusals))
}

func c48(e *env) string {
	master, admin := e.with("master"), e.user("admin")
	e.activate(admin, master.fob)
	onPaper := func(u *user, f *fob) {
		a := e.unlockOnScreen(u, f, e.code(u.fob, 0))
		same(e, false, a.Done, "unlocked by %s", u.id)
		same(e, "on paper", a.Way, "the way that the answer to %s names", u.id)
	}
	e.lock(master.fob)
	onPaper(master, master.fob) // the contract has one token
	onPaper(admin, master.fob)
	e.activate(admin, e.fob())
	e.lock(admin.fob)
	onPaper(master, admin.fob)
	onPaper(admin, master.fob)
	e.unlock(master.fob)
	same(e, true, e.unlockOnScreen(master, admin.fob, e.code(master.fob, 0)).Done, "lifted by the master, once the desk has lifted his")
	return `nobody lifts on screen, and is told "on paper"; the desk does`
}

func c49(e *env) string {
	f := e.fob()
	code := e.code(f, 0)
	e.accept(f, code, "a code")
	e.lock(f)
	e.unlock(f)
	e.refuse(f, code, "the same code after suspension and lifting")
	e.steps(1)
	e.accept(f, e.code(f, 0), "the next code")
	return "refused after lifting, the next accepted"
}
