// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
)

// The languages, as in the lang attribute. The default is Japanese.
const (
	langJapanese = "ja"
	langEnglish  = "en"
	langCookie   = "fob-lang"
)

//go:embed catalog/ja.json catalog/en.json
var catalogFiles embed.FS

// catalog maps keys to texts in one language. "{0}" to "{9}" stand for values.
type catalog map[string]string

// readCatalog reads the catalogue of a language.
func readCatalog(lang string) catalog {
	content, err := catalogFiles.ReadFile("catalog/" + lang + ".json")
	c := catalog{}
	if err == nil {
		err = json.Unmarshal(content, &c)
	}
	if err != nil {
		panic("pages: internal error: catalogue " + lang + ": " + err.Error())
	}
	return c
}

// text returns the text for a key. A missing text is an error, which a test finds
// before a user does.
func (c catalog) text(key string, args ...any) (string, error) {
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

// languageOf returns the language for a request. The order of precedence is the choice
// on a page, the browser's languages, the user's language in the bank's records,
// Japanese. The browser comes before the records because every user has a language
// there, even without having chosen it.
func languageOf(r *http.Request, own bank.Language) string {
	if c, err := r.Cookie(langCookie); err == nil && isLanguage(c.Value) {
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
	if isLanguage(string(own)) {
		return string(own)
	}
	return langJapanese
}

func isLanguage(s string) bool { return s == langJapanese || s == langEnglish }

// day formats a calendar date.
func day(lang string, e token.Expiry) string {
	if e.IsZero() {
		return "–"
	}
	y, m, d := e.Date()
	if lang == langEnglish {
		return fmt.Sprintf("%d %s %d", d, time.Month(m), y)
	}
	return fmt.Sprintf("%d年%d月%d日", y, m, d)
}

// names joins the names of people.
func names(lang string, all []string) string {
	if lang == langEnglish {
		return strings.Join(all, ", ")
	}
	return strings.Join(all, "、")
}

// instant formats an instant in Japan time, to the second.
func instant(lang string, s token.UnixSeconds) string {
	if s == 0 {
		return "–"
	}
	t := s.Time().In(token.Tokyo())
	if lang == langEnglish {
		return t.Format("2 Jan 2006, 15:04:05")
	}
	return t.Format("2006年1月2日 15:04:05")
}

// yen formats an amount of money.
func yen(lang string, y validator.Yen) string {
	if lang == langEnglish {
		return "¥" + thousands(int64(y))
	}
	return thousands(int64(y)) + "円"
}

// thousands formats a number of 0 or more with commas.
func thousands(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
