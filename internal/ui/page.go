// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"net/http"
	"strings"
)

// Page is the data of the layout. A site embeds it in the type of its own pages. All
// texts are in the page's language.
type Page struct {
	Lang  string // Japanese or English
	Theme Theme
	Title string

	Site    string // name of the site
	Tagline string // below it
	Home    string // path that the name links to
	Brand   Brand
	Width   Width
	Class   string   // classes of the body
	Styles  []string // names of the site's own assets
	Scripts []string
	HTMX    bool // loads htmx, which sends FormToken with each request

	Banner   *Banner
	Who      string // the user, if someone is logged in
	NavLabel string // names the navigation for screen readers
	Nav      []NavLine
	Up       NavLine // the page above this one, linked over the title; its path is "" for none
	Actions  []Action
	Flash    *Flash
	Footer   []string

	FormToken    string // hidden field form-token of each form
	LanguagePath string // receives the form of the language button; "" for no button
	Back         string // path to which the language button returns
}

// NewPage returns a page with the language, theme and address of a request.
func NewPage(r *http.Request, title string) Page {
	return Page{Lang: LanguageOf(r, ""), Theme: ThemeOf(r), Title: title, Home: "/", Back: r.URL.RequestURI()}
}

// Brand is the colour of the header, which distinguishes the sites.
type Brand string

// The brands.
const (
	Blue     Brand = ""
	Violet   Brand = "violet"
	Teal     Brand = "teal"
	Graphite Brand = "graphite"
)

// Width is the maximum width of the page's content.
type Width string

// The widths.
const (
	TextWidth  Width = ""
	TableWidth Width = "roomy"
	FullWidth  Width = "wide" // the whole screen, for tiles
)

// Banner is a warning above the header, such as TEST MODE.
type Banner struct{ Label, Text string }

// NavLine is a line of the navigation.
type NavLine struct {
	Path, Text string
	Here       bool
}

// NewNavLine returns a line of the navigation. Here is set if the page at current is the
// line's page or below it.
func NewNavLine(current, path, text string) NavLine {
	here := current == path || !strings.HasSuffix(path, "/") && strings.HasPrefix(current, path+"/")
	return NavLine{path, text, here}
}

// Action is a button in the header that sends an empty form, such as "Log out".
type Action struct{ Path, Text string }

// Flash is a message above the title about the user's last action.
type Flash struct {
	Kind FlashKind
	Text string
	More string
}

// FlashKind is the colour of a message.
type FlashKind string

// The kinds of messages.
const (
	FlashPlain FlashKind = "plain"
	FlashGood  FlashKind = "good"
	FlashNext  FlashKind = "next" // the user must do something
	FlashBad   FlashKind = "bad"
)

// Alert reports whether screen readers interrupt the user to read the message.
func (f *Flash) Alert() bool { return f.Kind != FlashGood && f.Kind != FlashPlain }
