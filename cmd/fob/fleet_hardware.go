// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/virtual"
)

func (f *fleetCmd) hardwareCmds() []*cobra.Command {
	return []*cobra.Command{
		f.skewCmd(), f.ageCmd(), f.forecastCmd(), f.temperatureCmd(), f.crystalCmd(), f.changeCmd(), f.batteryCmd(), f.dropCmd(), f.faultCmd(),
	}
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
	celsiusVar(cmd, &celsius, "celsius", "at `N` °C")
	cmd.MarkFlagRequired("by")
	return cmd
}

func (f *fleetCmd) temperatureCmd() *cobra.Command {
	var celsius float64
	cmd := tokenCmd("temperature", "Change the temperature around a token", func(ctx context.Context, name string) error {
		return f.change(ctx, name, "/temperature", map[string]float64{"celsius": celsius})
	})
	cmd.Example = "  fob fleet temperature ZZFB00000001 --celsius -10"
	celsiusVar(cmd, &celsius, "celsius", "set it to `N` °C, -60 to 125")
	cmd.MarkFlagRequired("celsius")
	return cmd
}

// celsiusVar adds a flag with a temperature.
func celsiusVar(cmd *cobra.Command, p *float64, name, usage string) {
	numberVar(cmd.Flags(), p, name, float64(virtual.RoomTemperature),
		float64(virtual.MinTemperature), float64(virtual.MaxTemperature), usage)
}

// ppmVar adds the flag --ppm.
func ppmVar(cmd *cobra.Command, p *float64, usage string) {
	numberVar(cmd.Flags(), p, "ppm", 0, -fleet.MaxPPM, fleet.MaxPPM, usage)
}

func (f *fleetCmd) crystalCmd() *cobra.Command {
	var ppm float64
	cmd := tokenCmd("crystal", "Trim a token's crystal", func(ctx context.Context, name string) error {
		return f.change(ctx, name, "/crystal", map[string]float64{"ppm": ppm})
	})
	cmd.Example = "  fob fleet crystal ZZFB00000001 --ppm -2.85"
	ppmVar(cmd, &ppm, "set its error at 25 °C, without ageing and falls, to `N` parts per million")
	cmd.MarkFlagRequired("ppm")
	return cmd
}

func (f *fleetCmd) changeCmd() *cobra.Command {
	var ppm, celsius float64
	cmd := tokenCmd("change", "Change the crystal and the temperature of a token at one instant", nil)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		in := map[string]float64{}
		if cmd.Flags().Changed("ppm") {
			in["ppm"] = ppm
		}
		if cmd.Flags().Changed("celsius") {
			in["celsius"] = celsius
		}
		var t fleetToken
		if err := f.call(cmd.Context(), "PATCH", tokenPath(args[0], ""), in, &t); err != nil {
			return err
		}
		return f.sayToken(t)
	}
	cmd.Example = "  fob fleet change ZZFB00000001 --ppm -2.85 --celsius 40"
	ppmVar(cmd, &ppm, "error of the crystal at 25 °C, without ageing and falls, in parts per million")
	celsiusVar(cmd, &celsius, "celsius", "temperature from now on: `N` °C, -60 to 125")
	cmd.MarkFlagsOneRequired("ppm", "celsius")
	return cmd
}

func (f *fleetCmd) dropCmd() *cobra.Command {
	return tokenCmd("drop", "Let a token fall on the floor, which shifts its crystal for good", func(ctx context.Context, name string) error {
		return f.change(ctx, name, "/drop", nil)
	})
}

func (f *fleetCmd) batteryCmd() *cobra.Command {
	return &cobra.Command{
		Use: "battery TOKEN remove|insert|replace", Short: "Remove, insert or replace the battery", Args: names(2, 2),
		Example: "  fob fleet battery ZZFB00000001 replace",
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.change(cmd.Context(), args[0], "/battery", map[string]string{"do": args[1]})
		},
	}
}
