// SPDX-License-Identifier: Apache-2.0

// Package redact hides secrets in texts for people, such as the answers of a server that
// repeats them.
package redact

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Texts are secrets in lower case, and the texts that take their places.
type Texts map[string]string

// Add adds a secret in the forms that programs write it: plain, in JSON, HTML, URLs, base64
// and hexadecimal. A text takes its place.
func (t Texts) Add(secret, instead string) {
	forms := []string{
		secret, html.EscapeString(secret), url.QueryEscape(secret), url.PathEscape(secret),
		base64.RawStdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
		hex.EncodeToString([]byte(secret)), strings.Join(strings.Fields(secret), " "),
	}
	for _, escape := range []bool{false, true} {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(escape)
		if e.Encode(secret) == nil {
			forms = append(forms, strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(b.String()), `"`), `"`))
		}
	}
	for _, form := range forms {
		if form != "" {
			t[strings.ToLower(form)] = instead
		}
	}
}

// Hide returns a text without the secrets, in upper or lower case.
func (t Texts) Hide(text string) string {
	lower := strings.ToLower(text)
	var found []string
	for secret := range t {
		if secret != "" && strings.Contains(lower, secret) {
			found = append(found, secret)
		}
	}
	slices.SortFunc(found, func(a, b string) int { // one may contain another
		return cmp.Or(len(b)-len(a), strings.Compare(a, b))
	})
	for _, secret := range found {
		if !utf8.ValidString(secret) {
			text = strings.ReplaceAll(text, secret, t[secret])
			continue
		}
		text = regexp.MustCompile(`(?i)`+regexp.QuoteMeta(secret)).ReplaceAllLiteralString(text, t[secret])
	}
	return text
}
