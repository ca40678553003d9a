// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestErrorPrintable checks that the names in a file cannot control a terminal.
func TestErrorPrintable(t *testing.T) {
	for _, c := range []string{
		"\x1b[31m", "\n", "\r", "\t", "\b", "\x00", "\x7f", "\u0085", "\u009b31m", // C0, DEL, C1
		"\u202a", "\u202e", "\u2066", "\u2069", "\u200e", "\u200f", "\u061c", // bidi
		"\u2028", "\u2029", "\u200b", "\ufeff", "\xff",
	} {
		for _, e := range []*Error{
			{Format: "f", Record: "a" + c + "b", Err: ErrValue},
			{Format: "f", Field: "a" + c + "b", Err: ErrValue},
			{Format: "f", Err: errors.New("a" + c + "b")},
		} {
			require.NotContains(t, e.Error(), c)
			require.Contains(t, e.Error(), "a\uFFFD")
		}
	}
	require.Equal(t, "f: line 2: token 東京-1 é: user: bad value",
		(&Error{"f", 2, "東京-1 é", "user", ErrValue}).Error())
}
