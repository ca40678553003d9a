// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator"
)

// Q5. トークンとは、ワンタイムパスワードを生成する機器等をいい、ハードウェアトークン
// (専用機器)とソフトウェアトークン(専用アプリ)があります。当行の法人・個人事業者向け
// インターネットバンキングでは、ハードウェアトークンを提供しています。
func TestBK09Kinds(t *testing.T) {
	require.NotEqual(t, validator.NoWay, validator.Offers(validator.Hardware).Way)
	require.Equal(t, validator.Verdict{Rule: validator.BK09, Reason: validator.ReasonNotOffered},
		validator.Offers(validator.Software))
}
