// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator"
)

// Q11. ハードウェアトークンは、1契約につき1つ無料で配付しており、発行手数料および利用手数料
// は無料です。
// 注.ただし、再発行・追加発行する場合は、ハードウェアトークン1つ毎に2,200円(消費税込)の再
// 発行・追加発行手数料が必要となります。
func TestBK19Fees(t *testing.T) {
	ledger := []struct {
		order validator.Order
		want  validator.Yen
		rule  validator.Rule
	}{
		{validator.Order{Cause: validator.CauseFirst}, 0, validator.BK19},
		{validator.Order{Cause: validator.CauseFirst, HasToken: true}, 2200, validator.BK11}, // a second "first"
		{validator.Order{Cause: validator.CauseAdditional, HasToken: true}, 2200, validator.BK11},
		{validator.Order{Cause: validator.CauseLoss, HasToken: true}, 2200, validator.BK10},
		{validator.Order{Cause: validator.CauseFault, HasToken: true, Returned: true}, 0, validator.BK10},
		{validator.Order{Cause: validator.CauseExpiry, HasToken: true}, 0, validator.BK13},
	}
	s := validator.DefaultSettings()
	sum := validator.Yen(0)
	for _, l := range ledger {
		fee, rule := validator.Fee(s, l.order)
		require.Equal(t, l.want, fee, l.order.Cause)
		require.Equal(t, l.rule, rule, l.order.Cause)
		sum += fee
	}
	require.Equal(t, validator.Yen(6600), sum)

	s.Fee = 1100
	fee, _ := validator.Fee(s, validator.Order{Cause: validator.CauseLoss})
	require.Equal(t, validator.Yen(1100), fee)
	fee, _ = validator.Fee(s, validator.Order{Cause: 99})
	require.Equal(t, validator.Yen(1100), fee)
}

// TestBK19NoCause: an application without a cause is for the free token (「1契約に
// つき1つ無料」), which a contract can have once.
func TestBK19NoCause(t *testing.T) {
	for _, text := range []string{"", "gift", "Cause(9)"} {
		o := validator.Order{Cause: validator.ParseCause(text)}
		fee, rule := validator.Fee(validator.DefaultSettings(), o)
		require.Equal(t, validator.BK19, rule, text)
		require.Zero(t, fee, text)
		o.HasToken = true
		fee, rule = validator.Fee(validator.DefaultSettings(), o)
		require.Equal(t, validator.BK11, rule, text)
		require.Equal(t, validator.Yen(2200), fee, text)
	}
	// Q6 and Q7 name the causes of an application. The replacement at expiry (Q9) needs
	// none.
	causes := validator.OrderCauses()
	require.Len(t, causes, 6)
	for _, c := range causes {
		require.Equal(t, c, validator.ParseCause(c.String()))
		require.NotEqual(t, validator.CauseExpiry, c)
	}
}

// TestBK19SentAtExpiry: the replacement at expiry is sent without an application.
func TestBK19SentAtExpiry(t *testing.T) {
	way, rule := validator.OrderWay(validator.CauseExpiry)
	require.Equal(t, validator.NoWay, way)
	require.Equal(t, validator.BK13, rule)
	way, _ = validator.OrderWay(99)
	require.Equal(t, validator.NoWay, way)
}
