// SPDX-License-Identifier: Apache-2.0

package control

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/d204ef64/fob/fleet"

	"github.com/d204ef64/fob/internal/webapi"
)

// explain returns the problem of a request that huma refused. The detail names each field
// that is wrong and describes the values that it accepts, by the description of the
// operation. It does not repeat the values.
func (s *server) explain(ctx huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	code := codesOfStatus[m.Status]
	if code == "" {
		code = "internal"
	}
	p := newProblem(m.Status, code, m.Detail)
	var details []string
	for _, e := range m.Errors[:min(len(m.Errors), webapi.MaxWrong)] {
		where, text := s.explainPart(ctx.Operation(), e.Location, e.Message)
		if slices.ContainsFunc(p.Errors, func(told webapi.WrongElement) bool { return told.Location == where && told.Message == text }) {
			continue // a text that has the wrong length and the wrong characters
		}
		p.Errors = append(p.Errors, webapi.WrongElement{Message: webapi.Shorten(text, webapi.MaxText), Location: webapi.Shorten(where, webapi.MaxText)})
		_, field, _ := strings.Cut(where, ".")
		if field == "" {
			field = where // the whole body
		}
		details = append(details, field+": "+text)
	}
	if len(details) > 0 {
		p.Detail = webapi.Shorten(strings.Join(details, "; "), webapi.MaxDetail)
	}
	return p, nil
}

// explainPart returns the location of a part of a request, and the reason why it is refused:
// huma's text if the part is not in the description of the operation.
func (s *server) explainPart(op *huma.Operation, where, text string) (location, message string) {
	if name, ok := strings.CutPrefix(text, "expected required property "); ok {
		name = strings.TrimSuffix(name, " to be present")
		where, text = where+"."+name, "it is missing"
	}
	schema, parent := s.schemaAt(op, where)
	switch {
	case schema == nil && parent != nil && text == "unexpected property":
		return where, "there is no such field: there are " + strings.Join(slices.Sorted(maps.Keys(parent.Properties)), ", ")
	case schema == nil && text == "unknown query parameter":
		return where, "there is no such parameter" + parametersOf(op)
	case schema == nil, !strings.HasPrefix(text, "expected ") && !strings.HasPrefix(text, "invalid ") && text != "it is missing",
		strings.Contains(text, " at byte "): // the JSON is malformed
		return where, text
	case text == "it is missing":
		return where, text + ": " + s.accepted(schema)
	case text == validation.MsgExpectedString && schema.Pattern != "": // a number, which has lost its zeros in front
		return where, "want text: " + strings.TrimPrefix(s.accepted(schema), "want ")
	}
	return where, s.accepted(schema)
}

// schemaAt returns the schemas of a part of a request, such as body.in.baud, and of the
// object or list that holds it; nil if there is none.
func (s *server) schemaAt(op *huma.Operation, where string) (schema, parent *huma.Schema) {
	place, rest, _ := strings.Cut(where, ".")
	if place != "body" && !strings.HasPrefix(place, "body[") {
		for _, p := range op.Parameters {
			if p.In == place && p.Name == rest {
				if schema = p.Schema; len(schema.Examples) == 0 && p.Example != nil {
					with := *schema
					with.Examples = []any{p.Example}
					schema = &with
				}
				return schema, nil
			}
		}
		return nil, nil
	}
	if op.RequestBody == nil || op.RequestBody.Content["application/json"] == nil {
		return nil, nil
	}
	schema = s.resolve(op.RequestBody.Content["application/json"].Schema)
	if rest == "" {
		return schema, nil
	}
	for name := range strings.SplitSeq(rest, ".") {
		name, index, isItem := strings.Cut(name, "[")
		if schema == nil {
			return nil, nil
		}
		schema, parent = s.resolve(schema.Properties[name]), schema
		if isItem && index != "" && schema != nil {
			schema, parent = s.resolve(schema.Items), schema
		}
	}
	return schema, parent
}

// resolve follows the references of a schema.
func (s *server) resolve(schema *huma.Schema) *huma.Schema {
	for schema != nil && schema.Ref != "" {
		schema = s.api.OpenAPI().Components.Schemas.SchemaFromRef(schema.Ref)
	}
	return schema
}

// accepted describes the values of a schema, with an example if it has one.
func (s *server) accepted(schema *huma.Schema) string {
	text := "want " + s.kindOf(schema)
	if len(schema.Examples) > 0 && len(schema.Enum) == 0 && schema.Type != huma.TypeArray && schema.Type != huma.TypeObject {
		text += fmt.Sprintf(", such as %v", schema.Examples[0])
	}
	return text
}

func (s *server) kindOf(schema *huma.Schema) string {
	if n := len(schema.Enum); n > 0 {
		var values []string
		for _, v := range schema.Enum {
			values = append(values, fmt.Sprint(v))
		}
		if n == 1 {
			return values[0]
		}
		return strings.Join(values[:n-1], ", ") + " or " + values[n-1]
	}
	switch schema.Type {
	case huma.TypeBoolean:
		return "true or false"
	case huma.TypeInteger:
		return "a whole number" + limits(schema.Minimum, schema.Maximum)
	case huma.TypeNumber:
		return "a number" + limits(schema.Minimum, schema.Maximum)
	case huma.TypeArray:
		return "a list" + sizes(schema.MinItems, schema.MaxItems, "values")
	case huma.TypeObject:
		return "an object with " + strings.Join(slices.Sorted(maps.Keys(schema.Properties)), ", ")
	}
	if schema.Format == "date-time" {
		return "a time such as 2031-11-30T14:59:00Z"
	}
	if unit := patterns[schema.Pattern]; unit != "" {
		if schema.MinLength == nil && schema.MaxLength == nil {
			return unit
		}
		return strings.TrimPrefix(sizes(schema.MinLength, schema.MaxLength, unit), " of ")
	}
	return "text" + sizes(schema.MinLength, schema.MaxLength, "characters")
}

// patterns describe the characters that the patterns in tags accept.
var patterns = map[string]string{
	"^[0-9]+$": "digits",
	"^[A-Za-z0-9._-]*[A-Za-z0-9_-][A-Za-z0-9._-]*$": "letters, digits and . _ -, not only dots",
	"^[A-Za-z][A-Za-z0-9._-]{0,59}$":                "a letter and at most 59 letters, digits and . _ -",
}

// limits describes the limits of a number.
func limits(least, most *float64) string {
	switch {
	case least != nil && most != nil:
		return " from " + fleet.FormatNumber(*least) + " to " + fleet.FormatNumber(*most)
	case least != nil:
		return ", " + fleet.FormatNumber(*least) + " or more"
	case most != nil:
		return ", " + fleet.FormatNumber(*most) + " or less"
	}
	return ""
}

// sizes describes the limits of a length.
func sizes(least, most *int, unit string) string {
	switch {
	case least != nil && most != nil && *least > 0:
		return fmt.Sprintf(" of %d to %d %s", *least, *most, unit)
	case most != nil:
		return fmt.Sprintf(" of at most %d %s", *most, unit)
	case least != nil:
		return fmt.Sprintf(" of at least %d %s", *least, unit)
	}
	return ""
}

// parametersOf lists the query parameters of an operation.
func parametersOf(op *huma.Operation) string {
	var names []string
	for _, p := range op.Parameters {
		if p.In == "query" {
			names = append(names, p.Name)
		}
	}
	if names == nil {
		return ": " + op.Method + " " + op.Path + " has none"
	}
	return ": there are " + strings.Join(names, ", ")
}

// codesOfStatus are the codes of problems that huma makes.
var codesOfStatus = map[int]string{
	http.StatusBadRequest:            "bad_request",
	http.StatusNotFound:              "not_found",
	http.StatusRequestTimeout:        "body_timeout",
	http.StatusRequestEntityTooLarge: "body_too_large",
	http.StatusUnsupportedMediaType:  "unsupported_media_type",
	http.StatusNotAcceptable:         "not_acceptable",
	http.StatusUnprocessableEntity:   "invalid",
}
