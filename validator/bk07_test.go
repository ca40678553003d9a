// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator"
)

// Q4. 【利用停止した場合の解除方法】
// (ハードウェアトークンが1つの場合)
// ・当行所定の書面によるお手続きが必要となります。
func TestBK07OneToken(t *testing.T) {
	master, admin, user := contract(t)
	s := validator.DefaultSettings()
	admin.Token, user.Token = master.Token, master.Token
	master.Suspended, admin.Suspended, user.Suspended = true, true, true
	target := validator.Held{
		Serial: master.Token, Contract: "c1", Condition: validator.InUse, Suspended: true,
	}
	for _, users := range [][]validator.User{{master}, {master, admin, user}} {
		require.Equal(t, validator.Verdict{
			Way: validator.OnPaper, Rule: validator.BK07, Reason: validator.ReasonPaperOnly,
		}, validator.UnlockWay(s, users, target))
		for _, u := range users {
			reason := validator.ReasonOwnToken
			if u.Role == validator.PlainUser {
				reason = validator.ReasonRole
			}
			require.Equal(t, validator.Verdict{Way: validator.OnPaper, Rule: validator.BK08, Reason: reason},
				validator.MayUnlock(s, u, users, target), u.ID)
		}
	}
}

// TestBK07AllSuspended: if every master and admin is suspended, only paper remains,
// however many tokens there are.
func TestBK07AllSuspended(t *testing.T) {
	master, admin, user := contract(t)
	s := validator.DefaultSettings()
	master.Suspended, admin.Suspended, user.Suspended = true, true, true
	target := validator.Held{Serial: user.Token, Contract: "c1", Condition: validator.InUse, Suspended: true}
	users := []validator.User{master, admin, user}
	require.Equal(t, validator.OnPaper, validator.UnlockWay(s, users, target).Way)
	require.Equal(t, validator.Verdict{
		Way: validator.OnPaper, Rule: validator.BK05, Reason: validator.ReasonOwnSuspended,
	}, validator.MayUnlock(s, master, users, target))

	s.UnlockNeedsOTP = false
	require.Equal(t, validator.OnScreen, validator.MayUnlock(s, master, users, target).Way,
		"a suspended user can unlock if that needs no code")
}

// TestBK07NotSuspended tests a token that is not suspended.
func TestBK07NotSuspended(t *testing.T) {
	master, admin, _ := contract(t)
	s := validator.DefaultSettings()
	target := validator.Held{Serial: admin.Token, Contract: "c1", Condition: validator.InUse}
	users := []validator.User{master, admin}
	want := validator.Verdict{Rule: validator.BK05, Reason: validator.ReasonNotSuspended}
	require.Equal(t, want, validator.UnlockWay(s, users, target))
	require.Equal(t, want, validator.MayUnlock(s, master, users, target))
}
