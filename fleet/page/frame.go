// SPDX-License-Identifier: Apache-2.0

package page

import (
	"net/http"

	"github.com/d204ef64/fob/internal/picture"
	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/internal/weblogin"
)

// framed is the data of a page behind the login. The data of each page embeds it.
type framed struct {
	ui.Page
	Live  string     // path of the page's live messages, "" for none
	Words ui.Catalog // of the script
	Clock clockBar

	// LCD are the outlines of LCDs by their number of digits.
	LCD map[int]picture.GeometryJSON
}

// lcds are the outlines of the LCDs that tokens have.
var lcds = map[int]picture.GeometryJSON{6: picture.Geometry(6), 8: picture.Geometry(8)}

// frame returns the page around the content.
func (s *server) frame(r *http.Request, title string) ui.Page {
	p := ui.NewPage(r, title)
	p.Site, p.Brand, p.Width = s.text(p.Lang, "site"), ui.Graphite, ui.FullWidth
	p.Styles, p.LanguagePath = []string{"fleet.css"}, weblogin.LanguagePath
	return p
}

// inside returns the frame of a page behind the login.
func (s *server) inside(r *http.Request, title, live string) framed {
	p := s.frame(r, title)
	p.Scripts = []string{"fleet.js"}
	p.Actions = []ui.Action{{Path: weblogin.LogoutPath, Text: s.text(p.Lang, "logout")}}
	return framed{p, live, s.said[p.Lang], s.clockBar(p.Lang), lcds}
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

// write writes a page.
func (s *server) write(w http.ResponseWriter, status int, lang, page string, data any) {
	if err := s.site.Write(w, status, lang, page, data); err != nil {
		s.o.Event(err)
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
	}
}
