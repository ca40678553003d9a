// SPDX-License-Identifier: Apache-2.0

package cases

import "fmt"

var shareCases = []Case{
	{"C44", "a suspension applies to all users who share the token", "BK-06; R42 §7.3", Bank, false, c44},
	{"C45", "a suspension does not affect other tokens, including another token of the same user", "BK-06", Bank, false, c45},
	{"C46", "neither a restart nor time ends a suspension", "BK-05", Bank, false, c46},
	{"C47", "a master or admin who uses another token unlocks a suspended one with a code of their own", "BK-08; N 3.2.2", Bank, false, c47},
	{"C48", "if all masters and admins are suspended, only the back office unlocks", "BK-07", Bank, false, c48},
	{"C49", "unlocking does not make a used code valid again", "R62 §5.2", Must, false, c49},
}

func c44(e *env) string {
	n := e.rules.LockoutThreshold
	alice := e.userWithToken("master")
	bob, carol := e.user("user"), e.user("user")
	e.activate(bob, alice.fob)
	e.activate(carol, alice.fob)
	for i, code := range e.wrongCodes(alice.fob, n) {
		u := []*user{alice, bob}[i%2]
		equal(e, refused, e.transfer(u, code), "wrong code %d", i+1)
	}
	for _, u := range []*user{carol, bob, alice} {
		equal(e, refused, e.transfer(u, e.code(u.fob, 0)), "the correct code of %s", u.id)
		equal(e, true, e.status(u).Suspended, "the page of %s shows the suspension", u.id)
	}
	equal(e, 3, len(e.token(alice.fob).Users), "users of the token")
	equal(e, false, e.perform(e.session(carol), carol.fob, "activation", object{"code": e.code(carol.fob, 0)}).Done, "registered again while suspended")
	return fmt.Sprintf("%d wrong codes of two users suspend all three", n)
}

// c45 lets one user register another token: a user of this bank has one token at a
// time.
func c45(e *env) string {
	alice, bob := e.userWithToken("master"), e.userWithToken("user")
	e.suspend(alice.fob)
	equal(e, refused, e.transfer(alice, e.code(alice.fob, 0)), "the correct code of the suspended token")
	equal(e, accepted, e.transfer(bob, e.code(bob.fob, 0)), "a code of another user's token")
	e.activate(alice, e.fob())
	equal(e, accepted, e.transfer(alice, e.code(alice.fob, 0)), "a code of the same user's other token")
	return "codes of another user's token and of the same user's other token accepted"
}

func c46(e *env) string {
	f := e.fob()
	e.suspend(f)
	e.restart()
	for _, later := range []int64{0, 3600, 86400, 366 * 86400} {
		e.setClock(start + later)
		e.refuse(f, e.code(f, 0), "the correct code after a restart and %d s", later)
	}
	equal(e, true, e.token(f).Suspended, "suspended")
	e.unlock(f)
	e.accept(f, e.code(f, 0), "the correct code after unlocking")
	return "still suspended after a restart, an hour, a day and a year"
}

func c47(e *env) string {
	master, admin, holder := e.userWithToken("master"), e.userWithToken("admin"), e.user("user")
	other := e.userWithToken("user")
	e.activate(holder, admin.fob)
	target := admin.fob
	e.suspend(target)
	refusals := []struct {
		name string
		who  *user
		code string
	}{
		{"the user who was suspended", holder, e.code(target, 0)},
		{"an admin who uses the same token", admin, e.code(target, 0)},
		{"a user with another token", other, e.code(other.fob, 0)},
		{"the master with a wrong code", master, e.wrongCodes(master.fob, 1)[0]},
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
		equal(e, false, e.unlockOnScreen(r.who, target, r.code).Done, "unlocked by %s", r.name)
		equal(e, true, e.token(target).Suspended, "suspended after an attempt of %s", r.name)
	}
	e.report(master.fob, "lost")
	equal(e, false, e.unlockOnScreen(master, target, e.code(master.fob, 0)).Done, "unlocked by the master, whose own token is lost (BK-15)")
	e.report(master.fob, "in use")
	equal(e, true, e.unlockOnScreen(master, target, e.code(master.fob, 0)).Done, "unlocked by the master with a code of their own token")
	equal(e, accepted, e.transfer(holder, e.code(target, 0)), "a code of the unlocked token")
	return fmt.Sprintf("%d other attempts refused; the master unlocks with a code of their own token", len(refusals))
}

func c48(e *env) string {
	master, admin := e.userWithToken("master"), e.user("admin")
	e.activate(admin, master.fob)
	onPaper := func(u *user, f *fob) {
		a := e.unlockOnScreen(u, f, e.code(u.fob, 0))
		equal(e, false, a.Done, "unlocked by %s", u.id)
		equal(e, "on paper", a.Way, "the way that the answer to %s names", u.id)
	}
	e.suspend(master.fob)
	onPaper(master, master.fob) // the contract has one token
	onPaper(admin, master.fob)
	e.activate(admin, e.fob())
	e.suspend(admin.fob)
	onPaper(master, admin.fob)
	onPaper(admin, master.fob)
	e.unlock(master.fob)
	equal(e, true, e.unlockOnScreen(master, admin.fob, e.code(master.fob, 0)).Done, "unlocked by the master, whose token the back office has unlocked")
	return `no user unlocks on screen; the answers name "on paper"; the back office unlocks`
}

func c49(e *env) string {
	f := e.fob()
	code := e.code(f, 0)
	e.accept(f, code, "a code")
	e.suspend(f)
	e.unlock(f)
	e.refuse(f, code, "the same code after suspension and unlocking")
	e.advanceSteps(1)
	e.accept(f, e.code(f, 0), "the next code")
	return "refused after unlocking, the next code accepted"
}
