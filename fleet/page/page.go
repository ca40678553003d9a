// SPDX-License-Identifier: Apache-2.0

package page

import (
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzhttp"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/internal/webapi"
	"github.com/d204ef64/fob/internal/weblogin"
)

// Options configure the pages and the API.
type Options struct {
	Key     string // the API key; required
	Version string // of the program

	// AllowSeedExport allows seeds to be read, as for [control.Options].
	AllowSeedExport bool

	// KnownHost reports whether the pages may be reached under a host name, as for
	// [control.Options]. It may be nil.
	KnownHost func(host string) bool

	// Event is called with errors that a browser cannot show. It may be nil.
	Event func(error)
}

// Server serves the pages at /, and the HTTP API at /v1.
type Server struct {
	http.Handler
	gate *weblogin.Gate
}

// NewLink returns the path of a link that logs a browser in. It works once, within an hour.
func (s *Server) NewLink() string {
	path, _ := s.gate.NewLink()
	return path
}

// RenewLink returns the path of a link that works: the given one, or a new one if that was
// used or is old.
func (s *Server) RenewLink(path string) string { return s.gate.RenewLink(path) }

type server struct {
	fleet *fleet.Fleet
	o     Options
	gate  *weblogin.Gate
	site  *ui.Site
	words map[string]ui.Catalog
	said  map[string]ui.Catalog // the texts of the script
	run   string                // of this process, in the ids of live messages
}

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed words/en.json words/ja.json
var wordFiles embed.FS

// New returns the pages and the API of a fleet. A server that cancels the contexts of its
// requests with the cause [control.ErrEnded] ends pages with a message.
func New(f *fleet.Fleet, o Options) *Server {
	if o.Event == nil {
		o.Event = func(error) {}
	}
	s := &server{fleet: f, o: o, words: map[string]ui.Catalog{}, said: map[string]ui.Catalog{}, run: rand.Text()[:8]}
	for _, lang := range []string{ui.Japanese, ui.English} {
		s.words[lang] = ui.ReadCatalog(wordFiles, "words/"+lang+".json")
		s.said[lang] = ui.Catalog{}
		for key, text := range s.words[lang] {
			if key, ok := strings.CutPrefix(key, scriptWords); ok {
				s.said[lang][key] = text
			}
		}
	}
	s.site = newSite(s.words)
	s.gate = weblogin.New(weblogin.Options{
		Name: "fleet", Key: o.Key, KnownHost: o.KnownHost,
		Frame: s.frame, Text: s.text, Write: s.write, Missing: s.missing, Own: isForAPI,
		Live: func(r *http.Request) bool { return r.URL.Path == livePath || r.URL.Path == nextEventPath },
	})
	api := control.New(f, control.Options{
		Key: o.Key, Version: o.Version, AllowSeedExport: o.AllowSeedExport, KnownHost: o.KnownHost, Session: s.gate.HasSession, NewLink: s.gate.NewLink,
	})
	mux := http.NewServeMux()
	mux.Handle("GET "+ui.AssetPath, s.site.Assets)
	s.gate.Register(mux)
	mux.HandleFunc("GET /{$}", s.wall)
	mux.HandleFunc("GET /tokens/{token}", s.token)
	mux.HandleFunc("GET "+livePath, s.live)
	mux.HandleFunc("GET "+nextEventPath, s.nextEvent)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.missing(w, r, func() { webapi.Unrouted(mux, w, r, "") })
	})
	pages := compressed(ui.Secure(s.gate.Admit(mux)))
	return &Server{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isForAPI(r) {
			api.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	}), s.gate}
}

// compressed compresses pages, scripts, styles and live messages with gzip, if the browser
// accepts it. A message is sent at once.
func compressed(next http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.EnableZstd(false))
	if err != nil {
		panic("page: internal error: " + err.Error())
	}
	return wrap(next)
}

const (
	livePath      = "/live"
	nextEventPath = "/next-event"
	scriptWords   = "js " // beginning of the keys of the script's texts
)

// isForAPI reports whether a request is for the HTTP API, which checks it. That answers
// programs, also those that ask for a path that does not exist.
func isForAPI(r *http.Request) bool {
	p := r.URL.Path
	switch {
	case p == "/v1", strings.HasPrefix(p, "/v1/"), strings.HasPrefix(p, "/openapi"):
		return true
	case p == "/", p == livePath, p == nextEventPath, p == weblogin.LanguagePath, p == weblogin.LogoutPath, p == weblogin.LoginPath:
		return false
	case strings.HasPrefix(p, "/tokens/"), strings.HasPrefix(p, ui.AssetPath), strings.HasPrefix(p, weblogin.LoginPath+"/"):
		return false
	}
	return !wantsPage(r)
}

// wantsPage reports whether a person has made a request with a browser.
func wantsPage(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html")
}

// pages are the templates of pages. The others have parts of them.
var pages = []string{"login.html", "missing.html", "token.html", "wall.html"}

// newSite returns the site with all templates, and with the script and the styles, which
// are joined in the order of their names.
func newSite(words map[string]ui.Catalog) *ui.Site {
	templates, err := fs.Sub(templateFiles, "templates")
	if err != nil {
		panic("page: internal error: " + err.Error())
	}
	names, err := fs.Glob(templates, "*.html")
	if err != nil {
		panic("page: internal error: " + err.Error())
	}
	assets := []ui.Asset{joined("fleet.js", "*.js"), joined("fleet.css", "*.css")}
	for name, content := range fronts {
		assets = append(assets, ui.Asset{Name: name + ".svg", Content: content})
	}
	return ui.New(ui.Options{
		Templates: templates, Catalogs: words,
		Shared: slices.DeleteFunc(names, func(name string) bool { return slices.Contains(pages, name) }),
		Assets: assets,
	})
}

//go:embed static/*.js static/*.css
var staticFiles embed.FS

// joined returns an asset that consists of the files that match a pattern.
func joined(name, pattern string) ui.Asset {
	files, err := fs.Glob(staticFiles, "static/"+pattern)
	a := ui.Asset{Name: name}
	for _, file := range files { // sorted
		var content []byte
		if content, err = staticFiles.ReadFile(file); err == nil {
			a.Content = append(append(a.Content, content...), '\n')
		}
	}
	if err != nil || len(files) == 0 {
		panic("page: internal error: no file static/" + pattern)
	}
	return a
}

// missing answers a person with a page, and a program with a problem.
func (s *server) missing(w http.ResponseWriter, r *http.Request, problem func()) {
	if !wantsPage(r) {
		problem()
		return
	}
	p := s.inside(r, "", "")
	p.Title, p.Scripts = s.text(p.Lang, "missing"), nil
	s.write(w, http.StatusNotFound, p.Lang, "missing", p)
}

// ended reports whether a request was cancelled because the fleet ends.
func ended(ctx context.Context) bool { return errors.Is(context.Cause(ctx), control.ErrEnded) }
