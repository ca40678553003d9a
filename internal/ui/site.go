// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
)

//go:embed templates/layout.html templates/parts.html
var templateFiles embed.FS

// Options describe a site.
type Options struct {
	// Templates are the site's templates. Each file defines "content" for the page of
	// its name, which is the file name without ".html".
	Templates fs.FS

	// Shared are the names of files with templates for all pages.
	Shared []string

	// Catalogs are the texts by language, for function t. The site exists in these
	// languages.
	Catalogs map[string]Catalog

	// Funcs returns further functions for the templates of a language. It may be nil.
	Funcs func(lang string) template.FuncMap

	// Assets are static files of the site.
	Assets []Asset
}

// Site renders the pages of a web site.
type Site struct {
	*Assets
	pages map[string]map[string]*template.Template // by language and name
}

// New returns a site. An error in a template is a programming error.
func New(o Options) *Site {
	s := &Site{Assets: newAssets(o.Assets), pages: map[string]map[string]*template.Template{}}
	for lang, texts := range o.Catalogs {
		funcs := s.functions(lang, texts)
		if o.Funcs != nil {
			maps.Copy(funcs, o.Funcs(lang))
		}
		common := template.New("").Option("missingkey=error").Funcs(funcs)
		common = template.Must(common.ParseFS(templateFiles, "templates/*.html"))
		s.pages[lang] = parse(common, o)
	}
	return s
}

// parse parses the templates of a site, and returns the pages by name.
func parse(common *template.Template, o Options) map[string]*template.Template {
	pages := map[string]*template.Template{}
	for _, name := range o.Shared {
		common = template.Must(common.ParseFS(o.Templates, name))
	}
	files, err := fs.Glob(o.Templates, "*.html")
	if err != nil {
		panic("ui: internal error: " + err.Error())
	}
	for _, file := range files {
		if !slices.Contains(o.Shared, file) {
			page := template.Must(template.Must(common.Clone()).ParseFS(o.Templates, file))
			pages[strings.TrimSuffix(path.Base(file), ".html")] = page
		}
	}
	return pages
}

// functions are the functions that every template may call.
func (s *Site) functions(lang string, texts Catalog) template.FuncMap {
	words := ReadCatalog(wordFiles, "words/"+lang+".json")
	return template.FuncMap{
		"t":         texts.Text,
		"word":      words.Text,
		"asset":     s.asset,
		"otherLang": func() string { return otherLanguage(lang) },
		"hint":      hint,
	}
}

var option = regexp.MustCompile(`--[a-z][a-z-]*[a-z]`)

// hint marks options of a command as code, which stays on one line.
func hint(text string) template.HTML {
	return template.HTML(option.ReplaceAllString(template.HTMLEscapeString(text), `<code class="keep">$0</code>`))
}

// asset returns the path of an asset. A missing one is an error.
func (s *Site) asset(name string) (string, error) {
	at, ok := s.paths[name]
	if !ok {
		return "", fmt.Errorf("the site has no asset %q", name)
	}
	return at, nil
}

func otherLanguage(lang string) string {
	if lang == Japanese {
		return English
	}
	return Japanese
}

// Write writes a whole page. The data is a [Page], or a type that embeds one.
func (s *Site) Write(w http.ResponseWriter, status int, lang, page string, data any) error {
	return s.WritePart(w, status, lang, page, "layout", data)
}

// WritePart writes one template of a page. It renders it completely before it sends any
// of it. A rendering error can then still become an error page.
func (s *Site) WritePart(w http.ResponseWriter, status int, lang, page, part string, data any) error {
	text, err := s.Render(lang, page, part, data)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", lang)
	w.WriteHeader(status)
	_, _ = w.Write(text) // an error means that the browser has gone
	return nil
}

// Render returns one template of a page, for example a tile for a stream of events.
func (s *Site) Render(lang, page, part string, data any) ([]byte, error) {
	t, ok := s.pages[lang][page]
	if !ok {
		return nil, fmt.Errorf("no template for page %q in language %q", page, lang)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, part, data); err != nil {
		return nil, fmt.Errorf("rendering page %q: %w", page, err)
	}
	return b.Bytes(), nil
}
