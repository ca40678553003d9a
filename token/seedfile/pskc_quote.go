// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"fmt"
	"strings"
	"unicode"
)

// pskcWord is the longest word of a file that a message quotes: a seed of 16
// bytes has 24 letters at least, in whatever encoding, and half of one 12.
const pskcWord = 11

// pskcQuote returns a text of the file in quotes, to be put into a message, or
// "…" where it could be a seed or a part of one: a file may have a seed in any
// wrong place. In a URI the slash parts words; in base64 it is one of the
// letters.
func pskcQuote(s string) string {
	uri := strings.Contains(s, "://")
	n := 0
	for _, r := range s {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '+', r == '=', r == '/' && !uri:
			if n++; n > pskcWord {
				return "…"
			}
		default:
			n = 0
		}
	}
	return fmt.Sprintf("%.80q", s)
}

// pskcName returns the name of an element, which has no quotes in a message, or
// "?" where it could be a seed. Names of elements are longer than other words,
// and have no parts of base64 between other characters.
func pskcName(s string) string {
	if longestWord(s) > 22 || len(s) > 64 {
		return "?"
	}
	return s
}
