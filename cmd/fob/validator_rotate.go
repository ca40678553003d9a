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
		Short: "Replace the key of the seeds, or of the bank",
		Long: `Create a new data key and encrypt every seed with it, while servers run. An
interrupted rotation continues with the next call. The key file and the
passphrase stay the same: they decrypt the data keys.

With --new-key-file or --new-passphrase, replace the bank's own key. The old key
then no longer opens the bank. Running servers continue; restart them with the
new key. Destroy the old key file yourself.`,
		Example: `  fob validator rotate-key --db bank.db --key-file bank.key
  fob validator rotate-key --db bank.db --key-file bank.key --new-key-file new.key`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if newKeyFile != "" || newPassphrase {
				return b.rewrap(cmd.Context(), a, newKeyFile)
			}
			return b.with(cmd.Context(), a, func(o *openBank) error {
				show, done := a.counter("encrypting")
				n, err := o.RotateKey(cmd.Context(), o.by, func(done, _ int64) { show(done) })
				done()
				if err != nil {
					return err
				}
				return a.print(map[string]int64{"seeds": n}, fmt.Sprintf("%d seeds encrypted with a new key\n", n))
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&newKeyFile, "new-key-file", "", "write a new key for the bank to `FILE`")
	f.BoolVar(&newPassphrase, "new-passphrase", false, "prompt for a new passphrase for the bank")
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
				return fmt.Errorf("%w; it is unknown whether the bank has the new key: keep %s and the old key until you know which one opens it", err, keyFile)
			}
			return errors.Join(err, os.Remove(keyFile)) // the file opens nothing
		}
		r := struct {
			KeyFile string `json:"key_file,omitempty"`
		}{keyFile}
		return a.print(r, "the bank has a new key; the old key no longer opens it\n")
	})
}
