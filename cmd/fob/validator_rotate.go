// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newValidatorRotateCmd(a *app, b *bankFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "rotate-key",
		Short: "Make a new key for the seeds and seal all of them again",
		Long: `Makes a new data key and seals every seed under it, while servers run. What was
begun and broken off goes on with the next call. The key file and the passphrase
stay what they are: they open the data keys.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return b.with(cmd.Context(), a, func(o *openBank) error {
				show, done := a.counter("sealing")
				n, err := o.RotateKey(cmd.Context(), o.by, func(done, _ int64) { show(done) })
				done()
				if err != nil {
					return err
				}
				r := struct {
					Seeds int64 `json:"seeds"`
				}{n}
				return a.print(r, fmt.Sprintf("%d seeds sealed with a new key\n", n))
			})
		},
	}
}
