// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"errors"
	"net/http"

	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/validator/bank"
)

// routeLogin registers the pages that both areas have: login, logout, password,
// language, and the page for unknown paths.
func (s *server) routeLogin(mux *http.ServeMux, a *area) {
	s.handle(mux, a, "GET /login", anyone, (*call).loginPage)
	s.handle(mux, a, "POST /login", anyone, (*call).logIn)
	s.handle(mux, a, "POST /logout", anyone, (*call).logOut)
	s.handle(mux, a, "GET /password", loggedIn, showing((*call).passwordForm))
	s.handle(mux, a, "POST /password", loggedIn, (*call).changePassword)
	s.handle(mux, a, "POST /language", anyone, (*call).chooseLanguage)
	s.handle(mux, a, "GET /", anyone, func(*call) error { return errNoPage })
	s.handle(mux, a, "POST /", anyone, func(*call) error { return errNoPage })
}

func (c *call) loginForm() *form {
	user := &field{Name: "user", Label: "field." + c.area.name + "-id", Kind: "id", Max: 64, Auto: "username"}
	return &form{
		Title: newMsg("login.title." + c.area.name), Lead: []msg{newMsg("login.lead." + c.area.name)},
		Fields: []*field{user, passwordField("password", "field.password", "current-password")},
		Submit: "login.submit", Action: c.area.prefix + "/login", Narrow: true,
	}
}

func (c *call) loginPage() error {
	if c.opened {
		return redirectTo(c.area.prefix + "/")
	}
	if why := c.r.URL.Query().Get("why"); c.state.Flash == nil && (why == "ended" || why == "out") {
		c.setFlash("plain", newMsg("login."+why))
	}
	return c.showForm(c.loginForm())
}

func (c *call) logIn() error {
	if err := c.checkLimit(AttemptLogin); err != nil {
		return err
	}
	f := c.loginForm()
	values, ok := f.read(c.r.PostForm)
	if !ok {
		return c.showForm(f)
	}
	login := c.bank.LogIn
	if c.area == deskArea {
		login = c.bank.LogInClerk
	}
	// There is no session yet. The user's name comes from the form.
	session, err := login(c.r.Context(), bank.By{Channel: bank.ChannelPage, Source: c.by.Source}, values["user"], values["password"])
	if errors.Is(err, bank.ErrLogin) || errors.Is(err, bank.ErrInvalid) {
		c.setFlash("bad", newMsg("login.refused"))
		return c.saveAndRedirect("/login")
	}
	if err != nil {
		return err
	}
	if c.opened { // end the old session of this browser
		if err := c.bank.LogOut(c.r.Context(), c.secret); err != nil && !errors.Is(err, bank.ErrLogin) {
			return err
		}
	}
	c.forget()
	c.setCookie(c.area.cookie, session.Token)
	return redirectTo(c.area.prefix + "/")
}

// forget deletes the cookies of the previous user.
func (c *call) forget() {
	for _, name := range []string{c.area.cookie + "-guest", c.area.cookie + "-page"} {
		if c.getCookie(name) != "" {
			c.setCookie(name, "")
		}
	}
}

func (c *call) logOut() error {
	if c.opened {
		if err := c.bank.LogOut(c.r.Context(), c.secret); err != nil && !errors.Is(err, bank.ErrLogin) {
			return err
		}
	}
	c.forget()
	c.setCookie(c.area.cookie, "")
	return redirectTo(c.area.prefix + "/login?why=out")
}

func (c *call) passwordForm() *form {
	return &form{
		Title: newMsg("password.title"),
		Fields: []*field{
			// Tells password managers which login it is.
			{Name: "user", Label: "field." + c.area.name + "-id", Value: c.by.User + c.by.Clerk, Auto: "username", Fixed: true},
			passwordField("old", "field.password-old", "current-password"),
			passwordField("new", "field.password-new", "new-password"),
			passwordField("again", "field.password-again", "new-password"),
		},
		Submit: "password.submit", Cancel: c.area.prefix + "/", Action: c.area.prefix + "/password",
	}
}

func (c *call) changePassword() error {
	if err := c.checkLimit(AttemptLogin); err != nil {
		return err
	}
	f := c.passwordForm()
	values, ok := f.read(c.r.PostForm)
	if ok && values["new"] != values["again"] {
		f.setError("again", "problem.again")
		ok = false
	}
	if !ok {
		return c.showForm(f)
	}
	err := c.bank.ChangePassword(c.r.Context(), c.by, values["old"], values["new"])
	switch {
	case errors.Is(err, bank.ErrLogin):
		f.setError("old", "problem.password-old")
		return c.showForm(f)
	case errors.Is(err, bank.ErrInvalid):
		f.setError("new", "problem.password")
		return c.showForm(f)
	case err != nil:
		return err
	}
	c.setFlash("good", newMsg("password.done"))
	// The bank may end the session after a change of password. The next page then asks
	// for the new password.
	return c.saveAndRedirect("/")
}

// chooseLanguage stores a language and returns to the page.
func (c *call) chooseLanguage() error {
	to, err := ui.SwitchLanguage(c.w, c.r, c.secure(), c.area.prefix+"/")
	if err != nil {
		return &badForm{err}
	}
	return redirectTo(to)
}
