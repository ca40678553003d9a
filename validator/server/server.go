// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"sync"

	"github.com/d204ef64/fob/validator/bank"
)

// Server is a bank that listens. It is made by [Listen].
type Server struct {
	c       Config
	http    *http.Server
	listen  net.Listener
	packets []net.PacketConn // beside Config.Packets

	transfers *transfers
}

// Listen opens everything that the configuration names, or nothing. Connections
// wait until [Server.Serve] is called. The error may be [ErrExposed], [ErrAddress] or
// [ErrProxy], or that of a port that cannot be opened.
func Listen(c Config) (*Server, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	s := &Server{c: c, transfers: newTransfers(c.Stall)}
	s.http = &http.Server{
		Handler:           s.transfers.watched(s.handler()), // which has the deadlines of bodies and answers
		ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
	}
	if c.Certificate != nil {
		s.http.TLSConfig = c.Certificate.config()
	}
	if c.Prepare != nil {
		c.Prepare(s.http)
	}
	l, err := net.Listen(listenNetwork("tcp", c.Listen), c.Listen)
	if err != nil {
		return nil, fmt.Errorf("listening for HTTP: %w", err)
	}
	s.listen = limit(l, c.Connections, c.PerSource, func(a netip.Addr) bool {
		return a.IsLoopback() || c.Proxies.trusts(a)
	})
	for _, p := range c.Packets {
		conn, err := net.ListenPacket(listenNetwork("udp", p.Listen), p.Listen)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("listening for %s: %w", p.Name, err), s.Close())
		}
		s.packets = append(s.packets, conn)
	}
	return s, nil
}

// HTTP returns the URL at which the server listens, for example
// "http://127.0.0.1:8080".
func (s *Server) HTTP() string {
	scheme := "http://"
	if s.c.Certificate != nil {
		scheme = "https://"
	}
	return scheme + s.listen.Addr().String()
}

// Packets returns the addresses of [Config.Packets], in their order.
func (s *Server) Packets() []string {
	var all []string
	for _, p := range s.packets {
		all = append(all, p.LocalAddr().String())
	}
	return all
}

// Close closes what [Listen] opened, where Serve is not to be called.
func (s *Server) Close() error {
	err := s.listen.Close()
	for _, p := range s.packets {
		err = errors.Join(err, p.Close())
	}
	return err
}

// Serve answers until the context ends or a listener breaks, and then stops:
// first the fronts, which finish what they began, then the daily job. It returns
// nil when the context ended and everything finished in time.
func (s *Server) Serve(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)

	var fronts sync.WaitGroup
	fronts.Go(func() {
		err := s.serveHTTP()
		if !errors.Is(err, http.ErrServerClosed) {
			stop(fmt.Errorf("HTTP: %w", err))
		}
	})
	listening, deaf := context.WithCancel(context.Background())
	defer deaf()
	for i, p := range s.c.Packets {
		fronts.Go(func() {
			if err := p.Serve(listening, s.packets[i]); err != nil && listening.Err() == nil {
				stop(fmt.Errorf("%s: %w", p.Name, err))
			}
		})
	}
	working, rest := context.WithCancel(context.Background())
	defer rest()
	var job sync.WaitGroup
	d := &daily{clock: s.c.Clock, hour: s.c.Hour, done: s.dailyDone}
	d.run = func(ctx context.Context) (bank.DailyReport, error) { return s.c.Bank.Daily(ctx, s.c.Mailer) }
	job.Go(func() { d.loop(working) })
	job.Go(func() { s.followCertificate(working, certificateEvery) })

	<-ctx.Done()
	s.c.Event(slog.LevelInfo, "stopping")
	patience, end := context.WithTimeout(context.Background(), s.c.Patience)
	defer end()
	deaf()
	err := s.stopHTTP(patience)
	for _, p := range s.packets {
		if e := p.Close(); e != nil && !errors.Is(e, net.ErrClosed) {
			err = errors.Join(err, e)
		}
	}
	err = errors.Join(err, wait(patience, &fronts, "the fronts"))
	rest()
	err = errors.Join(err, wait(patience, &job, "the daily job"))
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		err = errors.Join(cause, err)
	}
	return err
}

// stopHTTP waits for the requests that are being answered. Clients that do not send
// what they began, or do not read their answers, cannot keep it waiting: only a
// handler that does not end is an error.
func (s *Server) stopHTTP(patience context.Context) error {
	s.transfers.stop(s.c.Patience)
	transfer, end := context.WithTimeout(patience, s.c.Patience*3/4)
	defer end()
	err := s.http.Shutdown(transfer)
	if err == nil {
		return nil
	}
	ended := s.transfers.wait(patience)
	if err = errors.Join(err, s.http.Close()); !ended {
		return fmt.Errorf("HTTP requests did not end within %v: %w", s.c.Patience, err)
	}
	s.c.Event(slog.LevelWarn, "closed connections of clients that did not read their answers")
	return nil
}

// Reload reads the certificate and what the other fronts have in files again, as for
// SIGHUP. What was begun goes on. If a file is not good, what was read of it before
// stays, and an event tells of it.
func (s *Server) Reload() {
	if s.c.Certificate != nil {
		s.loadCertificate(true)
	}
	for _, p := range s.c.Packets {
		if p.Reload == nil {
			continue
		}
		if err := p.Reload(); err != nil {
			s.c.Event(slog.LevelWarn, p.Name+" is not reloaded: what was read before stays", slog.String("error", err.Error()))
			continue
		}
		s.c.Event(slog.LevelInfo, p.Name+" is reloaded")
	}
}

func (s *Server) serveHTTP() error {
	if s.http.TLSConfig != nil {
		return s.http.ServeTLS(s.listen, "", "")
	}
	return s.http.Serve(s.listen)
}

// apiPaths are the paths of [Config.API].
var apiPaths = []string{"/v1/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/openapi.yaml"}

// handler sends programs and people where they belong.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	for _, path := range apiPaths {
		mux.Handle(path, s.c.API)
	}
	mux.Handle("/", s.counted(s.c.Pages))
	return s.proxied(s.recovered(mux))
}

// wait waits for a group, but no longer than the context.
func wait(ctx context.Context, g *sync.WaitGroup, who string) error {
	done := make(chan struct{})
	go func() {
		g.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s did not stop in time", who)
	}
}

// recovered answers 500 where a handler panics, and tells of it.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler {
				panic(v)
			}
			// Addresses of code, and no values but the panic's own.
			s.c.Event(slog.LevelError, "panic", slog.String("route", r.Pattern),
				slog.String("error", fmt.Sprint(v)), slog.String("stack", string(debug.Stack())))
			http.Error(w, "internal error", http.StatusInternalServerError)
		}()
		next.ServeHTTP(w, r)
	})
}
