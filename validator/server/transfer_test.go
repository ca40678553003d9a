// SPDX-License-Identifier: Apache-2.0

package server

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/httpapi"
	"github.com/d204ef64/fob/validator/pages"
)

// patience is how long the tests wait for an event that must happen.
const patience = 5 * time.Minute

func TestPace(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	for _, c := range []struct {
		p    pace
		want time.Duration
	}{
		{pace{}, 30 * time.Second},
		{pace{0, 20 * time.Second}, 10 * time.Second},                                        // nothing has arrived so far
		{pace{1 << 30, time.Hour}, 30 * time.Second},                                         // fast, and long
		{pace{100, 10 * time.Minute}, 30*time.Second + 100*time.Second/512 - 10*time.Minute}, // one byte now and then
		{pace{512 * 600, 10 * time.Minute}, 30 * time.Second},
		{pace{512 * 590, 10 * time.Minute}, 20 * time.Second},
	} {
		require.Equal(t, now.Add(c.want), c.p.until(now, 30*time.Second), "%+v", c.p)
	}
}

// stalledBank runs a bank with its API and pages, and returns the API key of a clerk.
func stalledBank(t *testing.T, c Config) (r *running, key string) {
	t.Helper()
	d := banktest.New(t, banktest.SQLite(t))
	_, key, err := d.Bank.AddKey(t.Context(), banktest.Clerk, bank.KeyClerk, "clerk")
	require.NoError(t, err)
	c.Bank, c.API, c.Pages = d.Bank, httpapi.New(d.Bank, httpapi.Options{}), pages.New(d.Bank, pages.Options{})
	return serve(t, c), key
}

// half opens connections with incomplete requests: several numbers of bytes are missing
// from the body, at paths that read the body and at paths that do not.
func half(t *testing.T, r *running, key string) map[string]net.Conn {
	t.Helper()
	all := map[string]net.Conn{}
	for name, request := range map[string]string{
		"import":             "POST /v1/imports HTTP/1.1\r\nAuthorization: Bearer " + key + "\r\nContent-Type: application/octet-stream\r\n",
		"import of a form":   "POST /v1/imports HTTP/1.1\r\nAuthorization: Bearer " + key + "\r\nContent-Type: multipart/form-data; boundary=x\r\n",
		"import without key": "POST /v1/imports HTTP/1.1\r\nContent-Type: application/octet-stream\r\n",
		"JSON":               "POST /v1/sessions HTTP/1.1\r\nContent-Type: application/json\r\n",
		"page":               "POST /login HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n",
		"page's form":        "POST /desk/stock HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\n",
		"no such path":       "POST /v1/nothing HTTP/1.1\r\n",
		"a GET":              "GET /healthz HTTP/1.1\r\n",
	} {
		for _, missing := range []int{1, 10_000, 255 << 10, 257 << 10, 3 << 20, -1} {
			conn, err := net.Dial("tcp", strings.TrimPrefix(r.HTTP(), "http://"))
			require.NoError(t, err)
			t.Cleanup(func() { _ = conn.Close() })
			const part = "a=b&"
			length := fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(part)+missing, part)
			if missing < 0 {
				length = fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(part), part)
			}
			_, err = io.WriteString(conn, request+"Host: localhost\r\n"+length)
			require.NoError(t, err)
			all[fmt.Sprintf("%s, %d missing", name, missing)] = conn
		}
	}
	return all
}

// TestStalledBodiesAreAnswered: the client of an incomplete body gets an answer,
// however much is missing, and then the connection is closed.
func TestStalledBodiesAreAnswered(t *testing.T) {
	r, key := stalledBank(t, Config{Stall: 2 * time.Second})
	for name, conn := range half(t, r, key) {
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(patience)))
		in := bufio.NewReader(conn)
		answer, err := http.ReadResponse(in, nil)
		require.NoError(t, err, name)
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err, name)
		switch {
		case strings.HasPrefix(name, "a GET"):
			require.Equal(t, 200, answer.StatusCode, name)
		default:
			require.Contains(t, []int{303, 400, 401, 403, 404, 408, 503}, answer.StatusCode, "%s: %s", name, body)
		}
		_, err = in.ReadByte()
		require.ErrorIs(t, err, io.EOF, name)
	}
	r.stop()
	require.NoError(t, <-r.ended)
}

// TestStalledImportOverHTTP2 stalls the body of an HTTP/2 stream.
func TestStalledImportOverHTTP2(t *testing.T) {
	certificate, pool := selfSigned(t)
	r, key := stalledBank(t, Config{Stall: 2 * time.Second, Certificate: certificate})
	client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool}}}
	body, never := io.Pipe()
	defer func() { _ = never.Close() }()
	request, err := http.NewRequestWithContext(t.Context(), "POST", r.HTTP()+"/v1/imports", body)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/octet-stream")
	answer, err := client.Do(request)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	require.Equal(t, 2, answer.ProtoMajor)
	require.Equal(t, 408, answer.StatusCode)
}

// TestStopEndsTransfers: stalled clients do not delay the server's stop, although they
// might otherwise stall for an hour.
func TestStopEndsTransfers(t *testing.T) {
	r, key := stalledBank(t, Config{Stall: time.Hour, Patience: 16 * time.Second})
	half(t, r, key)
	require.Eventually(t, func() bool { // wait until the bodies are being read
		r.transfers.mu.Lock()
		defer r.transfers.mu.Unlock()
		return len(r.transfers.running) > 0
	}, patience, time.Millisecond)
	r.stop()
	require.NoError(t, <-r.ended)
}

// endless writes an answer until writing fails.
func endless(failed chan<- error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				failed <- err
				return
			}
		}
	})
}

// unread sends a request and never reads the answer.
func unread(t *testing.T, r *running) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.HTTP(), "http://"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = io.WriteString(conn, "GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n")
	require.NoError(t, err)
}

// TestUnreadAnswersEnd: a client that does not read its answer loses its connection.
func TestUnreadAnswersEnd(t *testing.T) {
	failed := make(chan error, 1)
	r := serve(t, Config{Stall: 200 * time.Millisecond, Pages: endless(failed)})
	unread(t, r)
	select {
	case err := <-failed:
		var late net.Error
		require.ErrorAs(t, err, &late)
		require.True(t, late.Timeout())
	case <-time.After(patience):
		require.Fail(t, "the answer is still being written")
	}
}

// TestStopEndsUnreadAnswers: such a client does not delay the server's stop either.
func TestStopEndsUnreadAnswers(t *testing.T) {
	failed := make(chan error, 1)
	r := serve(t, Config{Stall: time.Hour, Patience: 16 * time.Second, Pages: endless(failed)})
	unread(t, r)
	require.Eventually(t, func() bool {
		r.transfers.mu.Lock()
		defer r.transfers.mu.Unlock()
		return len(r.transfers.running) == 1
	}, patience, time.Millisecond)
	r.stop()
	require.NoError(t, <-r.ended)
	require.Error(t, <-failed)
}

// TestHandlerDeadlinesApply: a handler may set a shorter deadline.
func TestHandlerDeadlinesApply(t *testing.T) {
	read := make(chan error, 1)
	r := serve(t, Config{Stall: time.Hour, Pages: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		_, err := io.ReadAll(r.Body)
		read <- err
	})})
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.HTTP(), "http://"))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nab")
	require.NoError(t, err)
	var late net.Error
	require.ErrorAs(t, <-read, &late)
	require.True(t, late.Timeout())
}
