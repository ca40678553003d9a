// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/d204ef64/fob/token"
)

// option is one choice of a field.
type option struct {
	Value string
	Label msg    // or
	Text  string // that is not translated, such as a name
}

// field is one field of a form.
type field struct {
	Name     string
	Label    string // key
	Hint     string // key
	Kind     string // "text", "password", "code", "digits", "email", "select", "check", "file"
	Value    string
	Options  []option
	Error    string // key; "" is good
	Optional bool
	Fixed    bool // shown, and not to be changed
	Max      int  // characters
	Auto     string
}

// Secret reports whether what is typed is never shown again.
func (f *field) Secret() bool { return f.Kind == "password" || f.Kind == "code" }

// Inputmode is which keyboard a phone shows.
func (f *field) Inputmode() string {
	if f.Kind == "code" || f.Kind == "digits" {
		return "numeric"
	}
	return ""
}

// Type is of the HTML element.
func (f *field) Type() string {
	switch f.Kind {
	case "password", "email", "file":
		return f.Kind
	}
	return "text"
}

// PlainDigits reports whether full-width digits are converted in the browser.
func (f *field) PlainDigits() bool { return f.Kind == "code" || f.Kind == "digits" }

// take reads the field from a form. It returns what was typed, and sets Value
// unless that is secret. What is no name or number is looked at by the bank.
func (f *field) take(form url.Values) string {
	if f.Fixed {
		return f.Value
	}
	given := form.Get(f.Name)
	if !f.Secret() && f.Kind != "digits" {
		given = strings.TrimSpace(given)
	}
	if !f.Secret() {
		f.Value = given
	}
	switch {
	case given == "" && !f.Optional && f.Kind != "check":
		f.Error = "problem.required"
	case !utf8.ValidString(given) || strings.ContainsFunc(given, control):
		f.Error = "problem.characters"
		f.Value = ""
	case f.Max > 0 && utf8.RuneCountInString(given) > f.Max:
		f.Error = "problem.long"
	case f.Kind == "digits" && strings.ContainsFunc(given, notDigit):
		f.Error = "problem.digits"
	case f.Kind == "email" && given != "" && !strings.Contains(given, "@"):
		f.Error = "problem.email"
	case f.Kind == "select" && given != "" && !f.offers(given):
		f.Error = "problem.choice"
	}
	return given
}

func control(r rune) bool  { return r < ' ' || r == 0x7f }
func notDigit(r rune) bool { return r < '0' || r > '9' }

func (f *field) offers(value string) bool {
	for _, o := range f.Options {
		if o.Value == value {
			return true
		}
	}
	return false
}

// fact is a line of what a page knows, above a form.
type fact struct {
	Label msg
	Text  string // or
	Value msg
}

// form is a page with a form.
type form struct {
	Title   msg
	Lead    []msg
	Warn    []msg
	Facts   []fact
	Fields  []*field
	Hidden  map[string]string
	Submit  string // key
	Cancel  string // path; "" is none
	Action  string // path
	Files   bool   // has a file
	Danger  bool   // cannot be undone
	Narrow  bool   // login
	FeePath string // where htmx asks for the fee; "" is none
	Fee     *feeData
	Problem string // key: what is wrong, where it is no field's
	Detail  string // the bank's own words about that
}

// take reads all fields; values are what was typed, by name. ok is that nothing
// was wrong with them.
func (f *form) take(posted url.Values) (values map[string]string, ok bool) {
	values, ok = map[string]string{}, true
	for _, field := range f.Fields {
		values[field.Name] = field.take(posted)
		ok = ok && field.Error == ""
	}
	return values, ok
}

// fill writes values into the fields that are not secret.
func (f *form) fill(values map[string]string) {
	for _, field := range f.Fields {
		if v, ok := values[field.Name]; ok && !field.Secret() && field.Kind != "file" {
			field.Value = v
		}
	}
}

// draftOf returns what a page may remember of values.
func (f *form) draftOf(page string, values map[string]string) *draft {
	d := &draft{Page: page, Values: map[string]string{}, Nonce: rand.Text()}
	for _, field := range f.Fields {
		if !field.Secret() && field.Kind != "file" {
			d.Values[field.Name] = values[field.Name]
		}
	}
	return d
}

// Errors returns the fields with something wrong.
func (f *form) Errors() []*field {
	var bad []*field
	for _, field := range f.Fields {
		if field.Error != "" {
			bad = append(bad, field)
		}
	}
	return bad
}

// mark puts an error at a field.
func (f *form) mark(name, problem string) {
	for _, field := range f.Fields {
		if field.Name == name {
			field.Error = problem
			return
		}
	}
}

// showForm writes a page with a form; status 422 says that something in it is wrong.
func (c *call) showForm(f *form) error {
	status := http.StatusOK
	if len(f.Errors()) > 0 || f.Problem != "" {
		status = http.StatusUnprocessableEntity
	}
	return c.showTitled(status, "form", f.Title, f)
}

// codeField is where the code of a token is typed.
func codeField(name, label string) *field {
	return &field{Name: name, Label: label, Hint: "hint.code", Kind: "code", Max: 32, Auto: "one-time-code"}
}

// passwordField is where a password is typed; auto is "current-password" or
// "new-password".
func passwordField(name, label, auto string) *field {
	f := &field{Name: name, Label: label, Kind: "password", Max: 128, Auto: auto}
	if auto == "new-password" {
		f.Hint = "hint.password"
	}
	return f
}

// serialField is where a serial number is typed.
func serialField(name string) *field {
	return &field{Name: name, Label: "field.serial", Hint: "hint.serial", Kind: "text", Max: token.MaxSerialLen, Auto: "off"}
}
