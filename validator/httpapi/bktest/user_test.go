// SPDX-License-Identifier: Apache-2.0

package bktest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// user is a user of a contract. The user logs in again whenever the session has ended.
type user struct {
	*contract
	name    string
	token   *hardware
	session string
	since   time.Time
}

const password = "correct horse battery"

func (c *contract) master(name string) *user { c.t.Helper(); return c.user(name, "master") } // マスターユーザ
func (c *contract) admin(name string) *user  { c.t.Helper(); return c.user(name, "admin") }  // 管理者ユーザ
func (c *contract) plain(name string) *user  { c.t.Helper(); return c.user(name, "user") }   // ユーザ

func (c *contract) user(name, role string) *user {
	c.t.Helper()
	u := &user{contract: c, name: name + "-" + c.id}
	c.ask(c.desk, "POST", "/v1/users", m{"id": u.name, "contract": c.id, "role": role, "name": name, "password": password}, 201, nil)
	return u
}

// loggedIn returns the secret of a valid session.
func (u *user) loggedIn() string {
	u.t.Helper()
	if u.session == "" || u.now.Before(u.since) || u.now.After(u.since.Add(10*time.Minute)) {
		var s struct{ Secret string }
		u.ask("", "POST", "/v1/sessions", m{"user": u.name, "password": password}, 201, &s)
		u.session, u.since = s.Secret, u.now
	}
	return u.session
}

// registers enters the serial number and a code on the page 利用開始登録.
func (u *user) registers(f *hardware) said {
	u.t.Helper()
	return u.onScreen(f, "activation", f.shows())
}

// with registers a token for the user and then lets a minute pass.
func (u *user) with(f *hardware) *user {
	u.t.Helper()
	u.registers(f).isDone()
	u.token = f
	u.passes(time.Minute)
	return u
}

// code returns the code that the user's own token shows.
func (u *user) code() string { u.t.Helper(); return u.token.shows() }

// does performs an operation of Q3 as a transaction.
func (u *user) does(operation, code string) said {
	u.t.Helper()
	s := said{t: u.t}
	u.ask(u.loggedIn(), "POST", "/v1/transactions", m{"operation": operation, "code": code, "details": m{"amount": "10,000"}}, 200, &s)
	require.Equal(u.t, s.Done, s.Receipt != "")
	return s
}

func (u *user) transfers(code string) said { u.t.Helper(); return u.does("transfer", code) }

func (u *user) unlocks(f *hardware, code string) said {
	u.t.Helper()
	return u.onScreen(f, "suspension/lift", code)
}
func (u *user) revokes(f *hardware, code string) said {
	u.t.Helper()
	return u.onScreen(f, "revocation", code)
}

// onScreen performs an operation on a token as on the bank's pages (操作画面上).
func (u *user) onScreen(f *hardware, what, code string) said {
	u.t.Helper()
	s := said{t: u.t}
	u.ask(u.loggedIn(), "POST", "/v1/tokens/"+f.serial+"/"+what, m{"code": code}, 200, &s)
	return s
}

// entersWrong enters a wrong code the given number of times.
func (u *user) entersWrong(times int) {
	u.t.Helper()
	for range times {
		u.transfers(u.token.never()).isRefused()
	}
}

// said is the bank's answer to an operation.
type said struct {
	t *testing.T

	Done                      bool
	Answer, Way, Rule, Reason string
	Receipt                   string
}

func (s said) isDone() {
	s.t.Helper()
	require.True(s.t, s.Done, "%+v", s)
	require.Empty(s.t, s.Reason)
}

// isRefused requires that the code was refused without a reason.
func (s said) isRefused() {
	s.t.Helper()
	require.False(s.t, s.Done)
	require.Equal(s.t, "refused", s.Answer)
	require.Empty(s.t, s.Way+s.Rule+s.Reason)
}

// saysNo requires that a rule denied the operation, and compares the way, the rule and
// the reason.
func (s said) saysNo(way, rule, reason string) {
	s.t.Helper()
	require.False(s.t, s.Done)
	require.Empty(s.t, s.Answer)
	require.Equal(s.t, []string{way, rule, reason}, []string{s.Way, s.Rule, s.Reason})
}
