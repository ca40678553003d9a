// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

// office is a contract with users who have tokens, users without one, and a spare
// token.
type office struct {
	*banktest.Harness
	masters, shared, spare, inventory, strangers token.Serial
}

func newOffice(t *testing.T, change ...func(*validator.Settings)) office {
	t.Helper()
	return officeOf(banktest.New(t, banktest.SQLite(t), change...))
}

func officeOf(d *banktest.Harness) office {
	d.Contract("c1")
	d.Contract("c2")
	d.User("c1", "alice", validator.Master)
	d.User("c1", "bob", validator.Admin)
	for _, id := range []string{"carol", "dave", "eve"} {
		d.User("c1", id, validator.PlainUser)
	}
	o := office{
		Harness: d, masters: d.Issued("c1"), shared: d.Issued("c1"), spare: d.Issued("c1"),
		inventory: d.Inventory(), strangers: d.Issued("c2"),
	}
	d.Activate("alice", o.masters)
	d.Activate("bob", o.shared)
	d.Activate("carol", o.shared)
	return o
}

func (o office) activate(user string, serial token.Serial, code string) bank.Outcome {
	o.T.Helper()
	out, err := o.Bank.Activate(o.T.Context(), banktest.By(user), serial, code)
	require.NoError(o.T, err)
	return out
}

func (o office) state(serial token.Serial) validator.State {
	o.T.Helper()
	t, err := o.Bank.Token(o.T.Context(), banktest.Clerk, serial)
	require.NoError(o.T, err)
	return t.State
}

// TestWrongActivations: wrong activations never change a token that the user does not
// use, and its users can go on. Activation is locked for that user. Q4 suspends a token
// after failed attempts of the token's own users ("同一ハードウェアトークンを利用し
// ている全てのユーザ").
func TestWrongActivations(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		o := officeOf(d)
		ctx := t.Context()
		all := map[token.Serial]validator.State{}
		for _, s := range []token.Serial{o.masters, o.shared, o.spare, o.inventory, o.strangers} {
			all[s] = o.state(s)
		}
		unchanged := func(actor string) {
			t.Helper()
			for s, before := range all {
				require.Equal(t, before, o.state(s), "%s after %s", s, actor)
			}
		}
		nowhere := banktest.Serial(99_999)
		for _, tt := range []struct {
			actor   string
			targets []token.Serial // none of them is used by the actor
		}{
			{"eve", []token.Serial{o.masters}},
			{"dave", []token.Serial{o.spare, o.shared}},
			{"carol", []token.Serial{o.masters, o.spare, nowhere}},
			{"bob", []token.Serial{o.masters}},
			{"alice", []token.Serial{o.strangers, o.inventory, nowhere}},
		} {
			for i := range 12 {
				target := tt.targets[i%len(tt.targets)]
				code := []string{"12345", "abcdef", ""}[i%3]
				if i > 2 && target != nowhere {
					code = o.WrongCode(target)
				}
				out := o.activate(tt.actor, target, code)
				require.False(t, out.Done)
				locked := out.Verdict.Reason == validator.ReasonActivationLocked
				require.Equal(t, i >= o.Settings.ActivationLimit, locked, "%s, attempt %d", tt.actor, i+1)
				_, err := o.Bank.Unlock(ctx, banktest.By(tt.actor), target, code)
				require.NoError(t, err)
			}
			unchanged(tt.actor)
			list, _, err := o.Bank.Audit(ctx, banktest.Clerk, bank.AuditFilter{User: tt.actor, Act: "lock activation"})
			require.NoError(t, err)
			require.Len(t, list, 1, "on record, once")
			require.Equal(t, "5 refused activations", list[0].Note)
			list, _, err = o.Bank.Audit(ctx, banktest.Clerk, bank.AuditFilter{User: tt.actor, Act: validator.OpActivate.String(), Page: bank.Page{Limit: 1000}})
			require.NoError(t, err)
			require.GreaterOrEqual(t, len(list), 12, "each attempt is")
		}
		require.True(t, d.Transfer("alice", d.Code(o.masters, 0)).Done, "the owner goes on")
		require.True(t, d.Transfer("carol", d.Code(o.shared, 0)).Done)

		// The lock ends after its time, or when a clerk ends it.
		require.False(t, o.activate("dave", o.spare, d.Code(o.spare, 0)).Done)
		unlock := bank.UserChange{UnlockActivation: true}
		_, _, err := o.Bank.ChangeUser(ctx, banktest.By("alice"), "dave", unlock, d.Code(o.masters, 1))
		require.ErrorIs(t, err, bank.ErrForbidden, "only the back office may unlock")
		_, _, err = o.Bank.ChangeUser(ctx, banktest.Clerk, "dave", unlock, "")
		require.NoError(t, err)
		require.True(t, o.activate("dave", o.spare, d.Code(o.spare, 0)).Done)
		d.Clock.Advance(86_400)
		require.True(t, o.activate("eve", o.shared, d.Code(o.shared, 0)).Done)
	})
}

// TestOwnWrongActivations: if a user registers the token again that they already use,
// Q4 applies to their failed attempts.
func TestOwnWrongActivations(t *testing.T) {
	o := newOffice(t)
	for range 5 {
		require.False(t, o.activate("carol", o.shared, o.WrongCode(o.shared)).Done)
	}
	require.True(t, o.state(o.shared).Suspended)
	u, err := o.Bank.User(t.Context(), banktest.Clerk, "carol")
	require.NoError(t, err)
	require.Zero(t, u.Refused.Count)
}

// TestRefusedActivationsAreNotCleared: a user with a token of their own cannot reset
// the count by registering that token between guesses. A code that the token has shown
// is not a guess. The count restarts a day after the last refused activation.
func TestRefusedActivationsAreNotCleared(t *testing.T) {
	o := newOffice(t)
	mine := o.Issued("c1")
	o.Activate("eve", mine)
	count := func() int {
		u, err := o.Bank.User(t.Context(), banktest.Clerk, "eve")
		require.NoError(t, err)
		return u.Refused.Count
	}
	for n := range 4 {
		require.False(t, o.activate("eve", o.masters, o.WrongCode(o.masters)).Done)
		require.True(t, o.activate("eve", mine, o.Code(mine, 0)).Done)
		require.Equal(t, n+1, count())
		o.Step(1)
	}
	code := o.Code(o.shared, 0)
	require.True(t, o.Transfer("bob", code).Done)
	require.False(t, o.activate("eve", o.shared, code).Done, "used a moment ago by a colleague beside her")
	require.Equal(t, 4, count())
	o.Clock.Advance(86_400)
	require.False(t, o.activate("eve", o.masters, o.WrongCode(o.masters)).Done)
	require.Equal(t, 1, count())
}

// TestSettingsOfActivation: the settings determine how many refused activations lock
// it, and for how long.
func TestSettingsOfActivation(t *testing.T) {
	o := newOffice(t, func(s *validator.Settings) { s.ActivationLimit, s.ActivationLock = 2, 0 })
	for i := range 3 {
		out := o.activate("eve", o.spare, o.WrongCode(o.spare))
		require.Equal(t, i == 2, out.Verdict.Reason == validator.ReasonActivationLocked)
	}
	o.Clock.Advance(300 * 86_400)
	require.False(t, o.activate("eve", o.spare, o.Code(o.spare, 0)).Done, "until the back office unlocks it")
}

// TestActivationLockAfterAClockThatJumped: an attempt recorded in the future does not
// lock activation for longer than the setting.
func TestActivationLockAfterAClockThatJumped(t *testing.T) {
	s := validator.DefaultSettings()
	r := validator.RefusedActivations{Count: 5, Last: 1_000_000_000}
	require.True(t, r.Locked(s, 1_000_000_000-10))
	require.False(t, r.Locked(s, 1_000_000_000-86_400))
}

// TestSpareTokenUnlocksNothing: a master whose own token is suspended can continue with a
// spare one, but cannot unlock the suspended one with it, however many tokens they
// register. Q4 requires "別のハードウェアトークンを利用しているマスターユーザまたは
// 管理者ユーザが", or paper.
func TestSpareTokenUnlocksNothing(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		o := officeOf(d)
		unlock := func(user string, serial, own token.Serial) bank.Outcome {
			t.Helper()
			o.Step(1)
			out, err := o.Bank.Unlock(t.Context(), banktest.By(user), serial, o.Code(own, 0))
			require.NoError(t, err)
			return out
		}
		third := o.Issued("c1")
		refused := bank.Outcome{Verdict: validator.Verdict{Rule: validator.BK08, Reason: validator.ReasonOwnToken}}
		o.Suspend("alice", o.masters)
		o.Activate("alice", o.spare)
		require.True(t, o.Transfer("alice", o.Code(o.spare, 0)).Done, "another token is good")
		require.Equal(t, refused, unlock("alice", o.masters, o.spare))
		o.Suspend("alice", o.spare)
		o.Activate("alice", third)
		require.Equal(t, refused, unlock("alice", o.masters, third))
		require.Equal(t, refused, unlock("alice", o.spare, third))
		o.Restart()
		require.Equal(t, refused, unlock("alice", o.masters, third))

		require.True(t, unlock("bob", o.masters, o.shared).Done, "an admin who uses another token")
		require.False(t, o.state(o.masters).Suspended)
		// From now on, alice may unlock it like any other token.
		o.Activate("carol", o.masters)
		o.Suspend("carol", o.masters)
		require.True(t, unlock("alice", o.masters, third).Done)
		require.Equal(t, refused, unlock("alice", o.spare, third))
		// No user is left who could unlock it: paper.
		locked := true
		_, _, err := o.Bank.ChangeUser(t.Context(), banktest.Clerk, "bob", bank.UserChange{Locked: &locked}, "")
		require.NoError(t, err)
		require.Equal(t, validator.OnPaper, unlock("alice", o.spare, third).Verdict.Way)
		out, err := o.Bank.Unlock(t.Context(), banktest.Clerk, o.spare, "")
		require.NoError(t, err)
		require.True(t, out.Done)
	})
}

// TestSelfUnlock: the setting allows a user to unlock the token that they used.
func TestSelfUnlock(t *testing.T) {
	o := newOffice(t, func(s *validator.Settings) { s.SelfUnlock = true })
	o.Suspend("alice", o.masters)
	o.Activate("alice", o.spare)
	out, err := o.Bank.Unlock(t.Context(), banktest.By("alice"), o.masters, o.Code(o.spare, 0))
	require.NoError(t, err)
	require.True(t, out.Done)
}

// TestUsersSeeTheirToken: no list shows a user who is neither master nor admin the
// serial number of a token that they do not use.
func TestUsersSeeTheirToken(t *testing.T) {
	for _, all := range []bool{false, true} {
		o := newOffice(t, func(s *validator.Settings) { s.UsersSeeTokens = all })
		ctx := t.Context()
		o.Transfer("alice", o.Code(o.masters, 0))
		for _, tt := range []struct {
			user string
			sees []token.Serial
		}{
			{"alice", []token.Serial{o.masters, o.shared, o.spare}},
			{"bob", []token.Serial{o.masters, o.shared, o.spare}},
			{"carol", []token.Serial{o.shared}},
			{"eve", nil},
		} {
			if all {
				tt.sees = []token.Serial{o.masters, o.shared, o.spare}
			}
			by := banktest.By(tt.user)
			seen := map[token.Serial]bool{}
			tokens, _, err := o.Bank.Tokens(ctx, by, bank.TokenFilter{})
			require.NoError(t, err)
			require.Len(t, tokens, len(tt.sees), tt.user)
			users, _, err := o.Bank.Users(ctx, by, "", bank.Page{})
			require.NoError(t, err)
			require.Len(t, users, 5)
			status, err := o.Bank.Status(ctx, tt.user)
			require.NoError(t, err)
			done, _, err := o.Bank.Transactions(ctx, by, "", bank.Page{})
			require.NoError(t, err)
			require.Len(t, done, 1)
			one, err := o.Bank.User(ctx, by, "alice")
			require.NoError(t, err)
			for _, x := range append(tokens, status.Tokens...) {
				seen[x.Serial] = true
			}
			for _, u := range append(append(users, status.Users...), one) {
				seen[u.Token] = true
			}
			seen[done[0].Serial] = true
			delete(seen, token.Serial{})
			require.Len(t, seen, len(tt.sees), tt.user)
			for _, s := range []token.Serial{o.masters, o.shared, o.spare} {
				_, err := o.Bank.Token(ctx, by, s)
				_, susp := o.Bank.Suspension(ctx, by, s)
				if seen[s] {
					require.NoError(t, err)
					require.NoError(t, susp)
				} else {
					require.ErrorIs(t, err, bank.ErrNotFound)
					require.ErrorIs(t, susp, bank.ErrNotFound)
				}
			}
		}
	}
}
