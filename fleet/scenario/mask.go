// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"net/url"
	"slices"
	"strings"
)

// masked takes the place of a secret in the reports of a scenario.
const masked = "***"

// secrets returns the texts that must not appear in failures and files of a scenario: the
// API key of the fleet, the password in its URL, and those that steps have hidden.
func (r *runner) secrets() []string {
	found := append([]string{r.Fleet.Key, url.QueryEscape(r.Fleet.Key)}, r.hidden...)
	if u, err := url.Parse(r.Fleet.URL); err == nil && u.User != nil {
		if password, ok := u.User.Password(); ok {
			found = append(found, u.User.String(), password)
		}
	}
	return found
}

// hide makes texts secret from now on. A text shorter than leastSecret is left: it would
// mask too much.
func (r *runner) hide(texts ...string) {
	for _, text := range texts {
		if len(text) >= leastSecret && !slices.Contains(r.hidden, text) {
			r.hidden = append(r.hidden, text)
		}
	}
}

const leastSecret = 3

// shownURL returns an address without a user name and a password. If it cannot be parsed,
// everything before the last @ may be a part of them.
func shownURL(text string) string {
	address, err := url.Parse(text)
	if err == nil && address.Host != "" {
		if address.User == nil {
			return text
		}
		begin, end, _ := strings.Cut(text, "//")
		userinfo := end
		if i := strings.IndexAny(end, "/?#"); i >= 0 {
			userinfo = end[:i]
		}
		return begin + "//" + masked + end[strings.LastIndex(userinfo, "@"):]
	}
	i := strings.LastIndex(text, "@")
	if i < 0 {
		return text
	}
	begin, _, ok := strings.Cut(text[:i], "://")
	if !ok {
		return masked + text[i:]
	}
	return begin + "://" + masked + text[i:]
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
