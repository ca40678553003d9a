// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"sync/atomic"

	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/page"
)

// lateStation is a station that is made after its pages.
type lateStation struct{ atomic.Pointer[line.Station] }

// labelTaken confirms a label.
func (l *lateStation) labelTaken(number int, scanned string) error {
	if s := l.Load(); s != nil {
		return s.LabelTaken(number, scanned)
	}
	return line.ErrNoLabel
}

// lineListening is the first object of the output with --json and --listen.
type lineListening struct {
	PID      int      `json:"pid"`
	URL      string   `json:"url"`
	URLs     []string `json:"urls"`
	Link     string   `json:"link"`    // logs a browser in, once
	APIKey   string   `json:"api_key"` // "" if it came from a file
	Stations []string `json:"stations"`
}

// linePages are the pages of a line while it runs.
type linePages struct {
	*webServer
	ready  lineListening
	served chan error
	stop   func()
}

// servePages opens the address of --listen and serves the pages of stations until close.
// If the flag is not set, it returns nil. If the pages fail, it calls fail.
func (a *app) servePages(ctx context.Context, h *httpFlags, o page.Options, fail func(error)) (*linePages, error) {
	if h.addr == "off" {
		return nil, nil
	}
	w, err := a.listenWeb(ctx, h)
	if err != nil {
		return nil, err
	}
	p := &linePages{webServer: w, served: make(chan error, 1), stop: w.watch(ctx)}
	o.Key = w.key
	o.Event = func(err error) { w.log.strangers(slog.LevelWarn, "showing a page: "+err.Error()) }
	w.answer(func(known func(string) bool) http.Handler {
		o.KnownHost = known
		pages := page.New(o)
		p.ready = lineListening{PID: os.Getpid(), URL: w.url(), URLs: w.urls, Link: w.url() + pages.NewLink(), APIKey: w.shownKey}
		return pages
	})
	for _, s := range o.Stations {
		p.ready.Stations = append(p.ready.Stations, s.Name())
	}
	go func() {
		err := p.serve()
		p.served <- err
		if err != nil {
			fail(err)
		}
	}()
	return p, nil
}

// address returns the address for other stations' pages, "" if the pages are off.
func (p *linePages) address() string {
	if p == nil {
		return ""
	}
	return p.url()
}

// announcePages prints the address of the pages.
func (a *app) announcePages(p *linePages) error {
	if a.json {
		return jsonLine(a.stdout, p.ready)
	}
	_, err := io.WriteString(a.stdout, p.text()+"\n")
	return err
}

// text describes the pages.
func (p *linePages) text() string {
	text := "page: " + p.ready.Link
	if p.shownKey != "" {
		text += "\nAPI key: " + p.shownKey
	}
	return text
}

// close ends the pages. Browsers learn that the line has ended.
func (p *linePages) close() error {
	if p == nil {
		return nil
	}
	p.stop()
	p.webServer.close(page.ErrEnded)
	return <-p.served
}
