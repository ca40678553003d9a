// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
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
		f.lsCmd(), f.showCmd(), f.addCmd(), f.rmCmd(), f.codeCmd(), f.pressCmd(), f.holdCmd(), f.lcdCmd(), f.waitCmd(),
	}
}

func (f *fleetCmd) lsCmd() *cobra.Command {
	var state, model string
	cmd := &cobra.Command{
		Use: "ls", Short: "List the tokens", Args: noArgs,
		Example: "  fob fleet ls --state locked",
		RunE: func(cmd *cobra.Command, _ []string) error {
			rows := [][]string{{"TOKEN", "MODEL", "STATE", "DISPLAY", "CLOCK", "BATTERY", "EXPIRY", "PORT"}}
			for after := ""; ; {
				q := url.Values{"limit": {"1000"}, "after": {after}}
				if state != "" {
					q.Set("state", strings.ToUpper(state))
				}
				if model != "" {
					q.Set("model", model)
				}
				if after == "" {
					q.Del("after")
				}
				var page struct {
					Items []json.RawMessage `json:"items"`
					Next  string            `json:"next"`
				}
				path := "/v1/tokens?" + q.Encode()
				c, err := f.client(cmd.Context())
				if err == nil {
					err = c.Do(cmd.Context(), "GET", path, nil, &page)
				}
				if err != nil {
					return err
				}
				for _, item := range page.Items {
					if f.json {
						if err := f.raw(item); err != nil {
							return err
						}
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
						t.name(), t.Model, t.State, "[" + t.Display + "]", t.clockError(),
						strconv.Itoa(int(t.Battery*100)) + "%", t.Expiry, port,
					})
				}
				if after = page.Next; after == "" {
					return f.table(rows)
				}
			}
		},
	}
	cmd.Flags().StringVar(&state, "state", "", "only tokens in `STATE`, such as locked")
	cmd.Flags().StringVar(&model, "model", "", "only tokens of the model `NAME`")
	return cmd
}

func (f *fleetCmd) showCmd() *cobra.Command {
	return tokenCmd("show", "Show one token", func(ctx context.Context, name string) error {
		var t fleetToken
		if err := f.call(ctx, "GET", tokenPath(name, ""), nil, &t); err != nil {
			return err
		}
		return f.table([][]string{
			{"serial", dash(t.Serial)}, {"hardware id", t.HardwareID}, {"model", t.Model}, {"state", t.State},
			{"expiry", dash(t.Expiry)}, {"display", "[" + t.Display + "]"},
			{"true time", t.TrueTime.Format(time.RFC3339)}, {"token time", t.TokenTime.Format(time.RFC3339)},
			{"clock", t.clockError()}, {"crystal", strconv.FormatFloat(t.PPM, 'f', 2, 64) + " ppm"},
			{"battery", strconv.Itoa(int(t.Battery*100)) + "%, " + strconv.Itoa(t.MilliVolts) + " mV"},
			{"presses", strconv.Itoa(int(t.Presses))}, {"ports", dash(strings.Join(t.Ports, " "))},
		})
	})
}

func (f *fleetCmd) addCmd() *cobra.Command {
	var l fleet.Lot
	var count int
	cmd := &cobra.Command{
		Use: "add", Short: "Make tokens", Args: noArgs,
		Example: "  fob fleet add --count 100 --ready --crystal c200 --age P1Y --age-to P3Y",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if count < 1 || count > fleet.MaxCount {
				return usagef("--count %d: want 1 to %d", count, fleet.MaxCount)
			}
			l.Count = fleet.LotCount(count)
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
	var least string
	var fresh bool
	cmd := tokenCmd("code", "Print the code that a token shows, and nothing else", func(ctx context.Context, name string) error {
		q := url.Values{}
		if least != "" {
			q.Set("min_remaining", least)
		}
		if fresh {
			q.Set("fresh", "true")
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
	cmd.Flags().BoolVar(&fresh, "fresh", false, "wait for a code of a step that was not printed with --fresh before")
	return cmd
}

func (f *fleetCmd) pressCmd() *cobra.Command {
	return tokenCmd("press", "Click the button", func(ctx context.Context, name string) error {
		return f.change(ctx, name, "/press", nil)
	})
}

func (f *fleetCmd) holdCmd() *cobra.Command {
	var period string
	cmd := tokenCmd("hold", "Hold the button down", func(ctx context.Context, name string) error {
		return f.change(ctx, name, "/press", map[string]string{"hold": period})
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
	cmd := tokenCmd("wait", "Wait for a display, a state or an event", func(ctx context.Context, name string) error {
		q := url.Values{}
		for key, value := range map[string]string{
			"display": display, "state": strings.ToUpper(state), "event": event, "timeout": timeout, "real_timeout": real,
		} {
			if value != "" {
				q.Set(key, value)
			}
		}
		var t fleetToken
		if err := f.call(ctx, "GET", tokenPath(name, "/wait?"+q.Encode()), nil, &t); err != nil {
			return err
		}
		return f.sayToken(t)
	})
	cmd.Example = `  fob fleet wait ZZFB00000001 --display '^\d{6}$' --timeout PT2M`
	cmd.Flags().StringVar(&display, "display", "", "regular expression `RE` for the display")
	cmd.Flags().StringVar(&state, "state", "", "`STATE`, such as expired")
	cmd.Flags().StringVar(&event, "event", "", "`KIND` of event, such as display-off")
	cmd.Flags().StringVar(&timeout, "timeout", "", "give up after `PERIOD` of world time")
	cmd.Flags().StringVar(&real, "real-timeout", "", "give up after `PERIOD` by this machine's clock; default: PT1M")
	return cmd
}
