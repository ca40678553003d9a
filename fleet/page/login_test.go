// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

// send sends a request. The headers are names and values in turn.
func (r *rig) send(method, path, body string, headers ...string) (*http.Response, string) {
	r.t.Helper()
	q, err := http.NewRequestWithContext(r.t.Context(), method, r.server.URL+path, strings.NewReader(body))
	require.NoError(r.t, err)
	for i := 0; i < len(headers); i += 2 {
		if q.Header.Set(headers[i], headers[i+1]); headers[i] == "Host" {
			q.Host = headers[i+1]
		}
	}
	a, err := http.DefaultTransport.RoundTrip(q)
	require.NoError(r.t, err)
	text, err := io.ReadAll(a.Body)
	require.NoError(r.t, err)
	require.NoError(r.t, a.Body.Close())
	return a, string(text)
}

// session returns the cookie of a browser that has opened a link.
func (r *rig) session() string {
	r.t.Helper()
	a, _ := r.send("GET", r.pages.NewLink(), "")
	require.Equal(r.t, http.StatusSeeOther, a.StatusCode)
	require.Len(r.t, a.Cookies(), 1)
	return a.Cookies()[0].Name + "=" + a.Cookies()[0].Value
}

// TestLinks: a link opens the wall once. Its second use shows the login, except to the
// browser that has used it.
func TestLinks(t *testing.T) {
	r := newRig(t, virtual.Config{Mode: virtual.Manual}, ready(1, "always-on-6"))
	link := r.pages.NewLink()
	a, _ := r.send("HEAD", link, "")
	require.Equal(t, http.StatusOK, a.StatusCode, "a program looks at the link")
	a, _ = r.send("GET", link, "")
	require.Equal(t, http.StatusSeeOther, a.StatusCode)
	cookie := a.Cookies()[0].Name + "=" + a.Cookies()[0].Value
	a, text := r.send("GET", link, "", "Accept-Language", "en")
	require.Equal(t, http.StatusGone, a.StatusCode)
	require.Contains(t, text, "The link was used before")
	require.Empty(t, a.Cookies())
	a, _ = r.send("GET", link, "", "Cookie", cookie)
	require.Equal(t, http.StatusSeeOther, a.StatusCode)
	require.Equal(t, "/", a.Header.Get("Location"))

	// POST /v1/links makes one, also for a person with a session.
	for _, headers := range [][]string{{"Authorization", "Bearer " + testKey}, {"Cookie", cookie, "Sec-Fetch-Site", "same-origin"}} {
		a, text = r.send("POST", "/v1/links", "", headers...)
		require.Equal(t, http.StatusOK, a.StatusCode, text)
		var made control.Link
		require.NoError(t, json.Unmarshal([]byte(text), &made))
		require.WithinDuration(t, time.Now().Add(time.Hour), made.Expires, 10*time.Minute)
		path, ok := strings.CutPrefix(made.URL, r.server.URL)
		require.True(t, ok, made.URL)
		a, _ = r.send("GET", path, "")
		require.Equal(t, http.StatusSeeOther, a.StatusCode)
	}
	a, _ = r.send("POST", "/v1/links", "")
	require.Equal(t, http.StatusUnauthorized, a.StatusCode)
}

// TestSessions: a browser with a session may use the API from the pages, and from nowhere
// else. A logout ends the session.
func TestSessions(t *testing.T) {
	r := newRig(t, virtual.Config{Mode: virtual.Manual}, ready(1, "button-6"))
	cookie := r.session()
	press := "/v1/tokens/" + r.serial(1) + "/press"
	for _, site := range []string{"same-origin", "none"} {
		a, text := r.send("POST", press, "", "Cookie", cookie, "Sec-Fetch-Site", site)
		require.Equal(t, http.StatusOK, a.StatusCode, text)
	}
	for _, headers := range [][]string{
		{},
		{"Cookie", cookie, "Sec-Fetch-Site", "cross-site"},
		{"Cookie", cookie, "Sec-Fetch-Site", "same-site"}, // a page on another port of this machine
		{"Cookie", cookie, "Origin", "http://example.test"},
		{"Cookie", cookie + "x"},
		{"Authorization", "Bearer " + testKey + "x"},
	} {
		a, _ := r.send("POST", press, "", headers...)
		require.Equal(t, http.StatusUnauthorized, a.StatusCode, headers)
		if len(headers) != 4 || headers[2] != "Origin" { // a browser sends no Origin with GET to its own site
			a, _ = r.send("GET", "/v1/tokens/"+r.serial(1)+"/code", "", headers...)
			require.Equal(t, http.StatusUnauthorized, a.StatusCode, headers)
		}
	}
	for _, path := range []string{"/", "/v1/tokens", "/live?page=wall"} {
		a, _ := r.send("GET", path, "", "Cookie", cookie, "Host", "fob.example.test")
		require.Equal(t, http.StatusMisdirectedRequest, a.StatusCode, path)
	}
	a, _ := r.send("POST", "/logout", "", "Cookie", cookie, "Sec-Fetch-Site", "cross-site")
	require.Equal(t, http.StatusForbidden, a.StatusCode)
	a, _ = r.send("POST", "/logout", "", "Cookie", cookie, "Sec-Fetch-Site", "same-origin")
	require.Equal(t, http.StatusSeeOther, a.StatusCode)
	for path, refused := range map[string]int{"/": http.StatusSeeOther, "/tokens/x": http.StatusSeeOther, "/live?page=wall": http.StatusUnauthorized, "/v1/time": http.StatusUnauthorized} {
		a, _ := r.send("GET", path, "", "Cookie", cookie)
		require.Equal(t, refused, a.StatusCode, path)
	}
}

// TestUnknownPaths are pages for people, and problems for programs.
func TestUnknownPaths(t *testing.T) {
	r := newRig(t, virtual.Config{Mode: virtual.Manual}, ready(1, "always-on-6"))
	cookie := r.session()
	for _, path := range []string{"/nope", "/tokens/ZZFB99999999", "/tokens/", "/tokens//x", "/language"} {
		a, text := r.send("GET", path, "", "Cookie", cookie, "Accept", "text/html,*/*;q=0.8", "Accept-Language", "en")
		require.Equal(t, http.StatusNotFound, a.StatusCode, path)
		require.Contains(t, text, "There is no such page", path)
	}
	for _, path := range []string{"/nope", "/v1/nope", "/v1//tokens", "/v1"} {
		a, text := r.send("GET", path, "", "Authorization", "Bearer "+testKey)
		require.Equal(t, http.StatusNotFound, a.StatusCode, path)
		require.Contains(t, text, `"code":"not_found"`, path)
		a, _ = r.send("GET", path, "")
		require.Equal(t, http.StatusUnauthorized, a.StatusCode, path)
	}
	for _, query := range []string{"", "?page=x", "?page=wall&state=x", "?page=wall&limit=0", "?page=wall&before=x", "?page=wall&lot=x"} {
		a, text := r.send("GET", "/live"+query, "", "Cookie", cookie)
		require.Equal(t, http.StatusUnprocessableEntity, a.StatusCode, query)
		require.Contains(t, text, `"code":"invalid"`, query)
	}
	a, text := r.send("GET", "/openapi.json", "", "Authorization", "Bearer "+testKey)
	require.Equal(t, http.StatusOK, a.StatusCode)
	require.Contains(t, text, "/v1/links")
}
