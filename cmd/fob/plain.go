// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"unicode"
)

// plain makes a text from outside safe for a terminal. It replaces characters that move
// the cursor, start a new line or change the writing direction by question marks.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) || unicode.In(r, unicode.Zl, unicode.Zp) {
			return '?'
		}
		return r
	}, s)
}
