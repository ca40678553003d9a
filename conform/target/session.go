// SPDX-License-Identifier: Apache-2.0

package target

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"

	"github.com/d204ef64/fob/internal/loopback"
)

// session keeps the cookies of a session. It sends Secure cookies to this machine over http
// too, like browsers, because servers take that as safe.
type session struct{ jar http.CookieJar }

func newSession() (*session, error) {
	jar, err := cookiejar.New(nil)
	return &session{jar}, err
}

// Cookies implements [http.CookieJar].
func (s *session) Cookies(u *url.URL) []*http.Cookie { return s.jar.Cookies(safe(u)) }

// SetCookies implements [http.CookieJar].
func (s *session) SetCookies(u *url.URL, cookies []*http.Cookie) { s.jar.SetCookies(safe(u), cookies) }

// safe returns an address with https if it is of this machine.
func safe(u *url.URL) *url.URL {
	if u.Scheme != "http" || !loopback.Host(u.Hostname()) {
		return u
	}
	other := *u
	other.Scheme = "https"
	return &other
}

// withoutCookies returns the target as a new browser sees it.
func (t *Open) withoutCookies() (*Open, error) {
	jar, err := newSession()
	if err != nil {
		return nil, err
	}
	other, client := *t, *t.client
	client.Jar = jar
	other.client = &client
	return &other, nil
}
