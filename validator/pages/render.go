// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"

	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
)

//go:embed templates/*.html
var templateFiles embed.FS

// bankStyle is the style that only the bank's pages need.
//
//go:embed static/bank.css
var bankStyle []byte

// msg is a text of the catalogue with its values.
type msg struct {
	Key  string   `json:"k,omitempty"`
	Args []string `json:"a,omitempty"`
}

// newMsg returns a message.
func newMsg(key string, args ...string) msg { return msg{key, args} }

// newSite parses the templates.
func (s *server) newSite() *ui.Site {
	templates, err := fs.Sub(templateFiles, "templates")
	if err != nil {
		panic("pages: internal error: " + err.Error())
	}
	return ui.New(ui.Options{
		Templates: templates, Shared: []string{"parts.html"}, Catalogs: s.words, Funcs: s.functions,
		Assets: append(pictureAssets(), ui.Asset{Name: "bank.css", Content: bankStyle}),
	})
}

// functions are the functions that templates of a language may call.
func (s *server) functions(lang string) template.FuncMap {
	words := &wording{lang, s.words[lang]}
	return template.FuncMap{
		"m":        words.message,
		"field":    words.field,
		"problems": words.problems,
		"facts":    words.facts,
		"picture":  words.picture,
		"back":     words.back,
		"day":      func(e token.Expiry) string { return day(lang, e) },
		"instant":  func(s token.UnixSeconds) string { return instant(lang, s) },
		"yen":      func(y validator.Yen) string { return yen(lang, y) },
		"slug":     slug,
		"tone":     tone,
		"act":      func(v string) string { return actText(words.Catalog, v) },
		"reason":   func(v string) string { return reasonText(words.Catalog, v) },
		"channel":  func(v string) string { return channelText(words.Catalog, v) },
		"note":     s.phrases[lang].note,
		"join":     strings.Join,
		"names":    func(all []string) string { return names(lang, all) },
		"wrap":     func(d *bank.Order) *view { return &view{Data: d} },
		"receipt":  receiptNumber,
	}
}

// tones are the colours of tags.
var tones = map[string]ui.Tone{
	"in-use": ui.Good, "shipped": ui.Good, "sent": ui.Good,
	"lost": ui.Bad, "broken": ui.Bad, "failed": ui.Bad, "doubtful": ui.Bad,
	"expired": ui.Warn, "open": ui.Warn, "due": ui.Warn, "sending": ui.Warn,
	"revoked": ui.Quiet, "cancelled": ui.Quiet, "not-there": ui.Quiet,
}

// tone returns the colour of the tag for a condition or status.
func tone(v fmt.Stringer) ui.Tone { return tones[slug(v)] }

// wording turns keys into texts of one language.
type wording struct {
	lang string
	ui.Catalog
}

// message formats a message. Its values, such as names, were written by people and are
// not translated.
func (w *wording) message(m msg) (string, error) {
	args := make([]any, 0, len(m.Args))
	for _, arg := range m.Args {
		args = append(args, arg)
	}
	return w.Text(m.Key, args...)
}

// slug returns the name of an enumerated value as part of a key or a path: "own-token"
// for "own token".
func slug(v fmt.Stringer) string { return strings.ReplaceAll(v.String(), " ", "-") }

// view is the data of every page.
type view struct {
	ui.Page
	Manager bool // master or admin
	Data    any
}

// show writes a whole page, and clears the message that it has shown.
func (c *call) show(status int, page, title string, data any) error {
	return c.showTitled(status, page, newMsg(title), data)
}

func (c *call) showTitled(status int, page string, title msg, data any) error {
	frame, err := c.frame(page, title)
	if err != nil {
		return err
	}
	if c.state.Flash != nil {
		c.state.Flash = nil
		if err := c.saveState(); err != nil {
			return err
		}
	}
	return c.site.Write(c.w, status, c.lang, page, &view{frame, c.isManager(), data})
}

// showPart writes a part of a page, for htmx.
func (c *call) showPart(page, part string, data any) error {
	return c.site.WritePart(c.w, http.StatusOK, c.lang, page, part, &view{Data: data})
}

// isManager reports whether the user has rights over other users.
func (c *call) isManager() bool { return c.me.Role.Manages() }
