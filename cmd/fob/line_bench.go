// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/internal/practice"
)

func newLineBenchCmd(a *app) *cobra.Command {
	c := practice.Config{Stations: 1}
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Compare the time of a line with the time of its wires",
		Long: `Program virtual tokens on all ports at once, over pseudo-terminals that carry
bytes as slowly as a serial line, and compare two times:

  line   from the first byte on any port to the last PASS
  wires  what the port with the most bytes needs for them: bytes × 10 bits, in
         both directions together, because host and token never send at once

The ratio shows how much the line adds to its wires: cryptography, records on
disk, waiting. The virtual tokens use the same processors, also for their part
of the cryptography, and so do other programs: measure on an idle machine. The
kernel delivers the bytes of a pseudo-terminal in a task of its own, which waits
for a free processor; --unix avoids that.

Everything that is slow by nature is left out. One code is compared, which the
token computes; the crystal is measured, but not until a limit is decided; and
no labels are printed. The order, its signatures, the journal on disk, the lock
and the attempts to read a locked token are as always.`,
		Example: `  fob line bench
  fob line bench --tokens 8 --ports 8 --baud 57600 --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.lineBench(cmd.Context(), c) },
	}
	f := cmd.Flags()
	f.IntVar(&c.Tokens, "tokens", 64, "number `N` of tokens")
	f.IntVar(&c.Ports, "ports", 64, "number `N` of ports")
	f.IntVar(&c.Baud, "baud", 115200, "`N` bits per second on each port")
	f.BoolVar(&c.Unix, "unix", false, "use Unix sockets instead of pseudo-terminals")
	return cmd
}

// maxBaud limits the speed of a port in a measurement.
const minBaud, maxBaud = 300, 4_000_000

func (a *app) lineBench(ctx context.Context, c practice.Config) (err error) {
	switch {
	case c.Tokens < 1 || c.Tokens > maxSimulated:
		return usagef("--tokens %d: want 1 to %d", c.Tokens, maxSimulated)
	case c.Ports < 1 || c.Ports > maxPorts:
		return usagef("--ports %d: want 1 to %d", c.Ports, maxPorts)
	case c.Baud < minBaud || c.Baud > maxBaud:
		return usagef("--baud %d: want %d to %d", c.Baud, minBaud, maxBaud)
	}
	if c.Dir, err = os.MkdirTemp("", "fob-line"); err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(c.Dir)) }()
	if err := practice.NewOrder(c.Dir, c.Tokens, time.Now()); err != nil {
		return err
	}
	if _, err := c.UseOrder(time.Now()); err != nil {
		return err
	}
	r, err := practice.Bench(ctx, c)
	if err != nil {
		return err
	}
	return a.print(r, fmt.Sprintf("%s on %d ports at %d baud, %d bytes on all wires\n\nline   %7.3f s\nwires  %7.3f s\nratio  %7.2f\n",
		countTokens(r.Tokens), r.Ports, r.Baud, r.Bytes, r.Seconds, r.WireSeconds, r.Ratio))
}
