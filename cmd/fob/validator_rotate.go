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

func newValidatorRotateCmd(a *app, b *bankFlags) *cobra.Command {
	var newKeyFile string
	var newPassphrase bool
	cmd := &cobra.Command{
		Use:   "rotate-key",
		Short: "Make a new key for the seeds, or for the bank itself",
		Long: `Makes a new data key and seals every seed under it, while servers run. What was
begun and broken off goes on with the next call. The key file and the passphrase
stay what they are: they open the data keys.

With --new-key-file or --new-passphrase the bank's own key is replaced: the old
one opens the bank no longer. Servers that run go on with what they have; start
them again with the new one. Destroy the old key file yourself.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if newKeyFile != "" || newPassphrase {
				return b.rewrap(cmd.Context(), a, newKeyFile)
			}
			return b.with(cmd.Context(), a, func(o *openBank) error {
				show, done := a.counter("sealing")
				n, err := o.RotateKey(cmd.Context(), o.by, func(done, _ int64) { show(done) })
				done()
				if err != nil {
					return err
				}
				return a.print(map[string]int64{"seeds": n}, fmt.Sprintf("%d seeds sealed with a new key\n", n))
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&newKeyFile, "new-key-file", "", "make a new key for the bank in `FILE`")
	f.BoolVar(&newPassphrase, "new-passphrase", false, "ask for a new passphrase for the bank")
	cmd.MarkFlagsMutuallyExclusive("new-key-file", "new-passphrase")
	return cmd
}

// rewrap replaces the bank's own key by one in a new file, or if keyFile is "", by one
// derived from a passphrase.
func (b *bankFlags) rewrap(ctx context.Context, a *app, keyFile string) error {
	return b.with(ctx, a, func(o *openBank) error {
		fresh, kdf, err := a.newMaster(ctx, &bankFlags{keyFile: keyFile})
		if err != nil {
			return err
		}
		defer fresh.Destroy()
		if err := o.Rewrap(ctx, o.by, fresh, kdf); err != nil {
			if keyFile == "" {
				return err
			}
			if errors.Is(err, bank.ErrUnavailable) || ctx.Err() != nil { // the response to the commit may have been lost
				return fmt.Errorf("%w; whether the bank has the new key is not known: keep %s and the old key until you see which opens it", err, keyFile)
			}
			return errors.Join(err, os.Remove(keyFile)) // the file opens nothing
		}
		r := struct {
			KeyFile string `json:"key_file,omitempty"`
		}{keyFile}
		return a.print(r, "the bank has a new key; the old one opens it no longer\n")
	})
}
