// SPDX-License-Identifier: Apache-2.0

package page

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/internal/webapi"
	"github.com/d204ef64/fob/internal/weblogin"
	"github.com/d204ef64/fob/line/journal"
)

// Options configure the pages.
type Options struct {
	Key      string // the API key; required
	Stations []*Station

	// Reports returns the reports of all stations with the same shared ledger; nil if there
	// is none.
	Reports func(context.Context) ([]journal.StationReport, error)

	// KnownHost reports whether the pages may be reached under a host name, as for
	// webapi.KnownHost. It may be nil.
	KnownHost func(host string) bool

	// Event is called with errors that a browser cannot show. It may be nil.
	Event func(error)
}

// ErrEnded is the cause with which a server cancels the contexts of its requests when the
// line ends. Clients of streams learn of it.
var ErrEnded = errclass.New(errclass.Unreachable, "the line has ended")

// Server serves the pages and the API.
type Server struct {
	http.Handler
	gate *weblogin.Gate
}

// NewLink returns the path of a link that logs a browser in. It works once, within an hour.
func (s *Server) NewLink() string {
	path, _ := s.gate.NewLink()
	return path
}

type server struct {
	o       Options
	gate    *weblogin.Gate
	site    *ui.Site
	words   map[string]ui.Catalog
	phrases map[string]*ui.Phrases
	reports *reportCache
	now     func() time.Time
}

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed words/en.json words/ja.json words/phrases.ja.json
var wordFiles embed.FS

//go:embed static/line.css static/line.js
var staticFiles embed.FS

const livePath = "/live"

// New returns the pages and the API of stations.
func New(o Options) *Server {
	if o.Event == nil {
		o.Event = func(error) {}
	}
	s := &server{
		o: o, now: time.Now,
		words:   map[string]ui.Catalog{},
		phrases: map[string]*ui.Phrases{ui.Japanese: ui.ReadPhrases(wordFiles, "words/phrases.ja.json", "")},
	}
	s.gate = weblogin.New(weblogin.Options{
		Name: "line", Key: o.Key, KnownHost: o.KnownHost, Now: s.time,
		Frame: s.frame, Text: s.text, Write: s.write, Missing: s.missing, Own: isAPI,
		Live: func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, livePath) },
	})
	s.reports = &reportCache{read: o.Reports, now: s.time}
	for _, lang := range []string{ui.Japanese, ui.English} {
		s.words[lang] = ui.ReadCatalog(wordFiles, "words/"+lang+".json")
	}
	templates, err := fs.Sub(templateFiles, "templates")
	if err != nil {
		panic("page: internal error: " + err.Error())
	}
	s.site = ui.New(ui.Options{
		Templates: templates, Shared: []string{"parts.html"}, Catalogs: s.words,
		Assets: []ui.Asset{asset("line.css"), asset("line.js")},
	})
	mux := http.NewServeMux()
	mux.Handle("GET "+ui.AssetPath, s.site.Assets)
	mux.HandleFunc("GET /{$}", s.home)
	s.gate.Register(mux)
	mux.HandleFunc("GET /stations", s.supervisor)
	mux.HandleFunc("GET /stations"+livePath, s.supervisorLive)
	mux.HandleFunc("GET /stations/{station}", s.operator)
	mux.HandleFunc("GET /stations/{station}"+livePath, s.operatorLive)
	mux.HandleFunc("POST /stations/{station}/labels", s.labelEntered)
	s.api(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.missing(w, r, func() { webapi.Unrouted(mux, w, r, "") })
	})
	return &Server{ui.Secure(s.gate.Admit(s.checkKey(mux))), s.gate}
}

func (s *server) time() time.Time { return s.now() }

func asset(name string) ui.Asset {
	content, err := staticFiles.ReadFile("static/" + name)
	if err != nil {
		panic("page: internal error: " + err.Error())
	}
	return ui.Asset{Name: name, Content: content}
}

// station returns the station that a request names, or answers that there is none.
func (s *server) station(w http.ResponseWriter, r *http.Request) *Station {
	name := r.PathValue("station")
	for _, one := range s.o.Stations {
		if one.name == name {
			return one
		}
	}
	s.missing(w, r, func() {
		webapi.NewProblem(http.StatusNotFound, "not_found", "this process has no station of this name: see /stations").Write(w)
	})
	return nil
}

// missing answers a person with a page, and a program with a problem.
func (s *server) missing(w http.ResponseWriter, r *http.Request, problem func()) {
	if r.Method != http.MethodGet || isAPI(r) || !strings.Contains(r.Header.Get("Accept"), "text/html") {
		problem()
		return
	}
	p := s.inside(r, "")
	p.Scripts, p.Title = nil, s.text(p.Lang, "missing")
	s.write(w, http.StatusNotFound, p.Lang, "missing", p)
}

// pathOf returns the path of a station's page.
func pathOf(station string) string { return "/stations/" + url.PathEscape(station) }

// home shows the station, or all if there are several.
func (s *server) home(w http.ResponseWriter, r *http.Request) {
	to := "/stations"
	if len(s.o.Stations) == 1 {
		to = pathOf(s.o.Stations[0].name)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// text returns a text in a language. A missing one is a programming error, which a test
// finds.
func (s *server) text(lang, key string, args ...any) string {
	text, err := s.words[lang].Text(key, args...)
	if err != nil {
		panic("page: internal error: " + err.Error())
	}
	return text
}

// frame returns the page around the content.
func (s *server) frame(r *http.Request, title string) ui.Page {
	p := ui.NewPage(r, title)
	p.Site, p.Brand, p.Width = s.text(p.Lang, "site"), ui.Teal, ui.FullWidth
	p.Styles, p.LanguagePath = []string{"line.css"}, weblogin.LanguagePath
	return p
}

// inside returns the frame of a page behind the login.
func (s *server) inside(r *http.Request, title string) ui.Page {
	p := s.frame(r, title)
	t := func(key string) string { return s.text(p.Lang, key) }
	p.Scripts, p.NavLabel = []string{"line.js"}, t("pages")
	p.Actions = []ui.Action{{Path: weblogin.LogoutPath, Text: t("logout")}}
	for _, one := range s.o.Stations[:min(len(s.o.Stations), maxNav)] {
		p.Nav = append(p.Nav, ui.NavLine{Path: pathOf(one.name), Text: one.name, Here: r.URL.EscapedPath() == pathOf(one.name)})
	}
	p.Nav = append(p.Nav, ui.NavLine{Path: "/stations", Text: t("all stations"), Here: r.URL.Path == "/stations"})
	return p
}

// maxNav is the largest number of stations in the navigation.
const maxNav = 12

// write writes a page.
func (s *server) write(w http.ResponseWriter, status int, lang, page string, data any) {
	if err := s.site.Write(w, status, lang, page, data); err != nil {
		s.o.Event(err)
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
	}
}

// ended reports whether a request was cancelled because the line ends.
func ended(ctx context.Context) bool { return errors.Is(context.Cause(ctx), ErrEnded) }
