// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/internal/ratelimit"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/httpapi"
	"github.com/d204ef64/fob/validator/metrics"
	"github.com/d204ef64/fob/validator/pages"
	"github.com/d204ef64/fob/validator/server"
)

// serveOptions are the flags of fob validator serve.
type serveOptions struct {
	listen          string
	tlsCert, tlsKey string
	publicURL       string
	proxies         []string
	proxyHeader     string
	radius          radiusFlags
	mail            mailFlags
	hour            int
	clock           string
	clockGiven      bool
	follow          fleetFlags
	verbose         bool
}

func newValidatorServeCmd(a *app, b *bankFlags) *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the bank's server",
		Long: `Run the bank until Ctrl-C or SIGTERM: the HTTP API under /v1 (described by
/openapi.json), the pages for users at / and for clerks at /desk/, metrics at
/metrics, RADIUS with --radius, and the daily job, now and once a day. The
addresses go to stdout and the log to stderr.

Without a certificate, the server listens only on loopback. Port 0 selects a
free port. SIGHUP reloads the certificate, the RADIUS clients and their secrets.
The certificate is also reloaded if its files change.

Behind a reverse proxy, --public-url is the address that browsers use and
--trusted-proxy is the address of the proxy. Client addresses are then read from
the proxy's header, cookies require TLS, and each client has its own limits.

With --test-mode --clock manual, time stands still until POST /v1/clock advances
it, and every page shows TEST MODE. With --test-mode --clock fleet, the clock is
that of the tokens of a running fob run: an advance, a pause or another rate
there counts here at once. Without the fleet, the bank refuses everything with
503 until it is back. A bank that fob validator init --test-mode
did not create is refused without --test-mode-on-real-bank. The audit log marks
records that were written with these clocks with "test clock".`,
		Example: `  fob validator serve --db bank.db --key-file bank.key
  fob validator serve --db bank.db --key-file bank.key --radius 127.0.0.1:1812 --radius-secret-file s
  fob validator serve --db bank.db --key-file k --public-url https://bank.example.com --trusted-proxy 127.0.0.1
  fob validator serve --db bank.db --key-file k --test-mode --clock manual --at 2031-11-30T14:59:00Z
  fob validator serve --db bank.db --key-file k --test-mode --follow http://127.0.0.1:8090`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.clockGiven = cmd.Flags().Changed("clock")
			return a.serveBank(cmd.Context(), b, &o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", server.DefaultListen, "serve HTTP on `ADDR` (HOST:PORT)")
	f.StringVar(&o.tlsCert, "tls-cert", "", "`FILE` with the certificate chain (PEM) for HTTPS")
	f.StringVar(&o.tlsKey, "tls-key", "", "`FILE` with the private key (PEM) of the certificate")
	f.StringVar(&o.publicURL, "public-url", "", "`URL` of the server for browsers, such as https://bank.example.com")
	f.StringSliceVar(&o.proxies, "trusted-proxy", nil, "`ADDR` or network of a reverse proxy, such as 192.0.2.0/24; may be repeated")
	f.StringVar(&o.proxyHeader, "proxy-header", server.XForwardedFor, "`HEADER` with the address of the client: "+server.XForwardedFor+" or "+server.Forwarded)
	o.radius.add(f)
	o.mail.add(f)
	f.IntVar(&o.hour, "daily-at", server.DefaultHour, "`HOUR` of the daily job, 0 to 23, Japan time")
	f.StringVar(&o.clock, "clock", "real", "clock `MODE`: real, or with --test-mode manual (stopped, starts at --at) or fleet (see --follow)")
	o.follow = fleetFlags{urlFlag: "follow", keyFlag: "follow-key-file", caFlag: "follow-cacert"}
	o.follow.add(f, "with --test-mode, follow the clock of the fleet with the API at `URL`; default with --clock fleet: FOB_URL")
	f.BoolVar(&o.verbose, "verbose", false, "log every request")
	cmd.MarkFlagsRequiredTogether("tls-cert", "tls-key")
	return cmd
}

// checkClock checks the flags of the clock. A manual clock starts now if no time is
// given.
func (o *serveOptions) checkClock(b *bankFlags) error {
	if o.follow.url != "" && !o.clockGiven {
		o.clock = "fleet"
	}
	if o.clock != "fleet" && (o.follow.url != "" || o.follow.withoutURL() != "") {
		return usagef("--follow, --follow-key-file and --follow-cacert need --clock fleet")
	}
	switch o.clock {
	case "fleet":
		if !b.testMode {
			return usagef("--clock fleet is for tests: it needs --test-mode")
		}
		if b.at != "" {
			return usagef("--at: the fleet has the time: omit the flag")
		}
		return nil
	case "real":
		if b.at != "" {
			return usagef("--at needs --clock manual")
		}
		return nil
	case "manual":
		if !b.testMode {
			return usagef("--clock manual is for tests: it needs --test-mode")
		}
		if b.at == "" {
			b.at = "now"
		}
		return nil
	}
	return usagef("--clock %s: want real, manual or fleet", o.clock)
}

// serving is the output of fob validator serve when it is ready.
type serving struct {
	PID      int       `json:"pid"`
	HTTP     string    `json:"http"`
	RADIUS   string    `json:"radius"` // "" if it is off
	TestMode bool      `json:"test_mode"`
	TestBank bool      `json:"test_bank"` // created by init --test-mode
	Warnings []string  `json:"warnings"`
	Now      time.Time `json:"now"`
}

func (a *app) serveBank(ctx context.Context, b *bankFlags, o *serveOptions) error {
	if err := o.checkClock(b); err != nil {
		return err
	}
	c := server.Config{Listen: o.listen, Hour: o.hour, PublicURL: o.publicURL}
	if err := o.certificate(&c); err != nil {
		return err
	}
	if err := o.proxy(&c); err != nil {
		return err
	}
	if err := c.Check(); err != nil {
		return err
	}
	log := newBankLog(a, o.verbose)
	counted := metrics.New(build())
	b.observer = log.observer(counted.Observer())
	if o.clock == "fleet" {
		stop, err := a.followFleet(ctx, b, o, log)
		if err != nil {
			return err
		}
		defer stop()
	}
	return b.with(ctx, a, func(bank *openBank) (err error) {
		if c.Mailer, err = o.mail.mailer(ctx, a, bank.time); err != nil {
			return err
		}
		c.Bank, c.Clock, c.Metrics = bank.Bank, bank.clock, counted
		c.Event, c.Prepare = log.server, log.prepare
		api := httpapi.Options{Mailer: c.Mailer, TestMode: b.testMode, Metrics: counted, Event: log.api}
		if clock, ok := bank.clock.(server.ManualClock); ok {
			api.Clock = clock.ManualClock
		}
		c.API = httpapi.New(bank.Bank, api)
		c.Pages = pages.New(bank.Bank, pages.Options{
			TestMode: b.testMode, TLS: c.PublicTLS(), Allow: pageAllowance(), Event: log.pages,
		})
		if err := o.radius.addTo(ctx, a, bank.Bank, &c, log); err != nil {
			return err
		}
		warnings, err := bank.warnings(ctx, b.testMode)
		if err != nil {
			return err
		}
		s, err := server.Listen(c)
		if err != nil {
			return err
		}
		if err := a.announceBank(s, bank, b.testMode, warnings); err != nil {
			s.Close()
			return err
		}
		for _, w := range warnings {
			log.line(slog.LevelWarn, w)
		}
		log.server(slog.LevelInfo, "listening", slog.String("http", s.HTTP()), slog.Any("radius", s.Packets()),
			slog.Bool("test_mode", b.testMode), slog.Bool("test_bank", bank.Test()))
		if c.Mailer == nil {
			log.server(slog.LevelWarn, "no --smtp or --mail-dir: notices are created, but not sent")
		}
		return a.serveUntil(ctx, s, bank, log)
	})
}

// serveUntil serves until the context ends, and notifies systemd. SIGHUP reloads the
// configuration.
func (a *app) serveUntil(ctx context.Context, s *server.Server, bank *openBank, log *bankLog) error {
	defer onHangup(ctx, func() {
		log.reloading()
		s.Reload()
		log.notify(daemon.SdNotifyReady)
	})()
	log.notify(daemon.SdNotifyReady)
	defer context.AfterFunc(ctx, func() { log.notify(daemon.SdNotifyStopping) })()
	watching, stop := context.WithCancel(ctx)
	var watchdog sync.WaitGroup
	watchdog.Go(func() { log.watchdog(watching, bank.Bank) })
	defer watchdog.Wait()
	defer stop()
	return s.Serve(ctx)
}

// proxy parses the flags for proxies.
func (o *serveOptions) proxy(c *server.Config) (err error) {
	if o.proxyHeader != server.XForwardedFor && len(o.proxies) == 0 {
		return usagef("--proxy-header needs --trusted-proxy")
	}
	if c.Proxies, err = server.ParseProxies(o.proxies, o.proxyHeader); err != nil {
		return fmt.Errorf("--trusted-proxy, --proxy-header: %w", err)
	}
	return nil
}

// certificate loads the certificate.
func (o *serveOptions) certificate(c *server.Config) error {
	if o.tlsCert == "" {
		return nil
	}
	var err error
	if c.Certificate, err = server.LoadCertificate(o.tlsCert, o.tlsKey); err != nil {
		return usagef("%w", err)
	}
	return nil
}

// pageAllowance limits the rate at which a source can try passwords and codes on the
// pages. The limits allow for a company whose staff share an address.
func pageAllowance() func(pages.Attempt, string) time.Duration {
	logins, codes := ratelimit.New[string](ratelimit.Capacity), ratelimit.New[string](ratelimit.Capacity)
	return func(what pages.Attempt, addr string) time.Duration {
		source := ratelimit.SourceText(addr)
		if what == pages.AttemptLogin {
			return logins.Take(time.Now(), source, ratelimit.Rate{PerSecond: 1. / 3, Burst: 30})
		}
		return codes.Take(time.Now(), source, ratelimit.Rate{PerSecond: 1, Burst: 60})
	}
}

// announceBank prints the addresses of the server.
func (a *app) announceBank(s *server.Server, o *openBank, testMode bool, warnings []string) error {
	r := serving{
		PID: os.Getpid(), HTTP: s.HTTP(), TestMode: testMode, TestBank: o.Test(), Warnings: warnings, Now: o.time().UTC(),
	}
	for _, addr := range s.Packets() {
		r.RADIUS = addr
	}
	if a.json {
		return jsonLine(a.stdout, r)
	}
	text := r.HTTP + "\n"
	if r.RADIUS != "" {
		text += "radius " + r.RADIUS + "\n"
	}
	if testMode {
		text += fmt.Sprintf("TEST MODE: it is %s in Japan\n", tableTime(token.UnixSeconds(r.Now.Unix())))
	}
	return a.print(nil, text)
}
