// SPDX-License-Identifier: Apache-2.0

package luhn_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/luhn"
)

// TestCheck has the example of ISO/IEC 7812-1 as Wikipedia gives it ("Luhn algorithm":
// 1789372997 has the check digit 4), and card numbers for tests that payment providers
// publish.
func TestCheck(t *testing.T) {
	for _, number := range []string{"17893729974", "4111111111111111", "5555555555554444", "378282246310005", "4012-8888-8888-1881"} {
		text, check := number[:len(number)-1], number[len(number)-1]
		require.Equal(t, string(check), string(luhn.Check(text, "0123456789")), number)
	}
}

// TestErrors checks that a wrong digit changes the check digit.
func TestErrors(t *testing.T) {
	const text = "9999000000042"
	for i := range text {
		for d := byte('0'); d <= '9'; d++ {
			if d != text[i] {
				wrong := text[:i] + string(d) + text[i+1:]
				require.NotEqual(t, luhn.Check(text, "0123456789"), luhn.Check(wrong, "0123456789"), wrong)
			}
		}
	}
}
