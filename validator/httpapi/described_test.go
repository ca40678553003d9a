// SPDX-License-Identifier: Apache-2.0

package httpapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/httpapi"
)

// description holds the parts of /openapi.json that the tests use.
type description struct {
	Paths map[string]map[string]struct {
		Responses map[string]any `json:"responses"`
	} `json:"paths"`
}

// describedOnce reads the description of a site once.
type describedOnce struct {
	once sync.Once
	d    description
	mux  *http.ServeMux // maps a request to its path in the description
}

func (o *describedOnce) of(s *site) *describedOnce {
	o.once.Do(func() {
		// Use a separate server, because the test may count the limits and events of
		// the site. The description does not need a bank.
		beside := httpapi.New(nil, httpapi.Options{TestMode: true, Clock: bank.NewManualClock(0)})
		answer := httptest.NewRecorder()
		beside.ServeHTTP(answer, httptest.NewRequest("GET", "/openapi.json", nil))
		require.NoError(s.t, json.NewDecoder(answer.Body).Decode(&o.d))
		o.mux = http.NewServeMux()
		for path, methods := range o.d.Paths {
			for method := range methods {
				o.mux.Handle(strings.ToUpper(method)+" "+path, http.NotFoundHandler())
			}
		}
	})
	return o
}

// requireDescribed checks that the description lists the status of an answer. All
// requests of the tests go through it.
func (s *site) requireDescribed(req *http.Request, status int) {
	s.t.Helper()
	o := s.described.of(s)
	_, pattern := o.mux.Handler(req)
	method, path, found := strings.Cut(pattern, " ")
	if !found {
		return // the description has no such operation
	}
	require.Contains(s.t, o.d.Paths[path][strings.ToLower(method)].Responses, strconv.Itoa(status),
		"%s %s answers a status that is not described", method, path)
}

// TestExamples: each field of the description has an example that is valid for its
// schema. Generated clients show the examples to the people who use them.
func TestExamples(t *testing.T) {
	d := banktest.New(t, banktest.SQLite(t))
	s := newSite(t, d, httpapi.Options{TestMode: true, Clock: d.Clock})
	var spec struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct {
					huma.Schema
					Ref string `json:"$ref"`
				} `json:"properties"`
			} `json:"schemas"`
		} `json:"components"`
	}
	require.NoError(t, json.Unmarshal([]byte(s.do("", "GET", "/openapi.json", nil).is(200).text), &spec))
	registry := huma.NewMapRegistry("#/", huma.DefaultSchemaNamer)
	fields := 0
	for name, schema := range spec.Components.Schemas {
		for field, p := range schema.Properties {
			if p.Ref != "" || p.Items != nil && p.Items.Type == "" {
				continue // described at its own schema
			}
			fields++
			require.NotEmpty(t, p.Examples, "%s.%s", name, field)
			for _, example := range p.Examples {
				p.PrecomputeMessages()
				result := &huma.ValidateResult{}
				huma.Validate(registry, &p.Schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, example, result)
				require.Empty(t, result.Errors, "%s.%s: %v", name, field, example)
			}
		}
	}
	require.Greater(t, fields, 150)
}

// TestSchemasHaveOneType: no schema has a list of types. OpenAPI 3.0 does not support such
// lists, nor do the generators based on it.
func TestSchemasHaveOneType(t *testing.T) {
	s := start(t)
	var spec any
	require.NoError(t, json.Unmarshal([]byte(s.do("", "GET", "/openapi.json", nil).is(200).text), &spec))
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case m:
			if _, several := v["type"].([]any); several {
				t.Errorf("%s: type %v", path, v["type"])
			}
			for k, w := range v {
				walk(path+"/"+k, w)
			}
		case []any:
			for i, w := range v {
				walk(path+"/"+strconv.Itoa(i), w)
			}
		}
	}
	walk("", spec)
}
