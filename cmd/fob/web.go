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

	"github.com/d204ef64/fob/internal/loopback"
	"github.com/d204ef64/fob/validator/server"
)

// httpFlags are the flags of a web server: the HTTP API of a fleet, or the pages of a line.
type httpFlags struct {
	addr, keyFile, cert, certKey string
	hosts                        []string
	allowSeeds                   bool // of a fleet
	line                         bool // the flags have other names

	// Read by check.
	key         string
	certificate *server.Certificate
}

func (h *httpFlags) add(f *pflag.FlagSet) {
	f.StringVar(&h.addr, "http", "127.0.0.1:0", "serve the HTTP API at `ADDR` HOST:PORT; port 0 is a free one; off for none")
	f.StringVar(&h.keyFile, "api-key-file", "", "`FILE` with the API key; default: a random one, shown in the ready line")
	f.StringVar(&h.cert, "http-cert", "", "PEM `FILE` with the certificate for HTTPS; required beyond loopback")
	f.StringVar(&h.certKey, "http-key", "", "PEM `FILE` with the key of that certificate")
	f.StringSliceVar(&h.hosts, "http-host", nil, "`NAME` or address under which clients reach the API, in addition to the certificate's and this machine's; may be repeated")
	f.BoolVar(&h.allowSeeds, "allow-seed-export", false, "let clients of the HTTP API read the tokens' seeds")
}

// addLine adds the flags for the pages of a line.
func (h *httpFlags) addLine(f *pflag.FlagSet) {
	h.line, h.addr = true, "off"
	f.StringVar(&h.addr, "listen", "off", "serve the operator's page and the HTTP API at `ADDR` HOST:PORT; port 0 is a free one; off for none")
	f.StringVar(&h.keyFile, "api-key-file", "", "`FILE` with the API key; default: a random one, shown at the start")
	f.StringVar(&h.cert, "tls-cert", "", "`FILE` with the certificate chain (PEM) for HTTPS; required beyond loopback")
	f.StringVar(&h.certKey, "tls-key", "", "`FILE` with the private key (PEM) of the certificate")
	f.StringSliceVar(&h.hosts, "listen-host", nil, "`NAME` or address under which browsers reach the page, in addition to the certificate's and this machine's; may be repeated")
}

// names returns the names of the flags for the address, the certificate, its key and hosts.
func (h *httpFlags) names() (addr, cert, key, host string) {
	if h.line {
		return "--listen", "--tls-cert", "--tls-key", "--listen-host"
	}
	return "--http", "--http-cert", "--http-key", "--http-host"
}

// check checks the flags, and reads the API key, before any work is done.
func (h *httpFlags) check(ctx context.Context, a *app) error {
	addrFlag, certFlag, keyFlag, hostFlag := h.names()
	if h.addr == "off" {
		for flag, given := range map[string]bool{
			"--api-key-file": h.keyFile != "", certFlag: h.cert != "", keyFlag: h.certKey != "",
			hostFlag: h.hosts != nil, "--allow-seed-export": h.allowSeeds,
		} {
			if given && h.line {
				return usagef("%s goes with --listen: give an address, such as 127.0.0.1:8080", flag)
			}
			if given {
				return usagef("%s goes with the HTTP API: leave it or --http off out", flag)
			}
		}
		return nil
	}
	host, _, err := net.SplitHostPort(h.addr)
	if err != nil {
		return usagef("%s %s: want HOST:PORT, such as 127.0.0.1:8080, or off", addrFlag, h.addr)
	}
	if (h.cert == "") != (h.certKey == "") {
		return usagef("%s and %s go together", certFlag, keyFlag)
	}
	if h.cert == "" && !loopback.Host(host) {
		return usagef("%s %s: it can be reached from other machines: give %s and %s, or use 127.0.0.1", addrFlag, h.addr, certFlag, keyFlag)
	}
	for _, name := range h.hosts {
		if strings.ContainsAny(name, ":/") && net.ParseIP(name) == nil {
			return usagef("%s %s: want a host name or an address, without a port", hostFlag, name)
		}
	}
	if h.cert != "" {
		if h.certificate, err = server.LoadCertificate(h.cert, h.certKey); err != nil {
			return usagef("%w", err)
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

// maxConnections is the maximum number of open connections of a web server. It leaves
// descriptors for the ports of tokens where a process may open 1024.
const maxConnections = 512

// webServer is a web server with an API key. Without a listener, it is off.
type webServer struct {
	urls        []string // the best for a client first; none if the server is off
	key         string
	shownKey    string // "" if the key came from a file
	server      *http.Server
	listener    net.Listener
	certificate *server.Certificate // nil: HTTP
	hosts       *apiHosts
	log         *serverLog
	cancel      context.CancelCauseFunc // ends waits and streams
	connections int                     // maximum
	stall       time.Duration           // how long a client may stop sending or reading
}

// url returns the address for a client, "" if the server is off.
func (w *webServer) url() string {
	if len(w.urls) == 0 {
		return ""
	}
	return w.urls[0]
}

// listenWeb opens the address of a server. The caller gives it a handler with answer, and
// calls serve.
func (a *app) listenWeb(ctx context.Context, h *httpFlags) (*webServer, error) {
	w := &webServer{log: newMessageLog(a), connections: maxConnections, stall: server.DefaultStall}
	if h.addr == "off" {
		return w, nil
	}
	if h.keyFile == "" {
		w.key = rand.Text()
		w.shownKey = w.key
	} else {
		w.key = h.key
	}
	if w.certificate = h.certificate; h.cert != "" && w.certificate == nil {
		var err error
		if w.certificate, err = server.LoadCertificate(h.cert, h.certKey); err != nil {
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
		flag, _, _, _ := h.names()
		return nil, usagef("%s %s: %w", flag, h.addr, err)
	}
	w.hosts = newAPIHosts(h, w.certificate)
	w.listener, w.urls = l, w.hosts.urls(l.Addr().(*net.TCPAddr))
	base, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	w.cancel = cancel
	w.server = &http.Server{
		BaseContext:       func(net.Listener) context.Context { return base },
		ReadHeaderTimeout: 10 * time.Second,
		MaxHeaderBytes:    64 << 10,
		IdleTimeout:       2 * time.Minute,

		DisableGeneralOptionsHandler: true, // it would answer without the API key
	}
	w.log.prepare(w.server)
	if w.certificate != nil {
		w.server.TLSConfig = w.certificate.Config()
	}
	return w, nil
}

// answer sets the handler. It is made with the check of the server's hosts.
func (w *webServer) answer(handler func(known func(string) bool) http.Handler) {
	if w.server != nil {
		w.server.Handler = handler(w.hosts.known)
	}
}

// serve answers requests until close.
func (w *webServer) serve() error {
	if w.server == nil {
		return nil
	}
	w.server.Handler = server.Watch(w.server.Handler, w.stall)
	limited := server.Limit(w.listener, w.connections)
	serve := func() error { return w.server.Serve(limited) }
	if w.certificate != nil {
		serve = func() error { return w.server.ServeTLS(limited, "", "") }
	}
	if err := serve(); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving HTTP: %w", err)
	}
	return nil
}

// watch replaces the certificate if its files change, and after SIGHUP, until stop is
// called. Without a certificate, SIGHUP ends the process.
func (w *webServer) watch(ctx context.Context) (stop func()) {
	if w.certificate == nil {
		return func() {}
	}
	restore := onHangup(ctx, func() { w.certificate.Refresh(w.log.line) })
	ctx, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() { w.certificate.Watch(ctx, w.log.line) })
	return func() {
		restore()
		cancel()
		watching.Wait()
	}
}

// close ends the server. Open requests are answered first: their contexts end with the
// cause.
func (w *webServer) close(cause error) {
	if w.server == nil {
		return
	}
	w.cancel(cause)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = w.server.Shutdown(ctx)
	_ = w.server.Close()
	_ = w.listener.Close() // if it was never served
}
