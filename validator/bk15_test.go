// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator"
)

// Q10. マスターユーザおよび管理者ユーザは、自ら使用しているハードウェアトークンの有効期限
// 切れ・故障・紛失状態において、失効や利用停止の解除を行うことはできません。
func TestBK15OwnTokenOutOfUse(t *testing.T) {
	s := validator.DefaultSettings()
	for _, role := range []validator.Role{validator.Admin, validator.Master} {
		for _, own := range []validator.Condition{
			validator.Expired, validator.Broken, validator.Lost, validator.Revoked,
		} {
			actor, other, user := contract(t)
			actor.Role, actor.Condition = role, own
			other.Token = serial(t, "FOB-3")
			users := []validator.User{actor, other, user}
			target := validator.Held{Serial: user.Token, Contract: "c1", Condition: validator.InUse, Suspended: true}

			unlock := validator.MayUnlock(s, actor, users, target)
			require.Equal(t, validator.Verdict{
				Way: validator.NoWay, Rule: validator.BK15, Reason: validator.ReasonOwnOutOfUse,
			}, unlock, "another admin can")
			revoke := validator.MayRevoke(s, actor, users, target)
			require.NotEqual(t, validator.OnScreen, revoke.Way)
			require.Equal(t, validator.BK15, revoke.Rule)
			require.Equal(t, validator.ReasonOwnOutOfUse, revoke.Reason)

			alone := []validator.User{actor, user}
			require.Equal(t, validator.OnPaper, validator.MayUnlock(s, actor, alone, target).Way)
			require.Equal(t, validator.OnPaper, validator.MayRevoke(s, actor, alone, target).Way)
		}
	}
}
