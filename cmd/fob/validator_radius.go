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
	f.StringVar(&r.listen, "radius", "", "`ADDR` HOST:PORT for RADIUS, such as "+radius.DefaultAddr+"; default: none")
	f.StringVar(&r.secretFile, "radius-secret-file", "", "`FILE` with the secret of RADIUS clients on this machine")
	f.StringVar(&r.clients, "radius-clients-file", "", "`FILE` of RADIUS clients: name, network and file of the secret on each line")
	f.StringVar(&r.language, "radius-language", "en", "`LANGUAGE` of its replies: ja or en")
}

// front adds RADIUS to a server if the flags ask for it.
func (r *radiusFlags) front(ctx context.Context, a *app, b *bank.Bank, c *server.Config, log *bankLog) error {
	if r.listen == "" {
		if r.secretFile != "" || r.clients != "" {
			return usagef("RADIUS clients are named, but no --radius ADDR")
		}
		return nil
	}
	o, err := r.options(ctx, a)
	if err != nil {
		return err
	}
	o.Event = log.radius(c.Metrics)
	front, err := radius.New(b, o)
	if err != nil {
		return err
	}
	c.Packets = append(c.Packets, server.RADIUS(front, r.listen, func() ([]radius.Client, error) {
		return r.readClients(ctx, a)
	}))
	return nil
}

func (r *radiusFlags) options(ctx context.Context, a *app) (o radius.Options, err error) {
	if o.Language, err = parseLanguage("radius-language", r.language); err != nil {
		return o, err
	}
	if r.secretFile == "" && r.clients == "" {
		return o, usagef("RADIUS clients and the server share a secret: --radius-secret-file or --radius-clients-file")
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
