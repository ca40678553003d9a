// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
)

// httpFlags are the flags for the HTTP API of a fleet.
type httpFlags struct {
	addr, keyFile, cert, certKey string
	allowSeeds                   bool
}

func (h *httpFlags) add(f *pflag.FlagSet) {
	f.StringVar(&h.addr, "http", "127.0.0.1:0", "serve the HTTP API at `ADDR` HOST:PORT; port 0 is a free one; off for none")
	f.StringVar(&h.keyFile, "api-key-file", "", "`FILE` with the API key; default: a random one, shown in the ready line")
	f.StringVar(&h.cert, "http-cert", "", "PEM `FILE` with the certificate for HTTPS; required beyond loopback")
	f.StringVar(&h.certKey, "http-key", "", "PEM `FILE` with the key of that certificate")
	f.BoolVar(&h.allowSeeds, "allow-seed-export", false, "let clients of the HTTP API read the tokens' seeds")
}

// check checks the flags before any work is done.
func (h *httpFlags) check() error {
	if h.addr == "off" {
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
	return nil
}

// fleetAPI is the HTTP API that a process serves.
type fleetAPI struct {
	url      string
	key      string
	shownKey string // "" if the key came from a file
	server   *http.Server
	listener net.Listener
	fleet    *fleet.Fleet
	cancel   context.CancelFunc // ends waits and streams
}

// listenHTTP opens the address of the API. Requests are answered by serve.
func (a *app) listenHTTP(ctx context.Context, f *fleet.Fleet, h *httpFlags) (*fleetAPI, error) {
	api := &fleetAPI{}
	if h.addr == "off" {
		return api, nil
	}
	if h.keyFile == "" {
		api.key = rand.Text()
		api.shownKey = api.key
	} else {
		key, err := a.readSecret(ctx, "API key", h.keyFile)
		if err != nil {
			return nil, err
		}
		if api.key = strings.TrimSpace(string(key)); len(api.key) < 16 {
			return nil, usagef("reading the API key: it is shorter than 16 characters: make one with openssl rand -base64 24")
		}
	}
	certificate, err := a.certificate(ctx, h)
	if err != nil {
		return nil, err
	}
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, "tcp", h.addr)
	if err != nil {
		return nil, usagef("--http %s: %w", h.addr, err)
	}
	host, _, _ := net.SplitHostPort(h.addr)
	scheme, hosts := "http", []string{host}
	if certificate != nil {
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{*certificate}, MinVersion: tls.VersionTLS12})
		scheme = "https"
		hosts = append(hosts, certificate.Leaf.DNSNames...)
		for _, ip := range certificate.Leaf.IPAddresses {
			hosts = append(hosts, ip.String())
		}
	}
	api.listener, api.url = l, scheme+"://"+l.Addr().String()
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	api.fleet, api.cancel = f, cancel
	api.server = &http.Server{
		BaseContext: func(net.Listener) context.Context { return base },
		Handler: control.New(f, control.Options{
			Key: api.key, Version: moduleVersion(), AllowSeedExport: h.allowSeeds, Hosts: hosts,
		}),
		ReadHeaderTimeout: 10 * time.Second,
		MaxHeaderBytes:    64 << 10,
		IdleTimeout:       2 * time.Minute,
	}
	return api, nil
}

// certificate reads the certificate for HTTPS, nil if there is none.
func (a *app) certificate(ctx context.Context, h *httpFlags) (*tls.Certificate, error) {
	if h.cert == "" {
		return nil, nil
	}
	key, err := a.readSecret(ctx, "key for HTTPS", h.certKey)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	chain, err := a.readPublic(ctx, "certificate for HTTPS", h.cert)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, usagef("reading the certificate for HTTPS in %s: %w", source(h.cert), err)
	}
	return &pair, nil
}

// serve answers requests until close.
func (f *fleetAPI) serve() error {
	if f.server == nil {
		return nil
	}
	if err := f.server.Serve(f.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving the HTTP API: %w", err)
	}
	return nil
}

// close ends the API and its open requests. If the fleet ends because of an error, they
// are answered first: the client whose change was not saved learns why.
func (f *fleetAPI) close() {
	if f.server == nil {
		return
	}
	f.cancel()
	if f.fleet.Err() != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = f.server.Shutdown(ctx)
	}
	_ = f.server.Close()
}

// lots returns the lots of the flags, nil for blank tokens.
func (a *app) lots(ctx context.Context, o *runOptions) ([]fleet.Lot, error) {
	if o.readyTokens {
		return []fleet.Lot{{Count: o.count, Profile: o.profile, Ready: true}}, nil
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
