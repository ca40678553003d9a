// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
)

//go:embed templates/*.html
var templateFiles embed.FS

// msg is words by their key, with values.
type msg struct {
	Key  string   `json:"k,omitempty"`
	Args []string `json:"a,omitempty"`
}

// newMsg makes a message.
func newMsg(key string, args ...string) msg { return msg{key, args} }

// rendering makes pages in one language.
type rendering struct {
	lang      string
	words     catalog
	phrases   *phrasebook
	templates map[string]*template.Template // by page
}

// newRendering reads the templates. What is wrong in one is a programming error.
func newRendering(lang string, a *assets) *rendering {
	r := &rendering{lang: lang, words: readCatalog(lang), phrases: readPhrases(lang), templates: map[string]*template.Template{}}
	common := template.New("").Option("missingkey=error").Funcs(r.functions(a))
	common = template.Must(common.ParseFS(templateFiles, "templates/base.html", "templates/parts.html"))
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		panic("pages: internal error: " + err.Error())
	}
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".html")
		if name == "base" || name == "parts" {
			continue
		}
		r.templates[name] = template.Must(template.Must(common.Clone()).ParseFS(templateFiles, file))
	}
	return r
}

// functions are what templates may call.
func (r *rendering) functions(a *assets) template.FuncMap {
	return template.FuncMap{
		"t":       r.words.text,
		"m":       r.message,
		"day":     func(e token.Expiry) string { return day(r.lang, e) },
		"instant": func(s token.UnixSeconds) string { return instant(r.lang, s) },
		"yen":     func(y validator.Yen) string { return yen(r.lang, y) },
		"asset":   a.path,
		"slug":    slug,
		"act":     r.words.act,
		"reason":  r.words.reason,
		"note":    r.phrases.note,
		"join":    strings.Join,
		"names":   func(all []string) string { return names(r.lang, all) },
		"wrap":    func(d *bank.Order) *view { return &view{Data: d} },
		"nav":     navItem,
		"receipt": receiptNumber,
	}
}

// navLine is a line of the navigation.
type navLine struct {
	Path, Key string
	Here      bool
}

// navItem returns a line of the navigation of a page, which is there or below.
func navItem(v *view, path, key string) navLine {
	here := v.Path == path || !strings.HasSuffix(path, "/") && strings.HasPrefix(v.Path, path+"/")
	return navLine{path, key, here}
}

// message writes a message. Its values are what people wrote, such as a name, and
// stand as they are.
func (r *rendering) message(m msg) (string, error) {
	args := make([]any, 0, len(m.Args))
	for _, arg := range m.Args {
		args = append(args, arg)
	}
	return r.words.text(m.Key, args...)
}

// slug returns the name of an enumerated value as part of a key or a path:
// "own-token" for "own token".
func slug(v fmt.Stringer) string { return strings.ReplaceAll(v.String(), " ", "-") }

// view is what every page is made of.
type view struct {
	Page      string // the template's name
	Title     msg
	Lang      string
	Area      string
	Prefix    string
	Opened    bool
	Clerk     string
	Me        bank.User
	Boss      bool // master or admin
	FormToken string
	Path      string // without the query
	Back      string // where the language switch comes back to
	TestMode  bool
	Now       token.UnixSeconds
	Flash     *flash
	Data      any
}

// show writes a whole page, and clears what it has said.
func (c *call) show(status int, page, title string, data any) error {
	return c.showTitled(status, page, newMsg(title), data)
}

func (c *call) showTitled(status int, page string, title msg, data any) error {
	v := &view{
		Page: page, Title: title, Lang: c.lang, Area: c.area.name, Prefix: c.area.prefix,
		Opened: c.opened, Clerk: c.by.Clerk, Me: c.me, Boss: c.boss(),
		Path: c.r.URL.Path, Back: c.r.URL.RequestURI(), TestMode: c.o.TestMode, Now: c.bank.Now(),
		Flash: c.state.Flash, Data: data,
	}
	if c.secret != "" {
		v.FormToken = formToken(c.secret)
	}
	if page == "error" {
		v.Back = c.area.prefix + "/"
	}
	if c.state.Flash != nil {
		c.state.Flash = nil
		if err := c.saveState(); err != nil {
			return err
		}
	}
	return c.write(status, page, "base", v)
}

// showPart writes a part of a page, for htmx.
func (c *call) showPart(page, part string, data any) error {
	return c.write(200, page, part, &view{Lang: c.lang, Prefix: c.area.prefix, Data: data})
}

// write makes a page before it sends any of it, so that an error still is a page.
func (c *call) write(status int, page, block string, v *view) error {
	var b bytes.Buffer
	t, ok := c.pages[c.lang].templates[page]
	if !ok {
		return fmt.Errorf("no template %q", page)
	}
	if err := t.ExecuteTemplate(&b, block, v); err != nil {
		return fmt.Errorf("page %q: %w", page, err)
	}
	c.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	c.w.Header().Set("Content-Language", c.lang)
	c.w.WriteHeader(status)
	_, _ = c.w.Write(b.Bytes()) // the browser has gone: nobody is left to tell
	return nil
}

// boss reports whether the user has rights over others.
func (c *call) boss() bool { return c.me.Role.Manages() }
