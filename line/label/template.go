// SPDX-License-Identifier: Apache-2.0

package label

import (
	"embed"
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

//go:embed templates/*.txt
var builtIn embed.FS

// The limits of the size of a label in millimetres: the widest print heads of desktop
// printers, and a length that an operator can handle.
const (
	minSize   = 5
	maxWidth  = 110
	maxHeight = 300
)

// Template is the layout of a label. Its methods may be called by several goroutines.
//
// The text of a template has one element per line. Lengths are in millimetres from the
// top left corner:
//
//	size WIDTH HEIGHT               the label; the first line
//	text X Y WIDTH HEIGHT CONTENT   one line of text, HEIGHT is the size of its font
//	text-center, text-right         the same, aligned within WIDTH
//	code128 X Y WIDTH HEIGHT CONTENT
//	qr X Y SIZE CONTENT             a QR code with error correction M
//	box X Y WIDTH HEIGHT            a black rectangle
//
// WIDTH and SIZE of a code include its quiet zone, and the code is as large as fits.
// CONTENT is text with the placeholders {serial}, {expiry}, {model}, {customer}, {order}
// and {port}; {{ and }} are braces. An element is left out if it has placeholders and
// all of them are empty. Empty lines and lines that begin with # are skipped.
type Template struct {
	name     string
	width    float64
	height   float64
	elements []element
}

type kind string

const (
	kindText       kind = "text"
	kindTextCenter kind = "text-center"
	kindTextRight  kind = "text-right"
	kindCode128    kind = "code128"
	kindQR         kind = "qr"
	kindBox        kind = "box"
)

// element is a line of a template.
type element struct {
	line       int
	kind       kind
	x, y, w, h float64
	content    []part
}

// part is a piece of text, or a field.
type part struct {
	text  string
	field *field // nil for text
}

// Templates returns the names of the built-in templates.
func Templates() []string {
	files, err := builtIn.ReadDir("templates")
	if err != nil {
		panic("label: internal error: " + err.Error())
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f.Name(), ".txt"))
	}
	return names
}

// TemplateByName returns a built-in template. The error wraps [ErrTemplate].
func TemplateByName(name string) (*Template, error) {
	if !slices.Contains(Templates(), name) {
		return nil, fmt.Errorf("%w: no template is named %q, want %s", ErrTemplate, name, strings.Join(Templates(), ", "))
	}
	text, err := builtIn.ReadFile(path.Join("templates", name+".txt"))
	if err != nil {
		panic("label: internal error: " + err.Error())
	}
	return ParseTemplate(name, string(text))
}

// ParseTemplate reads a template from text in the format of [Template]. The name is for
// messages. The error wraps [ErrTemplate].
func ParseTemplate(name, text string) (*Template, error) {
	t := &Template{name: name}
	hasSerial := false
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if t.width == 0 {
			if err := t.parseSize(line); err != nil {
				return nil, t.lineError(n, err)
			}
			continue
		}
		e, err := t.parseElement(line)
		if err != nil {
			return nil, t.lineError(n, err)
		}
		e.line = n
		t.elements = append(t.elements, e)
		hasSerial = hasSerial || slices.ContainsFunc(e.content, func(p part) bool { return p.field != nil && p.field.name == "serial" })
	}
	if t.width == 0 {
		return nil, fmt.Errorf("%w %s: it is empty, want size WIDTH HEIGHT and elements", ErrTemplate, t.name)
	}
	if !hasSerial {
		return nil, fmt.Errorf("%w %s: it does not show the serial number: add an element with {serial}", ErrTemplate, t.name)
	}
	return t, nil
}

func (t *Template) lineError(line int, err error) error {
	return fmt.Errorf("%w %s: line %d: %w", ErrTemplate, t.name, line, err)
}

// Name returns the name of the template.
func (t *Template) Name() string { return t.name }

// Size returns width and height of the label in millimetres.
func (t *Template) Size() (width, height float64) { return t.width, t.height }

func (t *Template) parseSize(line string) error {
	words := strings.Fields(line)
	if words[0] != "size" || len(words) != 3 {
		return fmt.Errorf("%q, want size WIDTH HEIGHT in the first line", line)
	}
	var err error
	if t.width, err = parseLength(words[1]); err == nil {
		t.height, err = parseLength(words[2])
	}
	if err == nil && !(t.width >= minSize && t.width <= maxWidth && t.height >= minSize && t.height <= maxHeight) {
		err = fmt.Errorf("a label of %s x %s mm, want %d x %d to %d x %d", words[1], words[2], minSize, minSize, maxWidth, maxHeight)
	}
	return err
}

// numbers is the number of lengths after the name of an element.
var numbers = map[kind]int{kindText: 4, kindTextCenter: 4, kindTextRight: 4, kindCode128: 4, kindQR: 3, kindBox: 4}

func (t *Template) parseElement(line string) (e element, err error) {
	word, rest := cutWord(line)
	e.kind = kind(word)
	count := numbers[e.kind]
	if count == 0 {
		return e, fmt.Errorf("unknown element %q, want text, text-center, text-right, code128, qr or box", word)
	}
	values := make([]float64, count)
	for i := range values {
		word, rest = cutWord(rest)
		if values[i], err = parseLength(word); err != nil {
			return e, fmt.Errorf("%s: length %d: %w", e.kind, i+1, err)
		}
	}
	e.x, e.y, e.w, e.h = values[0], values[1], values[2], values[len(values)-1]
	if e.w <= 0 || e.h <= 0 {
		return e, fmt.Errorf("%s: width and height must not be 0", e.kind)
	}
	const rounding = 1e-6
	if e.x+e.w > t.width+rounding || e.y+e.h > t.height+rounding {
		return e, fmt.Errorf("%s: it ends at %s x %s mm, outside the label of %s x %s mm",
			e.kind, millimetres(e.x+e.w), millimetres(e.y+e.h), millimetres(t.width), millimetres(t.height))
	}
	switch {
	case e.kind == kindBox && rest != "":
		return e, fmt.Errorf("box: %q after the lengths, want nothing", rest)
	case e.kind != kindBox && rest == "":
		return e, fmt.Errorf("%s: no content after the lengths", e.kind)
	}
	e.content, err = parseContent(rest)
	return e, err
}

// cutWord splits off the first word.
func cutWord(s string) (word, rest string) {
	if i := strings.IndexFunc(s, unicode.IsSpace); i >= 0 {
		return s[:i], strings.TrimSpace(s[i:])
	}
	return s, ""
}

func parseLength(s string) (float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !(v >= 0 && v <= maxHeight) {
		return 0, fmt.Errorf("%q, want millimetres from 0 to %d, such as 2.5", s, maxHeight)
	}
	return v, nil
}

// millimetres writes a length with at most one decimal.
func millimetres(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

// parseContent splits content at its placeholders.
func parseContent(s string) (parts []part, err error) {
	var text strings.Builder
	for s != "" {
		switch {
		case strings.HasPrefix(s, "{{"), strings.HasPrefix(s, "}}"):
			text.WriteByte(s[0])
			s = s[2:]
		case s[0] == '{':
			name, rest, closed := strings.Cut(s[1:], "}")
			i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
			if !closed || i < 0 {
				return nil, fmt.Errorf("unknown placeholder in %q, want {serial}, {expiry}, {model}, {customer}, {order} or {port}, and {{ for a brace", s)
			}
			parts = append(parts, part{text: text.String()}, part{field: &fields[i]})
			text.Reset()
			s = rest
		case s[0] == '}':
			return nil, fmt.Errorf("a closing brace without its opening one at %q: write }} for a brace", s)
		default:
			n := strings.IndexAny(s, "{}")
			if n < 0 {
				n = len(s)
			}
			text.WriteString(s[:n])
			s = s[n:]
		}
	}
	parts = append(parts, part{text: text.String()})
	for _, p := range parts {
		for _, r := range p.text {
			if !printable(r) {
				return nil, fmt.Errorf("the character %q cannot be printed", r)
			}
		}
	}
	return parts, nil
}

// fill returns the content with the values of a label, or "" if all its fields are
// empty.
func (e *element) fill(l *Label) string {
	var b strings.Builder
	placeholders, filled := 0, 0
	for _, p := range e.content {
		if p.field == nil {
			b.WriteString(p.text)
			continue
		}
		placeholders++
		if v := p.field.value(l); v != "" {
			filled++
			b.WriteString(v)
		}
	}
	if placeholders > 0 && filled == 0 {
		return ""
	}
	return b.String()
}
