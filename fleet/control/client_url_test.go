// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/internal/errclass"
)

// TestURLWithPassword: no error of a client repeats the password in its URL.
func TestURLWithPassword(t *testing.T) {
	const password = "geheim"
	answers := map[string]string{"/ended": "event: end\n\n", "/unreadable": "data: {\n\n"}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for path, text := range answers {
			if r.URL.Path == path+"/v1/events" {
				_, _ = w.Write([]byte(text))
				return
			}
		}
		if r.URL.Path == "/cut/v1/events" && r.URL.Query().Get("after_seq") == "0" {
			_, _ = w.Write([]byte("data: {\"seq\":1}\n\n")) // the next connection breaks
			return
		}
		if r.URL.Path == "/other/v1/events" {
			http.NotFound(w, r)
			return
		}
		panic(http.ErrAbortHandler)
	}))
	defer server.Close()
	base, err := url.Parse(server.URL)
	require.NoError(t, err)
	base.User = url.UserPassword("user", password)
	for path, want := range map[string]string{
		"/ended": "the fleet has ended", "/unreadable": "an event cannot be read", "/cut": "EOF", "/other": "answers 404 Not Found", "": "EOF",
	} {
		c := &control.Client{URL: base.String() + path, Key: key}
		err := c.Events(t.Context(), control.EventQuery{}, func(control.StreamEvent) error { return nil })
		require.ErrorContains(t, err, want, path)
		require.ErrorContains(t, err, "http://user:xxxxx@"+base.Host+path)
		require.NotContains(t, err.Error(), password)
	}
	for _, u := range []string{
		"http://user:" + password + " x@127.0.0.1:1", "http://user:%zz" + password + "@127.0.0.1:1", "http://user:" + password + "#x@127.0.0.1:1",
		"http://user:" + password + "/x@127.0.0.1:1", "user:" + password + "@127.0.0.1:1", "http:user:" + password + "@127.0.0.1:1",
		"//user:" + password + "@127.0.0.1:1", "ftp://user:" + password + "@127.0.0.1:1", "127.0.0.1:8080", "http://", "",
	} {
		err := (&control.Client{URL: u, Key: key}).Do(t.Context(), http.MethodGet, "/v1/time", nil, nil)
		require.EqualError(t, err, "the URL of the fleet is not valid: want one like http://127.0.0.1:8080", u)
		class, _ := errclass.Of(err)
		require.Equal(t, errclass.Usage, class)
	}
}
