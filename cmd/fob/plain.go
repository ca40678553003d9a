// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"unicode"
)

// plain makes a text of somebody else's safe for a terminal: what moves the
// cursor, begins a line or turns the direction of writing becomes a question
// mark.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) || unicode.In(r, unicode.Zl, unicode.Zp) {
			return '?'
		}
		return r
	}, s)
}
