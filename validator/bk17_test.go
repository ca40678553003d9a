// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

// Q10. 【ユーザが複数の場合】(複数ユーザが1つのハードウェアトークンを共有)
// 利用中 当行所定の書面により、届出が必要となります。 有効期限切れ トークンの故障・紛失
func TestBK17OneToken(t *testing.T) {
	for _, own := range tableRows {
		way, rule := validator.RevocationWay(validator.OneToken, own)
		require.Equal(t, validator.OnPaper, way, own)
		require.Equal(t, validator.BK17, rule)

		master, admin, user := contract(t)
		admin.Token, user.Token = master.Token, master.Token
		master.Condition, admin.Condition, user.Condition = own, own, own
		unregistered := user
		unregistered.Token = token.Serial{}
		users := []validator.User{master, admin, user, unregistered}
		target := validator.Held{Serial: master.Token, Contract: "c1", Condition: own}
		for _, u := range users {
			require.Equal(t, validator.Verdict{
				Way: validator.OnPaper, Rule: validator.BK17, Reason: validator.ReasonPaperOnly,
			}, validator.MayRevoke(validator.DefaultSettings(), u, users, target), u.ID)
		}
	}
}

// TestBK17Arrangements assigns contracts to the headings of the table.
func TestBK17Arrangements(t *testing.T) {
	master, admin, user := contract(t)
	none := user
	none.Token = token.Serial{}
	same := user
	same.Token = master.Token
	tests := []struct {
		name  string
		users []validator.User
		want  validator.Arrangement
	}{
		{"one", []validator.User{master}, validator.OneUser},
		{"two on one token", []validator.User{master, same}, validator.OneToken},
		{"two, one without a token", []validator.User{master, none}, validator.OneToken},
		{"two without a token", []validator.User{none, none}, validator.OneToken},
		{"two on two tokens", []validator.User{master, admin}, validator.SeparateTokens},
		{"some share a token, some do not", []validator.User{admin, user, master}, validator.SeparateTokens},
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, validator.ArrangementOf(tt.users), tt.name)
	}
}
