// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/store"
)

// TestPasswordCost: the parameters are those in OWASP's Password Storage Cheat Sheet,
// unless a test chooses cheap ones.
func TestPasswordCost(t *testing.T) {
	d := banktest.New(t, banktest.SQLite(t))
	d.Contract("c1")
	dear, err := bank.Open(t.Context(), d.DB, d.Master, bank.Options{Clock: d.Clock})
	require.NoError(t, err)
	_, _, err = dear.AddUser(t.Context(), banktest.Clerk, bank.NewUser{
		ID: "alice", Contract: "c1", Role: validator.Master, Name: "Alice", Password: banktest.Password,
	}, "")
	require.NoError(t, err)
	d.User("c1", "bob", validator.PlainUser)
	for user, want := range map[string]string{
		"alice": "$argon2id$v=19$m=19456,t=2,p=1$", "bob": "$argon2id$v=19$m=64,t=1,p=1$",
	} {
		require.NoError(t, d.DB.View(t.Context(), func(tx *store.Tx) error {
			u, err := tx.User(user)
			require.True(t, strings.HasPrefix(u.Password, want), u.Password[:40])
			return err
		}))
	}
}

// TestLogIn: the answer is the same for a wrong password, a nonexistent user, a locked
// user and a user with too many attempts.
func TestLogIn(t *testing.T) {
	d := banktest.New(t, banktest.SQLite(t))
	d.Contract("c1")
	d.User("c1", "alice", validator.Master)
	d.User("c1", "bob", validator.PlainUser)
	by := bank.By{Channel: "page", Source: "192.0.2.1"}
	s, err := d.Bank.LogIn(t.Context(), by, "alice", banktest.Password)
	require.NoError(t, err)
	who, err := d.Bank.Session(t.Context(), s.Token)
	require.NoError(t, err)
	require.Equal(t, "alice", who.User)

	locked := true
	_, _, err = d.Bank.ChangeUser(t.Context(), banktest.Clerk, "bob", bank.UserChange{Locked: &locked}, "")
	require.NoError(t, err)
	var said []string
	for _, try := range []struct{ user, password string }{
		{"alice", "not the password"}, {"nobody", banktest.Password}, {"bob", banktest.Password}, {"", ""},
	} {
		_, err := d.Bank.LogIn(t.Context(), by, try.user, try.password)
		require.ErrorIs(t, err, bank.ErrLogin)
		said = append(said, err.Error())
	}
	for range 6 {
		_, _ = d.Bank.LogIn(t.Context(), by, "alice", "not the password")
	}
	_, err = d.Bank.LogIn(t.Context(), by, "alice", banktest.Password)
	require.ErrorIs(t, err, bank.ErrLogin, "shut for a while")
	for _, text := range append(said, err.Error()) {
		require.Equal(t, said[0], text)
	}
	d.Clock.Advance(900)
	_, err = d.Bank.LogIn(t.Context(), by, "alice", banktest.Password)
	require.NoError(t, err, "and open again")
	_, err = d.Bank.Session(t.Context(), s.Token)
	require.ErrorIs(t, err, bank.ErrLogin, "15 minutes unused")
}

// TestSessionSecret: printing or encoding a session does not reveal its secret.
func TestSessionSecret(t *testing.T) {
	d := banktest.New(t, banktest.SQLite(t))
	d.Contract("c1")
	d.User("c1", "alice", validator.Master)
	s, err := d.Bank.LogIn(t.Context(), bank.By{Channel: "page", Source: "192.0.2.1"}, "alice", banktest.Password)
	require.NoError(t, err)
	require.NotEmpty(t, s.Token)
	text, err := json.Marshal(s)
	require.NoError(t, err)
	for _, said := range []string{fmt.Sprintf("%v %+v %#v %s", s, s, s, s), string(text)} {
		require.NotContains(t, said, s.Token)
		require.Contains(t, said, "alice")
	}
}

// TestClerkLeaves: a clerk who leaves is logged out and cannot log in again.
func TestClerkLeaves(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		ctx := t.Context()
		require.NoError(t, d.Bank.AddClerk(ctx, banktest.Clerk, "tanaka", "田中", banktest.Password))
		from := bank.By{Channel: "page", Source: "192.0.2.1"}
		session, err := d.Bank.LogInClerk(ctx, from, "tanaka", banktest.Password)
		require.NoError(t, err)
		yes, no, fresh := true, false, "another long password"
		require.NoError(t, d.Bank.ChangeClerk(ctx, banktest.Clerk, "tanaka", bank.ClerkChange{Locked: &yes}))
		_, err = d.Bank.Session(ctx, session.Token)
		require.ErrorIs(t, err, bank.ErrLogin)
		_, err = d.Bank.LogInClerk(ctx, from, "tanaka", banktest.Password)
		require.ErrorIs(t, err, bank.ErrLogin)
		require.NoError(t, d.Bank.ChangeClerk(ctx, banktest.Clerk, "tanaka", bank.ClerkChange{Locked: &no, Password: &fresh}))
		_, err = d.Bank.LogInClerk(ctx, from, "tanaka", banktest.Password)
		require.ErrorIs(t, err, bank.ErrLogin)
		_, err = d.Bank.LogInClerk(ctx, from, "tanaka", fresh)
		require.NoError(t, err)
		require.ErrorIs(t, d.Bank.ChangeClerk(ctx, banktest.Clerk, "nobody", bank.ClerkChange{Locked: &yes}), bank.ErrNotFound)
		require.ErrorIs(t, d.Bank.ChangeClerk(ctx, banktest.By("alice"), "tanaka", bank.ClerkChange{Locked: &yes}), bank.ErrForbidden)
		list, _, err := d.Bank.Audit(ctx, banktest.Clerk, bank.AuditFilter{Act: "change clerk"})
		require.NoError(t, err)
		require.Len(t, list, 2)
	})
}

// TestGuessesAtOnce: guessing many passwords at once allows no more guesses than
// guessing one after the other, except for those computed at the same time.
func TestGuessesAtOnce(t *testing.T) {
	d := banktest.New(t, banktest.SQLite(t))
	d.Contract("c1")
	d.User("c1", "alice", validator.Master)
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if _, err := d.Bank.LogIn(t.Context(), bank.By{Channel: "page", Source: "192.0.2.1"}, "alice", "not her password"); err == nil {
				t.Error("logged in")
			}
		})
	}
	wg.Wait()
	list, _, err := d.Bank.Audit(t.Context(), banktest.Clerk, bank.AuditFilter{User: "alice", Act: "log in", Page: bank.Page{Limit: 1000}})
	require.NoError(t, err)
	require.Len(t, list, 100, "each is on record")
	list = slices.DeleteFunc(list, func(r bank.Record) bool { return r.Reason == "must wait" }) // not checked
	require.GreaterOrEqual(t, len(list), 6)
	require.LessOrEqual(t, len(list), 6+3, "five are free, the sixth shuts the login, and three were under way")
	_, err = d.Bank.LogIn(t.Context(), bank.By{Channel: "page", Source: "192.0.2.1"}, "alice", banktest.Password)
	require.ErrorIs(t, err, bank.ErrLogin, "also for who knows it, for a while")
	d.Clock.Advance(16 * 60)
	_, err = d.Bank.LogIn(t.Context(), bank.By{Channel: "page", Source: "192.0.2.1"}, "alice", banktest.Password)
	require.NoError(t, err)
}
