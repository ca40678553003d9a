// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/token/fleetkey"
)

func newSeedsFleetKeyCmd(a *app) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "fleet-key --out FILE",
		Short: "Generate a fleet key, from which test tokens are derived",
		Long: `Generate a fleet key in a new file that only you can read. The serial numbers,
seeds and crystals of test tokens follow from the key and their numbers. With
the same file, fob seeds make writes the seed file for the server, and fob run
runs the same tokens, on any number of machines.`,
		Example: `  fob seeds fleet-key --out fleet.key
  fob seeds make --fleet-key-file fleet.key --first 1 --count 1000 --to pskc --out tokens.xml
  fob run --fleet-key-file fleet.key --first 501 --count 500`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			text := fleetkey.Generate()
			defer clear(text)
			key, err := fleetkey.Parse(text)
			if err != nil {
				return err
			}
			if err := writeNew(out, text, 0o600); err != nil {
				return err
			}
			return a.print(map[string]string{"file": out, "fleet_key": key.ID()}, fmt.Sprintf("%s\n", out))
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "write the key to the new `FILE`")
	cmd.MarkFlagRequired("out")
	return cmd
}

// fleetKeyFlags are the flags of the commands that derive tokens from a fleet key.
type fleetKeyFlags struct {
	file  string
	first int64
}

const fleetKeyUsage = "derive the tokens from the fleet key in `FILE` (see fob seeds fleet-key)"

func (k *fleetKeyFlags) add(f *pflag.FlagSet) {
	f.StringVar(&k.file, "fleet-key-file", "", fleetKeyUsage)
	f.Int64Var(&k.first, "first", 1, "number `N` of the first token of the fleet key, 0 to 2^32-1")
	markGoesWith(f, "fleet-key-file", "first")
}

// read reads the fleet key. Without the flag, it returns the zero value.
func (k *fleetKeyFlags) read(ctx context.Context, a *app) (fleet.Keyed, error) {
	if k.file == "" {
		return fleet.Keyed{}, nil
	}
	if k.first < 0 || k.first > 1<<32-1 {
		return fleet.Keyed{}, usagef("--first %d: want 0 to 2^32-1", k.first)
	}
	text, err := a.readSecret(ctx, "fleet key", k.file)
	if err != nil {
		return fleet.Keyed{}, err
	}
	defer clear(text)
	key, err := fleetkey.Parse(text)
	if err != nil {
		return fleet.Keyed{}, usagef("reading the fleet key from %s: %w", source(k.file), err)
	}
	return fleet.Keyed{Key: key, First: uint64(k.first)}, nil
}
