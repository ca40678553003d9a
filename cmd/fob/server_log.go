// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
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

// newMessageLog is like newServerLog, but without --json the lines look like the other
// messages of a command.
func newMessageLog(a *app) *serverLog {
	if a.json {
		return newServerLog(a)
	}
	return &serverLog{log: slog.New(messageHandler{a}), flood: newFlood()}
}

// messageHandler writes the lines of a log as messages of a command.
type messageHandler struct{ a *app }

// Enabled implements slog.Handler.
func (messageHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo
}

// Handle implements slog.Handler.
func (h messageHandler) Handle(_ context.Context, r slog.Record) error {
	text := r.Message
	r.Attrs(func(attr slog.Attr) bool {
		text += ", " + attr.String()
		return true
	})
	if r.Level >= slog.LevelWarn {
		h.a.warnf("%s", text)
		return nil
	}
	_, err := fmt.Fprintf(h.a.stderr, "fob: %s\n", plain(text))
	return err
}

// WithAttrs implements slog.Handler. No logger of a command has attributes of its own.
func (h messageHandler) WithAttrs([]slog.Attr) slog.Handler { return h }

// WithGroup implements slog.Handler.
func (h messageHandler) WithGroup(string) slog.Handler { return h }

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
