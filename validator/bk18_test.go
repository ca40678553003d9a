// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

// Q10. (複数ユーザが別のハードウェアトークンを利用している場合)
// 利用中 マスターユーザおよび管理者ユーザは、自らが利用しているハードウェアトークンと異なる
// ハードウェアトークンの失効を行うことが可能です。 有効期限切れ 当行所定の書面により、届出
// が必要となります。 トークンの故障・紛失
func TestBK18Table(t *testing.T) {
	want := map[validator.Condition]validator.Way{
		validator.InUse:   validator.OnScreen,
		validator.Expired: validator.OnPaper,
		validator.Broken:  validator.OnPaper,
		validator.Lost:    validator.OnPaper,
	}
	for _, own := range tableRows {
		way, rule := validator.RevocationWay(validator.SeparateTokens, own)
		require.Equal(t, want[own], way, own)
		require.Equal(t, validator.BK18, rule)
	}
	way, _ := validator.RevocationWay(validator.Arrangement(9), validator.InUse)
	require.Equal(t, validator.NoWay, way)
}

// TestBK18Rights checks which user may revoke which token.
func TestBK18Rights(t *testing.T) {
	master, admin, user := contract(t) // master on FOB-1, admin and user on FOB-2
	plain := user
	plain.ID, plain.Token = "p", serial(t, "FOB-3")
	without := admin
	without.ID, without.Token, without.Condition = "w", token.Serial{}, validator.NotThere
	suspended := admin
	suspended.ID, suspended.Token, suspended.Suspended = "s", serial(t, "FOB-4"), true
	stranger := master
	stranger.Contract = "c2"
	users := []validator.User{master, admin, user, plain, without, suspended}
	held := func(s token.Serial, c validator.Condition) validator.Held {
		return validator.Held{Serial: s, Contract: "c1", Condition: c}
	}
	one, two := held(master.Token, validator.InUse), held(admin.Token, validator.InUse)

	tests := []struct {
		name   string
		actor  validator.User
		target validator.Held
		way    validator.Way
		reason validator.Reason
	}{
		{"master, a user's token", master, two, validator.OnScreen, validator.ReasonAllowed},
		{"admin, the master's token", admin, one, validator.OnScreen, validator.ReasonAllowed},
		{"master, an expired token", master, held(admin.Token, validator.Expired), validator.OnScreen, validator.ReasonAllowed},
		{"master, a lost token", master, held(admin.Token, validator.Lost), validator.OnScreen, validator.ReasonAllowed},
		{"master, own token", master, one, validator.NoWay, validator.ReasonOwnToken},
		{"admin, shared own token", admin, two, validator.NoWay, validator.ReasonOwnToken},
		{"user", plain, two, validator.NoWay, validator.ReasonRole},
		{"admin without a token", without, two, validator.NoWay, validator.ReasonNoToken},
		{"suspended admin", suspended, two, validator.NoWay, validator.ReasonOwnSuspended},
		{"another contract's master", stranger, two, validator.NoWay, validator.ReasonOtherContract},
		{"revoked already", master, held(admin.Token, validator.Revoked), validator.NoWay, validator.ReasonRevoked},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := validator.MayRevoke(validator.DefaultSettings(), tt.actor, users, tt.target)
			require.Equal(t, tt.way, got.Way)
			require.Equal(t, tt.reason, got.Reason)
		})
	}
}

// TestBK18OnlyManagersOwnToken: the only master or admin cannot revoke their own token.
// No other user can either, and only paper remains.
func TestBK18OnlyManagersOwnToken(t *testing.T) {
	master, _, user := contract(t)
	target := validator.Held{Serial: master.Token, Contract: "c1", Condition: validator.InUse}
	got := validator.MayRevoke(validator.DefaultSettings(), master, []validator.User{master, user}, target)
	require.Equal(t, validator.Verdict{Way: validator.OnPaper, Rule: validator.BK18, Reason: validator.ReasonOwnToken}, got)
}
