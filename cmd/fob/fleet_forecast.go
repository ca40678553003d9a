// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/fleet"
)

// fleetForecast is the answer of the API to fob fleet forecast.
type fleetForecast struct {
	fleetToken
	Offset int64  `json:"offset"`
	Step   int64  `json:"step"`
	Code   string `json:"code"`
	Points []struct {
		fleetToken
		AfterMS int64 `json:"after_ms"`
	} `json:"points"`
}

func (f *fleetCmd) forecastCmd() *cobra.Command {
	var by string
	var celsius float64
	var points int
	cmd := tokenCmd("forecast", "Show what a token would show if it were older, without changing it", nil)
	cmd.Long = `Show what a token would show right after fob fleet age with the same flags: its
clock error, code, battery and state. The token does not change.

"steps" is how many time steps the token would be ahead of the true time. A
server with correct time accepts the code if its window is at least that wide.`
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		q := url.Values{"by": {by}}
		if cmd.Flags().Changed("celsius") {
			q.Set("celsius", fleet.FormatNumber(celsius))
		}
		if cmd.Flags().Changed("points") {
			q.Set("points", strconv.Itoa(points))
		}
		var t fleetForecast
		if err := f.call(cmd.Context(), "GET", tokenPath(args[0], "/forecast?"+q.Encode()), nil, &t); err != nil {
			return err
		}
		return f.table(t.rows())
	}
	cmd.Example = `  fob fleet forecast ZZFB00000001 --by 5y --celsius 10
  fob fleet forecast ZZFB00000001 --by 10y --points 11`
	cmd.Flags().StringVar(&by, "by", "", "look `PERIOD` ahead in its life")
	celsiusVar(cmd, &celsius, "celsius", "it is kept at `N` °C, -60 to 125")
	cmd.Flags().IntVar(&points, "points", 0, "show `N` ages on the way too, 2 to "+strconv.Itoa(fleet.MaxPoints))
	cmd.MarkFlagRequired("by")
	return cmd
}

// steps returns how many time steps the token is ahead, "-" if it has no time or no step.
func (t fleetForecast) steps() string {
	if t.ErrorMS == nil || t.Step == 0 {
		return "-"
	}
	return fmt.Sprintf("%+d", t.Offset)
}

func (t fleetForecast) rows() [][]string {
	rows := [][]string{
		{"state", t.State}, {"expiry", dash(t.Expiry)}, {"display", "[" + t.Display + "]"}, {"code", dash(t.Code)},
		{"true time", t.TrueTime.Format(time.RFC3339)}, {"token time", t.TokenTime.Format(time.RFC3339)},
		{"clock", t.clockError()}, {"steps", t.steps()}, {"battery", t.battery()},
	}
	if len(t.Points) == 0 {
		return rows
	}
	rows = append(rows, nil, []string{"AFTER", "CLOCK", "STATE", "BATTERY"})
	for _, p := range t.Points {
		rows = append(rows, []string{fleet.FormatPeriod(milliseconds(p.AfterMS)), p.clockError(), p.State, p.battery()})
	}
	return rows
}
