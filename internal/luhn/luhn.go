// SPDX-License-Identifier: Apache-2.0

// Package luhn computes check characters with the Luhn algorithm (ISO/IEC 7812-1, annex
// B), in any even base. The algorithm detects every single wrong character and almost
// every exchange of two neighbours.
package luhn

import "strings"

// Check returns the check character of a text. alphabet lists the characters in the
// order of their values. Other characters of the text, such as hyphens, do not count.
func Check(text, alphabet string) byte {
	base, sum, double := len(alphabet), 0, true
	for i := len(text) - 1; i >= 0; i-- {
		n := strings.IndexByte(alphabet, text[i])
		if n < 0 {
			continue
		}
		if double {
			n *= 2
		}
		sum += n/base + n%base
		double = !double
	}
	return alphabet[(base-sum%base)%base]
}
