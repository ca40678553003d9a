// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/fleet/page"
)

// fleetAPI is the HTTP API of a fleet that a process serves, with its page.
type fleetAPI struct {
	*webServer
	fleet *fleet.Fleet
	pages *page.Server
	page  string // a link that opens the page in a browser, once; "" if the API is off
}

// listenHTTP opens the address of a fleet's API. Requests are answered by serve.
func (a *app) listenHTTP(ctx context.Context, f *fleet.Fleet, h *httpFlags) (*fleetAPI, error) {
	w, err := a.listenWeb(ctx, h)
	if err != nil {
		return nil, err
	}
	api := &fleetAPI{webServer: w, fleet: f}
	w.answer(func(known func(string) bool) http.Handler {
		api.pages = page.New(f, page.Options{
			Key: w.key, Version: moduleVersion(), AllowSeedExport: h.allowSeeds, KnownHost: known,
			Event: func(err error) { w.log.strangers(slog.LevelWarn, "showing a page: "+err.Error()) },
		})
		api.page = w.url() + api.pages.NewLink()
		return api.pages
	})
	return api, nil
}

// close ends the API. Open requests are answered first: clients learn that the fleet has
// ended, or the error that has ended it.
func (f *fleetAPI) close() {
	cause := control.ErrEnded
	if err := f.fleet.Err(); err != nil {
		cause = err
	}
	f.webServer.close(cause)
}

// lots returns the lots of the flags, nil for blank tokens.
func (a *app) lots(ctx context.Context, o *runOptions) ([]fleet.Lot, error) {
	if o.readyTokens && o.count == 0 {
		return nil, nil // a fleet that starts empty
	}
	if o.readyTokens {
		return []fleet.Lot{{Count: fleet.LotCount(o.count), Profile: o.profile, Ready: true, Expiry: o.expiry}}, nil
	}
	if o.lotFile == "" {
		return nil, nil
	}
	text, err := a.readPublic(ctx, "lots", o.lotFile)
	if err != nil {
		return nil, err
	}
	lots, err := fleet.ParseLots(text)
	if err != nil {
		return nil, fmt.Errorf("reading the lots in %s: %w", source(o.lotFile), err)
	}
	return lots, nil
}
