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

// msg is a text of the catalogue with its values.
type msg struct {
	Key  string   `json:"k,omitempty"`
	Args []string `json:"a,omitempty"`
}

// newMsg returns a message.
func newMsg(key string, args ...string) msg { return msg{key, args} }

// rendering renders pages in one language.
type rendering struct {
	lang      string
	words     catalog
	phrases   *phrasebook
	templates map[string]*template.Template // by page
}

// newRendering parses the templates. An error in a template is a programming error.
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

// functions are the functions that templates may call.
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
		"channel": r.words.channel,
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

// navItem returns a line of the navigation. Here is set if the current page is the
// line's page or below it.
func navItem(v *view, path, key string) navLine {
	here := v.Path == path || !strings.HasSuffix(path, "/") && strings.HasPrefix(v.Path, path+"/")
	return navLine{path, key, here}
}

// message formats a message. Its values, such as names, were written by people and are
// not translated.
func (r *rendering) message(m msg) (string, error) {
	args := make([]any, 0, len(m.Args))
	for _, arg := range m.Args {
		args = append(args, arg)
	}
	return r.words.text(m.Key, args...)
}

// slug returns the name of an enumerated value as part of a key or a path: "own-token"
// for "own token".
func slug(v fmt.Stringer) string { return strings.ReplaceAll(v.String(), " ", "-") }

// view is the data of every page.
type view struct {
	Page      string // the template's name
	Title     msg
	Lang      string
	Area      string
	Prefix    string
	Opened    bool
	Clerk     string
	Me        bank.User
	Manager   bool // master or admin
	FormToken string
	Path      string // without the query
	Back      string // where the language switch returns to
	TestMode  bool
	Now       token.UnixSeconds
	Flash     *flash
	Data      any
}

// show writes a whole page, and clears the message that it has shown.
func (c *call) show(status int, page, title string, data any) error {
	return c.showTitled(status, page, newMsg(title), data)
}

func (c *call) showTitled(status int, page string, title msg, data any) error {
	v := &view{
		Page: page, Title: title, Lang: c.lang, Area: c.area.name, Prefix: c.area.prefix,
		Opened: c.opened, Clerk: c.by.Clerk, Me: c.me, Manager: c.isManager(),
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

// write renders a page completely before it sends any of it. A rendering error can then
// still become an error page.
func (c *call) write(status int, page, block string, v *view) error {
	var b bytes.Buffer
	t, ok := c.pages[c.lang].templates[page]
	if !ok {
		return fmt.Errorf("no template for page %q", page)
	}
	if err := t.ExecuteTemplate(&b, block, v); err != nil {
		return fmt.Errorf("rendering page %q: %w", page, err)
	}
	c.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	c.w.Header().Set("Content-Language", c.lang)
	c.w.WriteHeader(status)
	_, _ = c.w.Write(b.Bytes()) // an error means that the browser has gone
	return nil
}

// isManager reports whether the user has rights over other users.
func (c *call) isManager() bool { return c.me.Role.Manages() }
