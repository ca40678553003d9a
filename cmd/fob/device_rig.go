// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// rigResult is the output of the commands that read the display through the rig.
type rigResult struct {
	Code     *string   `json:"code"` // null if no code is shown
	Text     string    `json:"text"`
	Segments string    `json:"segments"` // gfedcba of each digit, in hex
	Bars     int       `json:"bars"`
	Tick     bool      `json:"tick"`
	Battery  bool      `json:"battery"`
	State    string    `json:"state"`
	Clock    time.Time `json:"clock"`
	ClockSet bool      `json:"clock_set"`
	Step     int64     `json:"step"`
	LeftMS   int64     `json:"left_ms"`
}

func (d *device) rigDisplay(ctx context.Context, c *host.Client) error {
	v, err := c.RigDisplay(ctx)
	if err != nil {
		return err
	}
	return d.printRig(v)
}

func (d *device) printRig(v host.RigDisplay) error {
	r := rigResult{
		shownCode(v), v.Text, hex.EncodeToString(v.Segments), v.Bars, v.Tick, v.Battery, v.State.String(),
		v.Now, v.ClockSet, v.Step, v.Left.Milliseconds(),
	}
	return d.print(r, v.Text+"\n")
}

// drawRig reads the display through the rig, writes pictures of it to the files that are
// not "", and prints it. A rig reports the segments that are driven, so they are drawn with
// full contrast.
func (d *device) drawRig(ctx context.Context, c *host.Client, svg, png string) error {
	v, err := c.RigDisplay(ctx)
	if err != nil {
		return err
	}
	view := virtual.View{Contrast: 1, Haze: 0.03}
	view.Digits = copy(view.Lit.Digits[:], v.Segments)
	view.Lit.Bars = 1<<min(max(v.Bars, 0), 6) - 1
	if v.Tick {
		view.Lit.Icons |= firmware.IconTick
	}
	if v.Battery {
		view.Lit.Icons |= firmware.IconBattery
	}
	if svg != "" {
		if err := overwrite(svg, view.SVG(virtual.Picture{}), 0o666); err != nil {
			return err
		}
	}
	if png != "" {
		b, err := view.PNG(virtual.Picture{})
		if err != nil {
			return err
		}
		if err := overwrite(png, b, 0o666); err != nil {
			return err
		}
	}
	return d.printRig(v)
}

// shownCode returns the code on the display, or nil if the display is dark or shows
// something else. A display test lights every segment, which is not a code.
func shownCode(v host.RigDisplay) *string {
	code := strings.TrimSpace(v.Text)
	test := v.Tick && v.Battery && strings.Trim(code, "8") == ""
	if test || len(code) < token.MinDigits || strings.Trim(code, "0123456789") != "" {
		return nil
	}
	return &code
}

// worldNow returns the time of the token's world. Only the rig of a virtual token
// reports it; for other tokens it is this machine's time.
func worldNow(ctx context.Context, c *host.Client) time.Time {
	if v, err := c.RigDisplay(ctx); err == nil && !v.World.IsZero() {
		return v.World
	}
	return time.Now()
}

// noButton warns that a press has no effect on a token that is always on.
func (d *device) noButton(ctx context.Context, c *host.Client, what string) {
	i, err := c.Info(ctx)
	if err != nil {
		return
	}
	d.warnNoButton(i.Model, what)
}

// warnNoButton warns about a press if tokens of the model have no button.
func (a *app) warnNoButton(model, what string) {
	if p, err := token.ProfileByName(model); err == nil && !p.Behaviour.Button {
		a.warnf("%s does nothing: a token of model %s has no button, its display is always on", what, model)
	}
}

// newShownCodeCmd returns the command with which scripts read a code. It never reads a
// dark display by accident.
func newShownCodeCmd(d *device) *cobra.Command {
	return d.command("code", "Read the code, turning the display on if it is dark", `Print the code that the display shows. If the display is dark, press the button
first (rig). A token without a rig sends its code until it is locked.`, func(ctx context.Context, c *host.Client) error {
		v, err := d.lightUp(ctx, c)
		if errors.Is(err, serialproto.RCUnsupported) { // no rig: the token reports its code until it is locked
			shown, err := c.Display(ctx)
			if err != nil {
				return err
			}
			return d.printCode(shown.Code.String(), shown.Step, shown.Left)
		}
		if err != nil {
			return err
		}
		return d.printCode(*shownCode(v), v.Step, v.Left)
	})
}

// lightUp turns the display on, and waits until it shows a code instead of a warning.
func (d *device) lightUp(ctx context.Context, c *host.Client) (host.RigDisplay, error) {
	const poll = 50 * time.Millisecond
	v, err := c.LightUp(ctx)
	if err != nil {
		return v, err
	}
	if v.State != serialproto.StateProvisioned && v.State != serialproto.StateLocked {
		return v, errclass.With(errclass.Refused, fmt.Errorf("reading the code: the token is %v: provision it first", v.State))
	}
	command := ctx
	ctx, cancel := context.WithTimeout(ctx, max(d.timeout, 10*time.Second))
	defer cancel()
	for pressed := v.Step; err == nil && shownCode(v) == nil; {
		select {
		case <-time.After(poll):
		case <-ctx.Done():
			if command.Err() != nil {
				return v, command.Err()
			}
			return v, errclass.With(errclass.Failed, fmt.Errorf("reading the code: the display shows %q", v.Text))
		}
		v, err = c.RigDisplay(ctx)
		if err == nil && v.Dark() && v.Step != pressed { // the step ended during the warning
			v, err = c.LightUp(ctx)
			pressed = v.Step
		}
	}
	return v, err
}

// codeResult is a code and the remaining time of its step.
type codeResult struct {
	Code   string `json:"code"`
	Step   int64  `json:"step"`
	LeftMS int64  `json:"left_ms"`
}

func (d *device) printCode(code string, step int64, left time.Duration) error {
	return d.print(codeResult{code, step, left.Milliseconds()}, code+"\n")
}

// newRigCmds returns the commands that control the hardware through the rig. Each
// prints the display afterwards.
func newRigCmds(d *device) []*cobra.Command {
	// prepare parses the argument before the port is opened.
	type action func(context.Context, *host.Client) error
	rig := func(use, short, what, example string, prepare func(arg string) (action, error)) *cobra.Command {
		return &cobra.Command{
			Use: use, Short: short + " (rig)", Args: oneArg(what), Example: "  fob device " + example + " --port /tmp/fob0",
			RunE: func(cmd *cobra.Command, args []string) error {
				do, err := prepare(args[0])
				if err != nil {
					return err
				}
				return d.with(cmd.Context(), func(ctx context.Context, c *host.Client) error {
					if err := do(ctx, c); err != nil {
						return err
					}
					return d.rigDisplay(ctx, c)
				})
			},
		}
	}
	press := d.command("press", "Press the button briefly (rig)", `Press the button briefly, and print what a user then reads on the display. A
press shows the code; while the display is on, it turns the display off. An LCD
needs more voltage in the cold: with a weak battery the display may be
unreadable.`, func(ctx context.Context, c *host.Client) error {
		if err := c.Press(ctx); err != nil {
			return err
		}
		d.noButton(ctx, c, "press")
		return d.rigDisplay(ctx, c)
	})
	return []*cobra.Command{
		press,
		rig("hold DURATION", "Hold the button down", "the duration, such as 7s", "hold 7s", func(arg string) (action, error) {
			t, err := duration(arg, "7s")
			if err == nil && (t < 0 || t > time.Hour) {
				err = usagef("hold %s: want 0s to 1h", arg)
			}
			return func(ctx context.Context, c *host.Client) error {
				d.noButton(ctx, c, "hold")
				return c.Hold(ctx, t)
			}, err
		}),
		signed("by", rig("skew DURATION", "Shift the token's clock", "the duration, such as 95s or --by -95s", "skew --by -95s", func(arg string) (action, error) {
			t, err := duration(arg, "95s or --by -2m30s")
			return func(ctx context.Context, c *host.Client) error { return c.Skew(ctx, t) }, err
		})),
		signed("celsius", rig("temperature CELSIUS", "Set the ambient temperature", "degrees Celsius, such as 25 or --celsius -10", "temperature --celsius -10", func(arg string) (action, error) {
			t, err := strconv.ParseFloat(arg, 64)
			if err != nil || !(t >= -60 && t <= 120) {
				err = usagef("temperature %q: want degrees Celsius from -60 to 120", arg)
			}
			return func(ctx context.Context, c *host.Client) error { return c.Temperature(ctx, t) }, err
		})),
		rig("supply MILLIVOLTS", "Set the supply voltage; 0 removes and reinserts the battery", "millivolts, such as 2900", "supply 2900", func(arg string) (action, error) {
			mv, err := strconv.ParseUint(arg, 10, 32)
			if err != nil || mv > 6000 {
				err = usagef("supply %q: want millivolts from 0 to 6000", arg)
			}
			return func(ctx context.Context, c *host.Client) error {
				err := c.Supply(ctx, int(mv))
				if errors.Is(err, serialproto.ErrInvalid) {
					return errclass.With(errclass.Refused, fmt.Errorf("supply %d: refused: the token would turn off and stop answering: use a higher voltage, or 0 to remove and reinsert the battery", mv))
				}
				return err
			}, err
		}),
		{
			Use: "power-cut N", Short: "Cut the power during the N-th flash operation from now (rig)", Args: oneArg("the number of the flash operation, from 1"),
			Example: `  fob device power-cut 1 --port /tmp/fob0`,
			RunE: func(cmd *cobra.Command, args []string) error {
				n, err := strconv.ParseUint(args[0], 10, 31)
				if err != nil || n == 0 {
					return usagef("power-cut %q: want a whole number from 1", args[0])
				}
				return d.with(cmd.Context(), func(ctx context.Context, c *host.Client) error {
					if err := c.PowerCut(ctx, int(n)); err != nil {
						return err
					}
					return d.print(map[string]uint64{"power_cut_in": n}, fmt.Sprintf("armed for flash operation %d\n", n))
				})
			},
		},
	}
}

// signed makes a flag available as an alternative to the argument of a command, because
// cobra parses an argument that begins with "-" as a flag.
func signed(flag string, cmd *cobra.Command) *cobra.Command {
	verb, argument, _ := strings.Cut(cmd.Use, " ")
	cmd.Use = fmt.Sprintf("%s [%s]", verb, argument)
	value := cmd.Flags().String(flag, "", fmt.Sprintf("`%s` instead of the argument; may be negative", argument))
	cmd.Annotations = map[string]string{signedFlag: flag}
	args, run := cmd.Args, cmd.RunE
	both := func(cmd *cobra.Command, given []string) []string {
		if cmd.Flags().Changed(flag) {
			given = append(given, *value)
		}
		return given
	}
	cmd.Args = func(cmd *cobra.Command, given []string) error { return args(cmd, both(cmd, given)) }
	cmd.RunE = func(cmd *cobra.Command, given []string) error { return run(cmd, both(cmd, given)) }
	return cmd
}

// signedFlag is the annotation that names the flag for a negative argument.
const signedFlag = "signed"

// duration parses a duration. The error shows example as a valid one.
func duration(text, example string) (time.Duration, error) {
	t, err := time.ParseDuration(text)
	if err != nil {
		return 0, usagef("duration %q: want a number with a unit, such as %s", text, example)
	}
	return t, nil
}
