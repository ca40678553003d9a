// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/pflag"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/serialproto/port"
)

// portFlags are the flags for the ports of tokens that this process serves.
type portFlags struct {
	fleet.Ports
	passwordFile string
	usual        bool // no kind of port was given
}

func (p *portFlags) add(f *pflag.FlagSet) {
	f.StringVar(&p.PTYDir, "pty", "", "serve pseudo-terminals, with links fob0, fob1, … in the folder `DIR`")
	f.StringVar(&p.TCP, "tcp", "", "listen on `ADDR` (HOST:PORT); token N uses PORT+N, or a free port if PORT is 0")
	f.StringVar(&p.UnixDir, "unix", "", "serve Unix sockets fob0.sock, fob1.sock, … in the folder `DIR`")
	f.StringVar(&p.RFC2217, "rfc2217", "", "serve serial ports over TCP (RFC 2217) on `ADDR` (HOST:PORT), numbered as with --tcp")
	f.StringArrayVar(&p.Devices, "serial", nil, "serve a token on the serial device `DEV`, such as /dev/ttyGS0; repeat for each token")
	f.StringVar(&p.passwordFile, "port-password-file", "", "`FILE` with the password that hosts must send; required beyond loopback, not used on pseudo-terminals and serial devices")
}

// ready reads the password of the ports and creates their folders.
func (p *portFlags) ready(ctx context.Context, a *app) (err error) {
	if p.Password, err = a.portPassword(ctx, p.passwordFile); err != nil {
		return err
	}
	p.usual = p.PTYDir == "" && p.TCP == "" && p.UnixDir == "" && p.RFC2217 == "" && len(p.Devices) == 0
	p.PTY = p.PTYDir != "" || p.usual
	for _, dir := range []string{p.PTYDir, p.UnixDir} {
		if dir == "" {
			continue
		}
		// Parents are not created, so a mistyped path is an error.
		err := os.Mkdir(dir, 0o700)
		if info, e := os.Stat(dir); e == nil && info.IsDir() {
			err = nil
		}
		if err != nil {
			return usagef("creating the folder for ports: %w", err)
		}
	}
	return nil
}

// advise adds a hint to the error of a serial device that cannot be served.
func (p *portFlags) advise(err error) error {
	var at *port.OpError
	if !errors.As(err, &at) || !slices.Contains(p.Devices, at.Addr) {
		return err
	}
	switch {
	case errors.Is(err, port.ErrNotFound):
		return fmt.Errorf("%w (a USB gadget's device appears once its driver, such as g_serial, is loaded)", err)
	case errors.Is(err, port.ErrBusy):
		return fmt.Errorf("%w (close that program first)", err)
	}
	return err
}
