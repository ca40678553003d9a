// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/serialproto/wire"
)

// fleetPort is a port in the answers of the API.
type fleetPort struct {
	ID      string     `json:"id"`
	Addr    string     `json:"addr"`
	In      lineFaults `json:"in"`
	Out     lineFaults `json:"out"`
	Tapping bool       `json:"tapping"`
}

// name returns the id and the address.
func (p fleetPort) name() string {
	if p.Addr == "" {
		return p.ID + "  unplugged"
	}
	return p.ID + "  " + p.Addr
}

func (f *fleetCmd) portCmds() []*cobra.Command { return []*cobra.Command{f.portCmd(), f.wireCmd()} }

func (f *fleetCmd) sayPort(p fleetPort) error {
	text := p.name()
	if p.In.flags("in")+p.Out.flags("out") != "" {
		text += "  faulty line"
	}
	if p.Tapping {
		text += "  recording"
	}
	return f.say("%s", text)
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
		Long: `Attach, unplug and replug ports, and disturb their lines. A PORT is an id, such
as p1, or the address that fob fleet ls shows. fob fleet show prints both.`,
	}
	var kind string
	var number int
	attach := tokenCmd("attach", "Attach a port to a token, and print its id and address", nil)
	attach.RunE = func(cmd *cobra.Command, args []string) error {
		in := map[string]any{"as": kind}
		if cmd.Flags().Changed("number") {
			in["port"] = number
		}
		return f.portCall(cmd.Context(), "POST", tokenPath(args[0], "/ports"), in)
	}
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
	cmd.AddCommand(attach, ls, f.portFaultsCmd(), f.replugCmd(),
		f.onPort("show", "Show one port", func(ctx context.Context, id string) error {
			return f.portCall(ctx, "GET", portPath(id, ""), nil)
		}),
		f.onPort("unplug", "Pull the cable out", func(ctx context.Context, id string) error {
			return f.portCall(ctx, "POST", portPath(id, "/unplug"), nil)
		}),
		f.onPort("rm", "Remove a port", func(ctx context.Context, id string) error {
			return f.call(ctx, "DELETE", portPath(id, ""), nil, nil)
		}),
	)
	return cmd
}

func (f *fleetCmd) replugCmd() *cobra.Command {
	var number int
	cmd := f.onPort("replug", "Plug the cable in again; a terminal gets another path", nil)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var in any
		if cmd.Flags().Changed("number") {
			in = map[string]int{"port": number}
		}
		return f.portCall(cmd.Context(), "POST", portPath(args[0], "/replug"), in)
	}
	cmd.Flags().IntVar(&number, "number", 0, "another port `NUMBER`, for tcp and rfc2217")
	return cmd
}

// onPort returns a command with one port as its argument: its id or its address.
func (f *fleetCmd) onPort(use, short string, run func(ctx context.Context, id string) error) *cobra.Command {
	return &cobra.Command{
		Use: use + " PORT", Short: short, Args: names(1, 1),
		Example: "  fob fleet port " + use + " p1",
		RunE:    func(cmd *cobra.Command, args []string) error { return run(cmd.Context(), args[0]) },
	}
}

func (f *fleetCmd) wireCmd() *cobra.Command {
	var start, stop, decode bool
	var pcapng, replay string
	var last int
	cmd := f.onPort("wire", "Record the wire of a port, and print the recording", func(ctx context.Context, id string) error {
		switch {
		case last != 0 && !decode:
			return errclass.With(errclass.Usage, errors.New("--last counts messages: give --decode as well"))
		case last < 0 || last > 10_000:
			return usagef("--last %d: want 1 to 10000, or 0 for 1000", last)
		}
		if start || stop {
			return f.portCall(ctx, "PUT", portPath(id, "/wire"), map[string]bool{"on": start})
		}
		if replay != "" {
			return f.replay(ctx, id, replay)
		}
		if decode {
			return f.decode(ctx, id, last)
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
	cmd.Example = "  fob fleet wire p1 --start\n  fob fleet wire p1 --decode\n  fob fleet wire p1 --pcapng wire.pcapng"
	cmd.Flags().BoolVar(&start, "start", false, "begin a new recording")
	cmd.Flags().BoolVar(&stop, "stop", false, "end the recording")
	cmd.Flags().BoolVar(&decode, "decode", false, "print the recording message by message, without secrets and without bytes that are not a message")
	cmd.Flags().IntVar(&last, "last", 0, "with --decode, print the `NUMBER` newest messages, at most 10000; 0: 1000")
	cmd.Flags().StringVar(&pcapng, "pcapng", "", "write the recording to `FILE` for Wireshark")
	cmd.Flags().StringVar(&replay, "replay", "", "send the host's half of the recording in `FILE` (JSON lines) to the token again")
	cmd.MarkFlagsMutuallyExclusive("start", "stop", "decode", "pcapng", "replay")
	return cmd
}

// decode prints the last messages of a recording, and how many older ones are left out. 0 is
// the default of the API.
func (f *fleetCmd) decode(ctx context.Context, id string, last int) error {
	path := "/wire?format=messages"
	if last != 0 {
		path += "&last=" + strconv.Itoa(last)
	}
	var out struct {
		Items []wire.Message
		Left  int `json:"left_out"`
	}
	if err := f.call(ctx, "GET", portPath(id, path), nil, &out); err != nil || f.json {
		return err
	}
	if out.Left > 0 {
		if err := f.say("older messages that are left out: %d", out.Left); err != nil {
			return err
		}
	}
	for _, m := range out.Items {
		if err := f.say("%s", m); err != nil {
			return err
		}
	}
	return nil
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
