// SPDX-License-Identifier: Apache-2.0

package entry

import (
	"strings"
	"time"

	"golang.org/x/text/width"
)

// layouts are unambiguous ways to write a date. Dates such as 4/1/2026 are missing
// because either number may be the month.
var layouts = []string{
	"2006-1-2", "2006/1/2", "2006.1.2", "20060102", "2006年1月2日", "2 January 2006", "2 Jan 2006",
}

// Day returns a date in the form 2006-01-02.
func Day(s string) (string, bool) {
	s = width.Fold.String(strings.TrimFunc(s, blank))
	s = strings.Map(func(r rune) rune {
		if hyphen(r) {
			return '-'
		}
		return r
	}, s)
	s = strings.Join(strings.FieldsFunc(s, blank), " ")
	for _, layout := range layouts {
		for _, text := range []string{s, strings.ReplaceAll(s, " ", "")} {
			if t, err := time.Parse(layout, text); err == nil {
				return t.Format(time.DateOnly), true
			}
		}
	}
	return "", false
}
