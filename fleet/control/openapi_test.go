// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

// description holds the parts of the description that the tests use.
type description struct {
	Paths map[string]map[string]struct {
		OperationID string
		Summary     string
		Tags        []string
		Security    []map[string][]string
		Parameters  []struct{ Name, In, Description string }
		Responses   map[string]struct {
			Content map[string]struct{ Schema object }
		}
	}
	Components struct {
		Schemas map[string]struct {
			Properties map[string]property
			Required   []string
		}
	}
}

// property is a field. huma.Schema cannot be read from one that may be null.
type property struct {
	Description    string
	Enum, Examples []any
	Ref            string `json:"$ref"`
	text           []byte
}

func (p *property) UnmarshalJSON(b []byte) error {
	type plain property
	p.text = bytes.Clone(b)
	return json.Unmarshal(b, (*plain)(p))
}

func readDescription(t *testing.T) (d description) {
	t.Helper()
	b, err := control.OpenAPI()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &d))
	return d
}

// TestOpenAPI: the file, the code and the server have the same description.
func TestOpenAPI(t *testing.T) {
	want, err := control.OpenAPI()
	require.NoError(t, err)
	file, err := os.ReadFile("openapi.json")
	require.NoError(t, err)
	require.Equal(t, string(want), string(file), "run go generate ./fleet/control")
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	status, served := c.send("GET", "/openapi.json", "")
	require.Equal(t, 200, status)
	require.JSONEq(t, string(want), string(served))
}

// TestOpenAPIForReaders: everything has a description in the places where people and
// generators look for it.
func TestOpenAPIForReaders(t *testing.T) {
	d := readDescription(t)
	ids := map[string]bool{}
	for path, methods := range d.Paths {
		for method, op := range methods {
			name := method + " " + path
			require.Regexp(t, `^[a-z]+(-[a-z]+)*$`, op.OperationID, name)
			require.False(t, ids[op.OperationID], "%s: %s exists twice", name, op.OperationID)
			ids[op.OperationID] = true
			require.NotEmpty(t, op.Summary, name)
			require.Len(t, op.Tags, 1, name)
			for _, p := range op.Parameters {
				require.NotEmpty(t, p.Description, "%s: %s", name, p.Name)
			}
			if path == "/v1/healthz" {
				require.Equal(t, []map[string][]string{{}}, op.Security, "it needs no key")
				continue
			}
			require.Empty(t, op.Security, "%s: the security of the whole", name)
			problem := op.Responses["401"].Content["application/problem+json"].Schema
			require.Equal(t, object{"$ref": "#/components/schemas/Problem"}, problem, name)
		}
	}
	registry := huma.NewMapRegistry("#/", huma.DefaultSchemaNamer)
	for name, schema := range d.Components.Schemas {
		require.NotContains(t, name, "Error", "a schema of huma's own")
		for field, p := range schema.Properties {
			require.True(t, p.Description != "" || p.Ref != "", "%s.%s has no description", name, field)
			for _, example := range p.Examples {
				var schema huma.Schema
				require.NoError(t, json.Unmarshal(p.text, &schema))
				schema.PrecomputeMessages()
				result := &huma.ValidateResult{}
				huma.Validate(registry, &schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, example, result)
				require.Empty(t, result.Errors, "%s.%s: %v", name, field, example)
			}
		}
	}
	for _, name := range []string{"TokenView", "CodeView", "DisplayView", "OracleView"} {
		require.Subset(t, d.Components.Schemas[name].Required, []string{"seq", "true_time", "token_time", "error_ms"}, name)
	}
}

// TestProblemCodes: the description lists every code that the sources have.
func TestProblemCodes(t *testing.T) {
	listed := readDescription(t).Components.Schemas["Problem"].Properties["code"].Enum
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	found := 0
	for _, file := range files {
		if name := file.Name(); !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file.Name())
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`newProblem\(http\.Status\w+, "(\w+)"`).FindAllSubmatch(source, -1) {
			require.Contains(t, listed, string(m[1]))
			found++
		}
	}
	require.Greater(t, found, 5)
}

var described struct {
	once sync.Once
	d    description
	mux  *http.ServeMux // maps a request to its path in the description
}

// requireDescribed checks that the description lists the status and the code of an
// answer. All requests of the tests go through it.
func requireDescribed(t *testing.T, r *http.Request, status int, body []byte) {
	t.Helper()
	described.once.Do(func() {
		described.d = readDescription(t)
		described.mux = http.NewServeMux()
		for path, methods := range described.d.Paths {
			for method := range methods {
				described.mux.Handle(strings.ToUpper(method)+" "+path, http.NotFoundHandler())
			}
		}
	})
	r = r.Clone(r.Context())
	r.Host = ""
	_, pattern := described.mux.Handler(r)
	method, path, found := strings.Cut(pattern, " ")
	if !found || r.Method == http.MethodHead {
		return // the description has no such operation
	}
	require.Contains(t, described.d.Paths[path][strings.ToLower(method)].Responses, strconv.Itoa(status),
		"%s %s answers a status that is not described", method, path)
	if status >= 400 {
		var p struct{ Code string }
		require.NoError(t, json.Unmarshal(body, &p))
		require.Contains(t, described.d.Components.Schemas["Problem"].Properties["code"].Enum, p.Code)
	}
}
