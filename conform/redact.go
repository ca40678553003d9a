// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// secrets are the texts that a report must not have, although a target may have answered
// with one of them.
type secrets map[string]string // the text, in lower case, and its name

// addSeed adds the usual forms of a seed.
func (s secrets) addSeed(key []byte) {
	for _, text := range seedForms(key) {
		s[strings.ToLower(text)] = "[seed]"
	}
}

// seedForms returns a seed in hexadecimal, base32 and base64, without padding.
func seedForms(key []byte) []string {
	return []string{
		hex.EncodeToString(key),
		base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(key),
		base64.RawStdEncoding.EncodeToString(key),
	}
}

// addCode adds an entry. Texts that are too short to be codes are not secret.
func (s secrets) addCode(code string) {
	const shortest = 5
	if code = strings.TrimSpace(code); len(code) >= shortest {
		s[strings.ToLower(code)] = "[code]"
	}
}

// redact replaces the secrets in a text.
func (s secrets) redact(text string) string {
	for secret, name := range s {
		if strings.Contains(strings.ToLower(text), secret) {
			text = regexp.MustCompile(`(?i)`+regexp.QuoteMeta(secret)).ReplaceAllLiteralString(text, name)
		}
	}
	return text
}

// longestPart is the length in bytes to which the parts of a report are cut. An answer can have
// megabytes.
const longestPart = 300

// cut shortens a text without secrets.
func cut(text string) string {
	if len(text) <= longestPart {
		return text
	}
	return strings.ToValidUTF8(text[:longestPart], "") + "…"
}

// brief formats a text for a report: without secrets, and with the beginning of long parts.
func (e *env) brief(format string, args ...any) string {
	args = slices.Clone(args)
	for i, a := range args {
		switch a := a.(type) {
		case string:
			args[i] = cut(e.secret.redact(a))
		case error:
			args[i] = cut(e.secret.redact(a.Error()))
		}
	}
	return e.secret.redact(fmt.Sprintf(format, args...))
}
