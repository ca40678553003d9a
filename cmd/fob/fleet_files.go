// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net/url"

	"github.com/spf13/cobra"
)

func (f *fleetCmd) fileCmds() []*cobra.Command {
	return []*cobra.Command{f.snapCmd(), f.oracleCmd(), f.exportCmd()}
}

func (f *fleetCmd) snapCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "snap", Short: "Keep the state of tokens, and go back to it", Args: subCommand, RunE: help,
	}
	save := &cobra.Command{
		Use: "save NAME [TOKEN…]", Short: "Keep the state of tokens under a name, or of all", Args: cobra.MinimumNArgs(1),
		Example: "  fob fleet snap save before\n  fob fleet snap save pair ZZFB00000001 ZZFB00000002",
		RunE: func(cmd *cobra.Command, args []string) error {
			in := map[string]any{"name": args[0]}
			if len(args) > 1 {
				in["tokens"] = args[1:]
			}
			var s struct {
				Name   string
				Tokens int
			}
			if err := f.call(cmd.Context(), "POST", "/v1/snapshots", in, &s); err != nil {
				return err
			}
			return f.say("%s  %s", s.Name, countTokens(s.Tokens))
		},
	}
	ls := &cobra.Command{
		Use: "ls", Short: "List the snapshots", Args: noArgs,
		Example: "  fob fleet snap ls",
		RunE: func(cmd *cobra.Command, _ []string) error {
			var list struct {
				Items []struct {
					Name, At string
					Tokens   int
				}
			}
			if err := f.call(cmd.Context(), "GET", "/v1/snapshots", nil, &list); err != nil {
				return err
			}
			for _, s := range list.Items {
				if err := f.say("%s  %s  %s", s.Name, s.At, countTokens(s.Tokens)); err != nil {
					return err
				}
			}
			return nil
		},
	}
	from := func(verb, short string) *cobra.Command {
		return &cobra.Command{
			Use: verb + " NAME", Short: short, Args: cobra.ExactArgs(1),
			Example: "  fob fleet snap " + verb + " before",
			RunE: func(cmd *cobra.Command, args []string) error {
				var list fleetList
				if err := f.call(cmd.Context(), "POST", "/v1/snapshots/"+url.PathEscape(args[0])+"/"+verb, nil, &list); err != nil {
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
	cmd.AddCommand(save, ls,
		from("restore", "Reset the tokens of a snapshot to it"),
		from("fork", "Add a new token for each in a snapshot"))
	return cmd
}

func (f *fleetCmd) oracleCmd() *cobra.Command {
	var window int
	cmd := &cobra.Command{
		Use: "oracle TOKEN CODE", Short: "Find the time step of a code, and whether a server would accept it", Args: cobra.ExactArgs(2),
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
			if err := f.call(cmd.Context(), "POST", "/v1/oracle", in, &v); err != nil {
				return err
			}
			if f.json {
				return nil
			}
			if !v.Found {
				return f.say("the code belongs to no step within a day")
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
	return cmd
}

func (f *fleetCmd) exportCmd() *cobra.Command {
	var format, out string
	cmd := &cobra.Command{
		Use: "export --out FILE", Short: "Write the tokens' seeds to a seed file, if fob run has --allow-seed-export", Args: noArgs,
		Example: "  fob fleet export --out seeds.xml\n  fob fleet export --format oath-csv --out seeds.csv",
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.export(cmd.Context(), format, out) },
	}
	cmd.Flags().StringVar(&format, "format", "pskc", "`NAME` of the format; fob seeds lists them")
	cmd.Flags().StringVar(&out, "out", "", "`FILE` to write, which must not exist")
	cmd.MarkFlagRequired("out")
	return cmd
}

func (f *fleetCmd) export(ctx context.Context, format, out string) error {
	c, err := f.client(ctx)
	if err != nil {
		return err
	}
	b, err := c.Bytes(ctx, "GET", "/v1/export?format="+url.QueryEscape(format), nil, "*/*")
	if err != nil {
		return err
	}
	defer clear(b)
	return writeNew(out, b, 0o600)
}
