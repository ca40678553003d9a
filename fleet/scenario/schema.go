// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/internal/yamlform"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// schema is a JSON Schema, 2020-12.
type schema struct {
	Schema      string    `json:"$schema,omitempty"`
	Title       string    `json:"title,omitempty"`
	Description string    `json:"description,omitempty"`
	Type        string    `json:"type,omitempty"`
	Enum        []string  `json:"enum,omitempty"`
	Format      string    `json:"format,omitempty"`
	Pattern     string    `json:"pattern,omitempty"`
	Minimum     *float64  `json:"minimum,omitempty"`
	Maximum     *float64  `json:"maximum,omitempty"`
	MinItems    int       `json:"minItems,omitempty"`
	Items       *schema   `json:"items,omitempty"`
	Properties  *fields   `json:"properties,omitempty"`
	Required    []string  `json:"required,omitempty"`
	Min         int       `json:"minProperties,omitempty"`
	Max         int       `json:"maxProperties,omitempty"`
	Others      any       `json:"additionalProperties,omitempty"` // false, or the schema of the values
	AnyOf       []*schema `json:"anyOf,omitempty"`
}

// fields are the properties of an object, in the order of the Go type.
type fields struct {
	names   []string
	schemas []*schema
}

// MarshalJSON implements json.Marshaler.
func (f *fields) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, name := range f.names {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Quote(name) + ":")
		text, err := json.Marshal(f.schemas[i])
		if err != nil {
			return nil, err
		}
		b.Write(text)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// Schema returns the JSON Schema of a scenario, for editors.
func Schema() ([]byte, error) { return schemaFile("A scenario of fob scenario run", file{}) }

// LotSchema returns the JSON Schema of a file of lots, for editors.
func LotSchema() ([]byte, error) { return schemaFile("The lots of fob run --lot", fleet.LotFile{}) }

func schemaFile(title string, v any) ([]byte, error) {
	s := schemaOf(reflect.TypeOf(v))
	s.Schema, s.Title = "https://json-schema.org/draft/2020-12/schema", title
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(s); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// schemaOf returns the schema of a type.
func schemaOf(t reflect.Type) *schema {
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem())
	case reflect.String:
		return &schema{Type: "string"}
	case reflect.Bool:
		return &schema{Type: "boolean"}
	case reflect.Float64:
		return &schema{Type: "number"}
	case reflect.Slice:
		return &schema{Type: "array", Items: schemaOf(t.Elem())}
	case reflect.Map:
		return &schema{Type: "object", Others: schemaOf(t.Elem())}
	case reflect.Struct:
		return objectOf(t)
	default: // the integers
		return &schema{Type: "integer"}
	}
}

// objectOf returns the schema of a struct by its tags.
func objectOf(t reflect.Type) *schema {
	s := &schema{Type: "object", Properties: &fields{}, Others: false}
	s.add(t)
	if t == reflect.TypeFor[steps]() {
		s.Min, s.Max = 1, 1
		for i, verb := range s.Properties.schemas {
			if len(verb.Required) == 0 { // the verb may stand without fields
				doc := verb.Description
				verb.Description = ""
				s.Properties.schemas[i] = &schema{Description: doc, AnyOf: []*schema{verb, {Type: "null"}}}
			}
		}
	}
	return s
}

func (s *schema) add(t reflect.Type) {
	for _, f := range yamlform.Fields(t) {
		name := f.Tag.Get("yaml")
		p := schemaOf(f.Type)
		p.Description, p.Format, p.Pattern = f.Tag.Get("doc"), f.Tag.Get("format"), f.Tag.Get("pattern")
		p.Minimum, p.Maximum = limit(f.Tag.Get("min")), limit(f.Tag.Get("max"))
		p.Enum = values(f.Tag.Get("values"))
		if f.Tag.Get("required") != "" {
			s.Required = append(s.Required, name)
			if p.Type == "array" {
				p.MinItems = 1
			}
		}
		s.Properties.names = append(s.Properties.names, name)
		s.Properties.schemas = append(s.Properties.schemas, p)
	}
}

// values returns the values that a tag allows, nil for any.
func values(tag string) []string {
	var names []string
	switch tag {
	case "":
		return nil
	case "@states":
		for _, st := range fleet.States() {
			names = append(names, st.String())
		}
	case "@events":
		for _, k := range virtual.EventKinds() {
			names = append(names, k.String())
		}
	case "@profiles":
		return fleet.Profiles()
	case "@serials":
		for _, k := range []token.SerialKind{token.SerialOATH, token.SerialVendor13, token.SerialVendor9, token.SerialOther} {
			names = append(names, k.String())
		}
	default:
		return strings.Split(tag, ",")
	}
	return names
}

func limit(text string) *float64 {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil
	}
	return &n
}
