// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/internal/board"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

func newBoardCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "board",
		Short: "Build the firmware for a microcontroller and run it in QEMU",
		Long: `Build the firmware as the binary of a microcontroller, and run it in QEMU on the
RISC-V board "virt". This token runs machine code, keeps its flash in a file,
and loses power if QEMU is killed.

A release image has no rig, like a production token. An image built with --rig
supports the commands of fob device marked (rig).`,
		Example: `  fob board build virt --rig
  fob board run virt --rig --flash token.img
  fob device info --port PORT`,
		Args: subCommand,
		RunE: help,
	}
	cmd.AddCommand(newBoardBuildCmd(a), newBoardRunCmd(a), newBoardFactoryCmd(a))
	return cmd
}

// oneArg is like cobra.ExactArgs(1), with an error that names the missing argument.
func oneArg(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fmt.Errorf("%s takes one argument, %s", cmd.CommandPath(), what)
		}
		return nil
	}
}

// buildResult is the output of fob board build.
type buildResult struct {
	Target      string `json:"target"`
	Image       string `json:"image"`
	Flash       int    `json:"flash_bytes"`
	FlashBudget int    `json:"flash_budget"`
	RAM         int    `json:"ram_bytes"`
	RAMBudget   int    `json:"ram_budget"`
}

func newBoardBuildCmd(a *app) *cobra.Command {
	var out string
	var rig bool
	cmd := &cobra.Command{
		Use:   "build TARGET",
		Short: "Build an image with TinyGo and print its size",
		Long: `Build a firmware image from the checkout of fob that you are in, and print how
much flash and RAM it uses, with the limits in testdata/targets.txt. The image
contains a checksum for the token's self-test. Targets:
  virt            QEMU's RISC-V board
  virt-hwtest     tests of that board's hardware interfaces
  pico            Raspberry Pi Pico: UF2, or ELF if --out ends in .elf
  pico-hwtest     tests of that board's hardware interfaces
  pico-check      the Pico's program without a release of TinyGo, for no board
  cortex-m3       self-test on lm3s6965evb
  cortex-m0-cost  self-test on a Cortex-M0, to count its instructions

fob uses TinyGo 0.39 if it is on PATH; otherwise the first build compiles it,
which takes minutes and needs the packages listed in tools/tinygo/README.md. The
target pico requires a TinyGo release.`,
		Example: `  fob board build virt --rig
  fob board build pico --out token.uf2`,
		Args: oneArg("the target, such as virt"),
		RunE: func(cmd *cobra.Command, args []string) error {
			root, err := board.Root(".")
			if err != nil {
				return err
			}
			target, err := board.TargetByName(root, imageName(args[0], rig))
			if _, e := board.TargetByName(root, args[0]); rig && err != nil && e == nil {
				return usagef("target %s has no image with a rig", args[0])
			}
			if err != nil {
				return err
			}
			if out == "" {
				out = defaultImage(root, target.Name, target.Suffix())
			}
			image, err := a.build(cmd.Context(), root, target, out)
			if err != nil && !errors.Is(err, board.ErrBudget) {
				return err
			}
			r := buildResult{target.Name, image.Path, image.Flash, target.MaxFlash, image.RAM, target.MaxRAM}
			text := fmt.Sprintf("%s\nflash %7d of %d bytes\nRAM   %7d of %d bytes\n", r.Image, r.Flash, r.FlashBudget, r.RAM, r.RAMBudget)
			return errors.Join(a.print(r, text), err)
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "write the image to `FILE`; default: dist/fob-TARGET.elf in the checkout (.uf2 for pico)")
	cmd.Flags().BoolVar(&rig, "rig", false, "include the rig, for tests")
	return cmd
}

// build builds the image and shows its progress on a terminal.
func (a *app) build(ctx context.Context, root string, t board.Target, out string) (board.Image, error) {
	if !isTerminal(a.stderr) {
		return t.Build(ctx, root, out, a.stderr)
	}
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		start := time.Now()
		for {
			fmt.Fprintf(a.stderr, "\r\x1b[Kbuilding %s … %.0f s", t.Name, time.Since(start).Seconds())
			select {
			case <-time.After(time.Second):
			case <-done:
				fmt.Fprint(a.stderr, "\r\x1b[K")
				return
			}
		}
	}()
	image, err := t.Build(ctx, root, out, newLines{a.stderr})
	close(done)
	<-ended
	return image, err
}

// newLines starts each write at the beginning of an empty line.
type newLines struct{ w io.Writer }

func (l newLines) Write(p []byte) (int, error) {
	if _, err := io.WriteString(l.w, "\r\x1b[K"); err != nil {
		return 0, err
	}
	return l.w.Write(p)
}

func imageName(target string, rig bool) string {
	if rig {
		return target + "-rig"
	}
	return target
}

func defaultImage(root, name, suffix string) string {
	return filepath.Join(root, "dist", "fob-"+name+suffix)
}

// boardOptions are the flags of fob board run.
type boardOptions struct {
	image, flash        string
	profile, stationKey string
	at                  string
	rig                 bool
	ports               portFlags
	given               func(flag string) bool
}

func newBoardRunCmd(a *app) *cobra.Command {
	var o boardOptions
	cmd := &cobra.Command{
		Use:   "run virt",
		Short: "Run an image in QEMU and serve its serial port",
		Long: `Run a firmware image in QEMU until Ctrl-C or SIGTERM. The first line on stdout
is a JSON object with QEMU's process id and the token's ports; killing that
process is a power cut. Without a flag for ports, the token gets a
pseudo-terminal.

The flash file keeps the token's data and clock between runs; the clock
continues while QEMU is not running. The file holds the seed in clear, like the
flash of a microcontroller. If the file does not exist, a new blank token is
created.`,
		Example: `  fob board run virt --flash token.img --pty /tmp/board
  fob board run virt --rig --tcp 127.0.0.1:7000 --at 2031-11-30T14:59:00Z`,
		Args: oneArg("the board: virt"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] != "virt" {
				return usagef("board %q: want virt", args[0])
			}
			o.given = cmd.Flags().Changed
			return a.runBoard(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.image, "image", "", "`FILE` with the image; default: the one that fob board build wrote in this checkout")
	f.StringVar(&o.flash, "flash", "fob-virt.img", "`FILE` with the token's flash")
	f.BoolVar(&o.rig, "rig", false, "run the image that has the rig")
	f.StringVar(&o.profile, "profile", token.Profiles()[0].Name, "hardware profile `NAME` of a new token: "+profileNames())
	f.StringVar(&o.stationKey, "station-key", "", "a new token accepts the station whose public key (.pub) is in `FILE`; default: the published insecure test key")
	f.StringVar(&o.at, "at", "", "start the board's real-time clock at `TIME`: RFC 3339 or @UNIXSECONDS; default: now")
	o.ports.add(f)
	return cmd
}

// boardReady is the first line of output of fob board run.
type boardReady struct {
	PID     int          `json:"pid"`
	QEMUPID int          `json:"qemu_pid"`
	Image   string       `json:"image"`
	Flash   string       `json:"flash_file"`
	Tokens  []readyToken `json:"tokens"` // exactly one, in the format of fob run
}

func (a *app) runBoard(ctx context.Context, o boardOptions) error {
	c := board.Config{Image: o.image, Flash: o.flash}
	if c.Image == "" {
		root, err := board.Root(".")
		if err != nil {
			return fmt.Errorf("%w, or name an image with --image", err)
		}
		c.Image = defaultImage(root, imageName("virt", o.rig), ".elf")
	}
	if o.at != "" {
		t, err := parseTime(o.at, time.Now())
		if err != nil {
			return err
		}
		c.At = t
	}
	if err := o.ports.ready(ctx, a); err != nil {
		return err
	}
	if err := o.ports.Check(1); err != nil {
		return err
	}
	if err := c.Check(); err != nil {
		return err
	}
	listeners, err := o.ports.Listen(0)
	if err != nil {
		return o.ports.advise(err)
	}
	defer func() {
		for _, l := range listeners {
			l.Close()
		}
	}()
	made, err := a.flashOf(ctx, o)
	if err != nil {
		return err
	}
	m, info, err := a.startBoard(ctx, c)
	if err != nil {
		if made { // the next run may choose another model and station
			err = errors.Join(err, os.Remove(o.flash))
		}
		return err
	}
	defer m.Kill()
	if o.rig {
		groups, err := host.New(m.Line()).Groups(ctx)
		if err == nil && !slices.Contains(groups, serialproto.GroupRig) {
			a.warnf("%s has no rig: commands such as press and display --rig will fail", c.Image)
		}
	}
	t := readyToken{HardwareID: info.HardwareID, Model: info.Model, Serial: info.Serial, State: info.State.String()}
	for _, l := range listeners {
		t.Ports = append(t.Ports, l.Addr())
	}
	t.Port = t.Ports[0]
	r := boardReady{os.Getpid(), m.PID(), c.Image, c.Flash, []readyToken{t}}
	if err := jsonLine(a.stdout, r); err != nil {
		return err
	}
	return o.ports.advise(m.Serve(ctx, listeners...))
}

// startBoard starts a board and waits until it responds.
func (a *app) startBoard(ctx context.Context, c board.Config) (*board.Machine, host.Info, error) {
	m, err := board.Start(c)
	if err != nil {
		return nil, host.Info{}, err
	}
	info, err := m.Ready(ctx)
	if err != nil {
		m.Kill()
		return nil, info, err
	}
	return m, info, nil
}

// flashOf creates the flash of a new token if the file does not exist.
func (a *app) flashOf(ctx context.Context, o boardOptions) (made bool, err error) {
	if _, err := os.Stat(o.flash); err == nil {
		for _, flag := range []string{"profile", "station-key"} {
			if o.given(flag) {
				a.warnf("%s already holds a token: --%s is ignored", o.flash, flag)
			}
		}
		return false, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	model, err := virtual.ModelByName(o.profile)
	if err != nil {
		return false, err
	}
	key, err := a.stationPublicKey(ctx, o.stationKey)
	if err != nil {
		return false, err
	}
	err = board.CreateFlash(o.flash, board.Factory{Model: model.Name, Digits: model.Digits, StationKey: key})
	if err != nil {
		return false, fmt.Errorf("creating the flash %s: %w", o.flash, err)
	}
	return true, nil
}
