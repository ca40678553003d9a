// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"github.com/spf13/cobra"
)

func (f *fleetCmd) hardwareCmds() []*cobra.Command {
	return []*cobra.Command{f.skewCmd(), f.ageCmd(), f.temperatureCmd(), f.batteryCmd(), f.faultCmd()}
}

func (f *fleetCmd) skewCmd() *cobra.Command {
	var by string
	cmd := tokenCmd("skew", "Move a token's clock", func(ctx context.Context, name string) error {
		return f.change(ctx, name, "/skew", map[string]string{"by": by})
	})
	cmd.Example = "  fob fleet skew ZZFB00000001 --by -95s"
	cmd.Flags().StringVar(&by, "by", "", "move it by `PERIOD`, which may have a sign")
	cmd.MarkFlagRequired("by")
	return cmd
}

func (f *fleetCmd) ageCmd() *cobra.Command {
	var by string
	var celsius float64
	cmd := tokenCmd("age", "Make a token older, while the world's clock stays", nil)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		in := map[string]any{"by": by}
		if cmd.Flags().Changed("celsius") {
			in["celsius"] = celsius
		}
		return f.change(cmd.Context(), args[0], "/age", in)
	}
	cmd.Example = "  fob fleet age ZZFB00000001 --by P3Y --celsius 10"
	cmd.Flags().StringVar(&by, "by", "", "make it `PERIOD` older")
	cmd.Flags().Float64Var(&celsius, "celsius", 25, "at `N` °C")
	cmd.MarkFlagRequired("by")
	return cmd
}

func (f *fleetCmd) temperatureCmd() *cobra.Command {
	var celsius float64
	cmd := tokenCmd("temperature", "Change the temperature around a token", func(ctx context.Context, name string) error {
		return f.change(ctx, name, "/temperature", map[string]float64{"celsius": celsius})
	})
	cmd.Example = "  fob fleet temperature ZZFB00000001 --celsius -10"
	cmd.Flags().Float64Var(&celsius, "celsius", 25, "set it to `N` °C, -60 to 125")
	cmd.MarkFlagRequired("celsius")
	return cmd
}

func (f *fleetCmd) batteryCmd() *cobra.Command {
	return &cobra.Command{
		Use: "battery TOKEN remove|insert|replace", Short: "Remove, insert or replace the battery", Args: cobra.ExactArgs(2),
		Example: "  fob fleet battery ZZFB00000001 replace",
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.change(cmd.Context(), args[0], "/battery", map[string]string{"do": args[1]})
		},
	}
}

func (f *fleetCmd) faultCmd() *cobra.Command {
	var dead, ghost []string
	var flash, clearAll, drop bool
	var cut uint32
	cmd := tokenCmd("fault", "Break the display or the flash, or mend them", func(ctx context.Context, name string) error {
		if drop {
			return f.change(ctx, name, "/drop", nil)
		}
		method, in := "PUT", map[string]any{}
		if clearAll {
			method, in = "DELETE", nil
		} else {
			if len(dead) > 0 {
				in["dead"] = dead
			}
			if len(ghost) > 0 {
				in["ghost"] = ghost
			}
			if flash {
				in["flash_fail"] = true
			}
			if cut > 0 {
				in["power_cut_at"] = cut
			}
		}
		var body any
		if in != nil {
			body = in
		}
		var t fleetToken
		if err := f.call(ctx, method, tokenPath(name, "/faults"), body, &t); err != nil {
			return err
		}
		return f.sayToken(t)
	})
	cmd.Example = `  fob fleet fault ZZFB00000001 --dead d2.g
  fob fleet fault ZZFB00000001 --power-cut-at 1
  fob fleet fault ZZFB00000001 --clear`
	p := cmd.Flags()
	p.StringSliceVar(&dead, "dead", nil, "`SEGMENTS` that are never on: d0.a (segment a of the leftmost digit) to d7.g, bar0 to bar5, tick, batt")
	p.StringSliceVar(&ghost, "ghost", nil, "`SEGMENTS` that are always on")
	p.BoolVar(&flash, "flash-fail", false, "let the next flash operation fail")
	p.Uint32Var(&cut, "power-cut-at", 0, "cut the power in the `N`-th flash operation from now")
	p.BoolVar(&drop, "drop", false, "let the token fall on the floor, which shifts its crystal for good")
	p.BoolVar(&clearAll, "clear", false, "mend the display and disarm the faults of the flash")
	cmd.MarkFlagsOneRequired("dead", "ghost", "flash-fail", "power-cut-at", "drop", "clear")
	return cmd
}
