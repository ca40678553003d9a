// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/internal/errclass"
)

// TestRedirect: the API key is not sent to the server that a redirect names.
func TestRedirect(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a request to the other server, with the authorization %q", r.Header.Get("Authorization"))
	}))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.RedirectHandler(other.URL, status))
		for _, client := range []*http.Client{nil, control.NewHTTPClient(nil)} {
			c := &control.Client{URL: server.URL, Key: key, HTTP: client}
			var out struct{}
			err := c.Do(t.Context(), http.MethodGet, "/v1/time", nil, &out)
			require.ErrorIs(t, err, control.ErrUnreachable)
			require.ErrorContains(t, err, http.StatusText(status)+", not as a fleet does")
		}
		server.Close()
	}
}

// TestHostileText: the text of a server cannot control the terminal that shows an error.
func TestHostileText(t *testing.T) {
	bodies := []string{"no JSON", `{"code": "x\u001b[1m", "detail": "owned \u001b]0;title\u0007\u202e"}`}
	for _, body := range bodies {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = conn.Write([]byte("HTTP/1.1 500 \x1b[31mOWNED\r\nConnection: close\r\n\r\n" + body))
				_ = conn.Close()
			}
		}))
		err := (&control.Client{URL: server.URL, Key: key}).Do(t.Context(), http.MethodGet, "/v1/time", nil, nil)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "OWNED")
		require.NotContains(t, err.Error(), "\x1b")
		require.NotContains(t, err.Error(), "\u202e")
		server.Close()
	}
}

// TestHugeAnswer: an answer without an end does not fill the memory.
func TestHugeAnswer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		part := []byte(strings.Repeat(" ", 1<<20))
		for {
			if _, err := w.Write(part); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	var out struct{}
	err := (&control.Client{URL: server.URL, Key: key}).Do(t.Context(), http.MethodGet, "/v1/time", nil, &out)
	require.ErrorContains(t, err, "an answer of more than 64 MiB is not one of a fleet")
}

// TestPlainHTTP: an API key is not sent over plain HTTP beyond loopback. The addresses are
// those for documentation (RFC 5737, RFC 6761, RFC 3849).
func TestPlainHTTP(t *testing.T) {
	for _, u := range []string{"http://192.0.2.1:1", "http://fleet.example:8080", "http://[2001:db8::1]:1", "http://localhost.example:1"} {
		err := (&control.Client{URL: u, Key: key}).Do(t.Context(), http.MethodGet, "/v1/time", nil, nil)
		require.ErrorContains(t, err, "use https")
		class, _ := errclass.Of(err)
		require.Equal(t, errclass.Usage, class)
	}
	for _, u := range []string{"http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1"} {
		err := (&control.Client{URL: u, Key: key}).Do(t.Context(), http.MethodGet, "/v1/time", nil, nil)
		require.ErrorIs(t, err, control.ErrUnreachable)
	}
}
