// SPDX-License-Identifier: Apache-2.0

package yamlfile_test

import (
	"encoding/json"
	"errors"
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

// TestDecode checks that an error has the line, and that the fields without an error
// have their values.
func TestDecode(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "it is empty",
		"name: a\n---\nname: b\n":           "it has a second document after ---: put it in a file of its own",
		"name: a\nother: b\n":               "line 2: unknown field other",
		"name: a\ndo: {make: {count: x}}\n": "line 2: text `x` is given, want a whole number",
		"name: a\ndo: [\n":                  "line 2: did not find expected node content",
	} {
		var f file
		err := yamlfile.Decode([]byte(text), &f)
		require.Error(t, err, text)
		require.Equal(t, want, yamlfile.PlainError(err))
	}
	var f file
	require.Error(t, yamlfile.Decode([]byte("other: b\nname: a\n"), &f))
	require.Equal(t, "a", f.Name)
	require.True(t, errors.Is(yamlfile.Decode(nil, &f), yamlfile.ErrEmpty))
	require.Zero(t, f.hidden)
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
