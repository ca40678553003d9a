// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

// Q3. ワンタイムパスワードの入力が必要な取引
// 次の取引時に入力が必要となります。
// ・振込・振替(都度指定方式)
// ・諸納付受付サービス(Pay-easy)(税金・国庫金等を除く)
// ・管理業務(ユーザの追加・変更、トークンの失効)
// ・振込・振替先の管理(振込先口座情報登録)
// ・総合振込・給与(賞与)振込の承認、振込先口座情報登録、外部ファイル送信
func TestBK04NeedsOTP(t *testing.T) {
	want := map[validator.Operation]bool{
		validator.OpTransfer:       true,
		validator.OpPayEasy:        true,
		validator.OpUserAdd:        true,
		validator.OpUserChange:     true,
		validator.OpRevoke:         true,
		validator.OpPayeeRegister:  true,
		validator.OpBulkApprove:    true,
		validator.OpPayrollApprove: true,
		validator.OpBulkPayee:      true,
		validator.OpFileSend:       true,

		validator.OpBalance:       false,
		validator.OpHistory:       false,
		validator.OpTransferKnown: false,
		validator.OpPayEasyTax:    false, // 税金・国庫金等を除く
		validator.OpResync:        false,

		validator.OpCheck:    true,
		validator.OpUnlock:   true, // the default of the settings
		validator.OpActivate: true,
	}
	s := validator.DefaultSettings()
	for _, op := range validator.Operations() {
		require.Contains(t, want, op)
		require.Equal(t, want[op], validator.NeedsOTP(s, op), op)
	}
	require.Len(t, validator.Operations(), len(want))

	s.UnlockNeedsOTP, s.ActivateNeedsOTP = false, false
	require.False(t, validator.NeedsOTP(s, validator.OpUnlock))
	require.False(t, validator.NeedsOTP(s, validator.OpActivate))
	require.True(t, validator.NeedsOTP(s, validator.OpNone), "an unknown operation")
	require.True(t, validator.NeedsOTP(s, validator.Operation(99)))
	require.Equal(t, "諸納付受付サービス(Pay-easy)(税金・国庫金等を除く)", validator.OpPayEasy.Words())
	require.Empty(t, validator.OpBalance.Words())
	require.Empty(t, validator.Operation(99).Words())
}

// TestBK04MayDo tests the operations that remain for a user whose token gives no codes.
func TestBK04MayDo(t *testing.T) {
	_, _, user := contract(t)
	tests := []struct {
		name   string
		change func(*validator.User)
		want   validator.Verdict
	}{
		{"in use", func(*validator.User) {}, validator.Verdict{
			Way: validator.OnScreen, Rule: validator.BK04, Reason: validator.ReasonAllowed,
		}},
		{"no token", func(u *validator.User) { u.Token = token.Serial{} }, validator.Verdict{
			Rule: validator.BK04, Reason: validator.ReasonNoToken,
		}},
		{"expired", func(u *validator.User) { u.Condition = validator.Expired }, validator.Verdict{
			Rule: validator.BK14, Reason: validator.ReasonExpired,
		}},
		{"lost", func(u *validator.User) { u.Condition = validator.Lost }, validator.Verdict{
			Rule: validator.BK04, Reason: validator.ReasonOwnOutOfUse,
		}},
		{"suspended", func(u *validator.User) { u.Suspended = true }, validator.Verdict{
			Rule: validator.BK05, Reason: validator.ReasonSuspended,
		}},
	}
	s := validator.DefaultSettings()
	for _, tt := range tests {
		u := user
		tt.change(&u)
		require.Equal(t, tt.want, validator.MayDo(s, u, validator.OpTransfer), tt.name)
		require.Equal(t, validator.OnScreen, validator.MayDo(s, u, validator.OpBalance).Way, tt.name)
		require.Equal(t, validator.OnScreen, validator.MayDo(s, u, validator.OpActivate).Way, tt.name)
	}
}
