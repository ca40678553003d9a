// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// tokenFaults are the faults of a token in the requests and answers of the API.
type tokenFaults struct {
	Dead       []string `json:"dead,omitempty"`
	Ghost      []string `json:"ghost,omitempty"`
	FlashFail  bool     `json:"flash_fail,omitempty"`
	PowerCutAt uint32   `json:"power_cut_at,omitempty"`
}

func (f *fleetCmd) faultCmd() *cobra.Command {
	var in tokenFaults
	var none bool
	cmd := tokenCmd("fault", "List, set or mend the faults of a token's display and flash", nil)
	cmd.Long = `List the faults of a token's display and flash. With flags, set them: they
replace all faults that the token had. --clear mends all.`
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		path := tokenPath(args[0], "/faults")
		switch {
		case none:
			return f.setFaults(cmd.Context(), "DELETE", path, nil)
		case cmd.Flags().Changed("power-cut-at") && in.PowerCutAt == 0:
			return usagef("--power-cut-at 0: want 1, the next flash operation, to %d", uint32(math.MaxUint32))
		case changed(cmd, "dead", "ghost", "flash-fail", "power-cut-at"):
			return f.setFaults(cmd.Context(), "PUT", path, in)
		}
		var now tokenFaults
		if err := f.call(cmd.Context(), "GET", path, nil, &now); err != nil {
			return err
		}
		return f.sayFaults(now)
	}
	cmd.Example = `  fob fleet fault ZZFB00000001
  fob fleet fault ZZFB00000001 --dead d2.g --power-cut-at 1
  fob fleet fault ZZFB00000001 --clear`
	p := cmd.Flags()
	p.StringSliceVar(&in.Dead, "dead", nil, "`SEGMENTS` that are never on: d0.a (segment a of the leftmost digit) to d5.g, or d7.g of eight digits, bar0 to bar5, tick, batt")
	p.StringSliceVar(&in.Ghost, "ghost", nil, "`SEGMENTS` that are always on")
	p.BoolVar(&in.FlashFail, "flash-fail", false, "let the next flash operation fail")
	p.Uint32Var(&in.PowerCutAt, "power-cut-at", 0, "cut the power in the `N`-th flash operation from now")
	p.BoolVar(&none, "clear", false, "mend the display and disarm the faults of the flash")
	for _, fault := range []string{"dead", "ghost", "flash-fail", "power-cut-at"} {
		cmd.MarkFlagsMutuallyExclusive("clear", fault)
	}
	return cmd
}

// changed reports whether one of the flags is given.
func changed(cmd *cobra.Command, flags ...string) bool {
	for _, name := range flags {
		if cmd.Flags().Changed(name) {
			return true
		}
	}
	return false
}

func (f *fleetCmd) setFaults(ctx context.Context, method, path string, in any) error {
	var t fleetToken
	if err := f.call(ctx, method, path, in, &t); err != nil {
		return err
	}
	return f.sayToken(t)
}

func (f *fleetCmd) sayFaults(now tokenFaults) error {
	var rows [][]string
	if len(now.Dead) > 0 {
		rows = append(rows, []string{"dead", strings.Join(now.Dead, ",")})
	}
	if len(now.Ghost) > 0 {
		rows = append(rows, []string{"ghost", strings.Join(now.Ghost, ",")})
	}
	if now.FlashFail {
		rows = append(rows, []string{"flash-fail", "in the next flash operation"})
	}
	if now.PowerCutAt > 0 {
		rows = append(rows, []string{"power-cut-at", fmt.Sprint(now.PowerCutAt)})
	}
	if rows == nil {
		return f.say("no faults")
	}
	return f.table(rows)
}

// lineFaults are the faults of one direction of a line in the requests and answers of the
// API.
type lineFaults struct {
	Seed    uint64  `json:"seed,omitempty"`
	Flip    float64 `json:"flip,omitempty"`
	Drop    float64 `json:"drop,omitempty"`
	Double  float64 `json:"double,omitempty"`
	Insert  float64 `json:"insert,omitempty"`
	StallAt int     `json:"stall_at,omitempty"`
	Stall   string  `json:"stall,omitempty"`
	Unplug  int     `json:"unplug_after,omitempty"`
	Baud    int     `json:"baud,omitempty"`
}

// flags returns the faults as the flags that set them, for the given direction.
func (l lineFaults) flags(direction string) string {
	var parts []string
	add := func(name string, value, zero any) {
		if value != zero {
			parts = append(parts, fmt.Sprintf("--%s-%s %v", name, direction, value))
		}
	}
	add("drop", l.Drop, 0.0)
	add("flip", l.Flip, 0.0)
	add("double", l.Double, 0.0)
	add("insert", l.Insert, 0.0)
	add("stall-at", l.StallAt, 0)
	add("stall", l.Stall, "")
	add("unplug-after", l.Unplug, 0)
	add("baud", l.Baud, 0)
	add("seed", l.Seed, uint64(0))
	return strings.Join(parts, " ")
}

// addFlags adds a flag for each fault of a direction, such as --drop-in.
func (l *lineFaults) addFlags(p *pflag.FlagSet, direction, bytes string) {
	numberVar(p, &l.Drop, "drop-"+direction, 0, 0, 1, "`SHARE` of the bytes "+bytes+" that are lost, 0 to 1")
	numberVar(p, &l.Flip, "flip-"+direction, 0, 0, 1, "`SHARE` of the bytes "+bytes+" with a wrong bit")
	numberVar(p, &l.Double, "double-"+direction, 0, 0, 1, "`SHARE` of the bytes "+bytes+" that arrive twice")
	numberVar(p, &l.Insert, "insert-"+direction, 0, 0, 1, "`SHARE` of the bytes "+bytes+" with a random byte before them")
	p.IntVar(&l.StallAt, "stall-at-"+direction, 0, "stop the line before the `N`-th byte "+bytes)
	p.StringVar(&l.Stall, "stall-"+direction, "", "stop it then for `PERIOD`, by the machine's clock")
	p.IntVar(&l.Unplug, "unplug-after-"+direction, 0, "pull the cable out after `N` bytes "+bytes)
	p.IntVar(&l.Baud, "baud-"+direction, 0, "limit the bytes "+bytes+" to `N` bit/s")
	p.Uint64Var(&l.Seed, "seed-"+direction, 0, "`SEED` of the faults of the bytes "+bytes)
}

func (f *fleetCmd) portFaultsCmd() *cobra.Command {
	var lines struct {
		In  lineFaults `json:"in"`
		Out lineFaults `json:"out"`
	}
	var none bool
	var baud int
	var seed uint64
	cmd := f.onPort("faults", "List, set or mend the faults of a port's line", nil)
	cmd.Long = `List the faults of a port's line. With flags, set them: they replace all faults
that the line had. --clear mends it. "in" is the direction from the host to the
token, "out" the other.`
	cmd.Example = `  fob fleet port faults p1
  fob fleet port faults p1 --drop-in 0.001 --baud 9600
  fob fleet port faults p1 --clear`
	p := cmd.Flags()
	lines.In.addFlags(p, "in", "to the token")
	lines.Out.addFlags(p, "out", "from the token")
	var settings []string
	p.VisitAll(func(flag *pflag.Flag) { settings = append(settings, flag.Name) })
	p.IntVar(&baud, "baud", 0, "limit both directions to `N` bit/s")
	p.Uint64Var(&seed, "seed", 0, "`SEED` of the faults of both directions")
	settings = append(settings, "baud", "seed")
	p.BoolVar(&none, "clear", false, "mend the line")
	for _, name := range settings {
		cmd.MarkFlagsMutuallyExclusive("clear", name)
	}
	for _, direction := range []string{"in", "out"} {
		cmd.MarkFlagsMutuallyExclusive("baud", "baud-"+direction)
		cmd.MarkFlagsMutuallyExclusive("seed", "seed-"+direction)
		cmd.MarkFlagsRequiredTogether("stall-at-"+direction, "stall-"+direction)
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		path := portPath(args[0], "/faults")
		switch {
		case none:
			return f.portCall(cmd.Context(), "DELETE", path, nil)
		case changed(cmd, settings...):
			if cmd.Flags().Changed("baud") {
				lines.In.Baud, lines.Out.Baud = baud, baud
			}
			if cmd.Flags().Changed("seed") {
				lines.In.Seed, lines.Out.Seed = seed, seed+1
			}
			return f.portCall(cmd.Context(), "PUT", path, lines)
		}
		if err := f.call(cmd.Context(), "GET", path, nil, &lines); err != nil {
			return err
		}
		in, out := lines.In.flags("in"), lines.Out.flags("out")
		if in+out == "" {
			return f.say("no faults")
		}
		return f.say("%s", strings.TrimSpace(in+" "+out))
	}
	return cmd
}
