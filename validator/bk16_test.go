// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

// tableRows are the statuses in Q10's table: 利用中, 有効期限切れ, トークンの故障・紛失.
var tableRows = []validator.Condition{validator.InUse, validator.Expired, validator.Broken, validator.Lost}

// Q10. 【ユーザが1名のみの場合】 利用中 当行所定の書面により、届出が必要となります。
// 有効期限切れ トークンの故障・紛失
func TestBK16OneUser(t *testing.T) {
	for _, own := range tableRows {
		way, rule := validator.RevocationWay(validator.OneUser, own)
		require.Equal(t, validator.OnPaper, way, own)
		require.Equal(t, validator.BK16, rule)

		master, _, _ := contract(t)
		master.Condition = own
		for _, target := range []token.Serial{master.Token, serial(t, "FOB-9")} { // no user has FOB-9
			require.Equal(t, validator.Verdict{
				Way: validator.OnPaper, Rule: validator.BK16, Reason: validator.ReasonPaperOnly,
			}, validator.MayRevoke(validator.DefaultSettings(), master, []validator.User{master},
				validator.Held{Serial: target, Contract: "c1", Condition: own}))
		}
	}
}
