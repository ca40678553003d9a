// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/d204ef64/fob/internal/luhn"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/entry"
)

// A receipt number (受付番号) identifies a transaction. People read it, dictate it over the
// phone and type it. It consists of the day in Japan, seven random characters and a
// check character, such as "260401-7K4M9QX2". The characters are Crockford's base 32,
// which omits I, L, O and U. The database accepts each number only once; [Bank.Do]
// draws another if it is taken.

const receiptChars = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

const (
	receiptDay    = len("060102")
	receiptRandom = 7
	receiptLen    = receiptDay + 1 + receiptRandom + 1
)

// newReceipt draws a receipt number.
func newReceipt(now token.UnixSeconds) string {
	var b [receiptRandom]byte
	_, _ = rand.Read(b[:]) // never fails
	for i := range b {
		b[i] = receiptChars[b[i]%byte(len(receiptChars))] // 256 is a multiple of 32
	}
	text := now.Time().In(token.Tokyo()).Format("060102") + "-" + string(b[:])
	return text + string(receiptCheck(text))
}

// receiptCheck returns the check character of a number without one.
func receiptCheck(text string) byte { return luhn.Check(text, receiptChars) }

// ParseReceipt returns a receipt number in the bank's spelling. The input may contain
// full-width or lower-case letters, groups, and I, L or O for 1 and 0. ParseReceipt
// returns false for a number that the bank cannot have issued, such as a mistyped one.
func ParseReceipt(typed string) (string, bool) {
	var b strings.Builder
	for _, r := range strings.ToUpper(entry.ID(typed)) {
		switch r {
		case '-', ' ':
			continue
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		if !strings.ContainsRune(receiptChars, r) || b.Len() > receiptLen {
			return "", false
		}
		b.WriteRune(r)
	}
	s := b.String()
	if len(s) != receiptLen-1 {
		return "", false
	}
	text := fmt.Sprintf("%s-%s", s[:receiptDay], s[receiptDay:len(s)-1])
	return text + s[len(s)-1:], receiptCheck(text) == s[len(s)-1]
}
