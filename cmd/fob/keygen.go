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
		Short: "Make the key pair of a provisioning station",
		Long: `Makes a station's X25519 key pair: FILE holds the private key, readable by you
alone, for fob device provision --station-key; FILE.pub the public one, for
fob run --station-key. Neither file may exist.`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			key, err := host.GenerateStationKey()
			if err != nil {
				return err
			}
			if err := writeNew(out+".pub", []byte(key.Public().String()+"\n"), 0o644); err != nil {
				return err
			}
			if err := writeNew(out, []byte(key.Expose()+"\n"), 0o600); err != nil {
				os.Remove(out + ".pub")
				return err
			}
			return a.print(map[string]string{"private": out, "public": out + ".pub", "key": key.Public().String()}, fmt.Sprintf("%s\n%s\n", out, out+".pub"))
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "`FILE` for the private key")
	cmd.MarkFlagRequired("out")
	return cmd
}
