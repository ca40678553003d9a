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
	Label msg    // or Text
	Text  string // not translated, for example a name
}

// field is one field of a form.
type field struct {
	Name     string
	Label    string // key
	Hint     string // key
	Kind     string // a key of kinds, "select", "check" or "file"
	Value    string
	Options  []option
	Suggest  string // path from which htmx requests options while the user types; "" if none
	Error    string // key; "" if the input is valid
	Optional bool
	Fixed    bool // shown, but cannot be changed
	Max      int  // maximum number of characters, after normalisation
	Auto     string
	Picture  pictured // shows where the user finds the input; "" for none
	Any      bool     // of a code: malformed input also goes to the bank, which counts it
}

// maxEntry is the maximum number of characters of an input before it is normalised.
const maxEntry = 1000

// kind is a kind of text input.
type kind struct {
	plain   func(string) (string, bool) // normalises the input, see package entry; false if it is invalid
	problem string                      // key of the message for invalid input
	mode    string                      // inputmode attribute, which selects a phone's keyboard; "" for the default
	grouped bool                        // may be typed with separators, and so be longer than Max
}

// alwaysValid turns a normaliser that accepts everything into the form for a [kind].
func alwaysValid(plain func(string) string) func(string) (string, bool) {
	return func(s string) (string, bool) { return plain(s), true }
}

var kinds = map[string]kind{
	"text":     {plain: alwaysValid(entry.Text)},
	"password": {plain: alwaysValid(func(s string) string { return s })},
	"id":       {plain: alwaysValid(entry.ID)},
	"email":    {plain: plainEmail, problem: "problem.email"},
	"serial":   {plain: plainSerial, problem: "problem.serial", grouped: true},
	"code":     {plain: plainCode, problem: "problem.code", mode: "numeric", grouped: true},
	"digits":   {plain: entry.Digits, problem: "problem.digits", mode: "numeric", grouped: true},
	"amount":   {plain: plainAmount, problem: "problem.amount-form", mode: "numeric", grouped: true},
	"count":    {plain: plainCount, problem: "problem.count-form", mode: "numeric", grouped: true},
	"day":      {plain: entry.Day, problem: "problem.date", grouped: true},
	"hex":      {plain: alwaysValid(entry.Hex), grouped: true},
	"rule":     {plain: alwaysValid(plainRule)},
}

func plainEmail(s string) (string, bool) {
	s = entry.Email(s)
	name, domain, _ := strings.Cut(s, "@")
	return s, name != "" && domain != "" && !strings.ContainsFunc(s, unicode.IsSpace)
}

// plainSerial returns the first possible spelling that is a valid serial number.
// [call.serial] finds the spelling that belongs to an existing token.
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

// plainRule normalises the number of a rule: "bk05" becomes BK-05.
func plainRule(s string) string {
	s = strings.ToUpper(entry.ID(s))
	if n, ok := strings.CutPrefix(s, "BK"); ok && !strings.HasPrefix(n, "-") {
		s = "BK-" + n
	}
	return s
}

// Secret reports whether the input is never shown again.
func (f *field) Secret() bool { return f.Kind == "password" || f.Kind == "code" || f.Kind == "hex" }

// Inputmode returns the inputmode attribute, which selects a phone's keyboard.
func (f *field) Inputmode() string { return kinds[f.Kind].mode }

// Number reports whether the input is digits, which are shown large.
func (f *field) Number() bool { return kinds[f.Kind].mode == "numeric" }

// MaxLength returns the maxlength attribute, or 0 for no limit.
func (f *field) MaxLength() int {
	if kinds[f.Kind].grouped {
		return 0
	}
	return f.Max
}

// Type returns the type of the [ui.Field].
func (f *field) Type() string {
	switch f.Kind {
	case "password", "hex":
		return "password"
	case "email", "file", "select":
		return f.Kind
	case "check":
		return "checkbox"
	}
	return "text"
}

// read reads the field from a form and returns the normalised input. It also stores it
// in Value, unless it is secret. Invalid input is kept in Value as it was typed, and
// Error explains the problem. The bank checks names and numbers further.
func (f *field) read(form url.Values) string {
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
	case f.Kind == "select" && plain != "" && !f.hasOption(plain):
		f.Error = "problem.choice"
	}
	if !f.Secret() {
		f.Value = plain
		if !ok {
			f.Value = strings.Join(strings.FieldsFunc(given, entry.Invisible), "")
		}
	}
	if !ok && !f.Any {
		return ""
	}
	return plain
}

func (f *field) hasOption(value string) bool {
	for _, o := range f.Options {
		if o.Value == value {
			return true
		}
	}
	return false
}

// fact is a line of known information above a form.
type fact struct {
	Label msg
	Text  string // or Value
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
	Cancel  string // path; "" if none
	Action  string // path
	Files   bool   // has a file upload
	Danger  bool   // cannot be undone
	Narrow  bool   // for the login page
	FeePath string // path from which htmx requests the fee; "" if none
	Fee     *bank.Order
	Problem string // key of a problem that belongs to no field
	Detail  string // the problem that the bank found, for clerks
}

// read reads all fields. It returns the normalised input by field name, and reports
// whether all of it is valid.
func (f *form) read(posted url.Values) (values map[string]string, ok bool) {
	values, ok = map[string]string{}, true
	for _, field := range f.Fields {
		values[field.Name] = field.read(posted)
		ok = ok && field.Error == ""
	}
	return values, ok
}

// fill writes values into the fields, except secret ones.
func (f *form) fill(values map[string]string) {
	for _, field := range f.Fields {
		if v, ok := values[field.Name]; ok && !field.Secret() && field.Kind != "file" {
			field.Value = v
		}
	}
}

// fillFromDraft fills in the user's earlier input to a page. It reports whether there
// was any.
func (c *call) fillFromDraft(f *form, page string) bool {
	d := c.state.Draft
	if d == nil || d.Page != page {
		return false
	}
	f.fill(d.Values)
	return true
}

// draftOf returns the values that a page may remember.
func (f *form) draftOf(page string, values map[string]string) *draft {
	d := &draft{Page: page, Values: map[string]string{}, Nonce: rand.Text()}
	for _, field := range f.Fields {
		if !field.Secret() && field.Kind != "file" {
			d.Values[field.Name] = values[field.Name]
		}
	}
	return d
}

// Errors returns the fields with invalid input.
func (f *form) Errors() []*field {
	var bad []*field
	for _, field := range f.Fields {
		if field.Error != "" {
			bad = append(bad, field)
		}
	}
	return bad
}

// setError sets the error of a field.
func (f *form) setError(name, problem string) {
	for _, field := range f.Fields {
		if field.Name == name {
			field.Error = problem
			return
		}
	}
}

// showForm writes a page with a form. The status is 422 if the form has errors.
func (c *call) showForm(f *form) error {
	status := http.StatusOK
	if len(f.Errors()) > 0 || f.Problem != "" {
		status = http.StatusUnprocessableEntity
	}
	if c.area == userArea {
		f.addPictures()
	}
	return c.showTitled(status, "form", f.Title, f)
}

// showingForm returns the handler that shows a form.
func showingForm[T any](formOf func(*call) (*form, T, error)) handler {
	return func(c *call) error {
		f, _, err := formOf(c)
		if err != nil {
			return err
		}
		return c.showForm(f)
	}
}

// showing is [showingForm] for a form that needs no data of the bank.
func showing(formOf func(*call) *form) handler {
	return func(c *call) error { return c.showForm(formOf(c)) }
}

// codeField returns the field for a token's code. Malformed input is sent to the bank
// only if the bank counts it.
func (c *call) codeField(name, label string) *field {
	return &field{
		Name: name, Label: label, Hint: "hint.code", Kind: "code", Max: maxCode, Auto: "one-time-code",
		Any: c.bank.Settings().CountMalformed,
	}
}

// maxCode is the maximum number of characters of a code that is sent to the bank.
const maxCode = 32

// passwordField returns the field for a password. auto is "current-password" or
// "new-password".
func passwordField(name, label, auto string) *field {
	f := &field{Name: name, Label: label, Kind: "password", Max: 128, Auto: auto}
	if auto == "new-password" {
		f.Hint = "hint.password"
	}
	return f
}

// serialField returns the field for a serial number.
func serialField(name string) *field {
	return &field{Name: name, Label: "field.serial", Hint: "hint.serial", Kind: "serial", Max: token.MaxSerialLen, Auto: "off"}
}

// serial returns the serial number that a user meant. People omit or add hyphens and
// mix upper and lower case. Of the possible spellings it returns the first that belongs
// to a token visible to the user; otherwise, the first that is valid.
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

// idField returns the field for an identifier.
func idField(name string, most int) *field {
	return &field{Name: name, Label: "field." + name, Kind: "id", Max: most, Auto: "off"}
}
