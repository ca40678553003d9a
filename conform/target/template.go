// SPDX-License-Identifier: Apache-2.0

package target

import (
	"encoding/json"
	"encoding/xml"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/d204ef64/fob/conform"
)

// placeholder matches {{NAME}}.
var placeholder = regexp.MustCompile(`\{\{([a-z0-9_]+)\}\}`)

// placeholders are the names that every text may use.
var placeholders = []string{"user", "serial", "seed_hex", "seed_base32", "code", "second", "period", "digits", "unix", "time", "dir", "me", "port", "random"}

// verbPlaceholders are the names that only the texts of one verb may use.
var verbPlaceholders = map[conform.Verb][]string{
	conform.VerbImportFile: {"contract", "file_text", "file_format", "file_key", "file_password"},
	conform.VerbContract:   {"contract"},
	conform.VerbUser:       {"contract", "role"},
	conform.VerbActivate:   {"contract", "role"},
	conform.VerbOperate:    {"contract", "role", "operation"},
	conform.VerbUnlockAs:   {"contract", "role"},
	conform.VerbRevokeAs:   {"contract", "role"},
	conform.VerbReport:     {"condition"},
	conform.VerbOrder:      {"contract", "cause", "old", "returned"},
	conform.VerbReplace:    {"contract", "old"},
}

// secretPlaceholders must not be in the arguments of a program.
var secretPlaceholders = []string{"seed_hex", "seed_base32", "code", "second", "file_text", "file_key", "file_password", "random"}

// values are the values of placeholders.
type values map[string]string

// fill replaces the placeholders of a text by their escaped values.
func (v values) fill(text string, escape func(string) string) string {
	return placeholder.ReplaceAllStringFunc(text, func(p string) string {
		return escape(v[p[2:len(p)-2]])
	})
}

// notSecret are the values that an error may have. The others may be secrets.
var notSecret = []string{"user", "serial", "period", "digits", "unix", "time", "dir", "me", "port", "random"}

// hide replaces the secrets among the values in a text. Shorter values cannot be secrets.
func (v values) hide(text string) string {
	const shortest = 4
	names := slices.SortedFunc(maps.Keys(v), func(a, b string) int { return len(v[b]) - len(v[a]) }) // one may contain another
	for _, name := range names {
		if len(v[name]) >= shortest && !slices.Contains(notSecret, name) {
			text = strings.ReplaceAll(text, v[name], "{{"+name+"}}")
		}
	}
	return text
}

func plain(s string) string { return s }

// inJSON escapes a text for a place between quotes.
func inJSON(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return s
	}
	return string(b[1 : len(b)-1])
}

func inXML(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		return s
	}
	return b.String()
}

// escapeFor returns the escaping of a body with a content type.
func escapeFor(kind string) func(string) string {
	switch {
	case strings.Contains(kind, "json"):
		return inJSON
	case strings.Contains(kind, "x-www-form-urlencoded"):
		return url.QueryEscape
	case strings.Contains(kind, "xml"):
		return inXML
	}
	return plain
}
