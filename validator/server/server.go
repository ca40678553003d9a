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

// Server is a bank with open listeners. [Listen] creates it.
type Server struct {
	c       Config
	http    *http.Server
	listen  net.Listener
	packets []net.PacketConn // in the order of Config.Packets

	transfers *transfers
}

// Listen opens every listener in the configuration. If one cannot be opened, it closes
// the others. Connections wait until [Server.Serve] is called. The error may wrap
// [ErrHour], [ErrExposed], [ErrAddress] or [ErrProxy], or it reports a port that cannot
// be opened.
func Listen(c Config) (*Server, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	s := &Server{c: c, transfers: newTransfers(c.Stall)}
	s.http = &http.Server{
		Handler:           s.transfers.watched(s.handler()), // sets the deadlines of bodies and answers
		ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
	}
	if c.Certificate != nil {
		s.http.TLSConfig = c.Certificate.Config()
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

// HTTP returns the server's own URL, for example "http://127.0.0.1:8080".
func (s *Server) HTTP() string {
	scheme := "http://"
	if s.c.Certificate != nil {
		scheme = "https://"
	}
	return scheme + s.listen.Addr().String()
}

// Packets returns the listen addresses of [Config.Packets], in the same order.
func (s *Server) Packets() []string {
	var all []string
	for _, p := range s.packets {
		all = append(all, p.LocalAddr().String())
	}
	return all
}

// Close closes the listeners. Use it only if Serve is not called.
func (s *Server) Close() error {
	err := s.listen.Close()
	for _, p := range s.packets {
		err = errors.Join(err, p.Close())
	}
	return err
}

// Serve answers requests until the context ends or a listener fails. It then stops the
// HTTP and datagram interfaces, which finish the requests in progress, and after them
// the daily job. It returns nil if the context ended and everything finished in time.
func (s *Server) Serve(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)

	var interfaces sync.WaitGroup
	interfaces.Go(func() {
		err := s.serveHTTP()
		if !errors.Is(err, http.ErrServerClosed) {
			stop(fmt.Errorf("HTTP: %w", err))
		}
	})
	listening, stopListening := context.WithCancel(context.Background())
	defer stopListening()
	for i, p := range s.c.Packets {
		interfaces.Go(func() {
			if err := p.Serve(listening, s.packets[i]); err != nil && listening.Err() == nil {
				stop(fmt.Errorf("%s: %w", p.Name, err))
			}
		})
	}
	working, stopWorking := context.WithCancel(context.Background())
	defer stopWorking()
	var job sync.WaitGroup
	d := &daily{clock: s.c.Clock, hour: s.c.Hour, done: s.dailyDone}
	d.run = func(ctx context.Context) (bank.DailyReport, error) { return s.c.Bank.Daily(ctx, s.c.Mailer) }
	job.Go(func() { d.loop(working) })
	if s.c.Certificate != nil {
		job.Go(func() { s.c.Certificate.Watch(working, s.c.Event) })
	}

	<-ctx.Done()
	s.c.Event(slog.LevelInfo, "stopping")
	patience, end := context.WithTimeout(context.Background(), s.c.Patience)
	defer end()
	stopListening()
	err := s.stopHTTP(patience)
	for _, p := range s.packets {
		if e := p.Close(); e != nil && !errors.Is(e, net.ErrClosed) {
			err = errors.Join(err, e)
		}
	}
	err = errors.Join(err, wait(patience, &interfaces, "HTTP and datagram interfaces"))
	stopWorking()
	err = errors.Join(err, wait(patience, &job, "the daily job"))
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		err = errors.Join(cause, err)
	}
	return err
}

// stopHTTP waits for the requests in progress. Clients that stop sending their request
// or do not read their answer cannot delay it past its deadlines. Only a handler that
// does not end is an error.
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

// Reload reads the certificate and the files of the datagram interfaces again, for
// example after SIGHUP. Requests in progress continue. If a file is invalid, its
// previous contents stay in use and an event reports the error.
func (s *Server) Reload() {
	if s.c.Certificate != nil {
		s.c.Certificate.Refresh(s.c.Event)
	}
	for _, p := range s.c.Packets {
		if p.Reload == nil {
			continue
		}
		if err := p.Reload(); err != nil {
			s.c.Event(slog.LevelWarn, p.Name+" could not be reloaded: its previous configuration stays in use", slog.String("error", err.Error()))
			continue
		}
		s.c.Event(slog.LevelInfo, p.Name+" reloaded")
	}
}

func (s *Server) serveHTTP() error {
	if s.http.TLSConfig != nil {
		return s.http.ServeTLS(s.listen, "", "")
	}
	return s.http.Serve(s.listen)
}

// apiPaths are the paths that [Config.API] serves.
var apiPaths = []string{"/v1/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/openapi.yaml"}

// handler routes requests of programs to the API and requests of people to the pages.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	for _, path := range apiPaths {
		mux.Handle(path, s.c.API)
	}
	mux.Handle("/", s.counted(s.c.Pages))
	return s.proxied(s.recovered(mux))
}

// wait waits for a group until the context ends.
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

// recovered answers 500 if a handler panics, and logs the panic.
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
			// The stack has code addresses. The panic's own value is the only value in
			// the log.
			s.c.Event(slog.LevelError, "panic", slog.String("route", r.Pattern),
				slog.String("error", fmt.Sprint(v)), slog.String("stack", string(debug.Stack())))
			http.Error(w, "internal error", http.StatusInternalServerError)
		}()
		next.ServeHTTP(w, r)
	})
}
