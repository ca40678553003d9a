// SPDX-License-Identifier: Apache-2.0

package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/httpapi"
)

func TestHealth(t *testing.T) {
	d := banktest.New(t, banktest.SQLite(t))
	s := newSite(t, d, httpapi.Options{})
	require.Equal(t, "ok\n", s.do("", "GET", "/healthz", nil).is(200).text)
	require.Equal(t, "ready\n", s.do("", "GET", "/readyz", nil).is(200).text)
}

func TestHeadersAndUnknownPaths(t *testing.T) {
	s := start(t)
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/healthz", 200}, {"GET", "/openapi.yaml", 200}, {"GET", "/", 404}, {"GET", "/docs", 404}, {"GET", "/v1/clock", 404},
		{"POST", "/v1/clock", 404}, {"GET", "/v1/check", 405}, {"PUT", "/v1/tokens/1", 405}, {"DELETE", "/v1/audit", 405}, {"BREW", "/v1/check", 405}, {"GET", "/v2/check", 404},
		{"POST", "/v1/check", 401}, {"GET", "/v1/tokens/", 404},
	} {
		r := s.do("", c.method, c.path, nil)
		require.Equal(t, c.status, r.status, "%s %s: %s", c.method, c.path, r.text)
		require.Equal(t, "no-store", r.header.Get("Cache-Control"))
		require.Equal(t, "nosniff", r.header.Get("X-Content-Type-Options"))
		require.Empty(t, r.header.Get("Fob-Test-Mode"))
		if c.status >= 400 {
			require.Equal(t, "application/problem+json", r.header.Get("Content-Type"))
			require.EqualValues(t, c.status, r.json()["status"])
		}
		if c.status == 405 {
			require.NotEmpty(t, r.header.Get("Allow"))
		}
	}
	require.Equal(t, "POST", s.do("", "GET", "/v1/check", nil).header.Get("Allow"))
	for _, bad := range []string{"Basic YTpi", "Bearer", "Bearer ", "Bearer a b", "bearer  x", "Bearer " + strings.Repeat("x", 600)} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", s.srv.URL+"/v1/status", nil)
		require.NoError(t, err)
		req.Header.Set("Authorization", bad)
		res, err := s.srv.Client().Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, 401, res.StatusCode, bad)
	}
}

// In test mode every answer has the header, and the clock can be moved.
func TestManualClock(t *testing.T) {
	d := banktest.New(t, banktest.SQLite(t))
	s := newSite(t, d, httpapi.Options{TestMode: true, Clock: d.Clock})
	for _, r := range []reply{
		s.do("", "GET", "/healthz", nil), s.do("", "GET", "/nothing", nil), s.do("", "POST", "/v1/check", "{}"), s.do(s.check, "GET", "/v1/operations", nil),
	} {
		require.Equal(t, "TEST MODE", r.header.Get("Fob-Test-Mode"))
	}
	require.JSONEq(t, `{"now":"2026-04-01T03:00:00Z","unix":1775012400}`, s.do(s.clerk, "GET", "/v1/clock", nil).is(200).text)
	require.JSONEq(t, `{"now":"2026-04-01T03:01:00Z","unix":1775012460}`, s.do(s.check, "POST", "/v1/clock", m{"advance_seconds": 60}).is(200).text)
	require.JSONEq(t, `{"now":"2030-01-01T00:00:00Z","unix":1893456000}`, s.do(s.check, "POST", "/v1/clock", m{"now": "2030-01-01T09:00:00+09:00"}).is(200).text)
	require.JSONEq(t, `{"now":"1970-01-01T00:00:00Z","unix":0}`, s.do(s.check, "POST", "/v1/clock", m{"now": 0}).is(200).text)
	require.EqualValues(t, 0, d.Clock.Now())
	for _, bad := range []string{
		`{}`, `{"now":1,"advance_seconds":1}`, `{"now":-1}`, `{"now":1.5}`, `{"now":"yesterday"}`, `{"now":true}`, `{"advance_seconds":-1}`,
		`{"advance_seconds":"60"}`, `{"now":253402300800}`, `{"now":null}`, `{"advance_seconds":1e300}`,
	} {
		r := s.do(s.check, "POST", "/v1/clock", bad)
		require.Equal(t, 422, r.status, "%s: %s", bad, r.text)
	}
	require.EqualValues(t, 0, d.Clock.Now())

	// Without a clock in the options, test mode has no /v1/clock.
	s = newSite(t, d, httpapi.Options{TestMode: true})
	require.Equal(t, "TEST MODE", s.do(s.check, "GET", "/v1/clock", nil).is(404).header.Get("Fob-Test-Mode"))
}

// The operator learns the details of a panic; the client does not.
func TestPanic(t *testing.T) {
	var got httpapi.Event
	srv := httptest.NewServer(httpapi.New(nil, httpapi.Options{Event: func(e httpapi.Event) { got = e }})) // without a bank, the request must panic
	s := &site{t: t, srv: srv}
	r := s.do("fobk_x", "GET", "/v1/keys", nil).is(500)
	srv.Close() // waits for the request to end
	require.Equal(t, "application/problem+json", r.header.Get("Content-Type"))
	require.NotContains(t, r.text, "nil pointer")
	require.NotContains(t, r.text, ".go")
	require.ErrorContains(t, got.Err, "nil pointer")
	require.Contains(t, string(got.Stack), "httpapi")
	require.Equal(t, 500, got.Status)
}

func TestEvents(t *testing.T) {
	s := start(t)
	serial, alice := s.alice()
	s.do(alice, "POST", "/v1/tokens/"+serial+"/revocation", m{"code": "123456"})
	e := s.lastEvent("/v1/tokens/{serial}/revocation")
	require.Equal(t, "user alice", e.Caller)
	require.Equal(t, "POST", e.Method)
	require.Equal(t, 200, e.Status)
	require.Equal(t, "127.0.0.1", e.Source)
	e.Took = 0 // the digits may match by chance: 1.123456ms
	require.NotContains(t, fmt.Sprintf("%+v", e), "123456")
	require.NotContains(t, fmt.Sprintf("%+v", e), alice)
}

func TestMetricsRequireARole(t *testing.T) {
	s := start(t)
	_, alice := s.alice()
	s.do("", "GET", "/metrics", nil).is(401) // a proxy on this machine passes on requests from anyone
	s.do(s.audit, "GET", "/metrics", nil).is(200)
	s.do(s.clerk, "GET", "/metrics", nil).is(200)
	s.do(s.check, "GET", "/metrics", nil).is(403)
	s.do(alice, "GET", "/metrics", nil).is(403)
	s.do("fobk_x", "GET", "/metrics", nil).is(401)
}

// TestDescription compares the description with a list that people review. A path or
// field that disappears shows up in the difference.
func TestDescription(t *testing.T) {
	d := banktest.New(t, banktest.SQLite(t))
	s := newSite(t, d, httpapi.Options{TestMode: true, Clock: d.Clock})
	text := s.do("", "GET", "/openapi.json", nil).is(200)
	require.Equal(t, "application/openapi+json", text.header.Get("Content-Type"))
	spec := text.json()
	var fromYAML map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(s.do("", "GET", "/openapi.yaml", nil).is(200).text), &fromYAML))
	asJSON, err := json.Marshal(fromYAML)
	require.NoError(t, err)
	require.JSONEq(t, text.text, string(asJSON))

	// Every reference resolves.
	schemas := spec["components"].(m)["schemas"].(m)
	refs := regexp.MustCompile(`"\$ref":"([^"]*)"`).FindAllStringSubmatch(text.text, -1)
	require.NotEmpty(t, refs)
	for _, ref := range refs {
		require.Contains(t, schemas, strings.TrimPrefix(ref[1], "#/components/schemas/"))
	}
	require.NotContains(t, schemas["ErrorDetail"].(m)["properties"], "value")

	var lines []string
	ids := map[string]bool{}
	for path, ops := range spec["paths"].(m) {
		for method, op := range ops.(m) {
			op := op.(m)
			id := op["operationId"].(string)
			require.False(t, ids[id], id)
			ids[id] = true
			line := strings.ToUpper(method) + " " + path
			var names []string
			params, _ := op["parameters"].([]any)
			for _, p := range params {
				names = append(names, p.(m)["in"].(string)+"."+p.(m)["name"].(string))
			}
			for _, n := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(path, -1) {
				require.Contains(t, names, "path."+n[1], line)
			}
			if b, ok := op["requestBody"].(m); ok {
				names = append(names, bodyFields(schemas, b)...)
			}
			sort.Strings(names)
			lines = append(lines, line+": "+strings.Join(names, " "))
		}
	}
	sort.Strings(lines)
	got := strings.Join(lines, "\n") + "\n"
	want, err := os.ReadFile("testdata/paths.txt")
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// bodyFields returns the names of the fields of a body. A * marks a required field.
func bodyFields(schemas, body m) (names []string) {
	for kind, media := range body["content"].(m) {
		schema := media.(m)["schema"].(m)
		if ref, ok := schema["$ref"].(string); ok {
			schema = schemas[strings.TrimPrefix(ref, "#/components/schemas/")].(m)
		}
		fields, _ := schema["properties"].(m)
		required := fmt.Sprint(schema["required"])
		if fields == nil {
			names = append(names, "body:"+kind)
		}
		for name := range fields {
			if regexp.MustCompile(`\b` + name + `\b`).MatchString(required) {
				name += "*"
			}
			names = append(names, "body."+name)
		}
	}
	return names
}

// While PostgreSQL is down the bank tells clients to try again, and reports the cause
// to the operator. When PostgreSQL is back the bank works again.
func TestDatabaseOutage(t *testing.T) {
	pg := pgtest.Start(t)
	s := newSite(t, banktest.New(t, pg.Database(t)), httpapi.Options{})
	_, alice := s.alice()
	pg.Kill(t)
	for name, r := range map[string]reply{
		"ready":  s.do("", "GET", "/readyz", nil),
		"status": s.do(alice, "GET", "/v1/status", nil),
		"check":  s.do(s.check, "POST", "/v1/check", m{"serial": "NO-SUCH", "code": "123456"}),
		"log in": s.do("", "POST", "/v1/sessions", m{"user": "alice", "password": banktest.Password}),
	} {
		require.Equal(t, 503, r.status, "%s: %s %v", name, r.text, s.lastFault())
		require.Equal(t, "1", r.header.Get("Retry-After"))
		require.NotContains(t, r.text, "connect")
	}
	s.do("", "GET", "/healthz", nil).is(200)
	require.ErrorIs(t, s.lastEvent("/v1/check").Err, bank.ErrUnavailable)
	pg.Restart(t)
	require.Eventually(t, func() bool { return s.do("", "GET", "/readyz", nil).status == 200 }, 5*time.Minute, 50*time.Millisecond)
	s.do(alice, "GET", "/v1/status", nil).is(200)
}

// The guide for users names only paths that exist.
func TestPagination(t *testing.T) {
	page, err := os.ReadFile("../../docs/validator-http.md")
	require.NoError(t, err)
	list, err := os.ReadFile("testdata/paths.txt")
	require.NoError(t, err)
	var paths []string
	for line := range strings.Lines(string(list)) {
		path, _, _ := strings.Cut(strings.Fields(line)[1], ":")
		paths = append(paths, "^"+regexp.MustCompile(`\{\w+\}`).ReplaceAllString(path, "[^/]+")+"$")
	}
	// Shell variables and substitutions in the guide take the place of a path's
	// parameters.
	shown := regexp.MustCompile(`\$\w+|"\$\([^)]*\)"`).ReplaceAllString(string(page), "x")
	for _, found := range regexp.MustCompile(`/v1/[\w/-]+`).FindAllString(shown, -1) {
		there := false
		for _, p := range paths {
			there = there || regexp.MustCompile(p).MatchString(found)
		}
		require.True(t, there, found)
	}
	for _, name := range []string{"revocation", "resync", "report", "password", "sessions", "settings", "clock", "metrics", "healthz", "readyz"} {
		require.Contains(t, string(page), name)
	}
}
