// SPDX-License-Identifier: Apache-2.0

package yamlfile_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/yamlfile"
)

type verb struct {
	Count  int    `yaml:"count" doc:"how many" min:"1" required:"true"`
	Colour string `yaml:"colour" values:"@colours"`
}

type file struct {
	Name   string `yaml:"name" required:"true"`
	Do     verbs  `yaml:"do"`
	hidden int
}

type verbs struct {
	Make *verb     `yaml:"make"`
	Stop *struct{} `yaml:"stop"`
}

// TestDecode checks that an error has the place of the first mistake.
func TestDecode(t *testing.T) {
	for text, want := range map[string]string{
		"name: a\n---\nname: b\n":           "line 2, column 1: a second document begins after ---: put it in a file of its own",
		"name: a\nother: b\nthird: c\n":     "line 2, column 1: unknown field other: the fields are name, do",
		"name: a\ndo: {make: {count: x}}\n": "line 2, column 20: count: want a whole number, not the text \"x\"",
		"name: a\ndo: [\n":                  "line 2: a value is missing, or a bracket is not closed",
	} {
		var f file
		_, err := yamlfile.Decode([]byte(text), &f)
		require.EqualError(t, err, want, text)
	}
	var f file
	root, err := yamlfile.Decode(nil, &f)
	require.NoError(t, err)
	require.Nil(t, root)
}

// TestDecodeInRange checks that a number outside of its range is a mistake, also behind an
// alias and in a merged mapping.
func TestDecodeInRange(t *testing.T) {
	type inner struct {
		Whole int      `yaml:"whole" min:"1" max:"9"`
		Low   *int64   `yaml:"low" min:"0"`
		High  *float64 `yaml:"high" max:"0.5"`
	}
	type file struct {
		A inner `yaml:"a"`
		B inner `yaml:"b"`
	}
	for text, want := range map[string]string{
		"a: {whole: 0}\n":                  "line 1, column 12: whole: 0: want 1 to 9",
		"a: {whole: 10}\n":                 "line 1, column 12: whole: 10: want 1 to 9",
		"a: {low: -1}\n":                   "line 1, column 10: low: -1: want at least 0",
		"a: {high: 0.6}\n":                 "line 1, column 11: high: 0.6: want at most 0.5",
		"a: {high: .nan}\n":                "line 1, column 11: high: .nan: want at most 0.5",
		"a: {whole: &n 0}\n":               "line 1, column 12: whole: 0: want 1 to 9",
		"a: {low: &n 0}\nb: {whole: *n}\n": "line 1, column 10: whole: 0: want 1 to 9",
		"b: {<<: {whole: -1}}\n":           "line 1, column 17: whole: -1: want 1 to 9",
		"a: {whole: x}\n":                  "line 1, column 12: whole: want a whole number, not the text \"x\"",
	} {
		_, err := yamlfile.DecodeInRange([]byte(text), &file{})
		require.EqualError(t, err, want, text)
	}
	var f file
	_, err := yamlfile.DecodeInRange([]byte("a: {whole: 9, low: 0, high: 0.5}\nb: {whole: 1, low: ~}\n"), &f)
	require.NoError(t, err)
	require.Equal(t, 9, f.A.Whole)
}

// TestDecodeAll checks that all mistakes are found, that no value is quoted, and that the
// fields without a mistake have their values.
func TestDecodeAll(t *testing.T) {
	var f file
	root, mistakes := yamlfile.DecodeAll([]byte("other: hidden\nname: a\ndo:\n  make: {count: secret, colour: [1], size: 3}\n"), &f, false)
	require.NotNil(t, root)
	var texts []string
	for _, m := range mistakes {
		texts = append(texts, m.Error())
	}
	require.Equal(t, []string{
		"line 1, column 1: unknown field other: the fields are name, do",
		"line 4, column 17: count: want a whole number, not a text",
		"line 4, column 33: colour: want a text, not a list",
		"line 4, column 38: unknown field size: the fields are count, colour",
	}, texts)
	require.Equal(t, "a", f.Name)
	require.Zero(t, f.hidden)

	root, mistakes = yamlfile.DecodeAll([]byte("name: a\nname: b\nother: 1\n"), &f, false)
	require.Nil(t, root, "the decoder fills in nothing")
	require.Len(t, mistakes, 2)
	require.EqualError(t, mistakes[0], "line 2, column 1: name is given twice, first in line 1: keep one")
}

// TestSchema checks the parts of a schema that the files of fob do not all have.
func TestSchema(t *testing.T) {
	text, err := yamlfile.Schema("A file", file{}, yamlfile.Options{
		Values: func(name string) []string { return []string{name, "red"} },
		OneOf:  reflect.TypeFor[verbs](),
	})
	require.NoError(t, err)
	require.True(t, json.Valid(text))
	require.JSONEq(t, `{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A file", "type": "object",
		"properties": {
			"name": {"type": "string"},
			"do": {
				"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": false,
				"properties": {
					"make": {
						"type": "object", "additionalProperties": false, "required": ["count"],
						"properties": {
							"count": {"type": "integer", "description": "how many", "minimum": 1},
							"colour": {"type": "string", "enum": ["colours", "red"]}
						}
					},
					"stop": {"anyOf": [{"type": "object", "properties": {}, "additionalProperties": false}, {"type": "null"}]}
				}
			}
		},
		"required": ["name"], "additionalProperties": false
	}`, string(text))
}

// TestSharedSchema: a shared struct has its schema once, and each place refers to it.
func TestSharedSchema(t *testing.T) {
	type shared struct {
		Again []*shared `yaml:"again"`
	}
	type two struct {
		A *shared `yaml:"a" doc:"first"`
		B shared  `yaml:"b"`
	}
	text, err := yamlfile.Schema("Two", two{}, yamlfile.Options{Shared: []reflect.Type{reflect.TypeFor[shared]()}})
	require.NoError(t, err)
	require.JSONEq(t, `{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Two", "type": "object",
		"properties": {"a": {"$ref": "#/$defs/shared", "description": "first"}, "b": {"$ref": "#/$defs/shared"}},
		"additionalProperties": false,
		"$defs": {"shared": {
			"type": "object", "additionalProperties": false,
			"properties": {"again": {"type": "array", "items": {"$ref": "#/$defs/shared"}}}
		}}
	}`, string(text))
}
