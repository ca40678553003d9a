// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"net/url"
	"strings"
)

// masked takes the place of a secret in the reports of a scenario.
const masked = "***"

// secrets returns the texts that must not appear in failures and files of a scenario: the
// API key of the fleet, and the password in its URL.
func (r *runner) secrets() []string {
	found := []string{r.Fleet.Key, url.QueryEscape(r.Fleet.Key)}
	if u, err := url.Parse(r.Fleet.URL); err == nil && u.User != nil {
		if password, ok := u.User.Password(); ok {
			found = append(found, u.User.String(), password)
		}
	}
	return found
}

// mask hides secrets in a text, such as the output of a command.
func (r *runner) mask(text string) string {
	for _, secret := range r.secrets() {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, masked)
		}
	}
	return text
}

// maskedError is an error without secrets in its text.
type maskedError struct {
	text string
	err  error
}

func (e *maskedError) Error() string { return e.text }
func (e *maskedError) Unwrap() error { return e.err }

func (r *runner) maskError(err error) error {
	if text := r.mask(err.Error()); text != err.Error() {
		return &maskedError{text, err}
	}
	return err
}
