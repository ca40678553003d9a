// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
)

var places = regexp.MustCompile(`\{\d\}`)

func TestCatalogsHaveTheSameKeys(t *testing.T) {
	ja, en := catalogOf(ui.Japanese), catalogOf(ui.English)
	require.NotEmpty(t, ja)
	require.Equal(t, slices.Sorted(maps.Keys(ja)), slices.Sorted(maps.Keys(en)))
	for key := range ja {
		require.NotEmpty(t, strings.TrimSpace(ja[key]), key)
		require.NotEmpty(t, strings.TrimSpace(en[key]), key)
		// Both texts must use the same values.
		a, b := places.FindAllString(ja[key], -1), places.FindAllString(en[key], -1)
		slices.Sort(a)
		slices.Sort(b)
		require.Equal(t, a, b, key)
	}
}

// Each catalogue contains only words of its own language.
func TestCatalogsAreInTheirLanguage(t *testing.T) {
	for key, text := range catalogOf(ui.English) {
		for _, r := range text {
			require.False(t, unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana), "%s: %s", key, text)
		}
	}
	japanese := func(r rune) bool { return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) }
	for key, text := range catalogOf(ui.Japanese) {
		if slices.Contains([]string{"test.mode", "contract.title", "receipt.detail", "word.from", "channel.http", "channel.radius"}, key) {
			continue
		}
		require.True(t, strings.ContainsFunc(text, japanese), "%s: %s", key, text)
	}
}

// computedKeys returns the keys that the code builds while it makes a page.
func computedKeys() []string {
	var keys []string
	add := func(format string, names ...string) {
		for _, n := range names {
			keys = append(keys, fmt.Sprintf(format, n))
		}
	}
	for _, op := range validator.Operations() {
		add("op.%s", slug(op))
		for _, f := range formOf(op) {
			keys = append(keys, f.Label)
		}
	}
	for _, a := range validator.Acts() {
		add("act.%s", slug(a))
	}
	add("verdict.%s", slug(validator.ReasonNone))
	for _, r := range validator.Reasons() {
		add("reason.%s", slug(r))
		add("verdict.%s", slug(r))
	}
	add("channel.%s", bank.ChannelHTTP, bank.ChannelPage, bank.ChannelRADIUS, bank.ChannelCommand, bank.ChannelJob)
	for c := validator.NotThere; c <= validator.Revoked; c++ {
		add("condition.%s", slug(c))
	}
	for c := validator.CauseFirst; c <= validator.CauseExpiry; c++ {
		add("cause.%s", slug(c))
	}
	for _, a := range []validator.Answer{validator.Refused, validator.NextCode, validator.Corrected} {
		add("answer.%s", slug(a))
		add("answer.%s.more", slug(a))
	}
	for r := validator.PlainUser; r <= validator.Master; r++ {
		add("role.%s", slug(r))
	}
	for _, g := range groups {
		add("operations.%s", g.name)
	}
	for act := range procedures {
		add("desk."+act+".%s", "title", "lead", "submit")
		if act != "resync" {
			add("desk.%s.done", act)
		}
	}
	for _, e := range []string{
		"forged", "forbidden", "missing", "invalid", "conflict", "form", "large", "many", "unavailable", "internal",
	} {
		add("error."+e+".%s", "title", "text")
	}
	for _, s := range noticeStatuses {
		add("notice.%s", s.String())
	}
	for s := bank.OrderOpen; s <= bank.OrderCancelled; s++ {
		add("order.%s", s.String())
	}
	for _, f := range auditFields() {
		keys = append(keys, f.Label)
	}
	for _, a := range []string{"user", "desk"} {
		add("bank.area.%s", a)
		add("field.%s-id", a)
		add("login.title.%s", a)
		add("login.lead.%s", a)
	}
	add("language.%s", "ja", "en")
	add("login.%s", "ended", "out")
	add("%s.done", "lift", "revoke")
	for _, t := range []trouble{notRegistered, revoked, suspended, expired, broken, lost, early} {
		add("trouble."+string(t)+".%s", "heading", "text")
		if t != suspended { // which has its own page
			add("trouble.%s.how", string(t))
		}
	}
	for _, p := range []pictured{picturedSerial, picturedCode, picturedExpiry} {
		add("picture."+string(p)+".%s", "alt", "caption")
	}
	for _, k := range kinds {
		if k.problem != "" {
			keys = append(keys, k.problem)
		}
	}
	add("problem.%s", "amount", "count")
	add("account-type.%s", "ordinary", "current", "savings")
	return keys
}

var literalKey = regexp.MustCompile(`"([a-z]+(?:[.-][a-z0-9-]+)*\.[a-z0-9-]+)"`)

// Every key in a template or in the code has words, and every word of the catalogue is
// used.
func TestCatalogKeysAreUsed(t *testing.T) {
	words := catalogOf(ui.Japanese)
	used := map[string]bool{}
	for _, key := range computedKeys() {
		require.NotEmpty(t, words[key], key)
		used[key] = true
	}
	sources, err := filepath.Glob("*.go")
	require.NoError(t, err)
	pages, err := filepath.Glob("templates/*.html")
	require.NoError(t, err)
	require.NotEmpty(t, pages)
	for _, file := range append(sources, pages...) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range literalKey.FindAllStringSubmatch(string(text), -1) {
			switch m[1] {
			case "bank.css", "parts.html":
				continue
			}
			require.NotEmpty(t, words[m[1]], "%s: %s", file, m[1])
			used[m[1]] = true
		}
	}
	for key := range words {
		require.True(t, used[key], "no template or code uses %q", key)
	}
}

var (
	templateAction  = regexp.MustCompile(`(?s)\{\{.*?\}\}`)
	htmlTag         = regexp.MustCompile(`(?s)<[^>]*>| aria-describedby="[^"]*"`)
	spokenAttribute = regexp.MustCompile(`(?:placeholder|title|alt|aria-label|data-label)="([^"]*)"`)
)

// Templates must not contain words, which would be in only one language.
func TestTemplatesContainNoText(t *testing.T) {
	files, err := fs.Glob(templateFiles, "templates/*.html")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		content, err := templateFiles.ReadFile(file)
		require.NoError(t, err)
		text := templateAction.ReplaceAllString(string(content), "")
		for _, m := range spokenAttribute.FindAllStringSubmatch(text, -1) {
			require.False(t, strings.ContainsFunc(m[1], unicode.IsLetter), "%s: %s", file, m[0])
		}
		text = htmlTag.ReplaceAllString(text, "")
		require.False(t, strings.ContainsFunc(text, unicode.IsLetter), "%s: %s", file, strings.TrimSpace(text))
		require.NotContains(t, string(content), "style=", "the content security policy forbids it")
		require.NotRegexp(t, `\son[a-z]+=`, string(content), "the content security policy forbids it")
	}
}

// The bank's own style uses the colours of package ui, whose contrast is tested there.
func TestStyleContainsNoColor(t *testing.T) {
	require.NotEmpty(t, bankStyle)
	require.NotRegexp(t, `#[0-9a-fA-F]{3}|(?:rgb|hsl)a?\(|light-dark`, string(bankStyle))
}
