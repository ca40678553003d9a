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
	"net/url"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/metrics"
)

// The defaults and limits of what a server takes.
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

// ErrExposed is the error of HTTP beyond loopback without a certificate:
// passwords and codes would cross a network in clear.
var ErrExposed = errclass.New(errclass.Usage, "beyond loopback a certificate is needed")

// ErrHour is the error of an hour that is none.
var ErrHour = errclass.New(errclass.Usage, "the daily job's hour is 0 to 23")

// ErrAddress is the error of an address that is none.
var ErrAddress = errclass.New(errclass.Usage, "want HOST:PORT such as 127.0.0.1:8080")

// Packets is a front that takes datagrams, such as RADIUS.
type Packets struct {
	Name   string // for events, such as "radius"
	Listen string // HOST:PORT, as in Config.Listen

	// Serve answers what comes until the context ends, and returns when what it
	// began is finished. It returns nil then.
	Serve func(ctx context.Context, conn net.PacketConn) error

	// Reload reads again what Serve was given from files, for [Server.Reload]. If
	// there is an error, nothing has changed. nil is nothing to read.
	Reload func() error
}

// Config is what a server runs. Bank, API and Pages must be set.
type Config struct {
	Bank *bank.Bank

	// API answers programs: /v1, and beside it /healthz, /readyz, /metrics and the
	// description. Pages answers everything else: people.
	API, Pages http.Handler

	// Listen is HOST:PORT of HTTP; "" is [DefaultListen], port 0 a free one. The
	// host 0.0.0.0 is every IPv4 address; [::] and no host are every address of
	// both kinds.
	Listen string

	// Certificate is for HTTPS; nil is HTTP, on loopback only.
	Certificate *Certificate

	// Proxies are the reverse proxies in front of this server; PublicURL is needed
	// with them.
	Proxies Proxies

	// PublicURL is how browsers reach the server, such as https://bank.example.com;
	// "" is HTTP's address.
	PublicURL string

	// Packets are the other fronts.
	Packets []Packets

	// Mailer sends the notices of the daily job; with nil they are made out, and
	// wait.
	Mailer bank.Mailer

	// Hour is when the daily job runs, Japan time, 0 to 23. It also runs at the
	// start.
	Hour int

	// Clock is the bank's clock; nil is the system's.
	Clock Clock

	// Metrics count pages and the daily job; nil are some that nobody sees.
	Metrics *metrics.Metrics

	// Connections is how many are open at once; the next ones wait. 0 is
	// [DefaultConnections].
	Connections int

	// PerSource is how many of them are of one source, an IPv4 address or the /64
	// of an IPv6 one; what is more is closed. 0 is a quarter of Connections, and
	// no less than 1. This machine and trusted proxies may have all.
	PerSource int

	// Stall is how long a client may send nothing of a body, or read nothing of an
	// answer; 0 is [DefaultStall]. A transfer that goes on has no limit.
	Stall time.Duration

	// Patience is how long a stopping server waits for what was begun; 0 is
	// [DefaultPatience].
	Patience time.Duration

	// Prepare may set what else an HTTP server has, such as where it reports
	// broken connections; nil leaves it.
	Prepare func(*http.Server)

	// Event is told what happens: a line for a log, without secrets. nil is
	// nobody. It may be called by several goroutines.
	Event func(level slog.Level, what string, attrs ...slog.Attr)

	public *url.URL // PublicURL; nil is none
}

// complete fills in the defaults and checks what can be checked before anything
// is opened.
func (c *Config) complete() error {
	if c.Bank == nil || c.API == nil || c.Pages == nil {
		return errors.New("server: a bank, its interface and its pages are needed")
	}
	if c.Listen == "" {
		c.Listen = DefaultListen
	}
	if c.Connections == 0 {
		c.Connections = DefaultConnections
	}
	if c.PerSource == 0 {
		c.PerSource = max(c.Connections/4, 1)
	}
	if c.Stall == 0 {
		c.Stall = DefaultStall
	}
	if c.Patience == 0 {
		c.Patience = DefaultPatience
	}
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

// Exposed reports whether an address is reached from other machines: whether it
// is anything but an address of the loopback. The error wraps [ErrAddress].
func Exposed(addr string) (bool, error) {
	at, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return false, fmt.Errorf("address %q: %w: %w", addr, ErrAddress, err)
	}
	if addr == "" {
		return false, fmt.Errorf("address %q: %w", addr, ErrAddress)
	}
	return at.IP == nil || !at.IP.IsLoopback(), nil // no host is every address
}

// listenNetwork returns the network to listen on: "tcp4" for "tcp" and an IPv4 address,
// since Go opens IPv6 as well for "tcp" and 0.0.0.0.
func listenNetwork(name, addr string) string {
	if at, err := netip.ParseAddrPort(addr); err == nil && at.Addr().Is4() {
		return name + "4"
	}
	return name
}

// Check reports what is wrong with what a server would listen on, before anything
// is opened. The error may be [ErrExposed], [ErrAddress] or [ErrProxy].
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
