// SPDX-License-Identifier: Apache-2.0

package weblogin

import (
	"net/http"
	"strings"

	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/internal/webapi"
)

// loginPage is the data of the page for the API key.
type loginPage struct {
	ui.Page
	Field        ui.Field
	User         string // for password managers
	Path         string
	Button, Lead string
}

func (g *Gate) showLogin(w http.ResponseWriter, r *http.Request, status int, problem string) {
	p := loginPage{Page: g.o.Frame(r, "")}
	t := func(key string) string { return g.o.Text(p.Lang, key) }
	p.Title, p.Width, p.Back = t("login"), ui.TextWidth, LoginPath
	p.User, p.Path, p.Button, p.Lead = g.o.Name, LoginPath, t("login"), t("login lead")
	p.Field = ui.Field{
		Name: "key", Label: t("api key"), Hint: t("api key hint"), Type: "password", Secret: true, Verbatim: true, Autocomplete: "current-password",
	}
	if problem != "" {
		p.Field.Error = t(problem)
	}
	g.o.Write(w, status, p.Lang, "login", p)
}

func (g *Gate) loginForm(w http.ResponseWriter, r *http.Request) {
	g.showLogin(w, r, http.StatusOK, "")
}

// login exchanges the API key for a session.
func (g *Gate) login(w http.ResponseWriter, r *http.Request) {
	if !ReadForm(w, r) {
		return
	}
	if !webapi.IsKey(r.PostForm.Get("key"), g.o.Key) {
		g.showLogin(w, r, http.StatusUnprocessableEntity, "wrong key")
		return
	}
	g.sessions.begin(w, r)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// isPrefetch reports whether a browser makes a request before a person asks for the page.
func isPrefetch(r *http.Request) bool {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		for _, word := range strings.FieldsFunc(strings.ToLower(r.Header.Get(name)), func(c rune) bool { return strings.ContainsRune(";, ", c) }) {
			if word == "prefetch" || word == "prerender" || word == "preview" {
				return true
			}
		}
	}
	return false
}

// loginLink exchanges a link that works once for a session.
func (g *Gate) loginLink(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead { // a program that looks at links must not use them up
		w.WriteHeader(http.StatusOK)
		return
	}
	if isPrefetch(r) { // a browser does not show this answer later: it asks again
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "the link works once: open it", http.StatusServiceUnavailable)
		return
	}
	if !g.sessions.useLink(r.PathValue("code")) {
		if g.sessions.has(r) {
			http.Redirect(w, r, "/", http.StatusSeeOther)
			return
		}
		g.showLogin(w, r, http.StatusGone, "used link")
		return
	}
	g.sessions.begin(w, r)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (g *Gate) logout(w http.ResponseWriter, r *http.Request) {
	g.sessions.end(w, r)
	http.Redirect(w, r, LoginPath, http.StatusSeeOther)
}

// language stores the language that a user has chosen.
func (g *Gate) language(w http.ResponseWriter, r *http.Request) {
	if !ReadForm(w, r) {
		return
	}
	to, err := ui.SwitchLanguage(w, r, r.TLS != nil, "/")
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// maxForm is the largest form in bytes.
const maxForm = 4096

// ReadForm parses the form of a request, or answers that it is wrong.
func ReadForm(w http.ResponseWriter, r *http.Request) bool {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form cannot be read", http.StatusBadRequest)
		return false
	}
	return true
}
