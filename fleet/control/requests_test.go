// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"bytes"
	"compress/gzip"
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
