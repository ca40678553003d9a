// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"log/slog"
	"net/http"
)

// serverLog is the log of a server on stderr, in lines of key=value, or of JSON with
// --json.
type serverLog struct {
	log   *slog.Logger
	flood *flood
}

func newServerLog(a *app) *serverLog {
	var h slog.Handler = slog.NewTextHandler(a.stderr, nil)
	if a.json {
		h = slog.NewJSONHandler(a.stderr, nil)
	}
	return &serverLog{log: slog.New(h), flood: newFlood()}
}

func (l *serverLog) line(level slog.Level, what string, attrs ...slog.Attr) {
	l.log.LogAttrs(context.Background(), level, what, attrs...)
}

// strangers logs a line that anyone on the network can cause, at a limited rate.
func (l *serverLog) strangers(level slog.Level, what string, attrs ...slog.Attr) {
	left, ok := l.flood.admit(what)
	if !ok {
		return
	}
	if left > 0 {
		attrs = append(attrs, slog.Int("left_out", left))
	}
	l.line(level, what, attrs...)
}

// prepare sends the messages of net/http about broken connections to the log.
func (l *serverLog) prepare(s *http.Server) {
	s.ErrorLog = slog.NewLogLogger(floodHandler{l.log.Handler(), l.flood, "net/http"}, slog.LevelWarn)
}
