// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"crypto/rand"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

// literal returns the value of an expression made of string literals.
func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		x, ok1 := literal(e.X)
		y, ok2 := literal(e.Y)
		return x + y, ok1 && ok2
	case *ast.CallExpr: // fmt.Sprintf
		if len(e.Args) > 0 {
			return literal(e.Args[0])
		}
	}
	return "", false
}

// messagesIn returns the texts in the source files of a package that are meant for
// people. They are arguments of the functions named in at, which maps a function's name
// to the index of the argument.
func messagesIn(t *testing.T, pattern string, at map[string]int) map[string]string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	require.NoError(t, err)
	require.NotEmpty(t, files)
	found := map[string]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, nil, 0)
		require.NoError(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			var e ast.Expr
			switch n := n.(type) {
			case *ast.CallExpr:
				name := ""
				switch f := n.Fun.(type) {
				case *ast.Ident:
					name = f.Name
				case *ast.SelectorExpr:
					name = f.Sel.Name
				}
				if i, ok := at[name]; ok && i < len(n.Args) {
					e = n.Args[i]
				}
			case *ast.KeyValueExpr:
				if k, ok := n.Key.(*ast.Ident); ok && k.Name == "Problem" {
					e = n.Value
				}
			}
			if e == nil {
				return true
			}
			if text, ok := literal(e); ok {
				found[text] = set.Position(n.Pos()).String()
			}
			return true
		})
	}
	return found
}

// TestErrorsInJapanese: there is a Japanese text for each error of the bank that can
// reach a page, each fault of the audit log and each kind of fault in a seed file.
func TestErrorsInJapanese(t *testing.T) {
	book := readPhrases(ui.Japanese)
	all := messagesIn(t, "../bank/*.go", map[string]int{
		"invalid": 1, "conflict": 0, "forbidden": 0, "notFound": 0, "missing": 1,
	})
	require.Greater(t, len(all), 50)
	faults := messagesIn(t, "../../internal/chain/verify.go", map[string]int{"fault": 0, "brokenAt": 2})
	require.Greater(t, len(faults), 5)
	for text, where := range faults {
		all[text] = where
	}
	for text, where := range messagesIn(t, "../mail/letters.go", map[string]int{"refuse": 0}) {
		all[text] = where
	}
	for format, where := range all {
		if format == "%v" { // wraps another error, which is checked by itself
			continue
		}
		example := ui.Verb.ReplaceAllStringFunc(format, func(v string) string {
			return map[string]string{"%d": "7", "%q": `"x"`, "%s": "x", "%v": "x", "%w": "x"}[v]
		})
		text, ok := book.Find(example)
		assert.True(t, ok, "%s: no Japanese words in catalog/bank.ja.json for %q", where, format)
		require.True(t, strings.ContainsFunc(text, func(r rune) bool { return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) }), text)
		require.NotRegexp(t, `\{\d\}`, text, format)
	}
	kinds := messagesIn(t, "../../seedfile/errors.go", map[string]int{"New": 1})
	require.Greater(t, len(kinds), 10)
	for name, where := range kinds {
		found := false
		for _, p := range filePhrases {
			found = found || p.kind.Error() == name
		}
		assert.True(t, found, "%s: no Japanese words in filePhrases for %q", where, name)
	}
}

// TestWarningsInJapanese: there is a Japanese text for each warning about a seed file.
func TestWarningsInJapanese(t *testing.T) {
	book := readPhrases(ui.Japanese)
	all := messagesIn(t, "../bank/import.go", map[string]int{"warn": 0})
	require.Len(t, all, 2, "one warning, and the Problem of one error")
	add := func(pattern string, at map[string]int) {
		for text, where := range messagesIn(t, pattern, at) {
			if text != "%s" && !strings.Contains(text, "privacyIDEA reads as SHA-1") { // issued only when writing a file
				all[text] = where
			}
		}
	}
	add("../../seedfile/*.go", map[string]int{"warn": 0, "leftOut": 0})
	add("../../seedfile/pskc_*.go", map[string]int{"left": 0})
	add("../../seedfile/*.go", map[string]int{"onceAt": 3})
	add("../../seedfile/otpauth.go", map[string]int{"once": 2})
	for _, text := range []string{ // built from parts
		"element %s is left out",
		"no type: the server assumes HOTP", "a counter (%s has no column for it) is left out", "the resolver is left out",
		"the file does not name the hash: %s is used, because %s derives it from the length of the seed",
	} {
		all["oath-csv: line %d and possibly others: "+text] = "csv_oath_row.go"
	}
	require.Greater(t, len(all), 25)
	for format, where := range all {
		example := strings.NewReplacer("%d", "7", "%s", "x").Replace(format)
		if strings.HasPrefix(format, "%s: ") {
			example = "pskc" + example[1:]
		}
		text := book.warning(example)
		require.True(t, strings.ContainsFunc(text, func(r rune) bool { return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) }),
			"%s: no Japanese words in catalog/bank.ja.json for %q", where, format)
		require.NotRegexp(t, `\{\d\}|[a-z]+ [a-z]+ [a-z]+`, text, format)
		require.Equal(t, example, readPhrases(ui.English).warning(example))
	}
}

// TestWarningsFitIntoCookie: warnings that do not fit into a cookie are counted.
func TestWarningsFitIntoCookie(t *testing.T) {
	for _, lang := range []string{ui.Japanese, ui.English} {
		book := readPhrases(lang)
		many := make([]string, maxWarnings)
		for i := range many {
			many[i] = "the file is signed, but its signature was not checked"
		}
		shown := book.warnings(many, 7)
		require.Equal(t, "import.warnings-more", shown.Key)
		require.Equal(t, strconv.Itoa(len(many)+7-strings.Count(shown.Args[0], " / ")-1), shown.Args[1])
		_, err := state{Flash: &flash{Kind: "next", Text: newMsg("import.done", "1000000"), More: shown}}.seal(rand.Text())
		require.NoError(t, err)
		require.Equal(t, "import.warnings", book.warnings(many[:2], 0).Key)
		require.Equal(t, "import.warnings-more", book.warnings([]string{strings.Repeat("<", 5000)}, 0).Key)
		_, err = state{Flash: &flash{More: book.warnings(slices.Repeat([]string{strings.Repeat("<", 100)}, 50), 0)}}.seal(rand.Text())
		require.NoError(t, err)
	}
}

func TestBankPhrasesInJapanese(t *testing.T) {
	book := readPhrases(ui.Japanese)
	for given, want := range map[string]string{
		`contract "c \"1" already exists`: `契約番号「c "1」はすでに登録されています。`,
		"token 100 is expired":            "トークン 100 の状態は「有効期限切れ」です。",
		`there is no token "1"`:           "トークン「1」は登録されていません。",
		"nothing was imported: the bank already has these tokens: 1, 2 and 3 more":          "すでに登録されているトークンがあるため、何も取り込まれていません: 1, 2 ほか3件",
		"line 3, token 77: its clock is off by 900 steps, and the bank accepts at most 720": "3行目、トークン 77: 時刻のずれが900ステップあり、当行の上限(720ステップ)を超えています。",
		"line 3, token 77: something in English":                                            "3行目、トークン 77: 内容が正しくありません。",
		"order 0192 is already shipped":                                                     "この発行依頼の状況は「発送済」です。",
	} {
		got, ok := book.Find(given)
		require.True(t, ok, given)
		require.Equal(t, want, got)
	}
	_, ok := book.Find("something new")
	require.False(t, ok)
	require.Equal(t, "dave", book.note("dave"))
	require.Equal(t, "order 1", readPhrases(ui.English).note("order 1"))
	text, ok := fault(fmt.Errorf("x: %w", &seedfile.Error{Format: "f", Line: 3, Record: "77", Field: "seed", Err: seedfile.ErrValue}))
	require.True(t, ok)
	require.Equal(t, "3行目、トークン 77、項目 seed: 値が正しくありません。", text)
	_, ok = fault(errors.New("x"))
	require.False(t, ok)
	_, ok = fault(nil)
	require.False(t, ok)
}

// TestErrorDetailsInPageLanguage: the explanation of a refusal that a clerk reads is
// in one language.
func TestErrorDetailsInPageLanguage(t *testing.T) {
	s := newSite(t, Options{}, false)
	s.registerTokens()
	desk := s.browser(t).logIn("desk-1")
	for _, lang := range []string{"ja", "en"} {
		if lang == "en" {
			desk.post("/desk/language", map[string][]string{"form-token": {formTokenIn(desk.get("/desk/").body)}, "language": {"en"}})
		}
		import1 := formTokenIn(desk.get("/desk/stock/import").body)
		_, err := s.Bank.Report(t.Context(), banktest.Clerk, s.carols, 0)
		require.ErrorIs(t, err, bank.ErrInvalid)
		for ja, a := range map[string]answer{
			"契約番号「acme」はすでに登録されています。": desk.fill("/desk/contracts/add", "id", "acme", "name", "x", "address", "y", "email", "x@example.com"),
			"ユーザID「bob」はすでに登録されています。": desk.fill("/desk/contracts/acme/users/add", "id", "bob", "name", "x", "password", banktest.Password),
			"パスワードは12文字以上":            desk.fill("/desk/contracts/acme/users/add", "id", "new", "name", "x", "password", "short"),
			"に配付されています。":              desk.fill("/desk/stock/issue", "serial", s.carols.String(), "contract", "acme"),
			"は登録されていません。":             desk.fill("/desk/stock/issue", "serial", "999", "contract", "acme"),
			"対応していないファイル形式です。":        desk.upload(import1, []byte("nonsense")),
			"ファイルが暗号化されています。":         desk.upload(import1, seeds(t, make([]byte, 16), 1)),
			"お探しのページ":                 desk.get("/desk/contracts/none"),
		} {
			main := mainPart.FindString(a.body)
			require.Equal(t, lang == "ja", strings.Contains(main, ja), "%s: %s", ja, main)
			if lang == "ja" {
				require.NotContains(t, main, `lang="en"`)
				require.NotRegexp(t, `class="detail">[ -~]*<`, main, "a detail in English")
			} else {
				require.NotRegexp(t, `class="detail">[^<]*[ぁ-ん]`, main)
			}
		}
	}
}
