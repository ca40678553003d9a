// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/fleet"
)

// fleetClock is the world's clock in the answers of the API.
type fleetClock struct {
	Mode   string    `json:"mode"`
	Rate   float64   `json:"rate"`
	Paused bool      `json:"paused"`
	Ended  bool      `json:"ended"`
	Now    time.Time `json:"now"`
}

func (f *fleetCmd) sayClock(c fleetClock) error {
	text := c.Now.Format(time.RFC3339) + "  " + c.Mode
	if c.Mode == "scaled" {
		text += ":" + fleet.FormatNumber(c.Rate)
	}
	if c.Paused {
		text += "  paused"
	}
	if c.Ended {
		text += "  ended"
	}
	return f.say("%s", text)
}

func (f *fleetCmd) timeCmds() []*cobra.Command {
	return []*cobra.Command{f.timeCmd(), f.advanceCmd(), f.eventsCmd()}
}

func (f *fleetCmd) timeCmd() *cobra.Command {
	var mode, now string
	var pause, resume bool
	cmd := &cobra.Command{
		Use: "time", Short: "Show the world's clock, or change how it runs", Args: noArgs,
		Example: `  fob fleet time
  fob fleet time --mode scaled:60
  fob fleet time --pause`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			in := map[string]any{}
			name, rate, scaled := strings.Cut(mode, ":")
			if name != "" {
				in["mode"] = name
			}
			if scaled || name == "scaled" {
				n, err := scaledRate("--mode", rate)
				if err != nil {
					return err
				}
				in["rate"] = n
			}
			if pause || resume {
				in["paused"] = pause
			}
			if now != "" {
				in["now"] = now
			}
			method, body := "PUT", any(in)
			if len(in) == 0 {
				method, body = "GET", nil
			}
			var c fleetClock
			if err := f.call(cmd.Context(), method, "/v1/time", body, &c); err != nil {
				return err
			}
			return f.sayClock(c)
		},
	}
	cmd.Flags().StringVar(&mode, "mode", "", "`MODE`: real, scaled:N or manual; the time does not jump")
	cmd.Flags().BoolVar(&pause, "pause", false, "stop the clock")
	cmd.Flags().BoolVar(&resume, "resume", false, "let the clock run again")
	cmd.Flags().StringVar(&now, "now", "", "set it forward to `TIME` (RFC 3339)")
	cmd.MarkFlagsMutuallyExclusive("pause", "resume")
	return cmd
}

func (f *fleetCmd) advanceCmd() *cobra.Command {
	var by, to, until string
	cmd := &cobra.Command{
		Use: "advance", Short: "Move the world's clock forward", Args: noArgs,
		Example: `  fob fleet advance --by P2Y3D
  fob fleet advance --until next_step`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			in := map[string]string{}
			for key, value := range map[string]string{"by": by, "to": to, "until": until} {
				if value != "" {
					in[key] = value
				}
			}
			var c fleetClock
			if err := f.call(cmd.Context(), "POST", "/v1/time/advance", in, &c); err != nil {
				return err
			}
			return f.sayClock(c)
		},
	}
	cmd.Flags().StringVar(&by, "by", "", "move it by `PERIOD`")
	cmd.Flags().StringVar(&to, "to", "", "move it to `TIME` (RFC 3339)")
	cmd.Flags().StringVar(&until, "until", "", "move it to the next `WHAT`: next_step or event")
	cmd.MarkFlagsOneRequired("by", "to", "until")
	cmd.MarkFlagsMutuallyExclusive("by", "to", "until")
	return cmd
}
