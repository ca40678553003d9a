// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/secretfile"
)

func (f *fleetCmd) fileCmds() []*cobra.Command {
	return []*cobra.Command{f.snapCmd(), f.oracleCmd(), f.exportCmd(), f.qrCmd()}
}

func (f *fleetCmd) snapCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "snap", Short: "Keep the state of tokens, and go back to it", Args: subCommand, RunE: help,
	}
	save := &cobra.Command{
		Use: "save NAME [TOKEN…]", Short: "Keep the state of tokens under a name, or of all", Args: names(1, 10_001),
		Example: "  fob fleet snap save before\n  fob fleet snap save pair ZZFB00000001 ZZFB00000002",
		RunE: func(cmd *cobra.Command, args []string) error {
			in := map[string]any{"name": args[0]}
			if len(args) > 1 {
				in["tokens"] = args[1:]
			}
			return f.snapCall(cmd.Context(), "POST", "/v1/snapshots", in)
		},
	}
	var token string
	ls := &cobra.Command{
		Use: "ls", Short: "List the snapshots", Args: noArgs,
		Example: "  fob fleet snap ls\n  fob fleet snap ls --token ZZFB00000001",
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := f.snapshots(cmd.Context(), token)
			if err != nil {
				return err
			}
			var rows [][]string
			for _, s := range list {
				rows = append(rows, s.row())
			}
			return f.table(rows)
		},
	}
	ls.Flags().StringVar(&token, "token", "", "only snapshots that contain this `TOKEN`")
	show := &cobra.Command{
		Use: "show NAME", Short: "Show one snapshot", Args: names(1, 1),
		Example: "  fob fleet snap show before",
		RunE:    func(cmd *cobra.Command, args []string) error { return f.showSnapshot(cmd.Context(), args[0]) },
	}
	rm := &cobra.Command{
		Use: "rm NAME", Short: "Forget a snapshot", Args: names(1, 1),
		Example: "  fob fleet snap rm before",
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.call(cmd.Context(), "DELETE", snapPath(args[0]), nil, nil)
		},
	}
	var out string
	write := &cobra.Command{
		Use: "export NAME --out FILE", Short: "Write a snapshot to a file with seeds, if fob run has --allow-seed-export", Args: names(1, 1),
		Example: "  fob fleet snap export before --out before.json",
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.secretFile(cmd.Context(), snapPath(args[0]), out)
		},
	}
	write.Flags().StringVar(&out, "out", "", "`FILE` to write, which must not exist")
	write.MarkFlagRequired("out")
	load := &cobra.Command{
		Use: "load NAME FILE", Short: "Keep the snapshot of a file under a name, in a fleet with the same world seed", Args: names(2, 2),
		Example: "  fob fleet snap load before before.json",
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := f.readSnapshot(args[1])
			if err != nil {
				return err
			}
			defer clear(b)
			return f.snapCall(cmd.Context(), "PUT", snapPath(args[0]), control.File(b))
		},
	}
	from := func(verb, short string) *cobra.Command {
		return &cobra.Command{
			Use: verb + " NAME", Short: short, Args: names(1, 1),
			Example: "  fob fleet snap " + verb + " before",
			RunE: func(cmd *cobra.Command, args []string) error {
				var list fleetList
				if err := f.call(cmd.Context(), "POST", snapPath(args[0])+"/"+verb, nil, &list); err != nil {
					return err
				}
				for _, t := range list.Items {
					if err := f.sayToken(t); err != nil {
						return err
					}
				}
				return nil
			},
		}
	}
	cmd.AddCommand(save, ls, show, rm, write, load,
		from("restore", "Reset the tokens of a snapshot to it"),
		from("fork", "Add a new token for each in a snapshot"))
	return cmd
}

func (f *fleetCmd) oracleCmd() *cobra.Command {
	var window, search int
	cmd := &cobra.Command{
		Use: "oracle TOKEN CODE", Short: "Find the time step of a code, and whether a server would accept it", Args: names(2, 2),
		Example: "  fob fleet oracle ZZFB00000001 123456 --window 2",
		RunE: func(cmd *cobra.Command, args []string) error {
			var v struct {
				Found       bool  `json:"found"`
				Step        int64 `json:"step"`
				Offset      int64 `json:"offset"`
				TokenOffset int64 `json:"token_offset"`
				WouldPass   bool  `json:"would_pass"`
			}
			in := map[string]any{"token": args[0], "code": args[1], "window": window}
			if search > 0 {
				in["search"] = search
			}
			if err := f.call(cmd.Context(), "POST", "/v1/oracle", in, &v); err != nil {
				return err
			}
			if f.json {
				return nil
			}
			if !v.Found {
				return f.say("the code belongs to none of the steps that were searched: see --search")
			}
			verdict := "would be refused"
			if v.WouldPass {
				verdict = "would be accepted"
			}
			return f.say("step %d, %+d from the true time, %+d from the token's: with a window of %d it %s",
				v.Step, v.Offset, v.TokenOffset, window, verdict)
		},
	}
	cmd.Flags().IntVar(&window, "window", 1, "`N` steps each way that the server accepts")
	cmd.Flags().IntVar(&search, "search", 0, "search `N` steps each way; default: 1440, a day of 60 s")
	return cmd
}

func (f *fleetCmd) exportCmd() *cobra.Command {
	var token, format, out string
	cmd := &cobra.Command{
		Use: "export --out FILE", Short: "Write the tokens' seeds to a seed file, if fob run has --allow-seed-export", Args: noArgs,
		Example: "  fob fleet export --out seeds.xml\n  fob fleet export --format oath-csv --out seeds.csv",
		RunE: func(cmd *cobra.Command, _ []string) error {
			query := url.Values{"format": {format}}
			if cmd.Flags().Changed("token") {
				query.Set("token", token)
			}
			return f.secretFile(cmd.Context(), "/v1/export?"+query.Encode(), out)
		},
	}
	cmd.Flags().StringVar(&token, "token", "", "only this `TOKEN`; default: all")
	cmd.Flags().StringVar(&format, "format", "pskc", "`NAME` of the format; fob seeds lists them")
	cmd.Flags().StringVar(&out, "out", "", "`FILE` to write, which must not exist")
	cmd.MarkFlagRequired("out")
	return cmd
}

func (f *fleetCmd) qrCmd() *cobra.Command {
	var out string
	cmd := tokenCmd("qr", "Write the token's seed as a QR code (SVG), if fob run has --allow-seed-export", func(ctx context.Context, name string) error {
		return f.secretFile(ctx, tokenPath(name, "/qr"), out)
	})
	cmd.Example = "  fob fleet qr ZZFB00000001 --out token.svg"
	cmd.Flags().StringVar(&out, "out", "", "`FILE` to write, which must not exist")
	cmd.MarkFlagRequired("out")
	return cmd
}

// fleetSnapshot is a snapshot in the answers of the API.
type fleetSnapshot struct {
	Name   string `json:"name"`
	At     string `json:"at"`
	Tokens int    `json:"tokens"`
	Bytes  int64  `json:"bytes"`
}

func (s fleetSnapshot) row() []string {
	return []string{s.Name, s.At, countTokens(s.Tokens), fmt.Sprintf("%d KB", (s.Bytes+999)/1000)}
}

func snapPath(name string) string { return "/v1/snapshots/" + url.PathEscape(name) }

// snapCall sends a request that makes a snapshot, and prints it.
func (f *fleetCmd) snapCall(ctx context.Context, method, path string, in any) error {
	var s fleetSnapshot
	if err := f.call(ctx, method, path, in, &s); err != nil {
		return err
	}
	return f.table([][]string{s.row()})
}

// snapshots returns the snapshots that contain a token, or all if it is "".
func (f *fleetCmd) snapshots(ctx context.Context, token string) ([]fleetSnapshot, error) {
	path := "/v1/snapshots"
	if token != "" {
		path += "?token=" + url.QueryEscape(token)
	}
	var list struct{ Items []fleetSnapshot }
	err := f.call(ctx, "GET", path, nil, &list)
	return list.Items, err
}

func (f *fleetCmd) showSnapshot(ctx context.Context, name string) error {
	c, err := f.client(ctx)
	if err != nil {
		return err
	}
	var list struct{ Items []fleetSnapshot }
	if err := c.Do(ctx, "GET", "/v1/snapshots", nil, &list); err != nil {
		return err
	}
	for _, s := range list.Items {
		if s.Name != name {
			continue
		}
		if f.json {
			return jsonLine(f.stdout, s)
		}
		return f.table([][]string{s.row()})
	}
	return usagef("there is no snapshot %q: fob fleet snap ls lists them", name)
}

// readSnapshot reads a file with seeds, which only its owner may use.
func (f *fleetCmd) readSnapshot(path string) ([]byte, error) {
	file, err := secretfile.Open(path)
	if err != nil {
		return nil, errclass.With(errclass.Usage, fmt.Errorf("reading the snapshot: %w", err))
	}
	defer file.Close()
	return io.ReadAll(file)
}
