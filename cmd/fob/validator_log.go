// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/d204ef64/fob/validator/httpapi"
	"github.com/d204ef64/fob/validator/pages"
	"github.com/d204ef64/fob/validator/radius"
)

// bankLog is the server's log on stderr: lines of key=value, or of JSON with
// --json. What the fronts tell has no secret in it; who asked for what is in the
// audit log.
type bankLog struct {
	log     *slog.Logger
	verbose bool
}

func newBankLog(a *app, verbose bool) *bankLog {
	var h slog.Handler = slog.NewTextHandler(a.stderr, nil)
	if a.json {
		h = slog.NewJSONHandler(a.stderr, nil)
	}
	return &bankLog{slog.New(h), verbose}
}

func (l *bankLog) line(level slog.Level, what string, attrs ...slog.Attr) {
	l.log.LogAttrs(context.Background(), level, what, attrs...)
}

// server is told by package server.
func (l *bankLog) server(level slog.Level, what string, attrs ...slog.Attr) {
	l.line(level, what, attrs...)
}

// prepare sends what net/http has to say, of broken connections, to the log.
func (l *bankLog) prepare(s *http.Server) {
	s.ErrorLog = slog.NewLogLogger(l.log.Handler(), slog.LevelWarn)
}

// failure is the attribute of an error; nil adds none.
func failure(attrs []slog.Attr, err error) []slog.Attr {
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	return attrs
}

// api is told of each request of the interface.
func (l *bankLog) api(e httpapi.Event) {
	level := slog.LevelInfo
	if e.Status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	if level == slog.LevelInfo && !l.verbose {
		return
	}
	attrs := failure([]slog.Attr{
		slog.String("method", e.Method), slog.String("route", e.Route), slog.Int("status", e.Status),
		slog.Duration("took", e.Took), slog.String("source", e.Source), slog.String("caller", e.Caller),
	}, e.Err)
	if e.Stack != nil {
		attrs = append(attrs, slog.String("stack", string(e.Stack)))
	}
	l.line(level, "request", attrs...)
}

// pages is told of what goes wrong on the pages.
func (l *bankLog) pages(e pages.Event) {
	level := slog.LevelWarn
	if e.Kind == "error" {
		level = slog.LevelError
	}
	l.line(level, "page "+e.Kind, failure([]slog.Attr{slog.String("page", e.Page), slog.String("source", e.Source)}, e.Err)...)
}

// radius returns what is told of each packet: counted all, logged those that
// somebody must look after.
func (l *bankLog) radius(r prometheus.Registerer) (func(radius.Event), error) {
	packets := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "fob_validator_radius_packets_total", Help: "RADIUS packets, by what became of them.",
	}, []string{"result"})
	for _, k := range radius.Kinds() {
		packets.WithLabelValues(k.String())
	}
	return func(e radius.Event) {
		packets.WithLabelValues(e.Kind.String()).Inc()
		level := slog.LevelInfo
		switch e.Kind {
		case radius.Accepted, radius.Rejected, radius.Challenged, radius.Status, radius.Duplicate, radius.InFlight:
			if !l.verbose {
				return
			}
		case radius.Failed, radius.Overloaded:
			level = slog.LevelError
		default:
			level = slog.LevelWarn
		}
		l.line(level, "radius "+e.Kind.String(),
			failure([]slog.Attr{slog.String("client", e.Client), slog.String("source", e.Source.String())}, e.Err)...)
	}, r.Register(packets)
}
