// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/validator/bank"
)

// area is one of the two parts of the pages: for users or for clerks.
type area struct {
	name   string // "user" or "desk"
	prefix string // of its paths, without the last slash
	cookie string // name of its session cookie
}

var (
	userArea = &area{name: "user", prefix: "", cookie: "fob-user"}
	deskArea = &area{name: "desk", prefix: "/desk", cookie: "fob-desk"}
)

// call is the state of one request.
type call struct {
	*server
	area   *area
	w      http.ResponseWriter
	r      *http.Request
	secret string // of the session, or of a browser without a session
	by     bank.By
	me     bank.User // only in the user area
	lang   string
	state  state
	opened bool // a user or clerk is logged in
}

// handler shows a page or performs an action. An error is shown as a page.
type handler func(c *call) error

// redirectTo is an "error" that ends a handler with a redirect.
type redirectTo string

func (redirectTo) Error() string { return "redirect" }

// secure reports whether the browser uses TLS.
func (c *call) secure() bool { return c.r.TLS != nil || c.o.TLS }

// cookieName returns the full name of a cookie. Over TLS it has the prefix __Host-.
// Browsers then accept the cookie only from this host, and only with the path "/".
func (c *call) cookieName(name string) string {
	if c.secure() {
		return "__Host-" + name
	}
	return name
}

// setCookie sets a session cookie of the browser. The value "" deletes it.
func (c *call) setCookie(name, value string) {
	// __Host- cookies must have the path "/". Without TLS the prefix does not apply,
	// and the back office's cookies are limited to its own paths.
	path := "/"
	if !c.secure() && c.area.prefix != "" {
		path = c.area.prefix
	}
	cookie := &http.Cookie{
		Name: c.cookieName(name), Value: value, Path: path,
		HttpOnly: true, Secure: c.secure(), SameSite: http.SameSiteStrictMode,
	}
	if value == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(c.w, cookie)
}

// getCookie returns the value of a cookie, or "" if there is none.
func (c *call) getCookie(name string) string {
	if cookie, err := c.r.Cookie(c.cookieName(name)); err == nil {
		return cookie.Value
	}
	return ""
}

// saveState stores the state for the next page.
func (c *call) saveState() error {
	if c.state == (state{}) {
		if c.getCookie(c.area.cookie+"-page") != "" {
			c.setCookie(c.area.cookie+"-page", "")
		}
		return nil
	}
	sealed, err := c.state.seal(c.secret)
	if err != nil {
		return err
	}
	c.setCookie(c.area.cookie+"-page", sealed)
	return nil
}

// begin identifies the caller. If c.opened is false, the browser has no valid session.
func (s *server) begin(a *area, w http.ResponseWriter, r *http.Request) (*call, error) {
	c := &call{server: s, area: a, w: w, r: r, lang: ui.LanguageOf(r, "")}
	c.by = bank.By{Channel: bank.ChannelPage, Source: s.o.Source(r)}
	c.secret = c.getCookie(a.cookie)
	if c.secret != "" {
		session, err := s.bank.Session(r.Context(), c.secret)
		switch {
		case err == nil && a == userArea && session.User != "":
			c.by.User, c.opened = session.User, true
			c.me, err = s.bank.User(r.Context(), c.by, session.User)
			switch {
			case err == nil:
				c.lang = ui.LanguageOf(r, string(c.me.Language))
			case errors.Is(err, bank.ErrForbidden), errors.Is(err, bank.ErrNotFound): // locked or deleted
				c.opened, c.by.User, c.me = false, "", bank.User{}
			default:
				return c, err
			}
		case err == nil && a == deskArea && session.Clerk != "":
			c.by.Clerk, c.opened = session.Clerk, true
		case err != nil && !errors.Is(err, bank.ErrLogin):
			return c, err
		}
	}
	if !c.opened {
		// The login form has a form token, too. Otherwise another site could log a user
		// in to a different account. The token's secret belongs to this browser.
		c.secret = c.getCookie(a.cookie + "-guest")
	}
	if c.secret != "" {
		c.state = openState(c.secret, c.getCookie(a.cookie+"-page"))
	}
	return c, nil
}

// ensureSecret creates a secret for a browser without a session.
func (c *call) ensureSecret() {
	if c.secret == "" {
		c.secret = rand.Text()
		c.setCookie(c.area.cookie+"-guest", c.secret)
	}
}

// access is the login that a page requires.
type access uint8

const (
	anyone access = iota
	loggedIn
)

// handle registers a page. Posted forms are checked for forgery first. The exception is
// [server.handleBody], whose handler may read and check the body itself.
func (s *server) handle(mux *http.ServeMux, a *area, route string, who access, h handler) {
	s.handleBody(mux, a, route, who, true, h)
}

func (s *server) handleBody(mux *http.ServeMux, a *area, route string, who access, form bool, h handler) {
	method, path, _ := strings.Cut(route, " ")
	mux.HandleFunc(method+" "+a.prefix+path, func(w http.ResponseWriter, r *http.Request) {
		c, err := s.begin(a, w, r)
		if err == nil {
			err = c.serve(who, form, h)
		}
		c.finish(err)
	})
}

// serve runs the checks before a handler, and then the handler.
func (c *call) serve(who access, form bool, h handler) error {
	if c.r.Method == http.MethodPost {
		if err := c.cross.Check(c.r); err != nil {
			return &forged{err}
		}
	}
	if who == loggedIn && !c.opened {
		return c.toLogin()
	}
	c.ensureSecret()
	if form && c.r.Method == http.MethodPost {
		c.r.Body = http.MaxBytesReader(c.w, c.r.Body, maxForm)
		if err := c.r.ParseForm(); err != nil {
			return &badForm{err}
		}
		given := c.r.PostForm.Get("form-token")
		if given == "" {
			given = c.r.Header.Get("X-Form-Token")
		}
		if !goodFormToken(c.secret, given) {
			return &forged{errFormToken}
		}
	}
	return h(c)
}

// toLogin redirects to the login page. The original request is not performed, not even
// after the login.
func (c *call) toLogin() error {
	to := c.area.prefix + "/login"
	if c.getCookie(c.area.cookie) != "" {
		c.setCookie(c.area.cookie, "")
		to += "?why=ended"
	}
	return redirectTo(to)
}

// finish writes the redirect or the error page at the end of a handler.
func (c *call) finish(err error) {
	var to redirectTo
	if !errors.As(err, &to) {
		if err != nil {
			c.showError(err)
		}
		return
	}
	if c.r.Header.Get("HX-Request") == "true" { // htmx would insert the redirect's target into the page
		c.w.Header().Set("HX-Redirect", string(to))
		c.w.WriteHeader(http.StatusNoContent)
		return
	}
	http.Redirect(c.w, c.r, string(to), http.StatusSeeOther)
}

// saveAndRedirect saves the state and redirects to another page of this area.
func (c *call) saveAndRedirect(path string) error {
	if err := c.saveState(); err != nil {
		return err
	}
	return redirectTo(c.area.prefix + path)
}

// setFlash stores a message for the next page.
func (c *call) setFlash(kind string, text msg) { c.state.Flash = &flash{Kind: kind, Text: text} }

// checkLimit returns an error if the source has made too many attempts.
func (c *call) checkLimit(what Attempt) error {
	if wait := c.o.Allow(what, c.by.Source); wait > 0 {
		c.o.Event(Event{Kind: "limited", Page: c.r.Pattern, Source: c.by.Source})
		return &tooMany{wait}
	}
	return nil
}

// tooMany is the error of a source over its limit.
type tooMany struct{ wait time.Duration }

func (*tooMany) Error() string { return "too many attempts" }

// seconds returns the waiting time in whole seconds, rounded up.
func (t *tooMany) seconds() int64 { return int64((t.wait + time.Second - 1) / time.Second) }
