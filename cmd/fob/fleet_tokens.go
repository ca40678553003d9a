// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
)

func (f *fleetCmd) tokenCmds() []*cobra.Command {
	return []*cobra.Command{
		f.lsCmd(), f.showCmd(), f.addCmd(), f.rmCmd(), f.codeCmd(), f.codesCmd(), f.pressCmd(), f.holdCmd(), f.lcdCmd(), f.waitCmd(),
		f.capabilitiesCmd(), f.healthCmd(),
	}
}

func (f *fleetCmd) lsCmd() *cobra.Command {
	var state, model, lot, fault, serial, find, expires, off string
	var battery float64
	var last int
	cmd := &cobra.Command{
		Use: "ls", Short: "List the tokens", Args: noArgs,
		Example: "  fob fleet ls --state locked\n  fob fleet ls --lot aged --fault any\n  fob fleet ls --last 5",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if last < 0 || last > 10_000 {
				return usagef("--last %d: want 1 to 10000, or 0 for all", last)
			}
			c, err := f.client(cmd.Context())
			if err != nil {
				return err
			}
			out := bufio.NewWriter(f.stdout)
			rows := [][]string{{"TOKEN", "LOT", "MODEL", "STATE", "DISPLAY", "CLOCK", "BATTERY", "EXPIRY", "FAULTS", "PORT"}}
			for after := ""; ; {
				q := url.Values{"limit": {"1000"}}
				if last > 0 {
					q = url.Values{"limit": {strconv.Itoa(last)}, "before": {strconv.FormatUint(math.MaxUint32, 10)}}
				}
				if battery > 0 {
					q.Set("battery_below", strconv.FormatFloat(battery, 'g', -1, 64))
				}
				for key, value := range map[string]string{
					"after": after, "state": state, "model": model, "lot": lot, "fault": fault,
					"serial": serial, "find": find, "expires_before": expires, "error_above": off,
				} {
					if value != "" {
						q.Set(key, value)
					}
				}
				var page struct {
					Items []json.RawMessage `json:"items"`
					Next  string            `json:"next"`
				}
				path := "/v1/tokens?" + q.Encode()
				if err := c.Do(cmd.Context(), "GET", path, nil, &page); err != nil {
					return err
				}
				for _, item := range page.Items {
					if f.json {
						out.Write(append(item, '\n'))
						continue
					}
					var t fleetToken
					if err := json.Unmarshal(item, &t); err != nil {
						return fmt.Errorf("%w: GET %s: %w", control.ErrUnreachable, path, err)
					}
					port := ""
					if len(t.Ports) > 0 {
						port = t.Ports[0]
					}
					rows = append(rows, []string{
						t.name(), t.Lot, t.Model, t.State, "[" + t.Display + "]", t.clockError(),
						strconv.Itoa(fleet.Percent(t.Battery)) + "%", t.Expiry, dash(strings.Join(t.Faults, ",")), port,
					})
				}
				if err := out.Flush(); err != nil {
					return err
				}
				if after = page.Next; after == "" {
					return f.table(rows)
				}
			}
		},
	}
	cmd.Flags().StringVar(&state, "state", "", "only tokens in `STATE`, such as locked")
	cmd.Flags().StringVar(&model, "model", "", "only tokens of the model `NAME`")
	cmd.Flags().StringVar(&lot, "lot", "", "only tokens of the lots with this `NAME` or number")
	cmd.Flags().StringVar(&fault, "fault", "", "only tokens with this `KIND` of fault: dead, ghost, flash_fail, power_cut_at, line, or any")
	cmd.Flags().StringVar(&serial, "serial", "", "only tokens whose serial numbers begin with `TEXT`")
	cmd.Flags().StringVar(&find, "find", "", "only tokens whose serial number contains `TEXT`, in upper or lower case, or whose hardware id is TEXT")
	cmd.Flags().StringVar(&expires, "expires-before", "", "only tokens with an expiry date before `DAY`")
	cmd.Flags().StringVar(&off, "error-above", "", "only tokens whose clocks are off by more than `PERIOD`")
	cmd.Flags().IntVar(&last, "last", 0, "only the last `N` of these tokens, up to 10000; 0: all")
	numberVar(cmd.Flags(), &battery, "battery-below", 0, 0, 1, "only tokens with less than this `SHARE` of the battery left, 0 to 1")
	return cmd
}

func (f *fleetCmd) showCmd() *cobra.Command {
	return tokenCmd("show", "Show one token", func(ctx context.Context, name string) error {
		var t fleetToken
		if err := f.call(ctx, "GET", tokenPath(name, ""), nil, &t); err != nil {
			return err
		}
		if f.json {
			return nil
		}
		var ports struct{ Items []fleetPort }
		if err := f.call(ctx, "GET", tokenPath(name, "/ports"), nil, &ports); err != nil {
			return err
		}
		stepLeft := "-"
		if t.Serial != "" {
			stepLeft = fleet.FormatPeriod(milliseconds(t.LeftMS))
		}
		rows := [][]string{
			{"serial", dash(t.Serial)}, {"hardware id", t.HardwareID}, {"lot", t.Lot}, {"model", t.Model}, {"state", t.State},
			{"expiry", dash(t.Expiry)}, {"display", "[" + t.Display + "]"},
			{"true time", t.TrueTime.Format(time.RFC3339)}, {"token time", t.TokenTime.Format(time.RFC3339)},
			{"clock", t.clockError()}, {"step ends in", stepLeft}, {"temperature", fleet.FormatNumber(t.Celsius) + " °C"}, {"crystal", strconv.FormatFloat(t.PPM, 'f', 2, 64) + " ppm"},
			{"battery", t.battery()},
			{"presses", strconv.Itoa(int(t.Presses))}, {"faults", dash(strings.Join(t.Faults, " "))},
		}
		for i, p := range ports.Items {
			label := "ports"
			if i > 0 {
				label = ""
			}
			rows = append(rows, []string{label, p.name()})
		}
		if len(ports.Items) == 0 {
			rows = append(rows, []string{"ports", "-"})
		}
		return f.table(rows)
	})
}

func (f *fleetCmd) addCmd() *cobra.Command {
	var l fleet.Lot
	var count int
	var ppm, ageTemp, temp float64
	cmd := &cobra.Command{
		Use: "add", Short: "Make tokens", Args: noArgs,
		Example: "  fob fleet add --count 100 --ready --crystal c200 --age P1Y --age-to P3Y",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if count < 1 || count > fleet.MaxCount {
				return usagef("--count %d: want 1 to %d", count, fleet.MaxCount)
			}
			l.Count = fleet.LotCount(count)
			for flag, field := range map[string]struct {
				lot   **float64
				value *float64
			}{"ppm": {&l.PPM, &ppm}, "age-temp": {&l.AgeTemp, &ageTemp}, "temp": {&l.Temp, &temp}} {
				if cmd.Flags().Changed(flag) {
					*field.lot = field.value
				}
			}
			var list fleetList
			if err := f.call(cmd.Context(), "POST", "/v1/tokens", l, &list); err != nil {
				return err
			}
			for _, t := range list.Items {
				if err := f.say("%s", t.name()); err != nil {
					return err
				}
			}
			return nil
		},
	}
	p := cmd.Flags()
	p.StringVar(&l.Name, "name", "", "`NAME` of the lot; default: its number")
	ppmVar(cmd, &ppm, "error of the crystals at 25 °C in parts per million, instead of random ones")
	celsiusVar(cmd, &ageTemp, "age-temp", "temperature at which they became old: `N` °C, -60 to 125")
	celsiusVar(cmd, &temp, "temp", "temperature from now on: `N` °C, -60 to 125")
	p.IntVar(&count, "count", 1, "make `N` tokens")
	p.StringVar(&l.Profile, "profile", "", "hardware profile `NAME`: "+profileNames())
	p.BoolVar(&l.Ready, "ready", false, "provision and lock them, as test tokens")
	p.StringVar(&l.Crystal, "crystal", "", "`KIND` of crystals: model, perfect, good, c200 or untrimmed")
	p.StringVar(&l.Age, "age", "", "make them `PERIOD` old; with --age-to, at least")
	p.StringVar(&l.AgeTo, "age-to", "", "make them at most `PERIOD` old")
	p.StringVar(&l.Expiry, "expiry", "", "last `DAY` of validity; with --expiry-to, the first")
	p.StringVar(&l.ExpiryTo, "expiry-to", "", "the last `DAY` of a range of expiry dates")
	p.StringVar(&l.SerialKind, "serial-kind", "", "`KIND` of serial numbers: oath, vendor13, vendor9 or other")
	return cmd
}

func (f *fleetCmd) rmCmd() *cobra.Command {
	return tokenCmd("rm", "Remove a token and its ports", func(ctx context.Context, name string) error {
		return f.call(ctx, "DELETE", tokenPath(name, ""), nil, nil)
	})
}

func (f *fleetCmd) codeCmd() *cobra.Command {
	var least, real string
	var fresh, readOnly bool
	cmd := tokenCmd("code", "Print the code that a token shows, and nothing else", func(ctx context.Context, name string) error {
		q := url.Values{}
		if least != "" {
			q.Set("min_remaining", least)
		}
		if real != "" {
			q.Set("real_timeout", real)
		}
		if fresh {
			q.Set("fresh", "true")
		}
		if readOnly {
			q.Set("read_only", "true")
		}
		var c struct{ Code string }
		if err := f.call(ctx, "GET", tokenPath(name, "/code?"+q.Encode()), nil, &c); err != nil {
			return err
		}
		return f.say("%s", c.Code)
	})
	cmd.Long = `Print the code that a token shows. A button is pressed if necessary. If the code
does not fit the flags, a manual clock is advanced to the next step; otherwise
the command waits for it.`
	cmd.Flags().StringVar(&least, "min-remaining", "", "wait for a code that is shown for at least `PERIOD`")
	cmd.Flags().StringVar(&real, "real-timeout", "", "give up after `PERIOD` by this machine's clock; default: PT2M")
	cmd.Flags().BoolVar(&fresh, "fresh", false, "wait for a code of a step that was not printed with --fresh before")
	cmd.Flags().BoolVar(&readOnly, "read-only", false, "leave the fleet as it is: press no button and advance no clock; not with --fresh")
	return cmd
}

func (f *fleetCmd) codesCmd() *cobra.Command {
	return &cobra.Command{
		Use: "codes", Short: "Print the codes that all tokens show now, as JSON lines; no button is pressed", Args: noArgs,
		Example: "  fob fleet codes",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.client(cmd.Context())
			if err != nil {
				return err
			}
			lines, err := c.Open(cmd.Context(), "GET", "/v1/codes", nil, "application/x-ndjson")
			if err != nil {
				return err
			}
			defer lines.Close()
			_, err = io.Copy(f.stdout, lines)
			return err
		},
	}
}

func (f *fleetCmd) capabilitiesCmd() *cobra.Command {
	return &cobra.Command{
		Use: "capabilities", Short: "Print what the fleet can do, as JSON", Args: noArgs,
		Example: "  fob fleet capabilities",
		RunE: func(cmd *cobra.Command, _ []string) error {
			var all json.RawMessage
			if err := f.call(cmd.Context(), "GET", "/v1/capabilities", nil, &all); err != nil || f.json {
				return err
			}
			return f.raw(all)
		},
	}
}

func (f *fleetCmd) healthCmd() *cobra.Command {
	return &cobra.Command{
		Use: "health", Short: "Ask whether the fleet answers", Args: noArgs,
		Example: "  fob fleet health",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.call(cmd.Context(), "GET", "/v1/healthz", nil, nil); err != nil {
				return err
			}
			return f.say("ok")
		},
	}
}

func (f *fleetCmd) pressCmd() *cobra.Command {
	return tokenCmd("press", "Click the button", func(ctx context.Context, name string) error {
		return f.press(ctx, "press", name, nil)
	})
}

// press sends a press, prints the token, and warns if it has no button.
func (f *fleetCmd) press(ctx context.Context, what, name string, in any) error {
	c, err := f.client(ctx)
	if err != nil {
		return err
	}
	var answer json.RawMessage
	path := tokenPath(name, "/press")
	if err := c.Do(ctx, "POST", path, in, &answer); err != nil {
		return err
	}
	var t fleetToken
	if err := json.Unmarshal(answer, &t); err != nil {
		return fmt.Errorf("%w: POST %s: %w", control.ErrUnreachable, path, err)
	}
	f.warnNoButton(t.Model, what)
	if f.json {
		return f.raw(answer)
	}
	return f.sayToken(t)
}

func (f *fleetCmd) holdCmd() *cobra.Command {
	var period string
	cmd := tokenCmd("hold", "Hold the button down", func(ctx context.Context, name string) error {
		return f.press(ctx, "hold", name, map[string]string{"hold": period})
	})
	cmd.Flags().StringVar(&period, "for", "6s", "hold it for `PERIOD` of world time")
	return cmd
}

func (f *fleetCmd) lcdCmd() *cobra.Command {
	var svg, png string
	cmd := tokenCmd("lcd", "Print the display, or write a picture of it", func(ctx context.Context, name string) error {
		c, err := f.client(ctx)
		if err != nil {
			return err
		}
		for kind, path := range map[string]string{"image/svg+xml": svg, "image/png": png} {
			if path == "" {
				continue
			}
			b, err := c.Bytes(ctx, "GET", tokenPath(name, "/display"), nil, kind)
			if err != nil {
				return err
			}
			if err := overwrite(path, b, 0o666); err != nil {
				return err
			}
		}
		if svg != "" || png != "" {
			return nil
		}
		accept := "text/plain"
		if f.json {
			accept = "application/json"
		}
		b, err := c.Bytes(ctx, "GET", tokenPath(name, "/display"), nil, accept)
		if err != nil {
			return err
		}
		return f.raw(b)
	})
	cmd.Flags().StringVar(&svg, "svg", "", "write the display to `FILE` as SVG")
	cmd.Flags().StringVar(&png, "png", "", "write the display to `FILE` as PNG")
	return cmd
}

func (f *fleetCmd) waitCmd() *cobra.Command {
	var display, state, event, timeout, real string
	var after uint64
	var advance bool
	cmd := tokenCmd("wait", "Wait for a display, a state or an event", func(ctx context.Context, name string) error {
		q := url.Values{}
		for key, value := range map[string]string{
			"display": display, "state": state, "event": event, "timeout": timeout, "real_timeout": real,
		} {
			if value != "" {
				q.Set(key, value)
			}
		}
		if advance {
			q.Set("advance", "true")
		}
		if after > 0 {
			q.Set("after_seq", strconv.FormatUint(after, 10))
		}
		var t fleetToken
		if err := f.call(ctx, "GET", tokenPath(name, "/wait?"+q.Encode()), nil, &t); err != nil {
			return err
		}
		return f.sayToken(t)
	})
	cmd.Example = `  fob fleet wait ZZFB00000001 --display '^\d{6}$' --timeout PT2M
  fob fleet wait ZZFB00000001 --state expired --timeout P10Y --advance`
	cmd.Flags().StringVar(&display, "display", "", "regular expression `RE` for the display")
	cmd.Flags().StringVar(&state, "state", "", "`STATE`, such as expired")
	cmd.Flags().StringVar(&event, "event", "", "`KIND` of event, such as display-off")
	cmd.Flags().Uint64Var(&after, "after", 0, "with --event: only events after number `SEQ`; default: those from now on")
	cmd.Flags().BoolVar(&advance, "advance", false, "move a manual clock to the first instant at which all hold, or by --timeout")
	cmd.Flags().StringVar(&timeout, "timeout", "", "give up after `PERIOD` of world time")
	cmd.Flags().StringVar(&real, "real-timeout", "", "give up after `PERIOD` by this machine's clock; default: PT1M")
	return cmd
}
