// SPDX-License-Identifier: Apache-2.0

package entry

import (
	"strings"

	"golang.org/x/text/width"
)

// Amount returns a whole number of 0 or more without leading zeros, such as an amount
// of money. The entry may have thousands separators (a comma or a space, between groups
// of three digits) and one of the units, such as ¥ or 円, before or after it. A hyphen
// is refused because it may be a minus sign.
func Amount(s string, units ...string) (string, bool) {
	s = strings.TrimFunc(width.Fold.String(s), blank)
	for _, u := range units {
		if rest, ok := strings.CutPrefix(s, u); ok {
			s = strings.TrimFunc(rest, blank)
			break
		}
	}
	for _, u := range units {
		if rest, ok := strings.CutSuffix(s, u); ok {
			s = strings.TrimFunc(rest, blank)
			break
		}
	}
	groups := strings.FieldsFunc(s, separator)
	if len(groups) == 0 || separators(s) != len(groups)-1 {
		return "", false
	}
	for i, g := range groups {
		if i > 0 && len(g) != 3 || i == 0 && len(groups) > 1 && len(g) > 3 {
			return "", false
		}
	}
	all, ok := digits(strings.Join(groups, ""), func(rune) bool { return false })
	if !ok {
		return "", false
	}
	if all = strings.TrimLeft(all, "0"); all == "" {
		all = "0"
	}
	return all, true
}

// separator reports whether a character may separate thousands. 、 shares a key with the
// comma on Japanese keyboards.
func separator(r rune) bool { return r == ',' || r == '、' || blank(r) }

func separators(s string) int {
	n := 0
	for _, r := range s {
		if separator(r) {
			n++
		}
	}
	return n
}
