// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/serialproto/host"
)

func newKeygenCmd(a *app) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "keygen --out FILE",
		Short: "Generate the key pair of a provisioning station",
		Long: `Generate an X25519 key pair. FILE holds the private key, which only you can
read, for fob device provision --station-key; FILE.pub holds the public key, for
fob run --station-key. Neither file may exist.`,
		Example: `  fob device keygen --out station`,
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			key, err := host.GenerateStationKey()
			if err != nil {
				return err
			}
			// The private key comes first. If fob is killed between the two, there must
			// not be a public key alone: tokens that get it could not be provisioned.
			if err := writeNew(out, []byte(key.Expose()+"\n"), 0o600); err != nil {
				return err
			}
			if err := writeNew(out+".pub", []byte(key.Public().String()+"\n"), 0o644); err != nil {
				os.Remove(out)
				return err
			}
			return a.print(map[string]string{"private": out, "public": out + ".pub", "key": key.Public().String()}, fmt.Sprintf("%s\n%s\n", out, out+".pub"))
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "write the private key to `FILE`")
	cmd.MarkFlagRequired("out")
	return cmd
}
