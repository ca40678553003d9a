// SPDX-License-Identifier: Apache-2.0

// Package reqtemplate fills in the texts of the requests in target files: {{NAME}} is
// replaced by a value, escaped as its place requires.
package reqtemplate

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

var placeholder = regexp.MustCompile(`\{\{([a-z0-9_]+)\}\}`)

// Names returns the names of the placeholders in texts, in order and with repetitions.
func Names(texts ...string) (names []string) {
	for _, text := range texts {
		for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
			names = append(names, m[1])
		}
	}
	return names
}

// CheckNames returns an error for a placeholder that is not known.
func CheckNames(known []string, texts ...string) error {
	for _, name := range Names(texts...) {
		if !slices.Contains(known, name) {
			return fmt.Errorf("unknown placeholder {{%s}}: want one of %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}

// Values are the values of placeholders by name.
type Values map[string]string

// Fill replaces the placeholders of a text by their escaped values. A name without a value
// is replaced by "".
func (v Values) Fill(text string, escape func(string) string) string {
	return placeholder.ReplaceAllStringFunc(text, func(p string) string {
		return escape(v[p[2:len(p)-2]])
	})
}

// URL fills in a URL, or a path with a query.
func (v Values) URL(text string) string {
	path, query, any := strings.Cut(text, "?")
	path = v.Fill(path, url.PathEscape)
	if any {
		path += "?" + v.Fill(query, url.QueryEscape)
	}
	return path
}

// Sample replaces the placeholders of a text by 1, which is also a valid port.
func Sample(text string) string { return placeholder.ReplaceAllString(text, "1") }

// Plain does not escape.
func Plain(s string) string { return s }

// EscapeFor returns the escaping of a body with a content type: JSON between quotes, form,
// XML, or none.
func EscapeFor(contentType string) func(string) string {
	switch {
	case strings.Contains(contentType, "json"):
		return inJSON
	case strings.Contains(contentType, "x-www-form-urlencoded"):
		return url.QueryEscape
	case strings.Contains(contentType, "xml"):
		return inXML
	}
	return Plain
}

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
