// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/validator/bank"
)

func newValidatorKeyCmd(a *app, b *bankFlags) *cobra.Command {
	return group("key", "Manage API keys for the HTTP interface",
		newKeyAddCmd(a, b), newKeyListCmd(a, b), newKeyEndCmd(a, b))
}

func parseKeyRole(text string) (bank.KeyRole, error) {
	switch r := bank.KeyRole(text); r {
	case bank.KeyCheck, bank.KeyClerk, bank.KeyAudit:
		return r, nil
	}
	return "", usagef("--role %q: want check, clerk or audit", text)
}

func newKeyAddCmd(a *app, b *bankFlags) *cobra.Command {
	var role, name, out string
	cmd := &cobra.Command{
		Use:   "add",
		Short: "Create an API key",
		Long: `Create an API key and print its secret once, or write it to a file that only you
can read. Roles: check (check codes, do operations for users), clerk (everything
that a clerk may do), audit (read the audit log and the metrics).`,
		Example: `  fob validator key add --role check --name web --out web.key`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := parseKeyRole(role)
			if err != nil {
				return err
			}
			return b.with(cmd.Context(), a, func(o *openBank) error {
				k, err := a.addKey(cmd.Context(), o, r, name, out)
				if err != nil {
					return err
				}
				return a.print(k, k.text())
			})
		},
	}
	cmd.Flags().StringVar(&role, "role", "", "`ROLE` of the key: check, clerk or audit")
	cmd.Flags().StringVar(&name, "name", "", "`NAME` of the program")
	cmd.Flags().StringVar(&out, "out", "", "write the secret to the new `FILE`; default: print it")
	cmd.MarkFlagRequired("role")
	cmd.MarkFlagRequired("name")
	return cmd
}

// addKey adds an API key whose secret goes to a new file or into the result. The file
// is created first, because no valid key may exist whose secret could not be written.
func (a *app) addKey(ctx context.Context, o *openBank, role bank.KeyRole, name, file string) (keyResult, error) {
	if file == "" || file == "-" {
		k, secret, err := o.AddKey(ctx, o.by, role, name)
		r := keyResultOf(k)
		r.Secret = secret
		return r, err
	}
	if err := mustBeNew(file); err != nil {
		return keyResult{}, err
	}
	out, err := a.create(file, false)
	if err != nil {
		return keyResult{}, err
	}
	k, secret, made := o.AddKey(ctx, o.by, role, name)
	if made == nil {
		fmt.Fprintln(out, secret)
	}
	if err = out.finish(made); err != nil {
		if made == nil {
			err = errors.Join(err, o.EndKey(ctx, o.by, k.ID))
		}
		return keyResult{}, err
	}
	r := keyResultOf(k)
	r.File = file
	return r, nil
}

// mustBeNew rejects an existing file as the destination of a secret.
func mustBeNew(file string) error {
	if file == "" || file == "-" {
		return nil
	}
	if _, err := os.Lstat(file); err == nil {
		return usagef("writing %s: it exists: name a new file", file)
	}
	return nil
}

func (k keyResult) text() string {
	if k.File != "" {
		return fmt.Sprintf("key %s (%s) in %s\n", k.ID, k.Role, k.File)
	}
	return fmt.Sprintf("key %s (%s), shown only once: %s\n", k.ID, k.Role, k.Secret)
}

func newKeyListCmd(a *app, b *bankFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List API keys",
		Long:    "List API keys, without their secrets.",
		Example: `  fob validator key list`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return b.with(cmd.Context(), a, func(o *openBank) error {
				return list(a, 0, keyHead, singlePage(func() ([]bank.APIKey, error) { return o.Keys(cmd.Context(), o.by) }),
					func(k bank.APIKey) (any, string) { return keyResultOf(k), keyLine(k) })
			})
		},
	}
}

func newKeyEndCmd(a *app, b *bankFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "end KEY",
		Short:   "End an API key",
		Long:    "End an API key, which then no longer works.",
		Example: `  fob validator key end 0b1f8a52-6d7e-4a3c-9d55-2f1f4a1c7e10`,
		Args:    oneArg("the ID of the key, which is not its secret"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return b.with(cmd.Context(), a, func(o *openBank) error {
				if err := o.EndKey(cmd.Context(), o.by, args[0]); err != nil {
					return err
				}
				return a.print(map[string]string{"id": args[0]}, "ended\n")
			})
		},
	}
}
