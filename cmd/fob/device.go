// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/d204ef64/fob/internal/loopback"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/token"
)

// device is the state that the device commands share.
type device struct {
	*app
	port         string
	passwordFile string
	timeout      time.Duration // 0: the protocol's limit for each request
	waiting      *pflag.Flag   // the flag of timeout
}

func newDeviceCmd(a *app) *cobra.Command {
	d := &device{app: a}
	cmd := &cobra.Command{
		Use:   "device",
		Short: "Read, program and test a token over its serial port",
		Long: `Read, program and test a virtual or real token over its serial port:
/dev/ttyACM0 (or the path of another terminal), pty:PATH, tcp:HOST:PORT,
unix:PATH or rfc2217://HOST:PORT.

The commands marked (rig) press the token's button, read its display, or change
its clock, temperature or power supply. Virtual tokens accept them in every
state; production tokens do not support them.`,
		Example: `  fob device info --port /dev/ttyACM0
  fob device display --port tcp:127.0.0.1:7000
  fob device skew --by -95s --port /tmp/fob0`,
		Args: subCommand,
		RunE: help,
	}
	f := cmd.PersistentFlags()
	f.StringVar(&d.port, "port", "", "address `ADDR` of the token's serial port")
	f.StringVar(&d.passwordFile, "port-password-file", "", "`FILE` with the password of the port (see fob run)")
	f.DurationVar(&d.timeout, "timeout", 0, "time to wait for each of 3 attempts (default: the protocol's limit for the command, 1s to 15s)")
	d.waiting = f.Lookup("timeout")
	cmd.AddCommand(
		newInfoCmd(d), newEchoCmd(d), newClockCmd(d), newDisplayCmd(d), newProvisionCmd(d), newLockCmd(d), newShownCodeCmd(d),
		newSelfTestCmd(d), newEnrolCmd(d), newWipeCmd(d), newResetCmd(d), newListCmd(a), newKeygenCmd(a),
	)
	cmd.AddCommand(newRigCmds(d)...)
	return cmd
}

// with opens the port, calls f with a client on it, and closes it.
func (d *device) with(ctx context.Context, f func(context.Context, *host.Client) error) error {
	if d.port == "" {
		return usagef("no port: name the token's serial port with --port, such as /dev/ttyACM0 or tcp:127.0.0.1:7000")
	}
	if d.waiting.Changed && d.timeout <= 0 {
		return usagef("--timeout %v: want more than 0", d.timeout)
	}
	bearer, err := d.portPassword(ctx, d.passwordFile)
	if err != nil {
		return err
	}
	opening, cancel := context.WithTimeout(ctx, max(d.timeout, 5*time.Second))
	defer cancel()
	p, err := port.Open(opening, d.port, port.WithPassword(bearer))
	if err != nil {
		if _, no := strconv.ParseUint(d.port, 10, 16); no == nil && errors.Is(err, port.ErrNotFound) {
			return fmt.Errorf("%w (for a TCP port of this machine use tcp:127.0.0.1:%s)", err, d.port)
		}
		return advise(err)
	}
	defer p.Close()
	return advise(f(ctx, host.New(p, host.WithTimeout(d.timeout))))
}

// advise adds a hint to an error that many users meet.
func advise(err error) error {
	var refused *host.RefusedError
	switch {
	case errors.Is(err, port.ErrNotFound):
		return fmt.Errorf("%w (fob device list shows this machine's USB serial ports, fob run starts virtual tokens)", err)
	case errors.Is(err, port.ErrBusy):
		return fmt.Errorf("%w (close that program first)", err)
	case errors.Is(err, port.ErrRefused):
		return fmt.Errorf("%w (use --port-password-file FILE with the port's password)", err)
	case errors.Is(err, port.ErrGone) && mayWantPassword(err):
		return fmt.Errorf("%w (ports beyond loopback require a password: use --port-password-file)", err)
	case errors.Is(err, host.ErrTimeout):
		return fmt.Errorf("%w (check that this is a token's port and that the token has power; --timeout waits longer)", err)
	case errors.As(err, &refused) && strings.HasPrefix(refused.Command, "rig ") && errors.Is(err, serialproto.RCUnsupported):
		return fmt.Errorf("%w (this token has no rig)", err)
	}
	return err
}

// mayWantPassword reports whether the error is about a port beyond loopback, which
// requires a password.
func mayWantPassword(err error) bool {
	var at *port.OpError
	if !errors.As(err, &at) {
		return false
	}
	a, e := port.ParseAddr(at.Addr)
	return e == nil && (a.Scheme == port.TCP || a.Scheme == port.RFC2217) && !loopback.Host(a.Host)
}

// command returns a device command without arguments.
func (d *device) command(use, short, long string, run func(context.Context, *host.Client) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Long: long, Example: "  fob device " + use + " --port /dev/ttyACM0", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return d.with(cmd.Context(), run) },
	}
}

// infoResult is the output of fob device info.
type infoResult struct {
	HardwareID    host.HardwareID     `json:"hardware_id"`
	Serial        token.Serial        `json:"serial"`
	Expiry        token.Expiry        `json:"expiry"`
	Model         string              `json:"model"`
	Firmware      string              `json:"firmware"`
	Protocol      int                 `json:"protocol"`
	State         string              `json:"state"`
	ClockSet      bool                `json:"clock_set"`
	Presses       uint32              `json:"presses"`
	Millivolts    int                 `json:"millivolts"`
	FramingErrors framingErrorsResult `json:"drops"`
}

type framingErrorsResult struct {
	Line    uint32 `json:"line"`
	Base64  uint32 `json:"base64"`
	Stray   uint32 `json:"stray"`
	Size    uint32 `json:"size"`
	CRC     uint32 `json:"crc"`
	Header  uint32 `json:"header"`
	Timeout uint32 `json:"timeout"`
}

func newInfoCmd(d *device) *cobra.Command {
	return d.command("info", "Show the token's identity and state", `Show the token's hardware id, serial number, expiry date, state, clock, supply
voltage and framing errors. A token answers in every state.`, func(ctx context.Context, c *host.Client) error {
		i, err := c.Info(ctx)
		if err != nil {
			return err
		}
		r := infoResult{
			i.HardwareID, i.Serial, i.Expiry, i.Model, i.Firmware, i.Protocol, i.State.String(),
			i.ClockSet, i.Presses, i.Supply,
			framingErrorsResult(i.FramingErrors),
		}
		var b strings.Builder
		line := func(name string, v any) { fmt.Fprintf(&b, "%-14s %v\n", name, v) }
		line("hardware id", r.HardwareID)
		line("serial", dash(r.Serial.String()))
		line("expiry", dash(r.Expiry.String()))
		line("model", r.Model)
		line("firmware", r.Firmware)
		line("state", r.State)
		line("clock", map[bool]string{true: "set", false: "not set"}[r.ClockSet])
		line("presses", r.Presses)
		line("supply", fmt.Sprintf("%d mV", r.Millivolts))
		line("framing errors", fmt.Sprintf("line %d, base64 %d, stray %d, size %d, crc %d, header %d, timeout %d",
			r.FramingErrors.Line, r.FramingErrors.Base64, r.FramingErrors.Stray, r.FramingErrors.Size, r.FramingErrors.CRC, r.FramingErrors.Header, r.FramingErrors.Timeout))
		return d.print(r, b.String())
	})
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func newEchoCmd(d *device) *cobra.Command {
	return &cobra.Command{
		Use: "echo TEXT", Short: "Send a text to the token and print its echo", Args: oneArg("the text"),
		Example: `  fob device echo hello --port /dev/ttyACM0`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return d.with(cmd.Context(), func(ctx context.Context, c *host.Client) error {
				text, err := c.Echo(ctx, args[0])
				if err != nil {
					return err
				}
				if text != args[0] {
					return fmt.Errorf("%w: the token echoed a different text", host.ErrProtocol)
				}
				return d.print(map[string]string{"echo": text}, text+"\n")
			})
		},
	}
}

func newClockCmd(d *device) *cobra.Command {
	var set string
	run := func(ctx context.Context, c *host.Client) error {
		if set != "" {
			t, err := parseTime(set, worldNow(ctx, c)) // after opening the port, which takes time
			if err != nil {
				return err
			}
			if err := c.SetClock(ctx, t); err != nil {
				return err
			}
		}
		before := time.Now()
		t, isSet, err := c.Clock(ctx)
		if err != nil {
			return err
		}
		middle := before.Add(time.Since(before) / 2)
		r := struct {
			Clock   time.Time `json:"clock"`
			Set     bool      `json:"clock_set"`
			AheadMS int64     `json:"ahead_ms"` // relative to this machine's clock
		}{t, isSet, t.UnixMilli() - middle.UnixMilli()} // a Duration ends at 292 years
		text := fmt.Sprintf("%s (%s)\n", t.Format("2006-01-02T15:04:05.000Z07:00"), ahead(r.AheadMS))
		if !isSet {
			text = "not set since the token last lost power\n"
		}
		return d.print(r, text)
	}
	cmd := &cobra.Command{
		Use: "clock", Short: "Read or set the token's clock", Args: noArgs,
		Long: `Print the time of the token's clock, and by how much it differs from this
machine's clock. With --set, set the clock first. A locked token refuses both.`,
		Example: `  fob device clock --port /dev/ttyACM0 --set now`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if set != "" {
				if _, err := parseTime(set, time.Now()); err != nil {
					return err
				}
			}
			return d.with(cmd.Context(), run)
		},
	}
	cmd.Flags().StringVar(&set, "set", "", "set the clock to `TIME` first: now (a virtual token's world time), RFC 3339, or @UNIXSECONDS")
	return cmd
}

func newDisplayCmd(d *device) *cobra.Command {
	var rig bool
	var svg, png string
	cmd := d.command("display", "Read the code on the display", `Read the code that the token shows. A locked token refuses this; with --rig,
read what the LCD shows, in every state. A picture shows the segments that the
token drives.`, func(ctx context.Context, c *host.Client) error {
		if rig {
			return d.drawRig(ctx, c, svg, png)
		}
		v, err := c.Display(ctx)
		if err != nil {
			return err
		}
		r := struct {
			Code   token.Code `json:"code"`
			Step   int64      `json:"step"`
			LeftMS int64      `json:"left_ms"`
		}{v.Code, v.Step, v.Left.Milliseconds()}
		return d.print(r, fmt.Sprintf("%s (%v left)\n", v.Code, v.Left.Round(time.Second)))
	})
	cmd.Flags().BoolVar(&rig, "rig", false, "read the LCD through the rig, in every state")
	cmd.Flags().StringVar(&svg, "svg", "", "write the display to `FILE` as SVG")
	cmd.Flags().StringVar(&png, "png", "", "write the display to `FILE` as PNG")
	markGoesWith(cmd.Flags(), "rig", "svg", "png")
	return cmd
}

func newLockCmd(d *device) *cobra.Command {
	return d.command("lock", "Lock the token after provisioning", `Lock a provisioned token. It then refuses to send its code or its time, until it
is wiped.`, func(ctx context.Context, c *host.Client) error {
		if err := c.Lock(ctx); err != nil {
			return err
		}
		return d.printState(ctx, c)
	})
}

func newResetCmd(d *device) *cobra.Command {
	return d.command("reset", "Restart the token", "Restart the token, and print its state afterwards.", func(ctx context.Context, c *host.Client) error {
		if err := c.Reset(ctx); err != nil {
			return err
		}
		return d.printState(ctx, c)
	})
}

// printState prints the token's state after a command.
func (d *device) printState(ctx context.Context, c *host.Client) error {
	i, err := c.Info(ctx)
	if err != nil {
		return err
	}
	r := struct {
		HardwareID host.HardwareID `json:"hardware_id"`
		Serial     token.Serial    `json:"serial"`
		State      string          `json:"state"`
	}{i.HardwareID, i.Serial, i.State.String()}
	return d.print(r, fmt.Sprintf("%s %s\n", dash(i.Serial.String()), i.State))
}

func newWipeCmd(d *device) *cobra.Command {
	var serial string
	var want token.Serial
	run := func(ctx context.Context, c *host.Client) error {
		i, err := c.Info(ctx)
		if err != nil {
			return err
		}
		sn := i.Serial
		if !want.IsZero() {
			sn = want
		}
		if sn.IsZero() && i.State == serialproto.StateBlank {
			return &host.RefusedError{Command: "wipe", Err: serialproto.ErrNotProvisioned}
		}
		if err := c.Wipe(ctx, sn); err != nil {
			return err
		}
		return d.printState(ctx, c)
	}
	cmd := &cobra.Command{
		Use: "wipe", Short: "Erase the token's seed", Args: noArgs,
		Long:    "Erase the token's seed. A wiped token can be provisioned again.",
		Example: `  fob device wipe --serial 2600124800001 --port /dev/ttyACM0`,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if serial != "" {
				if want, err = token.ParseSerial(serial); err != nil {
					return err
				}
			}
			return d.with(cmd.Context(), run)
		},
	}
	cmd.Flags().StringVar(&serial, "serial", "", "refuse unless the token has serial number `SN`")
	return cmd
}

func newListCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List this machine's USB serial ports", Args: noArgs,
		Long: `List the USB serial ports of this machine without opening them. Virtual tokens
are not listed.`,
		Example: `  fob device list`,
		RunE: func(*cobra.Command, []string) error {
			ports, err := port.List()
			if err != nil {
				return err
			}
			type usbPort struct {
				Path         string `json:"path"`
				VID          string `json:"usb_vid"`
				PID          string `json:"usb_pid"`
				SerialNumber string `json:"serial_number"`
				Manufacturer string `json:"manufacturer"`
				Product      string `json:"product"`
				Interface    int    `json:"interface"`
				USBPath      string `json:"usb_path"`
			}
			var b strings.Builder
			for _, p := range ports {
				if a.json {
					if err := a.print(usbPort(p), ""); err != nil {
						return err
					}
				}
				fmt.Fprintf(&b, "%s\t%s:%s\t%s\t%s\t%s\n", p.Path, p.VID, p.PID, dash(p.SerialNumber), dash(p.Product), p.USBPath)
			}
			if a.json {
				return nil
			}
			if len(ports) == 0 {
				_, err := fmt.Fprintln(a.stderr, "fob: no USB serial port found: plug in a token (the virtual tokens of fob run are not listed)")
				return err
			}
			return a.print(nil, b.String())
		},
	}
}
