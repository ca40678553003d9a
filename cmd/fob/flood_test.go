// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator/metrics"
	"github.com/d204ef64/fob/validator/radius"
)

// TestLogOfAFlood checks that a flood of messages from strangers does not fill the disk
// with log lines, and does not suppress other lines.
func TestLogOfAFlood(t *testing.T) {
	var out bytes.Buffer
	l := newBankLog(&app{stderr: &out}, false)
	event := l.radius(metrics.New(metrics.Build{}))
	var s http.Server
	l.prepare(&s)
	for i := range 10_000 {
		event(radius.Event{Kind: radius.UnknownClient, Source: netip.MustParseAddrPort("192.0.2.1:1")})
		s.ErrorLog.Printf("http: TLS handshake error from 192.0.2.1:%d: EOF", i)
	}
	require.Less(t, strings.Count(out.String(), "\n"), 100)
	require.Contains(t, out.String(), "unknown client")
	require.Contains(t, out.String(), "TLS handshake error")

	out.Reset()
	event(radius.Event{Kind: radius.Failed, Err: errors.New("other")})
	l.server(slog.LevelInfo, "stopping")
	require.Equal(t, 2, strings.Count(out.String(), "\n"))
}

// TestMessageLog: the lines of net/http in the log of fob run look like its other messages.
func TestMessageLog(t *testing.T) {
	var b bytes.Buffer
	l := newMessageLog(&app{stderr: &b})
	var s http.Server
	l.prepare(&s)
	s.ErrorLog.Printf("http: TLS handshake error from 192.0.2.1:5: EOF")
	l.line(slog.LevelInfo, "certificate replaced", slog.String("expires", "2031-11-30"))
	require.Equal(t, "fob: warning: http: TLS handshake error from 192.0.2.1:5: EOF\nfob: certificate replaced, expires=2031-11-30\n", b.String())
}
