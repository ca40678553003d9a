// SPDX-License-Identifier: Apache-2.0

package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/metrics"
)

// Defaults and limits of a server.
const (
	DefaultListen      = "127.0.0.1:8080"
	DefaultPatience    = 10 * time.Second
	DefaultStall       = 30 * time.Second
	DefaultConnections = 1024
	DefaultHour        = 6

	readHeaderTimeout = 5 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeader         = 16 << 10 // bytes
)

// ErrExposed is returned for an HTTP address beyond loopback without a certificate.
// Passwords and codes would cross the network in the clear.
var ErrExposed = errclass.New(errclass.Usage, "an address beyond loopback requires a certificate")

// ErrHour is returned for an hour outside 0 to 23.
var ErrHour = errclass.New(errclass.Usage, "the hour of the daily job must be 0 to 23")

// ErrAddress is returned for an invalid listen address.
var ErrAddress = errclass.New(errclass.Usage, "want HOST:PORT such as 127.0.0.1:8080")

// Packets is an interface that receives datagrams, such as RADIUS.
type Packets struct {
	Name   string // for events, such as "radius"
	Listen string // HOST:PORT, as in Config.Listen

	// Serve answers packets until the context ends. It then finishes the answers that
	// it has begun and returns nil.
	Serve func(ctx context.Context, conn net.PacketConn) error

	// Reload reads the files behind this interface again, for [Server.Reload]. If it
	// returns an error, nothing has changed. A nil Reload means that nothing is read
	// from files.
	Reload func() error
}

// Config configures a server. Bank, API and Pages must be set.
type Config struct {
	Bank *bank.Bank

	// API answers programs: /v1, /healthz, /readyz, /metrics and the OpenAPI
	// description. Pages answers every other path, for people.
	API, Pages http.Handler

	// Listen is the HOST:PORT for HTTP. The default is [DefaultListen]; port 0 picks a
	// free port. The host 0.0.0.0 means every IPv4 address. The host [::] and an empty
	// host mean every IPv4 and IPv6 address.
	Listen string

	// Certificate enables HTTPS. If it is nil, the server speaks HTTP, on loopback
	// only.
	Certificate *Certificate

	// Proxies are the trusted reverse proxies in front of this server. They require a
	// PublicURL.
	Proxies Proxies

	// PublicURL is the URL by which browsers reach the server, such as
	// https://bank.example.com. If it is empty, browsers use the listen address.
	PublicURL string

	// Packets are the datagram interfaces, such as RADIUS.
	Packets []Packets

	// Mailer sends the expiry notices of the daily job. If it is nil, the job creates
	// the notices but does not send them.
	Mailer bank.Mailer

	// Hour is the hour of the day, 0 to 23 in Japan time, at which the daily job runs.
	// The job also runs when the server starts.
	Hour int

	// Clock is the bank's clock. The default is the system clock.
	Clock Clock

	// Metrics count page requests and daily jobs. If nil, the counts are kept but not
	// visible.
	Metrics *metrics.Metrics

	// Connections is the maximum number of open connections; further ones wait. 0 means
	// [DefaultConnections].
	Connections int

	// PerSource is the maximum number of open connections from one source: an IPv4
	// address, or the /64 prefix of an IPv6 address. The server closes further ones. 0
	// means a quarter of Connections, at least 1. Loopback and trusted proxies are
	// exempt.
	PerSource int

	// Stall is how long a client may stop sending a request body or reading an answer.
	// 0 means [DefaultStall]. A transfer that keeps moving has no time limit.
	Stall time.Duration

	// Patience is how long a stopping server waits for work that has begun. 0 means
	// [DefaultPatience].
	Patience time.Duration

	// Prepare, if not nil, may change further settings of the HTTP server, such as its
	// error log.
	Prepare func(*http.Server)

	// Event, if not nil, receives events for a log. They contain no secrets. It may be
	// called by several goroutines.
	Event func(level slog.Level, what string, attrs ...slog.Attr)

	public *url.URL // the parsed PublicURL; nil if it is empty
}

// complete fills in the defaults and checks the settings before any port is opened.
func (c *Config) complete() error {
	if c.Bank == nil || c.API == nil || c.Pages == nil {
		return errors.New("server: internal error: Bank, API and Pages must be set")
	}
	c.Listen = cmp.Or(c.Listen, DefaultListen)
	c.Connections = cmp.Or(c.Connections, DefaultConnections)
	c.PerSource = cmp.Or(c.PerSource, max(c.Connections/4, 1))
	c.Stall = cmp.Or(c.Stall, DefaultStall)
	c.Patience = cmp.Or(c.Patience, DefaultPatience)
	if c.Clock == nil {
		c.Clock = SystemClock{}
	}
	if c.Metrics == nil {
		c.Metrics = metrics.New(metrics.Build{})
	}
	if c.Event == nil {
		c.Event = func(slog.Level, string, ...slog.Attr) {}
	}
	return c.Check()
}

// Exposed reports whether other machines can reach a listen address, which means any
// address but a loopback one. The error wraps [ErrAddress].
func Exposed(addr string) (bool, error) {
	at, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return false, fmt.Errorf("address %q: %w: %w", addr, ErrAddress, err)
	}
	if addr == "" {
		return false, fmt.Errorf("address %q: %w", addr, ErrAddress)
	}
	return at.IP == nil || !at.IP.IsLoopback(), nil // an empty host listens on every address
}

// listenNetwork returns the network to listen on. It turns "tcp" into "tcp4" for an
// IPv4 address, because Go also opens IPv6 for "tcp" and 0.0.0.0. "udp" works the same
// way.
func listenNetwork(name, addr string) string {
	if at, err := netip.ParseAddrPort(addr); err == nil && at.Addr().Is4() {
		return name + "4"
	}
	return name
}

// Check validates the hour, the listen addresses and the proxy settings before any port
// is opened. The error may wrap [ErrHour], [ErrExposed], [ErrAddress] or [ErrProxy].
func (c *Config) Check() error {
	if c.Hour < 0 || c.Hour > 23 {
		return fmt.Errorf("%w, got %d", ErrHour, c.Hour)
	}
	exposed, err := Exposed(c.Listen)
	if err != nil {
		return err
	}
	if exposed && c.Certificate == nil {
		return fmt.Errorf("listening on %s: %w", c.Listen, ErrExposed)
	}
	for _, p := range c.Packets {
		if _, err := Exposed(p.Listen); err != nil {
			return err
		}
	}
	return c.checkProxies()
}
