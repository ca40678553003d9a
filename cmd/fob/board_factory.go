// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/firmware/board/factory"
	"github.com/d204ef64/fob/firmware/board/pico/flashmap"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

func newBoardFactoryCmd(a *app) *cobra.Command {
	var out, profile, stationKey string
	cmd := &cobra.Command{
		Use:   "factory pico",
		Short: "Create the factory page of a Raspberry Pi Pico",
		Long: `Create a UF2 file that writes a Pico's factory page: its hardware profile, and
the public key of the station that it accepts. Copying the file to the drive
RPI-RP2 changes nothing else. One file works for many boards, because a Pico
takes its hardware id from its flash chip.`,
		Example: `  fob board factory pico --station-key station.pub --profile button-6 --out factory.uf2`,
		Args:    oneArg("the board: pico"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] != "pico" {
				return usagef("board %q: want pico (fob board run creates the factory page of virt)", args[0])
			}
			model, err := virtual.ModelByName(profile)
			if err != nil {
				return err
			}
			key, err := a.stationPublicKey(cmd.Context(), stationKey)
			if err != nil {
				return err
			}
			id := factory.Identity{Model: model.Name, Digits: uint8(model.Digits), StationKey: key}
			_, _ = rand.Read(id.HardwareID[:])
			id.HardwareID[0] |= 1 // never zero
			page, err := flashmap.FactoryUF2(&id)
			if err != nil {
				return err
			}
			if err := writeNew(out, page, 0o644); err != nil { // the page contains no secrets
				return err
			}
			return a.print(map[string]string{"file": out, "model": id.Model, "station_key": key.String()}, out+"\n")
		},
	}
	f := cmd.Flags()
	f.StringVar(&out, "out", "", "write the new `FILE`")
	f.StringVar(&profile, "profile", token.Profiles()[0].Name, "hardware profile `NAME`: "+profileNames())
	f.StringVar(&stationKey, "station-key", "", "accept the station whose public key (.pub) is in `FILE`; default: the published insecure test key")
	cmd.MarkFlagRequired("out")
	return cmd
}
