// SPDX-License-Identifier: Apache-2.0

package yamlfile

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// schema is a JSON Schema, 2020-12.
type schema struct {
	Schema      string    `json:"$schema,omitempty"`
	Ref         string    `json:"$ref,omitempty"`
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
	Defs        *fields   `json:"$defs,omitempty"`
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

// Options are the parts of a schema that depend on the kind of file.
type Options struct {
	// Values returns the values of a field with the tag values:"@NAME".
	Values func(name string) []string
	// OneOf is a struct of pointers to structs. An object of this type has exactly one
	// of its fields.
	OneOf reflect.Type
	// Shared are structs with a schema of their own under $defs, instead of a copy in each
	// place.
	Shared []reflect.Type

	defs *fields // the schemas of Shared
}

// Schema returns the JSON Schema of a file with the type of v, for editors. These tags
// describe a field: yaml (its name), doc, format, pattern, min, max, values (separated
// by commas, or @NAME) and required.
func Schema(title string, v any, o Options) ([]byte, error) {
	if len(o.Shared) > 0 {
		o.defs = &fields{}
	}
	s := o.schemaOf(reflect.TypeOf(v))
	s.Defs = o.defs
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
func (o *Options) schemaOf(t reflect.Type) *schema {
	switch t.Kind() {
	case reflect.Pointer:
		return o.schemaOf(t.Elem())
	case reflect.String:
		return &schema{Type: "string"}
	case reflect.Bool:
		return &schema{Type: "boolean"}
	case reflect.Float64:
		return &schema{Type: "number"}
	case reflect.Slice:
		return &schema{Type: "array", Items: o.schemaOf(t.Elem())}
	case reflect.Map:
		return &schema{Type: "object", Others: o.schemaOf(t.Elem())}
	case reflect.Struct:
		if slices.Contains(o.Shared, t) {
			return o.refTo(t)
		}
		return o.objectOf(t)
	default: // the integers
		return &schema{Type: "integer"}
	}
}

// refTo returns a reference to the schema of a shared struct.
func (o *Options) refTo(t reflect.Type) *schema {
	name := strings.ToLower(t.Name())
	if !slices.Contains(o.defs.names, name) {
		i := len(o.defs.names)
		o.defs.names, o.defs.schemas = append(o.defs.names, name), append(o.defs.schemas, nil)
		o.defs.schemas[i] = o.objectOf(t)
	}
	return &schema{Ref: "#/$defs/" + name}
}

// objectOf returns the schema of a struct by its tags.
func (o *Options) objectOf(t reflect.Type) *schema {
	s := &schema{Type: "object", Properties: &fields{}, Others: false}
	o.add(s, t)
	if t == o.OneOf {
		s.Min, s.Max = 1, 1
		for i, f := range s.Properties.schemas {
			if len(f.Required) == 0 { // the field may stand without a value
				doc := f.Description
				f.Description = ""
				s.Properties.schemas[i] = &schema{Description: doc, AnyOf: []*schema{f, {Type: "null"}}}
			}
		}
	}
	return s
}

// add adds the fields of a struct to s.
func (o *Options) add(s *schema, t reflect.Type) {
	for _, f := range Fields(t) {
		name := fieldName(f)
		p := o.schemaOf(f.Type)
		p.Description, p.Format, p.Pattern = f.Tag.Get("doc"), f.Tag.Get("format"), f.Tag.Get("pattern")
		p.Minimum, p.Maximum = limit(f.Tag.Get("min")), limit(f.Tag.Get("max"))
		p.Enum = o.ValuesOf(f.Tag.Get("values"))
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

// ValuesOf returns the values that a values tag allows, nil for any.
func (o *Options) ValuesOf(tag string) []string {
	if tag == "" {
		return nil
	}
	if name, ok := strings.CutPrefix(tag, "@"); ok {
		return o.Values(name)
	}
	return strings.Split(tag, ",")
}

func limit(text string) *float64 {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil
	}
	return &n
}
