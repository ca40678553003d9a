// SPDX-License-Identifier: Apache-2.0

package bktest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Q2. ワンタイムパスワードは60秒毎に変更となるほか、一回限り有効であるため、盗み見や
// フィッシングによって万が一、第三者に知られた場合でも、成りすましの被害を防止すること
// ができます。
//
// A thief has seen a code, and enters it in a stolen session of its user.
func TestBK03SeenByAnother(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		c := b.contract()
		suzuki := c.master("suzuki").with(c.token())

		seen := suzuki.code() // and never used
		b.passes(2 * time.Minute)
		require.False(t, suzuki.transfers(seen).Done)
		b.passes(18 * time.Minute)
		suzuki.transfers(seen).isRefused()

		used := suzuki.code()
		suzuki.transfers(used).isDone()
		suzuki.transfers(used).isRefused() // in the same minute

		// The real user is not affected.
		b.passes(time.Minute)
		suzuki.transfers(suzuki.code()).isDone()
	})
}

// TestBK03Window: the codes of the previous and the next minute are accepted, codes
// beyond them are not.
func TestBK03Window(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		c := b.contract()
		for minutes, good := range map[int]bool{-3: false, -2: false, -1: true, 0: true, 1: true, 2: false, 3: false} {
			token := c.token()
			require.Equal(t, good, b.checks(token, token.shows(minutes)).Done, "%+d", minutes)
		}
	})
}
