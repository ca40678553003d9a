// SPDX-License-Identifier: Apache-2.0

// Package reference starts the bank of this repository in test mode on free loopback
// ports, with HTTP and RADIUS, for fob conform.
//
//	s, err := reference.Start(ctx, reference.Options{Database: file})
//	access := s.Access()
//	err = s.Close()
//
// It is for tests only: its clock can be moved over HTTP, it has no rate limits, and
// its master key is lost when it ends.
package reference

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/d204ef64/fob/internal/vault"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/httpapi"
	"github.com/d204ef64/fob/validator/radius"
	"github.com/d204ef64/fob/validator/server"
	"github.com/d204ef64/fob/validator/store"
)

// Options are the parameters of the bank.
type Options struct {
	Database string             // an SQLite file or postgres://…; must not contain a bank
	Settings validator.Settings // zero: [validator.DefaultSettings]
}

// Server is a running bank. Create it with [Start].
type Server struct {
	o      Options
	db     *store.DB
	master vault.Master
	clock  server.ManualClock
	secret []byte // for RADIUS

	check, clerk string // API keys

	http, radius string // listening addresses, unchanged by a restart
	stop         context.CancelFunc
	served       chan error
}

// start is the initial time: noon of 1 April 2026 in Japan.
const start token.UnixSeconds = 1775012400

// limits disables the rate limits, so no case has to wait. Other tests cover the
// limits.
var limits = httpapi.Limits{
	Requests: httpapi.Rate{PerSecond: -1}, FailedAttempts: httpapi.Rate{PerSecond: -1},
	KeyRequests: httpapi.Rate{PerSecond: -1}, KeyFailedAttempts: httpapi.Rate{PerSecond: -1},
}

// Start creates a bank in a database and serves it. The error wraps [bank.ErrConflict]
// if the database already contains a bank.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Settings == (validator.Settings{}) {
		o.Settings = validator.DefaultSettings()
	}
	s := &Server{
		o: o, clock: server.NewManualClock(start), secret: []byte(rand.Text()),
		http: "127.0.0.1:0", radius: "127.0.0.1:0",
	}
	var err error
	if s.master, err = bank.Realm.NewMaster(); err != nil {
		return nil, err
	}
	if s.db, err = store.Open(ctx, o.Database, true); err != nil {
		return nil, err
	}
	if err := bank.Create(ctx, s.db, s.master, "", o.Settings, bank.Options{Clock: s.clock}); err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	b, err := s.serve(ctx)
	if err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	by := bank.By{Clerk: "reference", Channel: bank.ChannelCommand}
	_, s.check, err = b.AddKey(ctx, by, bank.KeyCheck, "conform")
	if err == nil {
		_, s.clerk, err = b.AddKey(ctx, by, bank.KeyClerk, "conform")
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// serve opens the bank and starts to serve it.
func (s *Server) serve(ctx context.Context) (*bank.Bank, error) {
	b, err := bank.Open(ctx, s.db, s.master, bank.Options{Clock: s.clock, InsecureCheapPasswords: true})
	if err != nil {
		return nil, err
	}
	front, err := radius.New(b, radius.Options{
		Clients:    []radius.Client{{Name: "loopback", Network: netip.MustParsePrefix("127.0.0.0/8"), Secret: s.secret}},
		WrongBurst: 1 << 20,
	})
	if err != nil {
		return nil, err
	}
	listening, err := server.Listen(server.Config{
		Bank: b, Clock: s.clock, Mailer: mailbox{}, Listen: s.http, Pages: http.NotFoundHandler(),
		API: httpapi.New(b, httpapi.Options{
			Limits: limits, Mailer: mailbox{}, TestMode: true, Clock: s.clock.ManualClock,
		}),
		Packets: []server.Packets{server.RADIUS(front, s.radius, nil)},
		Event:   func(slog.Level, string, ...slog.Attr) {},
	})
	if err != nil {
		return nil, err
	}
	s.http = strings.TrimPrefix(listening.HTTP(), "http://")
	s.radius = listening.Packets()[0]
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop, s.served = stop, make(chan error, 1)
	go func() { s.served <- listening.Serve(serving) }()
	return b, nil
}

// Access has the addresses and secrets for a client of the bank.
type Access struct {
	URL                string // of the HTTP API, without /v1
	CheckKey, ClerkKey string // API keys with these roles
	RADIUS             string // HOST:PORT
	RADIUSSecret       string
}

// Access returns the addresses and secrets for a client. A restart does not change it.
func (s *Server) Access() Access {
	return Access{URL: "http://" + s.http, CheckKey: s.check, ClerkKey: s.clerk, RADIUS: s.radius, RADIUSSecret: string(s.secret)}
}

// Restart stops the server, closes the database, and starts again at the same
// addresses. All state in memory is lost, except for the clock of test mode.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.close(); err != nil {
		return err
	}
	var err error
	if s.db, err = store.Open(ctx, s.o.Database, false); err != nil {
		return err
	}
	_, err = s.serve(ctx)
	return err
}

// Close stops the server and closes the database.
func (s *Server) Close() error {
	defer s.master.Destroy()
	return s.close()
}

func (s *Server) close() error {
	s.stop()
	var err error
	select {
	case err = <-s.served:
	case <-time.After(2 * server.DefaultPatience):
		err = fmt.Errorf("the server at %s did not stop", s.http)
	}
	return errors.Join(err, s.db.Close())
}

// mailbox is a mail server that accepts every message.
type mailbox struct{}

// SendExpiry discards the message.
func (mailbox) SendExpiry(context.Context, bank.ExpiryMail) error { return nil }
