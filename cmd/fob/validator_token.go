// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
)

func newValidatorTokenCmd(a *app, b *bankFlags) *cobra.Command {
	return group("token", "Manage tokens: inventory, state, and requests on paper",
		newTokenListCmd(a, b), newTokenShowCmd(a, b), newTokenIssueCmd(a, b), newTokenReportCmd(a, b),
		newTokenUnlockCmd(a, b), newTokenRevokeCmd(a, b), newTokenResyncCmd(a, b))
}

func newTokenListCmd(a *app, b *bankFlags) *cobra.Command {
	var f bank.TokenFilter
	var status string
	var limit int
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List tokens",
		Example: `  fob validator token list --contract C-1001 --suspended`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if status != "" {
				if f.Condition, err = oneOf("status", status, validator.InUse, validator.Expired,
					validator.Broken, validator.Lost, validator.Revoked); err != nil {
					return err
				}
			}
			return b.with(cmd.Context(), a, func(o *openBank) error {
				return list(a, limit, tokenHead, func(p bank.Page) ([]bank.Token, string, error) {
					f.Page = p
					return o.Tokens(cmd.Context(), o.by, f)
				}, func(t bank.Token) (any, string) { return tokenResultOf(t), tokenLine(t) })
			})
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.Contract, "contract", "", "only tokens of the contract `ID`")
	fl.BoolVar(&f.Inventory, "inventory", false, "only tokens in the inventory, which have no contract")
	fl.StringVar(&f.Serial, "serial", "", "only tokens whose serial number begins with `TEXT`")
	fl.StringVar(&status, "status", "", "only tokens with this `STATUS`: in-use, expired, broken, lost or revoked")
	fl.BoolVar(&f.Suspended, "suspended", false, "only suspended tokens")
	cmd.MarkFlagsMutuallyExclusive("contract", "inventory")
	limitFlag(fl, &limit)
	return cmd
}

func newTokenShowCmd(a *app, b *bankFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "show SERIAL",
		Short:   "Show a token",
		Example: `  fob validator token show 2600124800001`,
		Args:    oneArg("the serial number of the token"),
		RunE: func(cmd *cobra.Command, args []string) error {
			serial, err := token.ParseSerial(args[0])
			if err != nil {
				return err
			}
			return b.with(cmd.Context(), a, func(o *openBank) error { return showToken(cmd.Context(), a, o, serial) })
		},
	}
}

// showToken prints the current state of a token.
func showToken(ctx context.Context, a *app, o *openBank, serial token.Serial) error {
	t, err := o.Token(ctx, o.by, serial)
	if err != nil {
		return err
	}
	p, r := t.Profile, tokenResultOf(t)
	return a.print(r, fieldTable(
		"token", t.Serial.String(), "contract", t.Contract, "status", r.Condition,
		"suspended", yesNo(t.State.Suspended), "failed attempts", fmt.Sprint(t.State.FailedAttempts), "users", strings.Join(t.Users, " "),
		"expiry", t.Expiry.String(), "codes", fmt.Sprintf("%d digits, %v, %d s", p.Digits, p.Algorithm, p.Step),
		"drift", fmt.Sprintf("%d steps", t.State.Drift.Offset), "model", strings.TrimSpace(t.Manufacturer+" "+t.Model),
		"imported", tableTime(t.Imported), "activated", tableTime(t.Activated), "noticed", tableTime(t.Noticed)))
}

// onToken makes cmd a command that acts on one token and then shows it.
func onToken(a *app, b *bankFlags, cmd *cobra.Command, do func(context.Context, *openBank, token.Serial) (bank.Outcome, error)) *cobra.Command {
	cmd.Args = oneArg("the serial number of the token")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
		serial, err := token.ParseSerial(args[0])
		if err != nil {
			return err
		}
		return b.with(ctx, a, func(o *openBank) error {
			if err := refusedAsError(do(ctx, o, serial)); err != nil {
				return err
			}
			return showToken(ctx, a, o, serial)
		})
	}
	return cmd
}

func newTokenIssueCmd(a *app, b *bankFlags) *cobra.Command {
	var contract string
	cmd := &cobra.Command{
		Use:     "issue SERIAL...",
		Short:   "Issue tokens of the inventory to a contract",
		Long:    "Issue tokens of the inventory to a contract, without an order.",
		Example: `  fob validator token issue 2600124800001 2600124800002 --contract C-1001`,
		Args:    someArgs("serial numbers of tokens of the inventory"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var serials []token.Serial
			for _, text := range args {
				s, err := token.ParseSerial(text)
				if err != nil {
					return err
				}
				serials = append(serials, s)
			}
			return b.with(cmd.Context(), a, func(o *openBank) error {
				if err := o.Issue(cmd.Context(), o.by, contract, serials...); err != nil {
					return err
				}
				r := struct {
					Contract string         `json:"contract"`
					Tokens   []token.Serial `json:"serials"`
				}{contract, serials}
				return a.print(r, fmt.Sprintf("%s issued to %s\n", countTokens(len(serials)), contract))
			})
		},
	}
	cmd.Flags().StringVar(&contract, "contract", "", "`ID` of the contract")
	cmd.MarkFlagRequired("contract")
	return cmd
}

func newTokenReportCmd(a *app, b *bankFlags) *cobra.Command {
	var as string
	cmd := onToken(a, b, &cobra.Command{
		Use:     "report SERIAL",
		Short:   "Report a token as lost, stolen or broken",
		Example: `  fob validator token report 2600124800001 --as lost`,
	}, func(ctx context.Context, o *openBank, serial token.Serial) (bank.Outcome, error) {
		c, err := oneOf("as", as, validator.Lost, validator.Broken)
		if err != nil {
			return bank.Outcome{}, err
		}
		return o.Report(ctx, o.by, serial, c)
	})
	cmd.Flags().StringVar(&as, "as", "", "`STATUS` of the token: lost (also if stolen), or broken")
	cmd.MarkFlagRequired("as")
	return cmd
}

func newTokenUnlockCmd(a *app, b *bankFlags) *cobra.Command {
	return onToken(a, b, &cobra.Command{
		Use:     "unlock SERIAL",
		Aliases: []string{"lift"},
		Short:   "Unlock a suspended token",
		Long:    "End the suspension of a token, as requested on paper.",
		Example: `  fob validator token unlock 2600124800001`,
	}, func(ctx context.Context, o *openBank, serial token.Serial) (bank.Outcome, error) {
		return o.Unlock(ctx, o.by, serial, "")
	})
}

func newTokenRevokeCmd(a *app, b *bankFlags) *cobra.Command {
	return onToken(a, b, &cobra.Command{
		Use:     "revoke SERIAL",
		Short:   "Revoke a token",
		Long:    "Revoke a token, as requested on paper.",
		Example: `  fob validator token revoke 2600124800001`,
	}, func(ctx context.Context, o *openBank, serial token.Serial) (bank.Outcome, error) {
		return o.Revoke(ctx, o.by, serial, "")
	})
}

func newTokenResyncCmd(a *app, b *bankFlags) *cobra.Command {
	var file string
	cmd := onToken(a, b, &cobra.Command{
		Use:   "resync SERIAL",
		Short: "Correct the clock of a token with two consecutive codes",
		Long: `Correct the clock offset of a token in the bank. The two codes are prompted for,
or read from a file, one per line. They cannot be arguments, which other users
can see. The codes do not authorise anything.`,
		Example: `  fob validator token resync 2600124800001 --codes-file codes`,
	}, func(ctx context.Context, o *openBank, serial token.Serial) (bank.Outcome, error) {
		first, second, err := a.twoCodes(ctx, file)
		if err != nil {
			return bank.Outcome{}, err
		}
		return o.Resync(ctx, o.by, serial, first, second)
	})
	cmd.Flags().StringVar(&file, "codes-file", "", "`FILE` with the two codes, or - for standard input; prompted for if omitted")
	return cmd
}

// twoCodes reads two codes from a file, or prompts for them.
func (a *app) twoCodes(ctx context.Context, file string) (first, second string, err error) {
	if file != "" {
		text, err := a.readSecret(ctx, "codes", file)
		if err != nil {
			return "", "", err
		}
		words := bytes.Fields(text)
		if len(words) != 2 {
			return "", "", usagef("reading the codes from %s: want two, one per line", source(file))
		}
		return string(words[0]), string(words[1]), nil
	}
	one, err := a.askPassword(ctx, "code that the token shows", false)
	if err != nil {
		return "", "", err
	}
	two, err := a.askPassword(ctx, "next code, when it has changed", false)
	return string(one), string(two), err
}
