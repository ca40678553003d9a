// SPDX-License-Identifier: Apache-2.0

package page

import (
	"net/http"

	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/internal/webapi"
)

// loginPage is the data of the page for the API key.
type loginPage struct {
	ui.Page
	Field ui.Field
}

func (s *server) showLogin(w http.ResponseWriter, r *http.Request, status int, problem string) {
	p := loginPage{Page: s.frame(r, "")}
	t := func(key string) string { return s.text(p.Lang, key) }
	p.Title, p.Width, p.Back = t("login"), ui.TextWidth, loginPath
	p.Field = ui.Field{
		Name: "key", Label: t("api key"), Hint: t("api key hint"), Type: "password", Secret: true, Verbatim: true, Autocomplete: "current-password",
	}
	if problem != "" {
		p.Field.Error = t(problem)
	}
	s.write(w, status, p.Lang, "login", p)
}

func (s *server) loginForm(w http.ResponseWriter, r *http.Request) {
	s.showLogin(w, r, http.StatusOK, "")
}

// login exchanges the API key for a session.
func (s *server) login(w http.ResponseWriter, r *http.Request) {
	if !readForm(w, r) {
		return
	}
	if !webapi.IsKey(r.PostForm.Get("key"), s.o.Key) {
		s.showLogin(w, r, http.StatusUnprocessableEntity, "wrong key")
		return
	}
	s.access.begin(w, r)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// loginLink exchanges a link that works once for a session.
func (s *server) loginLink(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead { // a program that looks at links must not use them up
		w.WriteHeader(http.StatusOK)
		return
	}
	if !s.access.useLink(r.PathValue("code")) {
		if s.access.hasSession(r) {
			http.Redirect(w, r, "/", http.StatusSeeOther)
			return
		}
		s.showLogin(w, r, http.StatusGone, "used link")
		return
	}
	s.access.begin(w, r)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *server) logout(w http.ResponseWriter, r *http.Request) {
	s.access.end(w, r)
	http.Redirect(w, r, loginPath, http.StatusSeeOther)
}

// language stores the language that a user has chosen.
func (s *server) language(w http.ResponseWriter, r *http.Request) {
	if !readForm(w, r) {
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

// readForm parses the form of a request, or answers that it is wrong.
func readForm(w http.ResponseWriter, r *http.Request) bool {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form cannot be read", http.StatusBadRequest)
		return false
	}
	return true
}
