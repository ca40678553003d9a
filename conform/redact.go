// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/d204ef64/fob/internal/redact"
)

// secrets are the texts that a report must not have, although a target may have answered
// with one of them.
type secrets redact.Texts

// addSeed adds the usual forms of a seed.
func (s secrets) addSeed(key []byte) {
	for _, text := range seedForms(key) {
		redact.Texts(s).Add(text, "[seed]")
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
		redact.Texts(s).Add(code, "[code]")
	}
}

// redact returns a text without the secrets of the case and of the target.
func (e *env) redact(text string) string {
	text = redact.Texts(e.secret).Hide(text)
	if e.target.Redact != nil {
		text = e.target.Redact(text)
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
			args[i] = cut(e.redact(a))
		case error:
			args[i] = cut(e.redact(a.Error()))
		}
	}
	return e.redact(fmt.Sprintf(format, args...))
}

// redacted is an error whose text has no secrets.
type redacted struct {
	error
	text string
}

func (r *redacted) Error() string { return r.text }
func (r *redacted) Unwrap() error { return r.error }

// redactError returns an error without secrets in its text.
func (e *env) redactError(err error) error {
	if text := e.redact(err.Error()); text != err.Error() {
		return &redacted{err, text}
	}
	return err
}
