// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

// Q8. ハードウェアトークンは、複数のユーザが、ワンタイムパスワード利用開始登録画面で同一
// シリアル番号を登録することによって共有することが可能です。
// なお、別契約となっているサービスのユーザ間では共有できません。
func TestBK12Sharing(t *testing.T) {
	master, admin, user := contract(t)
	stranger := user
	stranger.ID, stranger.Contract = "x", "c2"
	target := validator.Held{Serial: master.Token, Contract: "c1", Condition: validator.InUse}
	s := validator.DefaultSettings()
	for _, u := range []validator.User{master, admin, user} {
		require.Equal(t, validator.Verdict{
			Way: validator.OnScreen, Rule: validator.BK12, Reason: validator.ReasonAllowed,
		}, validator.MayActivate(s, u, target, at(100, 0)), u.ID)
	}
	require.Equal(t, validator.Verdict{Rule: validator.BK12, Reason: validator.ReasonOtherContract},
		validator.MayActivate(s, stranger, target, at(100, 0)))
	target.Contract = "" // in the inventory
	require.Equal(t, validator.ReasonOtherContract, validator.MayActivate(s, master, target, at(100, 0)).Reason)
}

// TestBK12Status tests the statuses in which a token cannot be registered.
func TestBK12Status(t *testing.T) {
	_, _, user := contract(t)
	for c, reason := range map[validator.Condition]validator.Reason{
		validator.Expired:  validator.ReasonExpired,
		validator.Revoked:  validator.ReasonRevoked,
		validator.Lost:     validator.ReasonReported,
		validator.Broken:   validator.ReasonReported,
		validator.NotThere: validator.ReasonUnknown,
	} {
		got := validator.MayActivate(validator.DefaultSettings(), user,
			validator.Held{Serial: user.Token, Contract: "c1", Condition: c}, at(100, 0))
		require.Equal(t, validator.NoWay, got.Way)
		require.Equal(t, reason, got.Reason)
	}
}

// TestBK12Suspended: a suspended token cannot give the code that a registration
// requires.
func TestBK12Suspended(t *testing.T) {
	_, _, user := contract(t)
	target := validator.Held{Serial: user.Token, Contract: "c1", Condition: validator.InUse, Suspended: true}
	s := validator.DefaultSettings()
	require.Equal(t, validator.ReasonSuspended, validator.MayActivate(s, user, target, at(100, 0)).Reason)
	s.ActivateNeedsOTP = false
	require.Equal(t, validator.OnScreen, validator.MayActivate(s, user, target, at(100, 0)).Way)
}

// TestBK12Wait: other banks let a user register again 30 minutes after a revocation. By
// default, this bank has no wait.
func TestBK12Wait(t *testing.T) {
	_, _, user := contract(t)
	user.RevokedAt = 1_000_000
	target := validator.Held{Serial: user.Token, Contract: "c1", Condition: validator.InUse}
	s := validator.DefaultSettings()
	require.Equal(t, validator.OnScreen, validator.MayActivate(s, user, target, 1_000_000).Way)
	s.ReactivateAfter = 1800
	for after, way := range map[token.UnixSeconds]validator.Way{
		0: validator.NoWay, 1799: validator.NoWay, 1800: validator.OnScreen,
	} {
		require.Equal(t, way, validator.MayActivate(s, user, target, 1_000_000+after).Way, after)
	}
}
