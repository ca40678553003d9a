// SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/d204ef64/fob/fleet/control"
)

// schema is a JSON Schema.
type schema = map[string]any

// api is the description of the HTTP interface.
type api struct {
	schemas    map[string]schema
	operations map[string]*operation // by id
}

// operation is an operation of the HTTP interface.
type operation struct {
	ID         string `json:"operationId"`
	Parameters []struct {
		Name, In, Description string
		Required              bool
		Schema                schema
	}
	RequestBody *struct {
		Content map[string]struct{ Schema schema }
	}
	Responses map[string]struct {
		Content map[string]struct{ Schema schema }
	}

	method, path string
}

// readAPI reads the description of the HTTP interface.
func readAPI() (*api, error) {
	b, err := control.OpenAPI()
	if err != nil {
		return nil, err
	}
	var doc struct {
		Paths      map[string]map[string]*operation
		Components struct{ Schemas map[string]schema }
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("reading the description of the API: %w", err)
	}
	a := &api{doc.Components.Schemas, map[string]*operation{}}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			op.method, op.path = strings.ToUpper(method), path
			a.operations[op.ID] = op
		}
	}
	return a, nil
}

// places in which an argument is sent.
const (
	inPath  = "path"
	inQuery = "query"
	inBody  = "body"
)

// bound is a tool with its operation.
type bound struct {
	*tool
	*operation
	places     map[string]string // where each argument is sent
	properties map[string]any    // schemas of the arguments
	required   []string
	input      schema
	output     schema // nil: the answer has no content
}

// bind finds the operation of a tool, and makes its schemas.
func (a *api) bind(t *tool) (*bound, error) {
	op := a.operations[t.operation]
	if op == nil {
		return nil, fmt.Errorf("the tool %s: the API has no operation %s", t.name, t.operation)
	}
	b := &bound{tool: t, operation: op, places: map[string]string{}, properties: map[string]any{}}
	for _, p := range op.Parameters {
		if p.In == inPath || p.In == inQuery {
			s := maps.Clone(p.Schema)
			s["description"] = cmp.Or(p.Description, fmt.Sprint(s["description"]))
			b.argument(p.Name, p.In, s, p.Required)
		}
	}
	if op.RequestBody != nil {
		body := a.resolve(op.RequestBody.Content["application/json"].Schema)
		properties, _ := body["properties"].(schema)
		required, _ := body["required"].([]any)
		for name, p := range properties {
			b.argument(name, inBody, maps.Clone(p.(schema)), slices.Contains(required, any(name)))
		}
	}
	slices.Sort(b.required)
	b.input = schema{"type": "object", "properties": b.properties, "additionalProperties": false}
	if len(b.required) > 0 {
		b.input["required"] = b.required
	}
	a.define(b.input)
	b.output = a.answer(b)
	return b, nil
}

// argument adds an argument.
func (b *bound) argument(name, place string, s schema, required bool) {
	if _, fixed := b.fixed[name]; fixed || slices.Contains(b.hide, name) {
		return
	}
	if usual, ok := b.usual[name]; ok {
		s["default"] = usual
		s["description"] = apiDefault.ReplaceAllString(fmt.Sprint(s["description"]), "")
	}
	if words := b.words[name]; words != "" {
		s["description"] = words
	}
	if types, ok := s["type"].([]any); ok { // with null, which some agents do not support
		s["type"] = types[0]
	}
	b.places[name], b.properties[name] = place, s
	if required {
		b.required = append(b.required, name)
	}
}

// apiDefault is the part of a description that has the default of the API.
var apiDefault = regexp.MustCompile(`[,;] \S+ by default`)

// answer returns the schema of the answers of a tool, nil if they have no content.
func (a *api) answer(b *bound) schema {
	s := a.resolve(b.Responses["200"].Content["application/json"].Schema)
	if s == nil {
		return nil
	}
	s = maps.Clone(s)
	properties := maps.Clone(s["properties"].(schema))
	for _, name := range b.without {
		delete(properties, name)
	}
	s["properties"] = properties
	if required, ok := s["required"].([]any); ok {
		s["required"] = slices.DeleteFunc(slices.Clone(required), func(name any) bool { return properties[name.(string)] == nil })
	}
	a.define(s)
	return s
}

const componentRef = "#/components/schemas/"

// resolve follows the reference of a schema.
func (a *api) resolve(s schema) schema {
	for s["$ref"] != nil {
		s = a.schemas[strings.TrimPrefix(s["$ref"].(string), componentRef)]
	}
	return s
}

// define adds the schemas to which a schema refers, as its definitions.
func (a *api) define(s schema) {
	definitions := schema{}
	local := a.localise(s, definitions).(schema)
	maps.Copy(s, local)
	if len(definitions) > 0 {
		s["$defs"] = definitions
	}
}

// localise returns a part of a schema with references to definitions, and adds those.
func (a *api) localise(part any, definitions schema) any {
	switch part := part.(type) {
	case schema:
		out := schema{}
		for key, value := range part {
			if ref, ok := value.(string); ok && key == "$ref" {
				name := strings.TrimPrefix(ref, componentRef)
				if definitions[name] == nil {
					definitions[name] = schema{} // ends a cycle
					definitions[name] = a.localise(a.schemas[name], definitions)
				}
				value = "#/$defs/" + name
			} else {
				value = a.localise(value, definitions)
			}
			out[key] = value
		}
		return out
	case []any:
		out := make([]any, len(part))
		for i := range part {
			out[i] = a.localise(part[i], definitions)
		}
		return out
	}
	return part
}

// description returns the tool for the list of tools.
func (b *bound) description() *sdk.Tool {
	destructive, open := b.effect == changes || b.effect == repeats, false
	t := &sdk.Tool{
		Name: b.name, Title: b.title, Description: b.about, InputSchema: b.input,
		Annotations: &sdk.ToolAnnotations{
			ReadOnlyHint: b.effect == reads, DestructiveHint: &destructive, IdempotentHint: b.effect == reads || b.effect == repeats,
			OpenWorldHint: &open,
		},
	}
	if b.output != nil {
		t.OutputSchema = b.output
	}
	return t
}
