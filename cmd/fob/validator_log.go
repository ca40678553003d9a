// SPDX-License-Identifier: Apache-2.0

package main

import (
	"log/slog"
	"net/http"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/httpapi"
	"github.com/d204ef64/fob/validator/metrics"
	"github.com/d204ef64/fob/validator/pages"
	"github.com/d204ef64/fob/validator/radius"
	"github.com/d204ef64/fob/validator/server"
)

// bankLog is the bank's log. The events of the interfaces contain no secrets. The audit
// log records the requests and their senders.
type bankLog struct {
	*serverLog
	verbose bool
}

func newBankLog(a *app, verbose bool) *bankLog { return &bankLog{newServerLog(a), verbose} }

// server logs events of package server. Requests can cause its warnings.
func (l *bankLog) server(level slog.Level, what string, attrs ...slog.Attr) {
	if level == slog.LevelDebug {
		if l.verbose {
			l.line(slog.LevelInfo, what, attrs...)
		}
		return
	}
	if level == slog.LevelWarn {
		l.strangers(level, what, attrs...)
		return
	}
	l.line(level, what, attrs...)
}

// failure appends the attribute of an error. It appends nothing if the error is nil.
func failure(attrs []slog.Attr, err error) []slog.Attr {
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	return attrs
}

// api logs requests to the HTTP API.
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
		server.DurationAttr(e.Took), slog.String("source", e.Source), slog.String("caller", e.Caller),
	}, e.Err)
	if e.Stack != nil {
		attrs = append(attrs, slog.String("stack", string(e.Stack)))
	}
	if l.verbose {
		l.line(level, "request", attrs...)
	} else {
		l.strangers(level, "request", attrs...)
	}
}

// pages logs errors of the pages.
func (l *bankLog) pages(e pages.Event) {
	level := slog.LevelWarn
	if e.Kind == "error" {
		level = slog.LevelError
	}
	l.strangers(level, "page "+e.Kind, failure([]slog.Attr{slog.String("page", e.Page), slog.String("source", e.Source)}, e.Err)...)
}

// observer returns o with additional log lines for tokens that are suspended or unlocked. A
// serial number is printed on the token and is not secret.
func (l *bankLog) observer(o bank.Observer) bank.Observer {
	with := func(what string, next func(bank.By, token.Serial, string)) func(bank.By, token.Serial, string) {
		return func(by bank.By, serial token.Serial, contract string) {
			next(by, serial, contract)
			l.strangers(slog.LevelInfo, what, slog.String("serial", serial.String()), slog.String("contract", contract),
				slog.String("front", by.Channel), slog.String("source", by.Source))
		}
	}
	o.Suspended, o.Unlocked = with("token suspended", o.Suspended), with("token unlocked", o.Unlocked)
	return o
}

// radius returns a function that receives the event of each packet. It counts all
// events, and logs those that need attention.
func (l *bankLog) radius(m *metrics.Metrics) func(radius.Event) {
	for _, k := range radius.Kinds() {
		m.RADIUSResults(k.String())
	}
	return func(e radius.Event) {
		m.RADIUS(e.Kind.String())
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
		l.strangers(level, "radius "+e.Kind.String(),
			failure([]slog.Attr{slog.String("client", e.Client), slog.String("source", e.Source.String())}, e.Err)...)
	}
}
