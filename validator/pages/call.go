// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/d204ef64/fob/validator/bank"
)

// area is one of the two halves of the pages.
type area struct {
	name   string // "user" or "desk"
	prefix string // of its paths, without the last slash
	cookie string // of its session
}

var (
	userArea = &area{name: "user", prefix: "", cookie: "fob-user"}
	deskArea = &area{name: "desk", prefix: "/desk", cookie: "fob-desk"}
)

// call is one request.
type call struct {
	*server
	area   *area
	w      http.ResponseWriter
	r      *http.Request
	secret string // of the session, or of the browser while nobody is logged in
	by     bank.By
	me     bank.User // in the users' half
	lang   string
	state  state
	opened bool // somebody is logged in
}

// handler shows a page or does something. An error becomes a page of its own.
type handler func(c *call) error

// redirectTo is the "error" that ends a handler with a redirect.
type redirectTo string

func (redirectTo) Error() string { return "redirect" }

// secure reports whether the browser came over TLS.
func (c *call) secure() bool { return c.r.TLS != nil || c.o.TLS }

// cookieName returns a cookie's name. Over TLS it has the prefix by which browsers
// take it from this host only, and for all its paths.
func (c *call) cookieName(name string) string {
	if c.secure() {
		return "__Host-" + name
	}
	return name
}

// setCookie sets a cookie that ends with the browser's session; "" deletes it.
func (c *call) setCookie(name, value string) {
	// Host cookies have the path "/". Without TLS, where that is not enforced, the
	// desk's go to the desk only.
	path := "/"
	if !c.secure() && c.area.prefix != "" && name != langCookie {
		path = c.area.prefix
	}
	cookie := &http.Cookie{
		Name: c.cookieName(name), Value: value, Path: path,
		HttpOnly: true, Secure: c.secure(), SameSite: http.SameSiteStrictMode,
	}
	if name == langCookie {
		cookie.Name = name
		cookie.MaxAge = 365 * 24 * 3600
	}
	if value == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(c.w, cookie)
}

// getCookie returns a cookie's value, "" when there is none.
func (c *call) getCookie(name string) string {
	if cookie, err := c.r.Cookie(c.cookieName(name)); err == nil {
		return cookie.Value
	}
	return ""
}

// saveState leaves the state for the next page.
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

// begin finds out who asks. Nobody is logged in afterwards unless c.opened.
func (s *server) begin(a *area, w http.ResponseWriter, r *http.Request) (*call, error) {
	c := &call{server: s, area: a, w: w, r: r, lang: languageOf(r, "")}
	c.by = bank.By{Front: bank.FrontPage, Source: s.o.Source(r)}
	c.secret = c.getCookie(a.cookie)
	if c.secret != "" {
		session, err := s.bank.Session(r.Context(), c.secret)
		switch {
		case err == nil && a == userArea && session.User != "":
			c.by.User, c.opened = session.User, true
			c.me, err = s.bank.User(r.Context(), c.by, session.User)
			switch {
			case err == nil:
				c.lang = languageOf(r, c.me.Language)
			case errors.Is(err, bank.ErrForbidden), errors.Is(err, bank.ErrNotFound): // locked, or no more
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
		// The login form has a token too: else another site could log a user in as
		// somebody else. Its secret is of this browser.
		c.secret = c.getCookie(a.cookie + "-guest")
	}
	if c.secret != "" {
		c.state = openState(c.secret, c.getCookie(a.cookie+"-page"))
	}
	return c, nil
}

// guest makes sure that a browser in which nobody is logged in has a secret.
func (c *call) guest() {
	if c.secret == "" {
		c.secret = newSecret()
		c.setCookie(c.area.cookie+"-guest", c.secret)
	}
}

// access says who may see a page.
type access uint8

const (
	anybody access = iota
	loggedIn
)

// handle registers a page. Forms, which are all that is not GET, are looked at for
// forgery first, except where the handler reads the body itself and looks then.
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

// serve checks what must be checked before a handler runs, and runs it.
func (c *call) serve(who access, form bool, h handler) error {
	if c.r.Method == http.MethodPost {
		if err := c.cross.Check(c.r); err != nil {
			return &forged{err}
		}
	}
	if who == loggedIn && !c.opened {
		return c.toLogin()
	}
	c.guest()
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

// toLogin sends somebody who is not logged in to the login page. What he wanted is
// not done, also not after he has logged in.
func (c *call) toLogin() error {
	to := c.area.prefix + "/login"
	if c.getCookie(c.area.cookie) != "" {
		c.setCookie(c.area.cookie, "")
		to += "?why=ended"
	}
	return redirectTo(to)
}

// finish writes the answer that a handler has not written.
func (c *call) finish(err error) {
	var to redirectTo
	if !errors.As(err, &to) {
		if err != nil {
			c.showError(err)
		}
		return
	}
	if c.r.Header.Get("HX-Request") == "true" { // a part of a page cannot be replaced by another page
		c.w.Header().Set("HX-Redirect", string(to))
		c.w.WriteHeader(http.StatusNoContent)
		return
	}
	http.Redirect(c.w, c.r, string(to), http.StatusSeeOther)
}

// leave saves the state and goes to another page of this half.
func (c *call) leave(path string) error {
	if err := c.saveState(); err != nil {
		return err
	}
	return redirectTo(c.area.prefix + path)
}

// say leaves something that the next page says.
func (c *call) say(kind string, text msg) { c.state.Flash = &flash{Kind: kind, Text: text} }

// allow asks whether the source may make an attempt now.
func (c *call) allow(what Attempt) error {
	if wait := c.o.Allow(what, c.by.Source); wait > 0 {
		c.o.Event(Event{Kind: "limited", Page: c.r.Pattern, Source: c.by.Source})
		return &tooMany{wait}
	}
	return nil
}

// tooMany is an attempt too many of a source.
type tooMany struct{ wait time.Duration }

func (*tooMany) Error() string { return "too many attempts" }

// seconds returns how long to wait, for people.
func (t *tooMany) seconds() int64 { return int64((t.wait + time.Second - 1) / time.Second) }
