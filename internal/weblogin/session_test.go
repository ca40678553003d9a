// SPDX-License-Identifier: Apache-2.0

package weblogin

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// site is a gate with a page at /.
func site(now *time.Time) (*Gate, http.Handler) {
	g := New(Options{Name: "test", Key: "key", Now: func() time.Time { return *now }})
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+LoginPath+"/{code}", g.loginLink)
	mux.HandleFunc("POST "+LogoutPath, g.logout)
	mux.HandleFunc("GET /{$}", func(http.ResponseWriter, *http.Request) {})
	return g, g.Admit(mux)
}

// ask sends a request. The headers are names and values in turn.
func ask(h http.Handler, method, path string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, "http://localhost:8080"+path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// TestManyLinks: if too many links are open, the oldest does not work any more.
func TestManyLinks(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	g, _ := site(&now)
	var codes []string
	for range maxLinks + 5 {
		path, _ := g.NewLink()
		codes = append(codes, strings.TrimPrefix(path, LoginPath+"/"))
		now = now.Add(time.Millisecond)
	}
	for i, code := range codes {
		require.Equal(t, i >= 5, g.sessions.useLink(code), i)
	}
}

// TestPrefetch: a browser that fetches a link before a person opens it does not use it up,
// and does not get a session. The Fetch and HTML standards define the values of
// Sec-Purpose. Older browsers send the others.
func TestPrefetch(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	g, h := site(&now)
	path, _ := g.NewLink()
	for _, header := range [][]string{
		{"Sec-Purpose", "prefetch"}, {"Sec-Purpose", "prefetch;prerender"}, {"Sec-Purpose", "prefetch;anonymous-client-ip"},
		{"Purpose", "prefetch"}, {"X-Purpose", "preview"}, {"X-Moz", "prefetch"},
	} {
		a := ask(h, "GET", path, header...)
		require.Equal(t, http.StatusServiceUnavailable, a.StatusCode, "%s: a browser may show an answer with status 200 later", header)
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
		require.Empty(t, a.Cookies(), header)
	}
	require.Equal(t, http.StatusOK, ask(h, "HEAD", path).StatusCode)
	a := ask(h, "GET", path)
	require.Equal(t, http.StatusSeeOther, a.StatusCode)
	require.Len(t, a.Cookies(), 1)
}

// TestPlantedCookie: a page on another port of the host can add a cookie of the same name,
// which browsers send first if its path is longer. The session goes on, and a log-out ends it.
func TestPlantedCookie(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	g, h := site(&now)
	begin := func() string {
		path, _ := g.NewLink()
		c := ask(h, "GET", path).Cookies()[0]
		require.Equal(t, "fob-test-8080", c.Name)
		return c.Value
	}
	old, good := begin(), begin()
	require.Equal(t, http.StatusSeeOther, ask(h, "POST", LogoutPath, "Cookie", "fob-test-8080="+old).StatusCode)
	for _, planted := range []string{"x", "", good + "x", old} {
		for _, cookies := range []string{
			"fob-test-8080=" + planted + "; fob-test-8080=" + good,
			"fob-test-8080=" + good + "; fob-test-8080=" + planted,
		} {
			require.Equal(t, http.StatusOK, ask(h, "GET", "/", "Cookie", cookies).StatusCode, cookies)
		}
	}
	ask(h, "POST", LogoutPath, "Cookie", "fob-test-8080=x; fob-test-8080="+good)
	require.Equal(t, "/login", ask(h, "GET", "/", "Cookie", "fob-test-8080="+good).Header.Get("Location"))
}
