// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/entry"
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
	Kind     string // a key of kinds, "select", "check" or "file"
	Value    string
	Options  []option
	Suggest  string // path where htmx asks for other options while people type; "" is none
	Error    string // key; "" is good
	Optional bool
	Fixed    bool // shown, and not to be changed
	Max      int  // characters, of the plain form of an entry
	Auto     string
	Any      bool // a code: what is none goes to the bank too, which counts it
}

// maxEntry is the most characters of an entry before its plain form is looked at.
const maxEntry = 1000

// kind is a kind of text that people type.
type kind struct {
	plain   func(string) (string, bool) // see package entry; false: that it is not
	problem string                      // key: what is said then
	mode    string                      // which keyboard a phone shows; "" is the usual one
	grouped bool                        // may be typed with separators, and so be longer than Max
}

// always makes of a function that has a plain form for everything one of a [kind].
func always(plain func(string) string) func(string) (string, bool) {
	return func(s string) (string, bool) { return plain(s), true }
}

var kinds = map[string]kind{
	"text":     {plain: always(entry.Text)},
	"password": {plain: always(func(s string) string { return s })},
	"id":       {plain: always(entry.ID)},
	"email":    {plain: plainEmail, problem: "problem.email"},
	"serial":   {plain: plainSerial, problem: "problem.serial", grouped: true},
	"code":     {plain: plainCode, problem: "problem.code", mode: "numeric", grouped: true},
	"digits":   {plain: entry.Digits, problem: "problem.digits", mode: "numeric", grouped: true},
	"amount":   {plain: plainAmount, problem: "problem.amount-form", mode: "numeric", grouped: true},
	"count":    {plain: plainCount, problem: "problem.count-form", mode: "numeric", grouped: true},
	"day":      {plain: entry.Day, problem: "problem.date", grouped: true},
	"hex":      {plain: always(entry.Hex), grouped: true},
	"rule":     {plain: always(plainRule)},
}

func plainEmail(s string) (string, bool) {
	s = entry.Email(s)
	name, domain, _ := strings.Cut(s, "@")
	return s, name != "" && domain != "" && !strings.ContainsFunc(s, unicode.IsSpace)
}

// plainSerial returns the first text that is a serial number, of those that were
// perhaps meant. The one that there is, is found by [call.serial].
func plainSerial(s string) (string, bool) {
	for _, text := range entry.Serials(s) {
		if _, err := token.ParseSerial(text); err == nil {
			return text, true
		}
	}
	return s, false
}

func plainCode(s string) (string, bool) {
	code, ok := entry.Digits(s)
	return code, ok && token.MinDigits <= len(code) && len(code) <= token.MaxDigits
}

func plainAmount(s string) (string, bool) { return entry.Amount(s, "\u00a5", "円", "JPY", "yen") }
func plainCount(s string) (string, bool)  { return entry.Amount(s, "件") }

// plainRule returns the number of a rule: BK-05 for "bk05" too.
func plainRule(s string) string {
	s = strings.ToUpper(entry.ID(s))
	if n, ok := strings.CutPrefix(s, "BK"); ok && !strings.HasPrefix(n, "-") {
		s = "BK-" + n
	}
	return s
}

// Secret reports whether what is typed is never shown again.
func (f *field) Secret() bool { return f.Kind == "password" || f.Kind == "code" || f.Kind == "hex" }

// Inputmode is which keyboard a phone shows.
func (f *field) Inputmode() string { return kinds[f.Kind].mode }

// Number reports whether digits are typed, which are shown large.
func (f *field) Number() bool { return kinds[f.Kind].mode == "numeric" }

// MaxLength is the most characters that a browser lets people type, 0 for as many as
// they like.
func (f *field) MaxLength() int {
	if kinds[f.Kind].grouped {
		return 0
	}
	return f.Max
}

// Type is of the HTML element.
func (f *field) Type() string {
	switch f.Kind {
	case "password", "hex":
		return "password"
	case "email", "file":
		return f.Kind
	}
	return "text"
}

// take reads the field from a form. It returns the plain form of what was typed, and
// sets Value to it unless that is secret. What is not in order is shown again as it
// was typed, and Error says why. The bank looks at names and numbers more closely.
func (f *field) take(form url.Values) string {
	if f.Fixed {
		return f.Value
	}
	given := form.Get(f.Name)
	if !utf8.ValidString(given) {
		f.Error, f.Value = "problem.characters", ""
		return ""
	}
	if utf8.RuneCountInString(given) > maxEntry {
		f.Error = "problem.long"
		return ""
	}
	plain, ok := given, true
	k, typed := kinds[f.Kind]
	if empty := strings.TrimFunc(given, unicode.IsSpace) == ""; typed && !empty {
		plain, ok = k.plain(given)
	} else if empty && f.Kind != "password" {
		plain = ""
	}
	switch {
	case plain == "" && ok && !f.Optional && f.Kind != "check":
		f.Error = "problem.required"
	case !ok && f.Kind == "code" && f.Any:
		plain = given
	case !ok:
		f.Error = k.problem
	case strings.ContainsFunc(plain, entry.Invisible):
		f.Error = "problem.characters"
	case f.Max > 0 && utf8.RuneCountInString(plain) > f.Max:
		f.Error = "problem.long"
	case f.Kind == "select" && plain != "" && !f.offers(plain):
		f.Error = "problem.choice"
	}
	if !f.Secret() {
		f.Value = plain
		if !ok {
			f.Value = strings.Map(visible, given)
		}
	}
	if !ok && !f.Any {
		return ""
	}
	return plain
}

// visible drops characters that show nothing.
func visible(r rune) rune {
	if entry.Invisible(r) {
		return -1
	}
	return r
}

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
	Fee     *bank.Order
	Problem string // key: what is wrong, where it is no field's
	Detail  string // what the bank found wrong, for clerks
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

// codeField is where the code of a token is typed. An entry that is no code is not
// sent to the bank, unless the bank counts such entries.
func (c *call) codeField(name, label string) *field {
	return &field{
		Name: name, Label: label, Hint: "hint.code", Kind: "code", Max: maxCode, Auto: "one-time-code",
		Any: c.bank.Settings().CountMalformed,
	}
}

// maxCode is the most characters that are sent to the bank as a code.
const maxCode = 32

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
	return &field{Name: name, Label: "field.serial", Hint: "hint.serial", Kind: "serial", Max: token.MaxSerialLen, Auto: "off"}
}

// serial returns the token that a serial number names which was typed. People add
// hyphens or leave them out, and do not keep upper and lower case: of all that may be
// meant, a token that the person may see is taken.
func (c *call) serial(posted url.Values, name string) (token.Serial, error) {
	var first token.Serial
	for _, text := range entry.Serials(posted.Get(name)) {
		s, err := token.ParseSerial(text)
		if err != nil {
			continue
		}
		if first.IsZero() {
			first = s
		}
		_, err = c.bank.Token(c.r.Context(), c.by, s)
		if err == nil || !errors.Is(err, bank.ErrNotFound) {
			return s, err
		}
	}
	return first, nil
}

// idField is where an identifier is typed.
func idField(name string, most int) *field {
	return &field{Name: name, Label: "field." + name, Kind: "id", Max: most, Auto: "off"}
}
