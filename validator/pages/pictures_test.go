// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/internal/ui/uitest"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

var pictureTag = regexp.MustCompile(`<img src="(/assets/[^"]*/token-([a-z]+)\.svg)" [^>]*alt="([^"]*)"><figcaption>([^<]*)</figcaption>`)

// picturesIn returns the parts of a token that a page shows, and checks their texts.
func (a answer) picturesIn(t *testing.T, lang string) (parts []pictured) {
	t.Helper()
	words := catalogOf(lang)
	for _, m := range pictureTag.FindAllStringSubmatch(a.body, -1) {
		parts = append(parts, pictured(m[2]))
		require.Equal(t, words["picture."+m[2]+".alt"], html.UnescapeString(m[3]))
		require.Equal(t, words["picture."+m[2]+".caption"], html.UnescapeString(m[4]))
	}
	require.Equal(t, strings.Count(a.body, "token-"), len(parts), "all pictures were found")
	return parts
}

// TestPictures: a page that asks a user for a serial number or a code shows where to find
// it, in both languages. Other pages, and the pages of clerks, show no picture.
func TestPictures(t *testing.T) {
	serial, code := []pictured{picturedSerial}, []pictured{picturedCode}
	both := []pictured{picturedSerial, picturedCode}
	s := newSite(t, Options{}, false)
	s.registerTokens()
	s.Suspend("bob", s.shared)
	b := s.browser(t).logIn("carol")
	for _, lang := range []string{ui.Japanese, ui.English} {
		if lang == ui.English {
			b.post("/language", url.Values{"form-token": {formTokenIn(b.get("/").body)}, "language": {lang}})
		}
		b.fill("/operations/transfer", "payee", "p", "bank", "b", "branch", "b", "account", "1", "amount", "5")
		for path, want := range map[string][]pictured{
			"/token/activate": both, "/token/resync": code, "/token/lift": code, "/token/revoke": code,
			"/operations/transfer/confirm": code, "/users/add": code, "/users/change/bob": code,
			"/operations/transfer": nil, "/password": nil, "/operations": nil, "/history": nil, "/suspended": nil,
		} {
			page := b.get(path)
			require.Equal(t, http.StatusOK, page.StatusCode, path)
			require.Equal(t, want, page.picturesIn(t, lang), path)
		}
	}
	// A refused form has the pictures too.
	require.Equal(t, both, b.fill("/token/activate", "serial", "", "code", "").picturesIn(t, ui.English))

	clerk := s.browser(t).logIn("desk-1")
	for _, path := range deskPages {
		require.Empty(t, clerk.get(path).picturesIn(t, ui.Japanese), path)
	}

	mallory := s.browser(t).logIn("mallory")
	require.Equal(t, serial, mallory.get("/token/unusable").picturesIn(t, ui.Japanese))
	for _, c := range []struct {
		condition validator.Condition
		want      []pictured
	}{{validator.Lost, serial}, {validator.Broken, serial}} {
		own := s.Issued("other")
		s.Activate("mallory", own)
		_, err := s.Bank.Report(t.Context(), banktest.Clerk, own, c.condition)
		require.NoError(t, err)
		require.Equal(t, c.want, mallory.get("/token/unusable").picturesIn(t, ui.Japanese))
	}
	for !validator.HasExpired(banktest.Expires, s.Clock.Now()) {
		s.Clock.Advance(30 * 24 * 3600)
	}
	require.Equal(t, []pictured{picturedExpiry}, s.browser(t).logIn("carol").get("/token/unusable").picturesIn(t, ui.Japanese))
}

// TestPicturesAreSamples: the files of the pictures do not depend on the bank's data. A
// login is not necessary to load them.
func TestPicturesAreSamples(t *testing.T) {
	a, b := newSite(t, Options{}, false), newSite(t, Options{TestMode: true}, false)
	a.registerTokens()
	first := a.browser(t).logIn("alice").get("/token/activate")
	files := pictureTag.FindAllStringSubmatch(first.body, -1)
	require.Len(t, files, 2)
	for _, m := range files {
		require.Contains(t, b.browser(t).logIn("mallory").get("/token/activate").body, m[1], "a path has the hash of the content")
		file := a.browser(t).get(m[1])
		require.Equal(t, http.StatusOK, file.StatusCode)
		require.Equal(t, "image/svg+xml", file.Header.Get("Content-Type"))
		for _, secret := range []string{a.shared.String(), a.Code(a.shared, 0), a.carols.String()} {
			require.NotContains(t, file.body, secret)
		}
	}
}

// TestOwnTokenPictured: the home page shows the label of the user's own token, with the
// facts that the page also has as text, and of no other token. Clerks see it on a token's
// page.
func TestOwnTokenPictured(t *testing.T) {
	s := newSite(t, Options{}, false)
	s.registerTokens()
	printed := func(a answer) (serials []string) {
		for _, m := range regexp.MustCompile(`>S/N ([^<]*)<`).FindAllStringSubmatch(a.body, -1) {
			serials = append(serials, m[1])
		}
		return serials
	}
	home := s.browser(t).logIn("alice").get("/")
	require.Equal(t, []string{s.shared.String()}, printed(home))
	require.Contains(t, home.body, `role="img" aria-label="トークン `+s.shared.String()+` の裏面ラベルの図"`)
	require.Contains(t, home.body, ">EXP 03/31/31<", "banktest.Expires is 2031-03-31")
	require.NotContains(t, home.body, s.Code(s.shared, 0))
	require.Empty(t, printed(s.browser(t).logIn("mallory").get("/")), "she has no token")
	s.Suspend("alice", s.shared)
	require.Equal(t, []string{s.shared.String()}, printed(s.browser(t).logIn("bob").get("/suspended")))
	page := s.browser(t).logIn("desk-1").get("/desk/tokens/" + s.carols.String())
	require.Equal(t, []string{s.carols.String()}, printed(page))
}

// Conditions of a page with pictures. The element after a picture is its input or text.
const (
	allLoaded   = `[...document.querySelectorAll("figure img")].every((e) => e.complete && e.naturalWidth > 0)`
	withBoxes   = `[...document.querySelectorAll(".field > figure, .pictures")].map((e) => [e.getBoundingClientRect(), e.nextElementSibling.getBoundingClientRect()])`
	besideText  = withBoxes + `.every(([picture, text]) => picture.left > text.right && picture.top <= text.bottom)`
	aboveText   = withBoxes + `.every(([picture, text]) => picture.bottom <= text.top)`
	allPictures = withBoxes + `.length`
)

// TestChromiumPictures: pictures load under the pages' security policy. On a wide screen
// they are beside the text, on a phone above it.
func TestChromiumPictures(t *testing.T) {
	s := newSite(t, Options{TestMode: true}, false)
	s.registerTokens()
	gone := s.Issued("other")
	s.Activate("mallory", gone)
	_, err := s.Bank.Report(t.Context(), banktest.Clerk, gone, validator.Lost)
	require.NoError(t, err)
	s.User("other", "nadia", validator.PlainUser)
	s.visitPages("picture-", []int64{1280, 390}, []visit{
		{"/login", "carol", []string{"/", "/token/activate", "/token/resync", "/users/add"}},
		{"/login", "mallory", []string{"/", "/token/unusable"}},
		{"/login", "nadia", []string{"/token/unusable"}},
		{"/desk/login", "desk-1", []string{"/desk/tokens/" + s.carols.String()}},
	}, func(b *tab, path string) { b.open(path) }, func(b *tab, at string) {
		require.Positive(t, uitest.Result(b.Tab, chromedp.Evaluate[int64](allPictures)), at)
		b.WaitUntil(allLoaded)
		place := besideText
		if strings.Contains(at, "-390-") {
			place = aboveText
		}
		assert.True(t, uitest.Result(b.Tab, chromedp.Evaluate[bool](place)), at)
	})
}
