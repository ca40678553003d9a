// SPDX-License-Identifier: Apache-2.0

// Package yamlfile reads YAML files that people write, and describes them as JSON
// Schema for editors.
package yamlfile

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/d204ef64/fob/internal/errclass"
)

// The errors of a file that does not have exactly one document.
var (
	ErrEmpty  = errclass.New(errclass.Usage, "it is empty")
	ErrSecond = errclass.New(errclass.Usage, "it has a second document after ---: put it in a file of its own")
)

// Decode decodes a file with one document. Unknown fields are errors. After a
// [yaml.TypeError], the fields without an error have their values.
func Decode(text []byte, v any) error {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	err := d.Decode(v)
	if errors.Is(err, io.EOF) {
		return ErrEmpty
	}
	var fields *yaml.TypeError
	if err != nil && !errors.As(err, &fields) {
		return err
	}
	if more := d.Decode(&yaml.Node{}); !errors.Is(more, io.EOF) {
		return ErrSecond
	}
	return err
}

var goTypes = regexp.MustCompile(`(field \S+) not found in type \S+|(cannot unmarshal) !!(\w+) (.*?) ?into (\S+)`)

// PlainError returns the text of an error of [Decode] without the names of Go types.
func PlainError(err error) string {
	var several *yaml.TypeError
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if errors.As(err, &several) {
		text = strings.Join(several.Errors, "; ")
	}
	return goTypes.ReplaceAllStringFunc(text, func(s string) string {
		m := goTypes.FindStringSubmatch(s)
		if m[1] != "" {
			return "unknown " + m[1]
		}
		kinds := map[string]string{"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false", "seq": "a list", "map": "fields"}
		given := kinds[m[3]]
		if given == "" {
			given = m[3]
		}
		want := "fields"
		switch typ := strings.TrimLeft(m[5], "*"); {
		case typ == "string":
			want = "text"
		case strings.HasPrefix(typ, "int"), strings.HasPrefix(typ, "uint"):
			want = "a whole number"
		case strings.HasPrefix(typ, "float"):
			want = "a number"
		case typ == "bool":
			want = "true or false"
		case strings.HasPrefix(typ, "[]"):
			want = "a list"
		}
		return strings.TrimSpace(given+" "+m[4]) + " is given, want " + want
	})
}
