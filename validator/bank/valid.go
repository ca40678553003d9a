// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"net/mail"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/d204ef64/fob/validator/entry"
)

var (
	contractID = regexp.MustCompile(`^[0-9A-Za-z-]{1,32}$`)
	userID     = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._@-]{0,63}$`)
)

// text validates a text that people wrote: its number of characters, and that none of
// them are invisible.
func text(field, s string, least, most int) error {
	switch n := utf8.RuneCountInString(s); {
	case !utf8.ValidString(s):
		return invalid(field, "not valid UTF-8")
	case n < least || n > most:
		return invalid(field, "want %d to %d characters, got %d", least, most, n)
	case strings.ContainsFunc(s, entry.Invisible):
		return invalid(field, "contains a control character or an invisible one")
	case least > 0 && strings.TrimSpace(s) == "":
		return invalid(field, "is empty")
	}
	return nil
}

func checkContractID(s string) error {
	if !contractID.MatchString(s) {
		return invalid("id", "a contract's ID has 1 to 32 characters of 0-9, A-Z, a-z and hyphen")
	}
	return nil
}

func checkUserID(s string) error {
	if !userID.MatchString(s) {
		return invalid("id", "an ID has 1 to 64 characters of 0-9, A-Z, a-z and . _ @ -, and begins with a letter or digit")
	}
	return nil
}

// checkEmail validates an e-mail address. It must be a bare address, which cannot break
// a mail header.
func checkEmail(field, s string, needed bool) error {
	if s == "" && !needed {
		return nil
	}
	if err := text(field, s, 3, 254); err != nil {
		return err
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || a.Name != "" {
		return invalid(field, "not an e-mail address, want one like name@example.com")
	}
	return nil
}

func checkLanguage(l *Language) error {
	switch *l {
	case "":
		*l = Japanese
	case Japanese, English:
	default:
		return invalid("language", "want ja or en")
	}
	return nil
}

// shorten shortens external text for a record.
func shorten(s string) string {
	const most = 64
	s = strings.ToValidUTF8(s, "?")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '?'
		}
		return r
	}, s)
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most])
	}
	return s
}
