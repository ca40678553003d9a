// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"strings"

	"golang.org/x/text/language"
)

// The languages of the pages, as in the lang attribute. The default is Japanese.
const (
	Japanese = "ja"
	English  = "en"
)

//go:embed words/ja.json words/en.json
var wordFiles embed.FS

// Catalog maps keys to texts in one language. "{0}" to "{9}" stand for values.
type Catalog map[string]string

// ReadCatalog reads a catalogue from an embedded JSON file. An error is a programming
// error.
func ReadCatalog(files fs.FS, name string) Catalog {
	content, err := fs.ReadFile(files, name)
	c := Catalog{}
	if err == nil {
		err = json.Unmarshal(content, &c)
	}
	if err != nil {
		panic("ui: internal error: catalogue " + name + ": " + err.Error())
	}
	return c
}

// Text returns the text for a key. A missing text is an error, which a test finds
// before a user does.
func (c Catalog) Text(key string, args ...any) (string, error) {
	s, ok := c[key]
	if !ok {
		return "", fmt.Errorf("the catalogue has no text for %q", key)
	}
	if len(args) == 0 {
		return s, nil
	}
	pairs := make([]string, 0, 2*len(args))
	for i, arg := range args {
		pairs = append(pairs, fmt.Sprintf("{%d}", i), fmt.Sprint(arg))
	}
	return strings.NewReplacer(pairs...).Replace(s), nil
}

// languages are the languages of the pages. The first is the default.
var languages = []language.Tag{language.Japanese, language.English}

var matcher = language.NewMatcher(languages)

// IsLanguage reports whether pages exist in a language.
func IsLanguage(s string) bool { return s == Japanese || s == English }

const langCookie = "fob-lang"

// LanguageOf returns the language for a request. The order of precedence is the choice
// on a page, the browser's languages, the user's own language in the site's records (""
// if it has none), Japanese. The browser comes before the records because every user may
// have a language there, even without having chosen it.
func LanguageOf(r *http.Request, own string) string {
	if c, err := r.Cookie(langCookie); err == nil && IsLanguage(c.Value) {
		return c.Value
	}
	// An invalid header is ignored.
	tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err == nil {
		if _, i, sure := matcher.Match(tags...); sure != language.No {
			base, _ := languages[i].Base()
			return base.String()
		}
	}
	if IsLanguage(own) {
		return own
	}
	return Japanese
}

// SwitchLanguage stores the choice of the layout's language button in a cookie. It
// returns the path of the page to which the browser returns, or home. Call it after
// [http.Request.ParseForm] and the check for forged forms.
func SwitchLanguage(w http.ResponseWriter, r *http.Request, secure bool, home string) (string, error) {
	lang := r.PostForm.Get("language")
	if !IsLanguage(lang) {
		return "", fmt.Errorf("unknown language %q", lang)
	}
	http.SetCookie(w, &http.Cookie{
		Name: langCookie, Value: lang, Path: "/", MaxAge: 365 * 24 * 3600,
		HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode,
	})
	return ownPath(r.PostForm.Get("back"), home), nil
}

// ownPath returns path if it is a path on this server, or else the other path. Pages
// must not redirect users to another site.
func ownPath(path, otherwise string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return otherwise
	}
	return path
}

// Theme is the colour scheme that a user has chosen.
type Theme string

// The themes. With SystemTheme, the page follows the scheme of the user's system.
const (
	SystemTheme Theme = ""
	Dark        Theme = "dark"
	Light       Theme = "light"
)

// themeCookie is set by ui.js. It is the same for all pages of a host.
const themeCookie = "fob-theme"

// ThemeOf returns the colour scheme for a request.
func ThemeOf(r *http.Request) Theme {
	if c, err := r.Cookie(themeCookie); err == nil && (c.Value == string(Dark) || c.Value == string(Light)) {
		return Theme(c.Value)
	}
	return SystemTheme
}
