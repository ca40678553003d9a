// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
)

// fleetCmd is the state that the commands of fob fleet share.
type fleetCmd struct {
	*app
	flags fleetFlags
}

func newFleetCmd(a *app) *cobra.Command {
	f := &fleetCmd{app: a}
	cmd := &cobra.Command{
		Use:   "fleet",
		Short: "Control the tokens of a running fob run",
		Long: `Control the tokens of a running fob run over its HTTP API: the clock, buttons,
displays, faults, ports and snapshots. A TOKEN is a serial number or a hardware
id. Name a token and its fork, which have the same serial number, by their
hardware ids. A PERIOD is ISO 8601, such as P2Y6M or PT90S, or like 1h30m, 1d or
5y.

The address and the API key are in the ready line of fob run. Give them in
FOB_URL and FOB_API_KEY, or with --url and --api-key-file. If the fleet's
certificate is not from an authority that this machine trusts, name the file of
the certificate, or of its authority's, in FOB_CACERT or with --cacert. With
--json, the answers of the API are printed as they are; /openapi.json describes
them.`,
		Example: `  fob fleet ls
  fob fleet code ZZFB00000001
  fob fleet advance --by P2Y
  fob fleet age ZZFB00000001 --by P3Y --celsius 10`,
		Args: subCommand,
		RunE: help,
	}
	f.flags = fleetFlags{urlFlag: "url", keyFlag: "api-key-file", caFlag: "cacert"}
	f.flags.add(cmd.PersistentFlags(), "`URL` of the HTTP API; default: FOB_URL")
	cmd.AddCommand(f.tokenCmds()...)
	cmd.AddCommand(f.timeCmds()...)
	cmd.AddCommand(f.hardwareCmds()...)
	cmd.AddCommand(f.portCmds()...)
	cmd.AddCommand(f.fileCmds()...)
	cmd.AddCommand(f.wallCmd(), f.pageCmd())
	return cmd
}

// client returns the client of the fleet that the flags or the environment name.
func (f *fleetCmd) client(ctx context.Context) (*control.Client, error) {
	return f.fleetClient(ctx, &f.flags)
}

// call sends a request, and prints the answer with --json. Otherwise it decodes the
// answer into out, if that is not nil.
func (f *fleetCmd) call(ctx context.Context, method, path string, in, out any) error {
	c, err := f.client(ctx)
	if err != nil {
		return err
	}
	b, err := c.Bytes(ctx, method, path, in, "application/json")
	if err != nil {
		return err
	}
	if f.json {
		return f.raw(b)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(b, out); err != nil {
		return fmt.Errorf("%w: %s %s: %w", control.ErrUnreachable, method, path, err)
	}
	return nil
}

// raw prints an answer of the API, or an empty object if there is none.
func (f *fleetCmd) raw(b []byte) error {
	if b = bytes.TrimRight(b, "\n"); len(b) == 0 {
		b = []byte("{}")
	}
	_, err := f.stdout.Write(append(b, '\n'))
	return err
}

// say prints a line unless the output is JSON.
func (f *fleetCmd) say(format string, args ...any) error {
	if f.json {
		return nil
	}
	_, err := fmt.Fprintf(f.stdout, format+"\n", args...)
	return err
}

// table prints rows in columns unless the output is JSON.
func (f *fleetCmd) table(rows [][]string) error {
	if f.json {
		return nil
	}
	out := bufio.NewWriter(f.stdout) // the table writes each cell and each gap by itself
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return out.Flush()
}

// tokenPath returns the path of a token in the API.
func tokenPath(name, rest string) string { return "/v1/tokens/" + url.PathEscape(name) + rest }

// fleetToken is a token in the answers of the API.
type fleetToken struct {
	Seq        uint64    `json:"seq"`
	TrueTime   time.Time `json:"true_time"`
	TokenTime  time.Time `json:"token_time"`
	ErrorMS    *int64    `json:"error_ms"` // nil: the clock is not set
	Lot        string    `json:"lot"`
	Faults     []string  `json:"faults"`
	HardwareID string    `json:"hardware_id"`
	Serial     string    `json:"serial"`
	Expiry     string    `json:"expiry"`
	Model      string    `json:"model"`
	State      string    `json:"state"`
	Display    string    `json:"display"`
	LeftMS     int64     `json:"left_ms"`
	Celsius    float64   `json:"celsius"`
	PPM        float64   `json:"ppm"`
	Battery    float64   `json:"battery"`
	MilliVolts int       `json:"mv"`
	Presses    uint32    `json:"presses"`
	Ports      []string  `json:"ports"`
}

// name returns the serial number, or the hardware id of a token that has none.
func (t fleetToken) name() string {
	if t.Serial != "" {
		return t.Serial
	}
	return t.HardwareID
}

// clockError returns how far the token's clock is off, such as "+00:01:35", or "unset".
func (t fleetToken) clockError() string {
	if t.ErrorMS == nil {
		return "unset"
	}
	return fleet.FormatOffset(milliseconds(*t.ErrorMS))
}

// battery returns the share of the battery that is left and its voltage, such as "58%, 3022 mV".
func (t fleetToken) battery() string {
	return strconv.Itoa(fleet.Percent(t.Battery)) + "%, " + strconv.Itoa(t.MilliVolts) + " mV"
}

func milliseconds(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

type fleetList struct {
	Items []fleetToken `json:"items"`
	Next  string       `json:"next"`
}

// change sends a request that changes a token, and prints the result.
func (f *fleetCmd) change(ctx context.Context, name, rest string, in any) error {
	var t fleetToken
	if err := f.call(ctx, "POST", tokenPath(name, rest), in, &t); err != nil {
		return err
	}
	return f.sayToken(t)
}

func (f *fleetCmd) sayToken(t fleetToken) error {
	faults := ""
	if len(t.Faults) > 0 {
		faults = "  faults " + strings.Join(t.Faults, ", ")
	}
	return f.say("%s  %s  [%s]  clock %s%s", t.name(), t.State, t.Display, t.clockError(), faults)
}

// tokenCmd returns a command with one token as its argument.
func tokenCmd(use, short string, run func(ctx context.Context, token string) error) *cobra.Command {
	return &cobra.Command{
		Use: use + " TOKEN", Short: short, Args: names(1, 1),
		Example: "  fob fleet " + use + " ZZFB00000001",
		RunE:    func(cmd *cobra.Command, args []string) error { return run(cmd.Context(), args[0]) },
	}
}

// names checks arguments that become parts of a path of the API: there are so many, none is
// empty, and none is a part that the path would lose.
func names(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least || len(args) > most {
			given := fmt.Sprintf("%d arguments are given", len(args))
			if len(args) == 1 {
				given = "1 argument is given"
			}
			return fmt.Errorf("%s takes %s: %s", cmd.CommandPath(), strings.TrimPrefix(cmd.Use, cmd.Name()+" "), given)
		}
		for _, arg := range args {
			if arg == "" || arg == "." || arg == ".." {
				return fmt.Errorf("%s: the argument %q is not a name: want %s", cmd.CommandPath(), arg, strings.TrimPrefix(cmd.Use, cmd.Name()+" "))
			}
		}
		return nil
	}
}

// secretFile writes an answer of the API that is a file with seeds.
func (f *fleetCmd) secretFile(ctx context.Context, path, out string) error {
	c, err := f.client(ctx)
	if err != nil {
		return err
	}
	b, err := c.Bytes(ctx, "GET", path, nil, "*/*")
	if err != nil {
		return err
	}
	defer clear(b)
	return writeNew(out, b, 0o600)
}
