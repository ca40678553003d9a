// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

// kindOf sends a request with Accept headers, and returns the status and the media type of
// the answer.
func (c *client) kindOf(method, path string, accept ...string) (int, string) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, nil)
	require.NoError(c.t, err)
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header["Accept"] = accept
	a, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(c.t, err)
	defer a.Body.Close()
	if a.StatusCode == http.StatusNotAcceptable {
		var p struct{ Code string }
		require.NoError(c.t, json.NewDecoder(a.Body).Decode(&p))
		require.Equal(c.t, "not_acceptable", p.Code)
	}
	kind, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";")
	return a.StatusCode, kind
}

// TestAccept checks the media type of answers. The rules are in RFC 9110, section
// 12.5.1: the most specific range counts, q=0 is not acceptable, and no header accepts
// everything.
func TestAccept(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{AllowSeedExport: true})
	serial := c.make(`{"ready":true}`)[0]
	port := c.do("POST", "/v1/tokens/"+serial+"/ports", `{"as":"tcp"}`)["id"].(string)
	c.refused(409, "not_recorded", "GET", "/v1/ports/"+port+"/wire", "")
	c.refused(409, "not_recorded", "GET", "/v1/ports/"+port+"/wire?format=pcapng", "")
	c.do("PUT", "/v1/ports/"+port+"/wire", `{"on":true}`)
	c.do("POST", "/v1/snapshots", `{"name":"a"}`)
	const json, text, svg, png, sse = "application/json", "text/plain", "image/svg+xml", "image/png", "text/event-stream"
	display := "/v1/tokens/" + serial + "/display"
	for _, try := range []struct {
		path   string
		accept []string
		kind   string // "": 406
	}{
		{"/v1/time", nil, json},
		{"/v1/time", []string{""}, json},
		{"/v1/time", []string{"*/*"}, json},
		{"/v1/time", []string{"application/*"}, json},
		{"/v1/time", []string{"Application/JSON;q=0.1"}, json},
		{"/v1/time", []string{"text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8"}, json}, // a browser
		{"/v1/time", []string{"text/html", "application/json"}, json},
		{"/v1/time", []string{"application/xml"}, ""},
		{"/v1/time", []string{"application/json;q=0"}, ""},
		{"/v1/time", []string{"application/json;q=0.0, text/*"}, ""},
		{"/v1/time", []string{"*/*;q=0"}, ""},
		{"/v1/time", []string{"*/*, application/json;q=0"}, ""},
		{"/v1/time", []string{"application/jsonx, xapplication/json, json, application"}, ""},
		{"/v1/healthz", []string{"application/xml"}, ""},
		{"/v1/tokens", []string{"text/csv"}, ""},
		{"/v1/codes", []string{"application/x-ndjson"}, "application/x-ndjson"},
		{"/v1/codes", []string{"application/*"}, "application/x-ndjson"},
		{"/v1/codes", []string{json}, ""},
		{"/v1/export?format=pskc", []string{"*/*"}, "application/octet-stream"},
		{"/v1/export?format=pskc", []string{"application/octet-stream"}, "application/octet-stream"},
		{"/v1/export?format=pskc", []string{"application/xml"}, ""},
		{"/v1/snapshots/a", []string{json}, ""},
		{"/v1/ports/" + port + "/wire", nil, "application/x-ndjson"},
		{"/v1/ports/" + port + "/wire", []string{"application/x-ndjson"}, "application/x-ndjson"},
		{"/v1/ports/" + port + "/wire?format=pcapng", []string{"application/octet-stream"}, "application/octet-stream"},
		{"/v1/ports/" + port + "/wire?format=messages", []string{json}, json},
		{"/v1/ports/" + port + "/wire", []string{"text/html"}, ""},
		{"/v1/events", nil, json},
		{"/v1/events", []string{sse}, sse},
		{"/v1/events", []string{"*/*"}, json},
		{"/v1/events", []string{"text/*;q=0.5, application/json;q=0.4"}, sse},
		{"/v1/events", []string{"text/event-stream;q=0, */*"}, json},
		{"/v1/events", []string{"text/event-streams"}, ""},
		{display, nil, json},
		{display, []string{"text/plain"}, text},
		{display, []string{"text/*"}, text},
		{display, []string{"image/*"}, svg},
		{display, []string{"image/*, image/svg+xml;q=0"}, png},
		{display, []string{"image/png, application/json"}, png},
		{display, []string{"image/png;q=0.5, image/svg+xml;q=0.9"}, svg},
		{display, []string{"image/avif,image/webp,*/*;q=0.8"}, json},
		{display, []string{"text/plain;q=0, image/png;q=0"}, ""},
		{display, []string{"video/mp4"}, ""},
	} {
		status, kind := c.kindOf("GET", try.path, try.accept...)
		want := 200
		if try.kind == "" {
			want, try.kind = 406, "application/problem+json"
		}
		require.Equal(t, want, status, "%s %q", try.path, try.accept)
		require.Equal(t, try.kind, kind, "%s %q", try.path, try.accept)
	}
	// A request that is refused has no effect. Without a body there is nothing to accept.
	before := c.fleet.Log().Seq()
	status, _ := c.kindOf("POST", "/v1/tokens/"+serial+"/press", "application/xml")
	require.Equal(t, 406, status)
	require.Equal(t, before, c.fleet.Log().Seq())
	status, _ = c.kindOf("DELETE", "/v1/tokens/"+serial, "application/xml")
	require.Equal(t, 204, status)
}
