// SPDX-License-Identifier: Apache-2.0

package target_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/target"
	"github.com/d204ef64/fob/internal/errclass"
)

// TestNoAnswer: a server that gives no answer in time, or only a part of it, is a timeout, in
// plain words.
func TestNoAnswer(t *testing.T) {
	for _, part := range []bool{false, true} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if part {
				_, _ = w.Write([]byte("part"))
				_ = http.NewResponseController(w).Flush()
			}
			<-r.Context().Done()
		}))
		f, err := target.Parse([]byte("name: x\nurl: "+server.URL+"\nimport: {http: {path: /}}\n"+
			"check: {http: {path: /, body: '{{code}}'}, accepted: {status: 200}, refused: {status: 401}}\n"), target.Options{Timeout: 50 * time.Millisecond})
		require.NoError(t, err)
		o, err := f.Open(t.Context())
		require.NoError(t, err)
		_, err = conform.Run(t.Context(), o.Target, conform.Options{})
		want := "no answer in 0.05 s"
		if part {
			want = "no complete answer in 0.05 s"
		}
		require.EqualError(t, err, "trying the target: import: the target cannot be reached: "+want)
		require.ErrorIs(t, err, conform.ErrUnreachable)
		class, _ := errclass.Of(err)
		require.Equal(t, errclass.Timeout, class)
		require.NoError(t, o.Close())
		server.Close()
	}
}

// TestNoRadiusAnswer: so is a RADIUS server, which does not answer requests with another
// secret.
func TestNoRadiusAnswer(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer conn.Close()
	f, err := target.Parse([]byte("name: x\nimport: {command: {argv: ['true']}}\n"+
		"check: {radius: {address: '"+conn.LocalAddr().String()+"', secret: '{{random}}'}}\n"), target.Options{Timeout: 50 * time.Millisecond})
	require.NoError(t, err)
	o, err := f.Open(t.Context())
	require.NoError(t, err)
	_, err = o.Target.Check(t.Context(), conform.Attempt{Token: &conform.Token{}})
	require.ErrorIs(t, err, conform.ErrUnreachable)
	require.EqualError(t, err, "the target cannot be reached: no answer from "+conn.LocalAddr().String()+" in 0.05 s: is the secret right?")
	class, _ := errclass.Of(err)
	require.Equal(t, errclass.Timeout, class)
	require.NoError(t, o.Close())
}
