// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// The embedded library matches its README.
func TestHTMXMatchesReadme(t *testing.T) {
	content, err := os.ReadFile("static/htmx/htmx.min.js")
	require.NoError(t, err)
	readme, err := os.ReadFile("static/htmx/README.md")
	require.NoError(t, err)
	sum := sha256.Sum256(content)
	require.Contains(t, string(readme), hex.EncodeToString(sum[:]))
	require.Contains(t, string(content), `version:"2.0.11"`)
	require.Contains(t, string(readme), "version 2.0.11")
	require.FileExists(t, "static/htmx/LICENSE")
}

func TestAssets(t *testing.T) {
	s := New(Options{Assets: []Asset{{"line.js", []byte("0;")}}})
	kinds := map[string]string{
		"ui.css": "text/css; charset=utf-8", "ui.js": "text/javascript; charset=utf-8", "htmx.js": "text/javascript; charset=utf-8",
		"line.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml",
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(kinds)), slices.Collect(maps.Keys(s.Paths())))
	get := func(method, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		Secure(s.Assets).ServeHTTP(w, httptest.NewRequest(method, path, nil))
		return w
	}
	for name, path := range s.Paths() {
		w := get(http.MethodGet, path)
		require.Equal(t, 200, w.Code, name)
		require.Equal(t, kinds[name], w.Header().Get("Content-Type"))
		require.Equal(t, "public, max-age=31536000, immutable", w.Header().Get("Cache-Control"))
		sum := sha256.Sum256(w.Body.Bytes())
		require.Contains(t, path, hex.EncodeToString(sum[:8]), "the path changes with the content")
		require.Zero(t, get(http.MethodHead, path).Body.Len())
	}
	require.Equal(t, 404, get(http.MethodGet, AssetPath+"0000000000000000/ui.css").Code)
	require.Panics(t, func() { New(Options{Assets: []Asset{{Name: "line.exe"}}}) }, "a file of unknown type")
}

// The words of the layout exist in both languages.
func TestWords(t *testing.T) {
	ja, en := ReadCatalog(wordFiles, "words/ja.json"), ReadCatalog(wordFiles, "words/en.json")
	require.NotEmpty(t, ja)
	require.Equal(t, slices.Sorted(maps.Keys(ja)), slices.Sorted(maps.Keys(en)))
	templates := ""
	for _, name := range []string{"layout", "parts"} {
		content, err := templateFiles.ReadFile("templates/" + name + ".html")
		require.NoError(t, err)
		templates += string(content)
	}
	for key := range ja {
		require.NotEmpty(t, ja[key])
		require.NotEmpty(t, en[key])
		require.Contains(t, templates, `{{word "`+key+`"}}`, "no template uses the word")
	}
	require.NotContains(t, templates, "style=", "the content security policy forbids it")
	require.NotRegexp(t, `\son[a-z]+=`, templates, "the content security policy forbids it")
}

func TestText(t *testing.T) {
	c := Catalog{"a": "one {0}, two {1}"}
	got, err := c.Text("a", 1, "{0}")
	require.NoError(t, err)
	require.Equal(t, "one 1, two {0}", got, "a value is not replaced again")
	_, err = c.Text("no.such")
	require.ErrorContains(t, err, "no.such", "missing words are an error, not a gap in the page")
}

func TestLanguageOf(t *testing.T) {
	for _, tt := range []struct{ cookie, accept, own, want string }{
		{"", "", "", Japanese},
		{"", "", English, English},
		{"", "en-GB,en;q=0.9", Japanese, English},
		{"", "fr", English, English},
		{"", "fr", "", Japanese},
		{"ja", "en", English, Japanese},
		{"fr", "en", "", English},
		{"", "\x00;;", "", Japanese},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept-Language", tt.accept)
		r.AddCookie(&http.Cookie{Name: langCookie, Value: tt.cookie})
		require.Equal(t, tt.want, LanguageOf(r, tt.own), tt)
	}
}

func TestSwitchLanguage(t *testing.T) {
	post := func(language, back string) (*http.Response, string, error) {
		r := httptest.NewRequest(http.MethodPost, "/language", strings.NewReader(url.Values{"language": {language}, "back": {back}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		require.NoError(t, r.ParseForm())
		w := httptest.NewRecorder()
		to, err := SwitchLanguage(w, r, true, "/home")
		return w.Result(), to, err
	}
	answer, to, err := post("en", "/list?after=7")
	require.NoError(t, err)
	require.Equal(t, "/list?after=7", to)
	c := answer.Cookies()[0]
	require.Equal(t, "en", c.Value)
	require.True(t, c.HttpOnly && c.Secure)
	require.Equal(t, http.SameSiteStrictMode, c.SameSite)
	// Addresses that browsers read as another site. (RFC 3986, section 4.2, and the URL
	// standard's treatment of backslashes and control characters)
	for _, back := range []string{"", "https://example.org/", "//example.org/", "/\\example.org", "/\t/example.org", "list"} {
		_, to, err := post("ja", back)
		require.NoError(t, err)
		require.Equal(t, "/home", to, back)
	}
	_, _, err = post("fr", "/")
	require.Error(t, err)
}

func TestThemeOf(t *testing.T) {
	for value, want := range map[string]Theme{"dark": Dark, "light": Light, "": SystemTheme, "blue": SystemTheme} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(&http.Cookie{Name: themeCookie, Value: value})
		require.Equal(t, want, ThemeOf(r))
	}
}

func TestNavLine(t *testing.T) {
	require.True(t, NewNavLine("/orders/7", "/orders", "").Here)
	require.True(t, NewNavLine("/orders", "/orders", "").Here)
	require.False(t, NewNavLine("/orders2", "/orders", "").Here)
	require.False(t, NewNavLine("/orders", "/", "").Here, "the home page has no pages below it")
}

// A page that cannot be rendered is not sent in part.
func TestWriteFailure(t *testing.T) {
	s := New(Options{
		Templates: fstest.MapFS{"a.html": {Data: []byte(`{{define "content"}}<p>{{t "no.such"}}</p>{{end}}`)}},
		Catalogs:  map[string]Catalog{English: {}},
	})
	w := httptest.NewRecorder()
	require.ErrorContains(t, s.Write(w, 200, English, "a", Page{Lang: English}), "no.such")
	require.ErrorContains(t, s.Write(w, 200, English, "b", Page{}), `no template for page "b"`)
	require.ErrorContains(t, s.Write(w, 200, Japanese, "a", Page{}), `language "ja"`)
	require.Zero(t, w.Body.Len())
}

// A part is rendered without its page. Text is escaped.
func TestRender(t *testing.T) {
	s := New(Options{
		Templates: fstest.MapFS{"a.html": {Data: []byte(`{{define "content"}}{{end}}`)}},
		Catalogs:  map[string]Catalog{English: {}},
	})
	got, err := s.Render(English, "a", "tile", Tile{ID: "p1", Name: "<1>", State: TileFail, Word: "FAIL"})
	require.NoError(t, err)
	require.Regexp(t, `^<section class="tile fail" id="p1"(?s:.*)&lt;1&gt;(?s:.*)FAIL(?s:.*)</section>$`, string(got))
}

// TestHint: an option in a hint is one word, and stays on one line.
func TestHint(t *testing.T) {
	require.EqualValues(t, `&lt;b&gt; of <code class="keep">--api-key-file</code>.`, hint("<b> of --api-key-file."))
	require.EqualValues(t, "1 -- 2, --", hint("1 -- 2, --"))
}
