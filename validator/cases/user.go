// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"fmt"
	"net/http"
)

// password is the password of all users.
const password = "correct horse battery"

// user is a user of a contract.
type user struct {
	id      string
	fob     *fob // the registered token
	session string
	at      int64 // time of the login
}

// user adds a user to the contract: master, admin or user.
func (e *env) user(role string) *user { return e.userOf(e.contract, role) }

func (e *env) userOf(contract, role string) *user {
	e.users++
	u := &user{id: fmt.Sprintf("%s-%06d-%d-%s", e.id, e.run.id, e.users, role)}
	e.clerk(http.MethodPost, "/v1/users", object{
		"id": u.id, "contract": contract, "role": role, "name": "利用者 " + u.id, "password": password,
	}, nil)
	return u
}

// userWithToken adds a user with a token of their own.
func (e *env) userWithToken(role string) *user {
	u := e.user(role)
	e.activate(u, e.fob())
	return u
}

// session returns the session secret of a user. It logs in again if the session is
// older than ten minutes, because it may have ended.
func (e *env) session(u *user) string {
	if u.session == "" || e.now < u.at || e.now > u.at+600 {
		var s struct{ Secret string }
		r := e.send("", http.MethodPost, "/v1/sessions", object{"user": u.id, "password": password})
		if r.status != http.StatusCreated || r.json(&s) != nil {
			e.failf("login of %s: %v", u.id, r.unexpected())
		}
		u.session, u.at = s.Secret, e.now
	}
	return u.session
}

// activate registers a token for a user, and moves the clock to its next code.
func (e *env) activate(u *user, f *fob) {
	if a := e.perform(e.session(u), f, "activation", object{"code": e.code(f, 0)}); !a.Done {
		e.failf("activation by %s: %s %s", u.id, a.Answer, a.Reason)
	}
	u.fob = f
	e.advanceSteps(1)
}

// transfer makes a transfer as a user, and returns the answer about the code.
func (e *env) transfer(u *user, code string) string { return e.transact(u, "transfer", code) }

// transact performs an operation that needs a code as a user, and returns the answer
// about the code.
func (e *env) transact(u *user, operation, code string) string {
	a, err := e.send(e.client.t.CheckKey, http.MethodPost, "/v1/transactions",
		object{"user": u.id, "operation": operation, "code": code}).answer()
	if err != nil {
		e.failf("%s: %v", operation, err)
	}
	if a.Done != (a.Answer == accepted) {
		e.failf("%s: done is %v, but the code is %s", operation, a.Done, a.Answer)
	}
	return a.Answer
}

// status is the data of a user's own page.
type status struct {
	Suspended bool   `json:"suspended"`
	Notice    string `json:"notice_on"`
}

func (e *env) status(u *user) (s status) {
	r := e.send(e.session(u), http.MethodGet, "/v1/status", nil)
	if err := r.json(&s); err != nil || r.status != http.StatusOK {
		e.failf("status: %v", r.unexpected())
	}
	return s
}

// unlockOnScreen and revokeOnScreen are attempts of a user with a code of their own
// token.
func (e *env) unlockOnScreen(u *user, f *fob, code string) answer {
	return e.perform(e.session(u), f, "suspension/lift", object{"code": code})
}

func (e *env) revokeOnScreen(u *user, f *fob, code string) answer {
	return e.perform(e.session(u), f, "revocation", object{"code": code})
}
