// SPDX-License-Identifier: Apache-2.0

// Package yamlform reads YAML files that people write, and describes their mistakes in the
// words of the file:
//
//	_, err := yamlform.Decode(text, &file) // line 3, column 7: unknown field colour: …
//
// The form of the file is a Go struct with yaml tags. A field that it lacks is an error.
package yamlform

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/d204ef64/fob/internal/errclass"
)

// Error is a mistake in a file.
type Error struct {
	Line, Column int // from 1; 0 if unknown
	Problem      string
}

// Error returns the place and the problem.
func (e *Error) Error() string {
	switch {
	case e.Line == 0:
		return e.Problem
	case e.Column == 0:
		return fmt.Sprintf("line %d: %s", e.Line, e.Problem)
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Problem)
}

// ErrorClass returns [errclass.Usage].
func (*Error) ErrorClass() errclass.Class { return errclass.Usage }

// In returns the error's text with the name of the file, as in drift.yaml:3:7: PROBLEM.
func (e *Error) In(file string) string {
	for _, n := range []int{e.Line, e.Column} {
		if n > 0 {
			file += fmt.Sprintf(":%d", n)
		}
	}
	return file + ": " + e.Problem
}

// Decode decodes the only document of a file into the struct to which v points. It
// returns the document's node, nil if there is none. Each error is an [*Error].
func Decode(text []byte, v any) (*yaml.Node, error) {
	var document yaml.Node
	source := &reader{text: text}
	d := yaml.NewDecoder(source)
	if err := d.Decode(&document); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, source.syntax(err)
	}
	root := document.Content[0]
	var second yaml.Node
	if err := d.Decode(&second); err == nil {
		return nil, problem(&second, "a second document begins after ---: put it in a file of its own")
	} else if !errors.Is(err, io.EOF) {
		return nil, source.syntax(err)
	}
	c := checker{seen: map[visit]bool{}}
	if err := c.check(root, reflect.TypeOf(v).Elem(), ""); err != nil {
		return nil, err
	}
	if err := root.Decode(v); err != nil {
		return nil, source.syntax(err)
	}
	return root, nil
}

// reader hands a file to the parser byte by byte. The parser's own errors give the line of
// the surrounding block, or one less. The number of bytes that it has read is exact.
type reader struct {
	text []byte
	read int
}

// Read implements [io.Reader].
func (r *reader) Read(p []byte) (int, error) {
	if r.read == len(r.text) {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 1)], r.text[r.read:])
	r.read += n
	return n, nil
}

// line returns the line at which the parser is.
func (r *reader) line() int {
	const ahead = 4 // characters that it reads before it looks at the first of them
	end := min(r.read, len(bytes.TrimRight(r.text, " \r\n"))+ahead)
	return 1 + bytes.Count(r.text[:max(end-ahead, 0)], []byte("\n"))
}

func problem(n *yaml.Node, format string, args ...any) *Error {
	return &Error{n.Line, n.Column, fmt.Sprintf(format, args...)}
}

// visit is a node that was compared with a type. Aliases make the nodes a graph.
type visit struct {
	node *yaml.Node
	t    reflect.Type
}

type checker struct{ seen map[visit]bool }

// check compares a node with a type. name is the field that has the node as its value.
func (c *checker) check(n *yaml.Node, t reflect.Type, name string) error {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if c.seen[visit{n, t}] || n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return nil
	}
	c.seen[visit{n, t}] = true
	switch {
	case t.Kind() == reflect.Struct && n.Kind == yaml.MappingNode:
		return c.fields(n, t, map[string]*yaml.Node{}, false)
	case t.Kind() == reflect.Slice && n.Kind == yaml.SequenceNode:
		for _, item := range n.Content {
			if err := c.check(item, t.Elem(), name); err != nil {
				return err
			}
		}
		return nil
	case t.Kind() == reflect.Map && n.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if err := c.check(n.Content[i+1], t.Elem(), n.Content[i].Value); err != nil {
				return err
			}
		}
		return nil
	}
	wrong := fmt.Sprintf("want %s, not %s", wanted(t), given(n))
	if scalar(t) && n.Kind == yaml.ScalarNode && (n.Tag == "!!int" || !whole(t)) {
		value := reflect.New(t).Interface()
		err := n.Decode(value)
		if err == nil {
			return nil
		}
		if _, ok := value.(yaml.Unmarshaler); ok { // the type has rules of its own
			wrong = err.Error()
		}
	}
	if name != "" {
		wrong = name + ": " + wrong
	}
	return problem(n, "%s", wrong)
}

func scalar(t reflect.Type) bool {
	return t.Kind() != reflect.Struct && t.Kind() != reflect.Slice && t.Kind() != reflect.Map
}

// whole reports whether a type holds whole numbers. The decoder would cut off a fraction.
func whole(t reflect.Type) bool { return t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64 }

// fields compares a mapping with a struct. merged is set for a mapping behind <<, whose
// fields may be given again.
func (c *checker) fields(n *yaml.Node, t reflect.Type, before map[string]*yaml.Node, merged bool) error {
	known := Fields(t)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind == yaml.ScalarNode && key.Tag == "!!merge" {
			if err := c.merge(value, t); err != nil {
				return err
			}
			continue
		}
		if key.Kind != yaml.ScalarNode {
			return problem(key, "want the name of a field, not %s", given(key))
		}
		k := slices.IndexFunc(known, func(f reflect.StructField) bool { return fieldName(f) == key.Value })
		if k < 0 {
			return problem(key, "%s", unknown(key.Value, t, known))
		}
		if first := before[key.Value]; first != nil && !merged {
			return problem(key, "%s is given twice, first in line %d: keep one", key.Value, first.Line)
		}
		before[key.Value] = key
		if err := c.check(value, known[k].Type, key.Value); err != nil {
			return err
		}
	}
	return nil
}

// merge checks the value of <<: an alias of a mapping, or a list of them.
func (c *checker) merge(n *yaml.Node, t reflect.Type) error {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	for _, m := range list {
		at := m
		if m.Kind == yaml.AliasNode {
			m = m.Alias
		}
		if m.Kind != yaml.MappingNode {
			return problem(at, "<<: want the alias of fields, such as *name, not %s", given(m))
		}
		if c.seen[visit{m, t}] {
			continue
		}
		c.seen[visit{m, t}] = true
		if err := c.fields(m, t, map[string]*yaml.Node{}, true); err != nil {
			return err
		}
	}
	return nil
}

// Fields returns the fields of a struct in YAML, in order, with the fields of inlined
// structs. The tag "name" of an inlined struct replaces the description of its field name.
func Fields(t reflect.Type) []reflect.StructField {
	var list []reflect.StructField
	for f := range t.Fields() {
		name, inline := strings.CutSuffix(f.Tag.Get("yaml"), ",inline")
		switch {
		case inline:
			for _, inner := range Fields(f.Type) {
				if doc := f.Tag.Get("name"); doc != "" && fieldName(inner) == "name" {
					inner.Tag = reflect.StructTag(`yaml:"name" doc:` + strconv.Quote(doc))
				}
				list = append(list, inner)
			}
		case name != "-":
			list = append(list, f)
		}
	}
	return list
}

func fieldName(f reflect.StructField) string { return f.Tag.Get("yaml") }

// unknown describes a field that a struct lacks. The struct may have a method FieldsAre
// that returns another word for its fields.
func unknown(name string, t reflect.Type, known []reflect.StructField) string {
	word := "field"
	if w, ok := reflect.New(t).Interface().(interface{ FieldsAre() string }); ok {
		word = w.FieldsAre()
	}
	var names []string
	near, best := "", 3
	for _, f := range known {
		names = append(names, fieldName(f))
		if d := distance(name, fieldName(f)); d < best && d <= len(name)/2 {
			near, best = fieldName(f), d
		}
	}
	list := fmt.Sprintf("%ss are %s", word, strings.Join(names, ", "))
	switch {
	case len(names) == 0:
		return fmt.Sprintf("unknown %s %s: there are none here", word, name)
	case near != "":
		return fmt.Sprintf("unknown %s %s: did you mean %s? The %s", word, name, near, list)
	}
	return fmt.Sprintf("unknown %s %s: the %s", word, name, list)
}

// distance returns how many characters have to be changed, added or removed to turn one
// text into the other.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := corner
			if a[i] != b[j] {
				cost = 1 + min(corner, row[j], row[j+1])
			}
			corner, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

// wanted describes a type.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float64, reflect.Float32:
		return "a number"
	case reflect.Slice:
		return "a list, such as [a, b]"
	case reflect.Struct:
		var names []string
		for _, f := range Fields(t) {
			names = append(names, fieldName(f))
		}
		return "the fields " + strings.Join(names, ", ")
	case reflect.Map:
		return "names with values, such as {a: b}"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number that is not negative"
	default:
		return "a whole number"
	}
}

// given describes a node.
func given(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.MappingNode:
		return "fields"
	case n.Tag == "!!str":
		return fmt.Sprintf("the text %q", n.Value)
	case n.Tag == "!!null":
		return "nothing"
	default:
		return n.Value
	}
}

// syntaxErrors are the messages of the parser that need other words.
var syntaxErrors = []struct{ message, problem string }{
	{"found character that cannot start any token", "a tab or another character cannot stand here: indent with spaces, and quote a text that begins with @, % or `"},
	{"found a tab character that violates indentation", "a tab cannot stand here: indent with spaces"},
	{"mapping values are not allowed in this context", "a field cannot begin here: check the indentation, and quote a text with a colon"},
	{"did not find expected node content", "a value is missing, or a bracket is not closed"},
	{"did not find expected key", "a field or the end of a block is expected: check the indentation"},
	{"did not find expected '-' indicator", "another item of the list, with a dash, is expected: check the indentation"},
	{"did not find expected ',' or '}'", "a comma or } is missing"},
	{"did not find expected ',' or ']'", "a comma or ] is missing"},
	{"found unexpected end of stream", "a quote is not closed"},
	{"could not find expected ':'", "a colon is missing after the name of a field"},
	{"did not find expected comment or line break", "only a line break can follow | or >"},
	{"excessive aliasing", "its aliases stand for too many values"},
	{"invalid leading UTF-8 octet", "it is not UTF-8 text"},
	{"control characters are not allowed", "it has a control character: it is not a text"},
}

var (
	lineOf        = regexp.MustCompile(`line \d+: `)
	unknownAnchor = regexp.MustCompile(`unknown anchor '(.*)' referenced`)
)

// syntax describes an error of the parser.
func (r *reader) syntax(err error) error {
	text := lineOf.ReplaceAllString(strings.TrimPrefix(err.Error(), "yaml: "), "")
	e := &Error{Line: r.line(), Problem: "not valid YAML: " + text}
	if m := unknownAnchor.FindStringSubmatch(text); m != nil {
		e.Line = 1 + bytes.Count(r.text[:max(bytes.Index(r.text, []byte("*"+m[1])), 0)], []byte("\n"))
		e.Problem = fmt.Sprintf("there is no anchor %s for the alias *%[1]s: put &%[1]s before the value", m[1])
	}
	for _, s := range syntaxErrors {
		if strings.Contains(text, s.message) {
			e.Problem = s.problem
		}
	}
	return e
}
