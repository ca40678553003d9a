// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/internal/errclass"
)

// fleetPort is a port in the answers of the API.
type fleetPort struct {
	ID   string `json:"id"`
	Addr string `json:"addr"`
}

// lineFaults are the faults of one direction of a line in the requests of the API.
type lineFaults struct {
	Seed   uint64  `json:"seed"`
	Flip   float64 `json:"flip"`
	Drop   float64 `json:"drop"`
	Unplug int     `json:"unplug_after"`
	Baud   int     `json:"baud"`
}

func (f *fleetCmd) portCmds() []*cobra.Command { return []*cobra.Command{f.portCmd(), f.wireCmd()} }

func (f *fleetCmd) sayPort(p fleetPort) error {
	if p.Addr == "" {
		return f.say("%s  unplugged", p.ID)
	}
	return f.say("%s  %s", p.ID, p.Addr)
}

// portCall sends a request about a port and prints the result.
func (f *fleetCmd) portCall(ctx context.Context, method, path string, in any) error {
	var p fleetPort
	if err := f.call(ctx, method, path, in, &p); err != nil {
		return err
	}
	return f.sayPort(p)
}

func portPath(id, rest string) string { return "/v1/ports/" + url.PathEscape(id) + rest }

func (f *fleetCmd) portCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "port", Short: "Attach, unplug and replug ports, and disturb their lines", Args: subCommand, RunE: help,
	}
	var kind string
	var number int
	attach := tokenCmd("attach", "Attach a port to a token, and print its id and address", func(ctx context.Context, name string) error {
		return f.portCall(ctx, "POST", tokenPath(name, "/ports"), map[string]any{"as": kind, "port": number})
	})
	attach.Example = "  fob fleet port attach ZZFB00000001 --as tcp"
	attach.Flags().StringVar(&kind, "as", "pty", "`KIND` of port: pty, tcp or rfc2217")
	attach.Flags().IntVar(&number, "number", 0, "port `NUMBER` for tcp and rfc2217; default: a free one")
	ls := tokenCmd("ls", "List the ports of a token", func(ctx context.Context, name string) error {
		var list struct{ Items []fleetPort }
		if err := f.call(ctx, "GET", tokenPath(name, "/ports"), nil, &list); err != nil {
			return err
		}
		for _, p := range list.Items {
			if err := f.sayPort(p); err != nil {
				return err
			}
		}
		return nil
	})
	ls.Example = "  fob fleet port ls ZZFB00000001"
	var in, out lineFaults
	faults := f.onPort("faults", "Disturb the line of a port, or mend it if no flag is given", func(ctx context.Context, id string) error {
		return f.portCall(ctx, "PUT", portPath(id, "/faults"), map[string]any{"in": in, "out": out})
	})
	faults.Example = "  fob fleet port faults p1 --drop-in 0.001 --baud 9600"
	p := faults.Flags()
	p.Float64Var(&in.Drop, "drop-in", 0, "`SHARE` of the bytes to the token that are lost, 0 to 1")
	p.Float64Var(&out.Drop, "drop-out", 0, "`SHARE` of the bytes from the token that are lost")
	p.Float64Var(&in.Flip, "flip-in", 0, "`SHARE` of the bytes to the token with a wrong bit")
	p.Float64Var(&out.Flip, "flip-out", 0, "`SHARE` of the bytes from the token with a wrong bit")
	p.IntVar(&in.Baud, "baud", 0, "limit both directions to `N` bit/s")
	p.IntVar(&out.Unplug, "unplug-after", 0, "pull the cable out after `N` bytes from the token")
	p.Uint64Var(&in.Seed, "seed", 1, "`SEED` of the faults")
	faults.PreRun = func(*cobra.Command, []string) { out.Baud, out.Seed = in.Baud, in.Seed+1 }
	cmd.AddCommand(attach, ls, faults,
		f.onPort("unplug", "Pull the cable out", func(ctx context.Context, id string) error {
			return f.portCall(ctx, "POST", portPath(id, "/unplug"), nil)
		}),
		f.onPort("replug", "Plug the cable in again; a terminal gets another path", func(ctx context.Context, id string) error {
			return f.portCall(ctx, "POST", portPath(id, "/replug"), nil)
		}),
		f.onPort("rm", "Remove a port", func(ctx context.Context, id string) error {
			return f.call(ctx, "DELETE", portPath(id, ""), nil, nil)
		}),
	)
	return cmd
}

// onPort returns a command with one port as its argument.
func (f *fleetCmd) onPort(use, short string, run func(ctx context.Context, id string) error) *cobra.Command {
	return &cobra.Command{
		Use: use + " PORT", Short: short, Args: cobra.ExactArgs(1),
		Example: "  fob fleet port " + use + " p1",
		RunE:    func(cmd *cobra.Command, args []string) error { return run(cmd.Context(), args[0]) },
	}
}

func (f *fleetCmd) wireCmd() *cobra.Command {
	var start, stop bool
	var pcapng, replay string
	cmd := f.onPort("wire", "Record the wire of a port, and print the recording", func(ctx context.Context, id string) error {
		if start || stop {
			return f.portCall(ctx, "PUT", portPath(id, "/wire"), map[string]bool{"on": start})
		}
		if replay != "" {
			return f.replay(ctx, id, replay)
		}
		c, err := f.client(ctx)
		if err != nil {
			return err
		}
		if pcapng == "" {
			b, err := c.Bytes(ctx, "GET", portPath(id, "/wire"), nil, "*/*")
			if err != nil {
				return err
			}
			_, err = f.stdout.Write(b)
			return err
		}
		b, err := c.Bytes(ctx, "GET", portPath(id, "/wire?format=pcapng"), nil, "*/*")
		if err != nil {
			return err
		}
		return overwrite(pcapng, b, 0o600)
	})
	cmd.Example = "  fob fleet wire p1 --start\n  fob fleet wire p1 --pcapng wire.pcapng"
	cmd.Flags().BoolVar(&start, "start", false, "begin a new recording")
	cmd.Flags().BoolVar(&stop, "stop", false, "end the recording")
	cmd.Flags().StringVar(&pcapng, "pcapng", "", "write the recording to `FILE` for Wireshark")
	cmd.Flags().StringVar(&replay, "replay", "", "send the host's half of the recording in `FILE` (JSON lines) to the token again")
	cmd.MarkFlagsMutuallyExclusive("start", "stop", "pcapng", "replay")
	return cmd
}

// replay sends a recording to a token again, and prints the bytes of both sides.
func (f *fleetCmd) replay(ctx context.Context, id, file string) error {
	recording, err := f.readPublic(ctx, "recording", file)
	if err != nil {
		return err
	}
	var out struct {
		Items []json.RawMessage `json:"items"`
		Same  bool              `json:"same"`
	}
	if err := f.call(ctx, "POST", portPath(id, "/wire/replay"), control.JSONLines(recording), &out); err != nil || f.json {
		return err
	}
	for _, line := range out.Items {
		if err := f.raw(line); err != nil {
			return err
		}
	}
	if out.Same {
		return nil
	}
	return errclass.With(errclass.Failed, errors.New("the token answered differently from the recording"))
}
