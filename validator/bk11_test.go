// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

// Q7. ハードウェアトークン追加発行・再発行依頼書をご提出いただくほか、ハードウェアトークン
// 1つ毎に2,200円(消費税込)の追加発行手数料が必要となります。
// なお、追加のお申込みをいただいたハードウェアトークンは、お申込みから7日〜10日前後で事前
// にお届けいただいている…ご契約者のお届け住所宛に郵送します。ハードウェアトークンの郵送先
// を個別でご指定いただくことはできません。
func TestBK11Additional(t *testing.T) {
	s := validator.DefaultSettings()
	fee, rule := validator.Fee(s, validator.Order{Cause: validator.CauseAdditional, HasToken: true})
	require.Equal(t, validator.Yen(2200), fee)
	require.Equal(t, validator.BK11, rule)
	way, _ := validator.OrderWay(validator.CauseAdditional)
	require.Equal(t, validator.OnPaper, way)

	from, to := validator.Delivery(s, date(t, 2026, 12, 24))
	require.Equal(t, date(t, 2026, 12, 31), from)
	require.Equal(t, date(t, 2027, 1, 3), to)
}

func TestBK11Address(t *testing.T) {
	for _, asked := range []string{"", "Sendai 1"} {
		to, err := validator.ShipTo("Sendai 1", asked)
		require.NoError(t, err)
		require.Equal(t, "Sendai 1", to)
	}
	_, err := validator.ShipTo("Sendai 1", "Tokyo 2")
	require.ErrorIs(t, err, validator.ErrAddress)
}

// TestBK11EndOfCalendar: no delivery date is after the last day of the calendar.
func TestBK11EndOfCalendar(t *testing.T) {
	s := validator.DefaultSettings()
	_, to := validator.Delivery(s, date(t, 9999, 12, 28))
	require.Equal(t, date(t, 9999, 12, 31), to)
	_, to = validator.Delivery(s, token.Expiry{})
	require.True(t, to.IsZero())
}
