// SPDX-License-Identifier: Apache-2.0

// Package yamlfile reads YAML files that people write, and describes their mistakes in the
// words of the file:
//
//	_, err := yamlfile.Decode(text, &file) // line 3, column 7: unknown field colour: …
//
// The form of the file is a Go struct with yaml tags. A field that it lacks is an error.
// [Schema] describes the form for editors.
package yamlfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
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
// returns the document's node, nil if there is none or it is null. Each error is an [*Error].
func Decode(text []byte, v any) (*yaml.Node, error) {
	root, err := decode(text, v, &checker{})
	if err != nil {
		return nil, err
	}
	return root, nil
}

// DecodeInRange is Decode for a file whose numbers must be in the ranges of the tags min and
// max, without another check by the caller.
func DecodeInRange(text []byte, v any) (*yaml.Node, error) {
	root, err := decode(text, v, &checker{ranges: true})
	if err != nil {
		return nil, err
	}
	return root, nil
}

// DecodeAll is Decode for all mistakes. It quotes values only with quote, because a file
// may contain secrets by mistake. The fields without a mistake have their values, unless
// the returned node is nil.
func DecodeAll(text []byte, v any, quote bool) (*yaml.Node, []*Error) {
	c := &checker{all: true, quiet: !quote}
	root, err := decode(text, v, c)
	if err != nil {
		return nil, []*Error{err}
	}
	if c.twice { // the decoder skips all other fields then
		root = nil
	}
	return root, c.mistakes
}

// decode decodes a file, whose mistakes the checker finds. It stops at the first one
// unless all are asked for.
func decode(text []byte, v any, c *checker) (*yaml.Node, *Error) {
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
		return nil, &Error{second.Line, second.Column, "a second document begins after ---: put it in a file of its own"}
	} else if !errors.Is(err, io.EOF) {
		return nil, source.syntax(err)
	}
	if empty(root) {
		return nil, nil
	}
	c.seen = map[visit]bool{}
	c.check(root, reflect.TypeOf(v).Elem(), "")
	if len(c.mistakes) > 0 && !c.all {
		return nil, c.mistakes[0]
	}
	// After mistakes, the decoder fills in the other fields.
	if err := root.Decode(v); err != nil && len(c.mistakes) == 0 {
		return nil, source.syntax(err)
	}
	return root, nil
}

// empty reports whether a node has no value: null, ~, or a tag alone.
func empty(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

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
func (r *reader) syntax(err error) *Error {
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
