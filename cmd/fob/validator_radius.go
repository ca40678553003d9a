// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/spf13/pflag"

	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/radius"
	"github.com/d204ef64/fob/validator/server"
)

// radiusFlags are the flags of the RADIUS interface.
type radiusFlags struct {
	listen     string
	secretFile string
	clients    string
	language   string

	typed []byte // the secret from standard input, which a reload cannot read again
}

func (r *radiusFlags) add(f *pflag.FlagSet) {
	f.StringVar(&r.listen, "radius", "", "serve RADIUS on `ADDR` (HOST:PORT), such as "+radius.DefaultAddr+"; default: off")
	f.StringVar(&r.secretFile, "radius-secret-file", "", "`FILE` with the secret for RADIUS clients on this machine")
	f.StringVar(&r.clients, "radius-clients-file", "", "`FILE` with RADIUS clients: name, network and secret file on each line")
	f.StringVar(&r.language, "radius-language", "en", "`LANGUAGE` of RADIUS replies: ja or en")
}

// addTo adds RADIUS to a server if the flags ask for it.
func (r *radiusFlags) addTo(ctx context.Context, a *app, b *bank.Bank, c *server.Config, log *bankLog) error {
	if r.listen == "" {
		if r.secretFile != "" || r.clients != "" {
			return usagef("RADIUS clients are given, but no --radius ADDR")
		}
		return nil
	}
	o, err := r.options(ctx, a)
	if err != nil {
		return err
	}
	o.Event = log.radius(c.Metrics)
	responder, err := radius.New(b, o)
	if err != nil {
		return err
	}
	c.Packets = append(c.Packets, server.RADIUS(responder, r.listen, func() ([]radius.Client, error) {
		return r.readClients(ctx, a)
	}))
	return nil
}

func (r *radiusFlags) options(ctx context.Context, a *app) (o radius.Options, err error) {
	if o.Language, err = parseLanguage("radius-language", r.language); err != nil {
		return o, err
	}
	if r.secretFile == "" && r.clients == "" {
		return o, usagef("--radius needs the clients' secrets: use --radius-secret-file or --radius-clients-file")
	}
	o.Clients, err = r.readClients(ctx, a)
	return o, err
}

// readClients reads the clients and their secrets at the start and on each reload.
func (r *radiusFlags) readClients(ctx context.Context, a *app) (clients []radius.Client, err error) {
	if r.clients != "" {
		if clients, err = radius.ReadClients(r.clients); err != nil {
			return nil, usagef("RADIUS clients: %w", err)
		}
	}
	if r.secretFile == "" {
		return clients, nil
	}
	secret := r.typed
	if secret == nil {
		if secret, err = a.readPassword(ctx, r.secretFile); err != nil {
			return nil, fmt.Errorf("RADIUS secret: %w", err)
		}
	}
	if r.secretFile == "-" {
		r.typed = secret
	}
	for _, network := range []string{"127.0.0.0/8", "::1/128"} {
		clients = append(clients, radius.Client{Name: "local", Network: netip.MustParsePrefix(network), Secret: secret})
	}
	return clients, nil
}
