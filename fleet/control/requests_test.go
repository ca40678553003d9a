// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

// TestPaths: every path that no operation has is answered with a problem, and never with
// a redirect to another path.
func TestPaths(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	c.make(`{"ready":true}`)
	for _, path := range []string{
		"/", "/v1", "/v1/", "/v1/lunch", "/v1/time/", "/v1/tokens/", "/v1/tokens/ZZFB00000001/", "/v1/time;a=b", "/V1/time",
		"//v1/time", "/v1//time", "/v1/./time", "/v1/x/../time", "/v1/tokens//display", "/v1/tokens/./display", "/v1/tokens/../time", "/v1/tokens//press",
		"/v1/tokens/%2e%2e/time", "/v1/ports//wire",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "DELETE"} {
			a := c.answer(method, path, "", "Authorization", "Bearer "+key)
			require.Equal(t, 404, a.StatusCode, "%s %s", method, path)
			require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"))
			require.Equal(t, 401, c.answer(method, path, "").StatusCode)
		}
	}
	before := c.fleet.Log().Seq()
	// Names that no token has, also in the notation of a path.
	for _, name := range []string{"a%2Fb", "%2F", "..%2Ftime", "%E3%83%88%E3%83%BC%E3%82%AF%E3%83%B3", "トークン", "%00", "%ff%fe", "%20", "ZZFB00000001%00", "ZZFB00000001%20", "%5A%5AFB00000002"} {
		c.refused(404, "not_found", "GET", "/v1/tokens/"+name, "")
		c.refused(404, "not_found", "POST", "/v1/tokens/"+name+"/press", "")
	}
	require.Equal(t, before, c.fleet.Log().Seq())
	require.Equal(t, "ZZFB00000001", c.do("GET", "/v1/tokens/%5AZFB00000001", "")["serial"], "the same name in another notation")
}

// TestAllow: 405 lists the methods of the path (RFC 9110, section 15.5.6), and HEAD has
// the header of GET.
func TestAllow(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	serial := c.make(`{"ready":true}`)[0]
	for path, allow := range map[string]string{
		"/v1/time": "GET, HEAD, PUT", "/v1/time/advance": "POST", "/v1/tokens": "GET, HEAD, POST",
		"/v1/tokens/" + serial: "GET, HEAD, PATCH, DELETE", "/v1/tokens/" + serial + "/faults": "GET, HEAD, PUT, DELETE",
	} {
		for _, method := range []string{"OPTIONS", "FOO"} {
			a := c.answer(method, path, "", "Authorization", "Bearer "+key)
			require.Equal(t, 405, a.StatusCode, path)
			require.Equal(t, allow, a.Header.Get("Allow"), path)
			require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"))
		}
	}
	get := c.answer("GET", "/v1/time", "", "Authorization", "Bearer "+key)
	head := c.answer("HEAD", "/v1/time", "", "Authorization", "Bearer "+key)
	require.Equal(t, get.Header.Get("Content-Type"), head.Header.Get("Content-Type"))
	require.Equal(t, get.ContentLength, head.ContentLength)
}

// TestQueries: a query of which a part would be ignored is refused.
func TestQueries(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	serial := c.make(`{"ready":true}`)[0]
	for _, path := range []string{
		"/v1/tokens?limit=1&limit=2", "/v1/tokens?limit=1&limit=1", "/v1/tokens?state=LOCKED&state=BLANK",
		"/v1/events?kind=press&kind=state", "/v1/tokens/" + serial + "/wait?state=BLANK&state=LOCKED",
		"/v1/time?%zz", "/v1/time?a;b", "/v1/tokens?limit=%", "/v1/time?x=1", "/v1/time?=",
	} {
		c.refused(422, "invalid", "GET", path, "")
	}
	c.do("GET", "/v1/tokens?limit=1&state=LOCKED", "")
	c.do("GET", "/v1/time?", "")
}

// TestBodies: an encoded body is refused, and a body that an operation does not have is
// ignored.
func TestBodies(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	serial := c.make(`{"ready":true}`)[0]
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write([]byte(`{"by":"P1D"}`))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	before := c.fleet.Log().Seq()
	for _, coding := range []string{"gzip", "deflate", "br", "identity, gzip", "GZIP"} {
		c.refused(415, "unsupported_media_type", "POST", "/v1/time/advance", packed.String(), "Content-Encoding", coding)
		c.refused(415, "unsupported_media_type", "POST", "/v1/time/advance", `{"by":"P1D"}`, "Content-Encoding", coding)
	}
	require.Equal(t, "identity", c.answer("POST", "/v1/time/advance", packed.String(), "Content-Encoding", "gzip",
		"Content-Type", "application/json", "Authorization", "Bearer "+key).Header.Get("Accept-Encoding"))
	require.Equal(t, before, c.fleet.Log().Seq())
	status, b := c.send("POST", "/v1/time/advance", `{"by":"P1D"}`, "Content-Encoding", "identity")
	require.Equal(t, 200, status, "%s", b)
	c.refused(400, "bad_request", "POST", "/v1/time/advance", "")

	for _, body := range []string{`{"by":"P1D"}`, "not JSON", strings.Repeat("x", 2<<20)} {
		require.Equal(t, http.StatusOK, c.answer("GET", "/v1/time", body, "Authorization", "Bearer "+key).StatusCode)
		require.Equal(t, http.StatusOK, c.answer("GET", "/v1/tokens/"+serial+"/code", body, "Authorization", "Bearer "+key).StatusCode)
	}
	require.Equal(t, http.StatusOK, c.answer("GET", "/v1/time", "", "Authorization", "Bearer "+key, "Connection", "close").StatusCode)
	require.Equal(t, "2026-01-02T00:00:00Z", c.do("GET", "/v1/time", "")["now"])
}

// detail sends a request that must be refused as invalid, and returns the reason.
func (c *client) detail(method, path, body string) string {
	c.t.Helper()
	status, b := c.send(method, path, body)
	require.Equal(c.t, 422, status, "%s", b)
	var p struct{ Code, Detail string }
	require.NoError(c.t, json.Unmarshal(b, &p))
	require.Equal(c.t, "invalid", p.Code)
	return p.Detail
}

// TestExplained: a problem names each field that is wrong and the values that it accepts,
// once, and without exponents. The texts are written by hand.
func TestExplained(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	at := "/v1/tokens/" + c.make(`{"ready":true}`)[0]
	id := c.do("POST", at+"/ports", `{"as":"tcp"}`)["id"].(string)
	for _, try := range [][4]string{
		{"POST", "/v1/oracle", `{"token":"x","code":"12","window":1}`, "code: want 6 to 9 digits, such as 483920"},
		{"POST", "/v1/oracle", `{"token":"x","code":"12x","window":1}`, "code: want 6 to 9 digits, such as 483920"},
		{"POST", "/v1/oracle", `{"token":"x","code":48392,"window":1}`, "code: want text: 6 to 9 digits, such as 483920"},
		{"POST", "/v1/snapshots", `{"name":""}`, "name: want 1 to 60 letters, digits and . _ -, not only dots, such as before"},
		{"POST", "/v1/snapshots", `{"name":7}`, "name: want text: 1 to 60 letters, digits and . _ -, not only dots, such as before"},
		{"POST", "/v1/time/advance", `{"to":"tomorrow"}`, "to: want a time such as 2031-11-30T14:59:00Z"},
		{"POST", "/v1/time/advance", `{"until":"x"}`, "until: want next_step or event"},
		{"POST", at + "/battery", `{"do":"explode"}`, "do: want remove, insert or replace"},
		{"POST", at + "/battery", `{"done":"remove"}`, "do: it is missing: want remove, insert or replace; done: there is no such field: there are do"},
		{"PUT", "/v1/time", `{"mode":"x"}`, "mode: want real, scaled or manual"},
		{"PUT", "/v1/time", `{"paused":1}`, "paused: want true or false"},
		{"PUT", "/v1/time", `[]`, "body: want an object with mode, now, paused, rate"},
		{"PUT", at + "/faults", `{"power_cut_at":1e30}`, "power_cut_at: want a whole number from 0 to 4294967295"},
		{"PUT", at + "/faults", `{"power_cut_at":1.5,"flash_fail":2}`, "flash_fail: want true or false; power_cut_at: want a whole number from 0 to 4294967295"},
		{"PUT", at + "/faults", `{"dead":"d0.g"}`, "dead: want a list of at most 100 values"},
		{"PUT", at + "/faults", `{"dead":["d0.g",7]}`, "dead[1]: want text"},
		{"PUT", "/v1/ports/" + id + "/faults", `{"in":{"baud":-5}}`, "in.baud: want a whole number from 0 to 100000000, such as 9600"},
		{"POST", at + "/temperature", `{"celsius":300}`, "celsius: want a number from -60 to 125, such as 40"},
		{"POST", "/v1/snapshots", `{"name":"a b"}`, "name: want 1 to 60 letters, digits and . _ -, not only dots, such as before"},
		{"POST", "/v1/tokens", `{"name":"<script>x"}`, "name: want a letter and at most 59 letters, digits and . _ -"},
		{"POST", "/v1/tokens", `{"name":"7"}`, "name: want a letter and at most 59 letters, digits and . _ -"},
		{"POST", "/v1/snapshots", `{"name":"a","tokens":[]}`, "tokens: want a list of 1 to 10000 values"},
		{"GET", "/v1/events?after_seq=-1", "", "after_seq: want a whole number, 0 or more, such as 41"},
		{"GET", "/v1/tokens?limit=0", "", "limit: want a whole number from 1 to 10000"},
		{"GET", "/v1/time?mode=real", "", "mode: there is no such parameter: GET /v1/time has none"},
	} {
		require.Equal(t, try[3], c.detail(try[0], try[1], try[2]), "%s %s", try[1], try[2])
	}
	require.Empty(t, c.do("GET", "/v1/snapshots", "")["items"])
	_, b := c.send("POST", "/v1/tokens", `{"count":`)
	require.Contains(t, string(b), `"detail":"body: invalid JSON or UTF-8 at byte 9"`)
}

// TestSegmentsOfDisplay: faults of segments that a display does not have are refused, and
// so are repeated ones.
func TestSegmentsOfDisplay(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	six := "/v1/tokens/" + c.make(`{"ready":true}`)[0] + "/faults"
	eight := "/v1/tokens/" + c.make(`{"ready":true,"profile":"button-8"}`)[0] + "/faults"
	require.Equal(t, `no such segment: "d7.g", want d0.a to d5.g, bar0 to bar5, tick or batt`, c.detail("PUT", six, `{"dead":["d7.g"]}`))
	require.Contains(t, c.detail("PUT", six, `{"ghost":["d6.a"]}`), "want d0.a to d5.g")
	require.Contains(t, c.detail("PUT", eight, `{"ghost":["d8.a"]}`), "want d0.a to d7.g")
	require.Equal(t, "segment d5.g is given twice", c.detail("PUT", six, `{"dead":["d5.g","tick","d5.g"]}`))
	require.JSONEq(t, `{}`, c.body(six))
	c.do("PUT", six, `{"dead":["d5.g"],"ghost":["d0.a"]}`)
	c.do("PUT", eight, `{"dead":["d7.g"]}`)
}
