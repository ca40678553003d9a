// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"github.com/d204ef64/fob/internal/ui"
)

// texts translates keys, and keeps the first error. A page has many texts, and all
// missing ones are the same mistake.
type texts struct {
	wording
	err error
}

func (t *texts) of(m msg) string {
	s, err := t.message(m)
	if err != nil && t.err == nil {
		t.err = err
	}
	return s
}

func (t *texts) key(key string, args ...string) string { return t.of(newMsg(key, args...)) }

// userNav and deskNav are the navigation of each area: paths and keys.
var (
	userNav = [][2]string{
		{"/", "nav.home"}, {"/operations", "nav.operations"}, {"/history", "nav.history"}, {"/users", "nav.users"}, {"/password", "nav.password"},
	}
	deskNav = [][2]string{
		{"/desk/", "nav.search"}, {"/desk/orders", "nav.orders"}, {"/desk/stock", "nav.stock"}, {"/desk/notices", "nav.notices"},
		{"/desk/audit", "nav.audit"}, {"/desk/password", "nav.password"},
	}
)

// frame returns the part of a page that all pages share.
func (c *call) frame(page string, title msg) (ui.Page, error) {
	t := &texts{wording: wording{c.lang, c.words[c.lang]}}
	p := ui.NewPage(c.r, t.of(title))
	p.Lang, p.HTMX, p.Styles = c.lang, true, []string{"bank.css"}
	p.Site, p.Tagline, p.Home = t.key("bank.name"), t.key("bank.area."+c.area.name), c.area.prefix+"/"
	p.Class = "area-" + c.area.name + " page-" + page
	p.LanguagePath = c.area.prefix + "/language"
	now := t.key("word.japan-time", instant(c.lang, c.bank.Now()))
	p.Footer = []string{t.key("bank.footer"), t.key("footer.now", now)}
	if c.o.TestMode {
		p.Banner = &ui.Banner{Label: t.key("test.mode"), Text: t.key("test.note", now)}
	}
	if c.secret != "" {
		p.FormToken = formToken(c.secret)
	}
	if page == "error" {
		p.Back = c.area.prefix + "/"
	}
	lines := userNav
	if c.area == deskArea {
		p.Brand, p.Width, lines = ui.Violet, ui.TableWidth, deskNav
	}
	if c.opened {
		p.Who = t.key("nav.user", c.me.Name)
		if c.by.Clerk != "" {
			p.Who = t.key("nav.clerk", c.by.Clerk)
		}
		p.Actions = []ui.Action{{Path: c.area.prefix + "/logout", Text: t.key("nav.logout")}}
		p.NavLabel = t.key("nav.main")
		for _, line := range lines {
			if line[1] != "nav.users" || c.isManager() {
				p.Nav = append(p.Nav, ui.NewNavLine(c.r.URL.Path, line[0], t.key(line[1])))
			}
		}
	}
	if f := c.state.Flash; f != nil {
		p.Flash = &ui.Flash{Kind: ui.FlashKind(f.Kind), Text: t.of(f.Text)}
		if f.More.Key != "" {
			p.Flash.More = t.of(f.More)
		}
	}
	return p, t.err
}

// field returns a field with its texts.
func (w *wording) field(f *field) (ui.Field, error) {
	t := &texts{wording: *w}
	u := ui.Field{
		Name: f.Name, Label: t.key(f.Label), Type: f.Type(), Value: f.Value, Secret: f.Secret(), Suggest: f.Suggest,
		Optional: f.Optional, Fixed: f.Fixed, Digits: f.Number(), Verbatim: f.Kind == "code",
		Autocomplete: f.Auto, Inputmode: f.Inputmode(), MaxLength: f.MaxLength(),
	}
	if f.Hint != "" {
		u.Hint = t.key(f.Hint)
	}
	if f.Error != "" {
		u.Error = t.key(f.Error)
	}
	if f.Picture != "" {
		var err error
		if u.Picture, err = w.picture(f.Picture); err != nil {
			return u, err
		}
	}
	for _, o := range f.Options {
		text := o.Text
		if o.Label.Key != "" {
			text = t.of(o.Label)
		}
		u.Options = append(u.Options, ui.Option{Value: o.Value, Text: text})
	}
	return u, t.err
}

// problems returns the summary of a form's errors.
func (w *wording) problems(f *form) (ui.Problems, error) {
	p := ui.Problems{Detail: f.Detail}
	for _, bad := range f.Errors() {
		u, err := w.field(bad)
		if err != nil {
			return p, err
		}
		p.Fields = append(p.Fields, u)
	}
	if len(p.Fields) > 0 {
		return p, nil
	}
	var err error
	p.Text, err = w.Text(f.Problem)
	return p, err
}

// facts returns lines of known information with their texts.
func (w *wording) facts(all []fact) ([]ui.Fact, error) {
	t := &texts{wording: *w}
	var lines []ui.Fact
	for _, f := range all {
		line := ui.Fact{Label: t.of(f.Label), Text: f.Text}
		if f.Value.Key != "" {
			line.Text = t.of(f.Value)
		}
		lines = append(lines, line)
	}
	return lines, t.err
}
