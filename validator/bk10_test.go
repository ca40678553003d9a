// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator"
)

// Q6. すみやかにお取引店にご連絡のうえ、当行所定の書面により再発行の届出をいただくようお
// 願いします。その際、再発行するハードウェアトークン1つにつき、2,200円(消費税込)の再発行
// 手数料が必要となります。なお、再発行の理由が機器の故障によるもので、故障したハードウェア
// トークンをご返却いただける場合は、再発行手数料は不要です。
func TestBK10Reissue(t *testing.T) {
	tests := []struct {
		cause    validator.Cause
		returned bool
		fee      validator.Yen
		old      validator.Condition
	}{
		{validator.CauseLoss, false, 2200, validator.Lost},
		{validator.CauseTheft, false, 2200, validator.Lost},
		{validator.CauseDamage, false, 2200, validator.Broken},
		{validator.CauseDamage, true, 2200, validator.Broken}, // not "機器の故障によるもの"
		{validator.CauseFault, false, 2200, validator.Broken},
		{validator.CauseFault, true, 0, validator.Broken},
		{validator.CauseLoss, true, 2200, validator.Lost}, // found again, but the reason was the loss
	}
	for _, tt := range tests {
		fee, rule := validator.Fee(validator.DefaultSettings(),
			validator.Order{Cause: tt.cause, Returned: tt.returned, HasToken: true})
		require.Equal(t, tt.fee, fee, "%s, returned %t", tt.cause, tt.returned)
		require.Equal(t, validator.BK10, rule)
		way, _ := validator.OrderWay(tt.cause)
		require.Equal(t, validator.OnPaper, way)
		require.Equal(t, tt.old, tt.cause.OldToken(), tt.cause)
	}
}
