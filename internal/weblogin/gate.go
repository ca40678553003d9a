// SPDX-License-Identifier: Apache-2.0

package weblogin

import (
	"crypto/sha256"
	"net/http"
	"strings"
	"time"

	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/internal/webapi"
)

// Options describe the program whose pages are behind the login. All but KnownHost, Own
// and Now are required.
type Options struct {
	Name string // of the program, in the names of cookies: "line"
	Key  string // the API key

	// Frame returns the page around the login, Text a text of the site's catalogue, and
	// Write writes a page of the site. The site has a template "login", which shows the
	// template "login-form" of package ui, and texts for its keys.
	Frame func(r *http.Request, title string) ui.Page
	Text  func(lang, key string, args ...any) string
	Write func(w http.ResponseWriter, status int, lang, page string, data any)

	// Missing answers a request that has a session and an unclean path.
	Missing func(w http.ResponseWriter, r *http.Request, problem func())

	// Live reports whether a request is made by a page's script: without a session, it
	// is refused, and not redirected to the login. It may be nil.
	Live func(*http.Request) bool

	// Own reports whether the handler behind the gate itself checks who may make a
	// request, such as one for the HTTP API. It may be nil.
	Own func(*http.Request) bool

	// KnownHost reports whether the pages may be reached under a host name, as for
	// webapi.KnownHost. It may be nil.
	KnownHost func(host string) bool

	Now func() time.Time // nil: time.Now
}

// Gate lets requests in that name a known host and have a session.
type Gate struct {
	o        Options
	sessions sessions
	cross    *http.CrossOriginProtection
}

// Paths of the gate, which need no session.
const (
	LoginPath    = "/login"    // and below it, one-time links
	LogoutPath   = "/logout"   // for ui.Action
	LanguagePath = "/language" // for ui.Page
)

// New returns the gate of a program.
func New(o Options) *Gate {
	if o.Now == nil {
		o.Now = time.Now
	}
	for _, f := range []*func(*http.Request) bool{&o.Live, &o.Own} {
		if *f == nil {
			*f = func(*http.Request) bool { return false }
		}
	}
	return &Gate{
		o: o, cross: http.NewCrossOriginProtection(),
		sessions: sessions{
			name: o.Name, key: o.Key, now: o.Now,
			links: map[[sha256.Size]byte]time.Time{}, ended: map[[sha256.Size]byte]time.Time{},
		},
	}
}

// Register adds the pages of the login to a mux.
func (g *Gate) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET "+LoginPath, g.loginForm)
	mux.HandleFunc("POST "+LoginPath, g.login)
	mux.HandleFunc("GET "+LoginPath+"/{code}", g.loginLink)
	mux.HandleFunc("POST "+LogoutPath, g.logout)
	mux.HandleFunc("POST "+LanguagePath, g.language)
}

// NewLink returns the path of a link that logs a browser in. It works once, within an hour.
func (g *Gate) NewLink() (path string, expires time.Time) { return g.sessions.newLink() }

// RenewLink returns the path of a link for a display that always shows one that works: the
// given path, or a new one if that was used or is old.
func (g *Gate) RenewLink(path string) string { return g.sessions.renewLink(path) }

// LinkTo returns the URL of a path at the host of a request.
func LinkTo(r *http.Request, path string) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host + path
}

// HasSession reports whether a request is from a browser with a session, and not from the
// page of another site.
func (g *Gate) HasSession(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return g.sessions.has(r) && (site == "" || site == "same-origin" || site == "none") && g.cross.Check(r) == nil
}

// isOpen reports whether a path needs neither the key nor a session.
func isOpen(r *http.Request) bool {
	p := r.URL.Path
	return p == LoginPath || strings.HasPrefix(p, LoginPath+"/") || p == LanguagePath || strings.HasPrefix(p, ui.AssetPath)
}

// Admit lets requests in that name a known host and have a session. Requests that another
// site made a browser send are refused.
func (g *Gate) Admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !webapi.KnownHost(r, g.o.KnownHost):
			webapi.NewProblem(http.StatusMisdirectedRequest, "unknown_host",
				"the pages are not reached under the host name of this request: use the address that the program printed").Write(w)
		case g.o.Own(r):
			next.ServeHTTP(w, r)
		case g.cross.Check(r) != nil:
			webapi.NewProblem(http.StatusForbidden, "cross_origin", "the request comes from the page of another site").Write(w)
		default:
			g.admit(next, w, r)
		}
	})
}

// admit is Admit for a request that is not for the handler to check.
func (g *Gate) admit(next http.Handler, w http.ResponseWriter, r *http.Request) {
	unclean := func() {
		webapi.NewProblem(http.StatusNotFound, "not_found", "the path has an empty or a dot segment: is a name missing?").Write(w)
	}
	switch {
	case !webapi.IsClean(r.URL) && g.sessions.has(r):
		g.o.Missing(w, r, unclean)
	case !webapi.IsClean(r.URL):
		unclean()
	case isOpen(r), g.sessions.has(r):
		next.ServeHTTP(w, r)
	case r.Method != http.MethodGet || g.o.Live(r):
		http.Error(w, "log in at "+LoginPath, http.StatusUnauthorized)
	default:
		http.Redirect(w, r, LoginPath, http.StatusSeeOther)
	}
}
