// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

// Q4. (別のハードウェアトークンを利用しているマスターユーザ/管理者ユーザがいる場合)
// ・別のハードウェアトークンを利用しているマスターユーザまたは管理者ユーザが、操作画面上
// の「ワンタイムパスワードの利用停止解除」の操作を行うことにより、解除することが可能です。
func TestBK08WhoUnlocks(t *testing.T) {
	master, admin, user := contract(t) // master on FOB-1, admin and user on FOB-2
	third := admin
	third.ID, third.Token = "a3", serial(t, "FOB-3")
	stranger := master
	stranger.ID, stranger.Contract = "x", "c2"
	unregistered := third
	unregistered.Token, unregistered.Condition = token.Serial{}, validator.NotThere
	plain := user
	plain.Token = third.Token

	held := func(s token.Serial) validator.Held {
		return validator.Held{Serial: s, Contract: "c1", Condition: validator.InUse, Suspended: true}
	}
	one, two := held(master.Token), held(admin.Token)
	users := []validator.User{master, admin, user, third, plain, unregistered}

	tests := []struct {
		name   string
		actor  validator.User
		target validator.Held
		way    validator.Way
		reason validator.Reason
	}{
		{"master, another token", master, two, validator.OnScreen, validator.ReasonAllowed},
		{"admin, the master's token", third, one, validator.OnScreen, validator.ReasonAllowed},
		{"admin, another token", third, two, validator.OnScreen, validator.ReasonAllowed},
		{"master, own token", master, one, validator.NoWay, validator.ReasonOwnToken},
		{"admin, shared own token", admin, two, validator.NoWay, validator.ReasonOwnToken},
		{"user, another token", plain, two, validator.NoWay, validator.ReasonRole},
		{"user, own token", user, two, validator.NoWay, validator.ReasonRole},
		{"admin without a token", unregistered, two, validator.NoWay, validator.ReasonNoToken},
		{"another contract's master", stranger, two, validator.NoWay, validator.ReasonOtherContract},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := validator.DefaultSettings()
			got := validator.MayUnlock(s, tt.actor, users, tt.target)
			require.Equal(t, tt.way, got.Way)
			require.Equal(t, tt.reason, got.Reason)
			require.Equal(t, validator.OnScreen, validator.UnlockWay(s, users, tt.target).Way, "another user can")
		})
	}
}
