// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

// answer sends a request as it is, without the key of the tests.
func (c *client) answer(method, path, body string, headers ...string) *http.Response {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	require.NoError(c.t, err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	a, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(c.t, err)
	a.Body.Close()
	return a
}

// TestBrowser: a page in a browser on this machine can neither read nor change anything.
// The requests are those that the Fetch standard lets a page send to another origin
// without asking (https://fetch.spec.whatwg.org/#cors-safelisted-method and
// #cors-safelisted-request-header), and the question before others (a preflight).
func TestBrowser(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	serial := c.make(`{"ready":true,"profile":"button-6"}`)[0]
	before := c.fleet.Log().Seq()
	const origin = "https://evil.example"
	for _, contentType := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/json"} {
		for _, path := range []string{"/v1/tokens", "/v1/tokens/" + serial + "/press", "/v1/time/advance", "/v1/snapshots"} {
			a := c.answer("POST", path, `{"by":"P1Y","name":"x"}`, "Origin", origin, "Content-Type", contentType, "Sec-Fetch-Mode", "no-cors")
			require.Equal(t, 401, a.StatusCode, path)
			require.Empty(t, a.Header.Get("Access-Control-Allow-Origin"))
		}
	}
	for _, path := range []string{"/v1/time", "/v1/healthz", "/openapi.json", "/v1/tokens/" + serial} {
		a := c.answer("OPTIONS", path, "", "Origin", origin,
			"Access-Control-Request-Method", "PUT", "Access-Control-Request-Headers", "authorization")
		require.Contains(t, []int{401, 405}, a.StatusCode, path)
		for name := range a.Header {
			require.False(t, strings.HasPrefix(name, "Access-Control-"), name)
		}
	}
	// A key in the place where a form or a link could put it is not accepted.
	require.Equal(t, 401, c.answer("GET", "/v1/time?key="+key, "").StatusCode)
	require.Equal(t, 401, c.answer("GET", "/v1/time?access_token="+key, "", "Cookie", "key="+key).StatusCode)
	require.Equal(t, before, c.fleet.Log().Seq(), "nothing happened")
	require.Equal(t, 1, c.fleet.Len())
	// With the key, a body that is not JSON is refused.
	c.refused(415, "unsupported_media_type", "POST", "/v1/time/advance", `{"by":"P1Y"}`, "Content-Type", "text/plain")
	require.Equal(t, before, c.fleet.Log().Seq())
}

func TestKeys(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	for _, header := range []string{
		"", "Bearer", "Bearer ", "Bearer  " + key, "bearer " + key, "Basic " + key, key, "Bearer " + key + "x",
		"Bearer " + key[:len(key)-1], "Bearer " + strings.ToUpper(key), "Bearer " + strings.Repeat("x", 100_000),
	} {
		a := c.answer("GET", "/v1/time", "", "Authorization", header)
		want := 401
		if strings.EqualFold(header, "bearer "+key) && strings.HasSuffix(header, key) {
			want = 200 // RFC 9110, 11.1: the name of the scheme is case-insensitive
		}
		require.Equal(t, want, a.StatusCode, "%.40q", header)
		if want == 401 {
			require.Contains(t, a.Header.Get("WWW-Authenticate"), "Bearer")
		}
	}
	// A server without a key lets no one in.
	open := httptestServer(t, control.New(c.fleet, control.Options{}))
	c.url = open
	require.Equal(t, 401, c.answer("GET", "/v1/time", "").StatusCode)
	require.Equal(t, 401, c.answer("GET", "/v1/time", "", "Authorization", "Bearer ").StatusCode)
}

// TestKeyIsNowhere: no answer contains the key.
func TestKeyIsNowhere(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	for _, path := range []string{"/v1/time", "/v1/capabilities", "/openapi.json", "/v1/events", "/v1/nothing", "/v1/tokens/x"} {
		_, b := c.send("GET", path, "")
		require.NotContains(t, string(b), key, path)
	}
}

func TestMethods(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	a := c.answer("DELETE", "/v1/time", "", "Authorization", "Bearer "+key)
	require.Equal(t, 405, a.StatusCode)
	require.Equal(t, "GET, HEAD, PUT", a.Header.Get("Allow"))
	c.refused(405, "method_not_allowed", "OPTIONS", "/v1/time", "")
	c.refused(405, "method_not_allowed", "TRACE", "/v1/healthz", "")
	c.refused(404, "not_found", "PROPFIND", "/v1/lunch", "")
	require.Equal(t, 200, c.answer("HEAD", "/v1/time", "", "Authorization", "Bearer "+key).StatusCode)
	require.Equal(t, 401, c.answer("HEAD", "/v1/time", "").StatusCode)
}

// TestHosts: only names that lead to this machine are served.
func TestHosts(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{KnownHost: func(host string) bool {
		return strings.EqualFold(host, "rig.example") || host == "2001:db8::1"
	}})
	for _, host := range []string{
		"evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:80", "0.0.0.0", "10.0.0.1",
		"rig.example.evil", "localhost@evil.example", "2130706433", "[::]", "::ffff:10.0.0.1", "localhost:1:2", "[localhost",
		"local host", "127.1", "169.254.169.254", "xn--localhost-", "localhost,evil.example", "rig.example..",
		".rig.example", "[rig.example]", "[2001:db8::2]",
	} {
		status, b := c.send("GET", "/v1/time", "", "Host", host)
		require.Contains(t, []int{400, 421}, status, "%s: %s", host, b)
	}
	for _, host := range []string{"localhost", "LocalHost:80", "127.0.0.1:1", "127.8.9.1", "[::1]", "[::1]:80", "rig.example", "RIG.example:443", "rig.example.", "localhost.", "[2001:db8::1]:443", "[2001:db8::1]"} {
		status, b := c.send("GET", "/v1/time", "", "Host", host)
		require.Equal(t, 200, status, "%s: %s", host, b)
	}
}

// TestHostOfConnection: the address at which a connection arrives is served, and a name
// is not, as with DNS rebinding.
func TestHostOfConnection(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	handler := control.New(c.fleet, control.Options{Key: key})
	ask := func(at net.Addr, host string) int {
		r := httptest.NewRequestWithContext(context.WithValue(t.Context(), http.LocalAddrContextKey, at), "GET", "/v1/time", nil)
		r.Host = host
		r.Header.Set("Authorization", "Bearer "+key)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code
	}
	four, six := &net.TCPAddr{IP: net.ParseIP("192.0.2.7"), Port: 8443}, &net.TCPAddr{IP: net.ParseIP("2001:db8::7"), Port: 8443}
	require.Equal(t, 200, ask(four, "192.0.2.7:8443"))
	require.Equal(t, 200, ask(four, "192.0.2.7"))
	require.Equal(t, 200, ask(six, "[2001:db8::7]:8443"))
	require.Equal(t, 421, ask(four, "192.0.2.8:8443"))
	require.Equal(t, 421, ask(six, "[2001:db8::8]:8443"))
	require.Equal(t, 421, ask(four, "192.0.2.7.evil.example"))
	require.Equal(t, 421, ask(four, "[2001:db8::7]"))
	require.Equal(t, 421, ask(&net.UnixAddr{Name: "/s", Net: "unix"}, "192.0.2.7"))
}

// TestAnswersDoNotGrow checks that an error does not repeat a long input at full length.
func TestAnswersDoNotGrow(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	long := strings.Repeat("x", 900_000)
	serial := c.make(`{"ready":true}`)[0]
	for _, r := range [][3]string{
		{"POST", "/v1/tokens/" + serial + "/skew", `{"by":"` + long + `"}`},
		{"POST", "/v1/tokens", `{"profile":"` + long + `"}`},
		{"POST", "/v1/tokens", `{"` + long + `":1}`},
		{"POST", "/v1/tokens", `{"age":"` + long + `"}`},
		{"POST", "/v1/tokens", `{"crystal":"` + long + `"}`},
		{"POST", "/v1/snapshots", `{"name":"a","tokens":["` + long + `"]}`},
		{"PUT", "/v1/tokens/" + serial + "/faults", `{"dead":["` + long + `"]}`},
		{"PUT", "/v1/snapshots/x", long},
		{"GET", "/v1/tokens/" + long[:10_000], ""},
		{"GET", "/v1/" + long[:10_000], ""},
		{"GET", "/v1/time?" + long[:10_000] + "=1", ""},
		{"GET", "/v1/tokens?limit=" + long[:10_000], ""},
	} {
		status, b := c.send(r[0], r[1], r[2])
		require.GreaterOrEqual(t, status, 400)
		require.Less(t, status, 500)
		require.Less(t, len(b), 4000, "%s %.30s", r[0], r[1])
		var p object
		require.NoError(t, json.Unmarshal(b, &p))
	}
}
