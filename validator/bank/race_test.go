// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/store"
)

// waitForCallOf waits until a goroutine is in one of the functions.
func waitForCallOf(t *testing.T, functions ...string) {
	t.Helper()
	buf := make([]byte, 1<<20)
	require.Eventually(t, func() bool {
		stacks := string(buf[:runtime.Stack(buf, true)])
		for _, f := range functions {
			if strings.Contains(stacks, f) {
				return true
			}
		}
		return false
	}, 5*time.Minute, time.Millisecond)
}

// TestChangePasswordBesideLock: a password change does not undo a concurrent change of
// the user.
func TestChangePasswordBesideLock(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		d.Contract("c1")
		d.User("c1", "alice", validator.Master)
		d.User("c1", "bob", validator.Admin)
		changed := make(chan error, 1)
		release := d.Bank.HoldLogins()
		go func() {
			changed <- d.Bank.ChangePassword(t.Context(), banktest.By("bob"), banktest.Password, "another long password")
		}()
		waitForCallOf(t, "bank.(*logins).slot")
		require.NoError(t, d.DB.Update(t.Context(), func(tx *store.Tx) error {
			if _, err := tx.Contract("c1"); err != nil {
				return err
			}
			u, err := tx.User("bob")
			if err != nil {
				return err
			}
			u.Locked, u.Role = true, validator.PlainUser
			if err := tx.PutUser(u); err != nil {
				return err
			}
			release()
			waitForCallOf(t, "store.(*Tx).PutUser(", "store.(*Tx).Contract(", "sqldb.(*DB).submit(")
			return nil
		}))
		require.ErrorIs(t, <-changed, bank.ErrLogin)
		u, err := d.Bank.User(t.Context(), banktest.Clerk, "bob")
		require.NoError(t, err)
		require.True(t, u.Locked)
		require.Equal(t, validator.PlainUser, u.Role)
	})
}

// TestLoginBesideLock: a user who is locked while their password is being compared is
// not logged in.
func TestLoginBesideLock(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		d.Contract("c1")
		d.User("c1", "alice", validator.Master)
		release := d.Bank.HoldLogins()
		logged := make(chan error, 1)
		go func() {
			_, err := d.Bank.LogIn(t.Context(), banktest.By("alice"), "alice", banktest.Password)
			logged <- err
		}()
		waitForCallOf(t, "bank.(*logins).slot")
		locked := true
		_, _, err := d.Bank.ChangeUser(t.Context(), banktest.Clerk, "alice", bank.UserChange{Locked: &locked}, "")
		require.NoError(t, err)
		release()
		require.ErrorIs(t, <-logged, bank.ErrLogin)
	})
}

// TestCodeUsedUpByFailedOperation: a right code is used up and recorded even if its
// operation cannot be done.
func TestCodeUsedUpByFailedOperation(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		d.Contract("c1")
		d.User("c1", "alice", validator.Master)
		d.User("c1", "bob", validator.Admin)
		serial := d.Issued("c1")
		d.Activate("alice", serial)
		d.Activate("bob", serial)
		add := func(id, code string) error {
			_, out, err := d.Bank.AddUser(t.Context(), banktest.By("alice"), bank.NewUser{
				ID: id, Contract: "c1", Name: id, Password: banktest.Password,
			}, code)
			require.False(t, out.Done)
			return err
		}
		code := d.Code(serial, 0)
		require.ErrorIs(t, add("bob", code), bank.ErrConflict, "the name is taken")
		require.Equal(t, "not possible", d.LastAudit(serial).Reason)
		require.Equal(t, "alice", d.LastAudit(serial).User)
		require.NoError(t, add("carol", code), "refused like any used code")
		require.Equal(t, bank.Outcome{}, d.Transfer("bob", code))

		d.Step(1)
		code = d.Code(serial, 0)
		locked := true
		_, _, err := d.Bank.ChangeUser(t.Context(), banktest.By("bob"), "alice", bank.UserChange{Locked: &locked}, code)
		require.ErrorIs(t, err, bank.ErrForbidden, "an admin does not lock the master")
		require.Equal(t, bank.Outcome{}, d.Transfer("bob", code))
	})
}
