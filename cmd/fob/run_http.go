// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/validator/server"
)

// httpFlags are the flags for the HTTP API of a fleet.
type httpFlags struct {
	addr, keyFile, cert, certKey string
	hosts                        []string
	allowSeeds                   bool
	key                          string // read by check from keyFile
}

func (h *httpFlags) add(f *pflag.FlagSet) {
	f.StringVar(&h.addr, "http", "127.0.0.1:0", "serve the HTTP API at `ADDR` HOST:PORT; port 0 is a free one; off for none")
	f.StringVar(&h.keyFile, "api-key-file", "", "`FILE` with the API key; default: a random one, shown in the ready line")
	f.StringVar(&h.cert, "http-cert", "", "PEM `FILE` with the certificate for HTTPS; required beyond loopback")
	f.StringVar(&h.certKey, "http-key", "", "PEM `FILE` with the key of that certificate")
	f.StringSliceVar(&h.hosts, "http-host", nil, "`NAME` or address under which clients reach the API, in addition to the certificate's and this machine's; may be repeated")
	f.BoolVar(&h.allowSeeds, "allow-seed-export", false, "let clients of the HTTP API read the tokens' seeds")
}

// check checks the flags, and reads the API key, before any work is done.
func (h *httpFlags) check(ctx context.Context, a *app) error {
	if h.addr == "off" {
		for flag, given := range map[string]bool{
			"api-key-file": h.keyFile != "", "http-cert": h.cert != "", "http-key": h.certKey != "",
			"http-host": h.hosts != nil, "allow-seed-export": h.allowSeeds,
		} {
			if given {
				return usagef("--%s goes with the HTTP API: leave it or --http off out", flag)
			}
		}
		return nil
	}
	host, _, err := net.SplitHostPort(h.addr)
	if err != nil {
		return usagef("--http %s: want HOST:PORT, such as 127.0.0.1:8080, or off", h.addr)
	}
	if (h.cert == "") != (h.certKey == "") {
		return usagef("--http-cert and --http-key go together")
	}
	if ip := net.ParseIP(host); h.cert == "" && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return usagef("--http %s: it can be reached from other machines: give --http-cert and --http-key, or use 127.0.0.1", h.addr)
	}
	for _, name := range h.hosts {
		if strings.ContainsAny(name, ":/") && net.ParseIP(name) == nil {
			return usagef("--http-host %s: want a host name or an address, without a port", name)
		}
	}
	if h.keyFile == "" {
		return nil
	}
	if h.key, err = a.apiKey(ctx, h.keyFile); err == nil && len(h.key) < 16 {
		err = usagef("reading the API key in %s: it is shorter than 16 characters: make one with openssl rand -base64 24", source(h.keyFile))
	}
	return err
}

// fleetAPI is the HTTP API that a process serves.
type fleetAPI struct {
	urls        []string // the best for a client first; none if the API is off
	key         string
	shownKey    string // "" if the key came from a file
	server      *http.Server
	listener    net.Listener
	certificate *server.Certificate // nil: HTTP
	log         *serverLog
	fleet       *fleet.Fleet
	cancel      context.CancelCauseFunc // ends waits and streams
}

// url returns the address for a client, "" if the API is off.
func (f *fleetAPI) url() string {
	if len(f.urls) == 0 {
		return ""
	}
	return f.urls[0]
}

// listenHTTP opens the address of the API. Requests are answered by serve.
func (a *app) listenHTTP(ctx context.Context, f *fleet.Fleet, h *httpFlags) (*fleetAPI, error) {
	api := &fleetAPI{log: newMessageLog(a)}
	if h.addr == "off" {
		return api, nil
	}
	if h.keyFile == "" {
		api.key = rand.Text()
		api.shownKey = api.key
	} else {
		api.key = h.key
	}
	if h.cert != "" {
		var err error
		if api.certificate, err = server.LoadCertificate(h.cert, h.certKey); err != nil {
			return nil, usagef("%w", err)
		}
	}
	network := "tcp"
	if host, _, _ := net.SplitHostPort(h.addr); net.ParseIP(host).To4() != nil {
		network = "tcp4" // with tcp, 0.0.0.0 would also be every IPv6 address
	}
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, network, h.addr)
	if err != nil {
		return nil, usagef("--http %s: %w", h.addr, err)
	}
	hosts := newAPIHosts(h, api.certificate)
	api.listener, api.urls = l, hosts.urls(l.Addr().(*net.TCPAddr))
	base, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	api.fleet, api.cancel = f, cancel
	api.server = &http.Server{
		BaseContext: func(net.Listener) context.Context { return base },
		Handler: control.New(f, control.Options{
			Key: api.key, Version: moduleVersion(), AllowSeedExport: h.allowSeeds, KnownHost: hosts.known,
		}),
		ReadHeaderTimeout: 10 * time.Second,
		MaxHeaderBytes:    64 << 10,
		IdleTimeout:       2 * time.Minute,

		DisableGeneralOptionsHandler: true, // it would answer without the API key
	}
	api.log.prepare(api.server)
	if api.certificate != nil {
		api.server.TLSConfig = api.certificate.Config()
	}
	return api, nil
}

// serve answers requests until close.
func (f *fleetAPI) serve() error {
	if f.server == nil {
		return nil
	}
	serve := func() error { return f.server.Serve(f.listener) }
	if f.certificate != nil {
		serve = func() error { return f.server.ServeTLS(f.listener, "", "") }
	}
	if err := serve(); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving the HTTP API: %w", err)
	}
	return nil
}

// watch replaces the certificate if its files change, and after SIGHUP, until stop is
// called. Without a certificate, SIGHUP ends the process.
func (f *fleetAPI) watch(ctx context.Context) (stop func()) {
	if f.certificate == nil {
		return func() {}
	}
	restore := onHangup(ctx, func() { f.certificate.Refresh(f.log.line) })
	ctx, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() { f.certificate.Watch(ctx, f.log.line) })
	return func() {
		restore()
		cancel()
		watching.Wait()
	}
}

// close ends the API. Open requests are answered first: clients learn that the fleet has
// ended, or the error that has ended it.
func (f *fleetAPI) close() {
	if f.server == nil {
		return
	}
	cause := control.ErrEnded
	if err := f.fleet.Err(); err != nil {
		cause = err
	}
	f.cancel(cause)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = f.server.Shutdown(ctx)
	_ = f.server.Close()
}

// lots returns the lots of the flags, nil for blank tokens.
func (a *app) lots(ctx context.Context, o *runOptions) ([]fleet.Lot, error) {
	if o.readyTokens && o.count == 0 {
		return nil, nil // a fleet that starts empty
	}
	if o.readyTokens {
		return []fleet.Lot{{Count: fleet.LotCount(o.count), Profile: o.profile, Ready: true}}, nil
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
