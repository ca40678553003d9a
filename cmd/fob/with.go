// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/procgroup"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/token"
)

func newWithCmd(a *app) *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "with [flags] -- COMMAND [ARG…]",
		Short: "Run a command with tokens to test against",
		Long: `Run a command, such as a test suite, beside a fleet of ready test tokens. The
command finds the fleet in its environment: FOB_URL, FOB_API_KEY,
FOB_WORLD_SEED, FOB_SERIALS and FOB_HARDWARE_IDS (separated by spaces), and
FOB_PORT_0, FOB_PORT_1, … with the port of each token. From 64 tokens on, a
token gets a port only when one is asked for, with fob fleet port attach.

Signals are forwarded to the command and all processes that it has started.
Those that are left when it ends are ended. The exit code is the command's, or
128+N if signal N ended it, 127 if there is no such command, and 126 if it
cannot be executed.`,
		Example: `  fob with --count 3 --clock manual -- go test ./...
  fob with --world-seed 7 -- sh -c 'fob fleet ls'
  fob with --fleet-key-file fleet.key --first 501 --count 3 -- ./tests`,
		Args: func(cmd *cobra.Command, args []string) error {
			if cmd.ArgsLenAtDash() != 0 || len(args) == 0 {
				return errors.New("want a command after --, such as: fob with --count 3 -- sh test.sh")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.given = cmd.Flags().Changed
			return a.with(cmd.Context(), &o, args)
		},
	}
	f := cmd.Flags()
	o.addBeside(f, "manual")
	o.key.add(f)
	o.addExpiry(f)
	f.BoolVar(&o.http.allowSeeds, "allow-seed-export", false, "let the command read the tokens' seeds")
	return cmd
}

// addBeside adds the flags of a fleet that is served beside something else. The clock is
// the default of its flag.
func (o *runOptions) addBeside(f *pflag.FlagSet, clock string) {
	f.IntVar(&o.count, "count", 1, "run `N` tokens")
	f.StringVar(&o.profile, "profile", token.Profiles()[0].Name, "hardware profile `NAME`: "+profileNames())
	f.StringVar(&o.clock, "clock", clock, "`MODE` of the world's clock: real, scaled:N or manual")
	f.StringVar(&o.at, "at", "", "start the world's clock at `TIME`: RFC 3339 or @UNIXSECONDS")
	f.StringVar(&o.worldSeed, "world-seed", "", "seed `S` of the random source: the same seed gives the same tokens")
	f.StringVar(&o.lotFile, "lot", "", "make the tokens that the YAML `FILE` describes")
	f.StringVar(&o.eventsFile, "events", "", "write all events to `FILE`, as JSON lines")
}

// exitError is the exit code of a command that fob has run, which has reported its own
// error. err is an error of fob besides, or nil.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string {
	if e.err != nil {
		return e.err.Error()
	}
	return fmt.Sprintf("the command ended with exit code %d", e.code)
}

// with runs a command beside a fleet.
func (a *app) with(ctx context.Context, o *runOptions, args []string) error {
	if o.count < 1 {
		return usagef("--count %d: want 1 to %d", o.count, fleet.MaxCount)
	}
	child, err := a.withFleet(ctx, o, args)
	err = errors.Join(err, o.closeEvents())
	if child.code == 0 {
		return err
	}
	child.err = errors.Join(child.err, err)
	return child
}

func (a *app) withFleet(ctx context.Context, o *runOptions, args []string) (child exitError, err error) {
	err = a.beside(ctx, o, func(f *fleet.Fleet, api *fleetAPI) (err error) {
		child, err = a.runChild(ctx, args, a.environment(f, api))
		return err
	})
	return child, err
}

// beside serves a fleet and its API on this machine until run returns.
func (a *app) beside(ctx context.Context, o *runOptions, run func(*fleet.Fleet, *fleetAPI) error) (err error) {
	o.readyTokens = o.lotFile == "" && o.seedFile == ""
	o.http.addr = "127.0.0.1:0"
	f, err := a.newFleet(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	api, err := a.listenHTTP(ctx, f, &o.http)
	if err != nil {
		return err
	}
	defer api.close()
	go func() { _ = api.serve() }()
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan error, 1)
	go func() { served <- f.Serve(serving) }()

	err = run(f, api)
	stop()
	return errors.Join(err, <-served)
}

// maxVariable is the length of the longest variable that a command can have. Linux
// allows 128 KiB with the name and a final zero byte (MAX_ARG_STRLEN, execve(2)).
const maxVariable = 128<<10 - 1

// environment returns the variables by which a command finds a fleet. FOB_PORT_N belongs
// to hardware id N of FOB_HARDWARE_IDS, counted from 0.
func (a *app) environment(f *fleet.Fleet, api *fleetAPI) []string {
	env := []string{
		"FOB_URL=" + api.url(), "FOB_API_KEY=" + api.key,
		"FOB_WORLD_SEED=" + strconv.FormatUint(f.World().Seed(), 10),
	}
	var serials, ids strings.Builder
	i := 0
	for m := range f.All(0) {
		if serial, _ := m.Token.BackLabel(); serial.String() != "" { // not blank
			serials.WriteString(" " + serial.String())
		}
		ids.WriteString(" " + host.HardwareID(m.Token.HardwareID()).String())
		for _, p := range m.Ports() {
			env = append(env, "FOB_PORT_"+strconv.Itoa(i)+"="+p.Addr())
		}
		i++
	}
	for _, list := range []struct {
		name string
		text *strings.Builder
	}{{"FOB_SERIALS", &serials}, {"FOB_HARDWARE_IDS", &ids}} {
		variable := list.name + "=" + strings.TrimPrefix(list.text.String(), " ")
		if len(variable) > maxVariable {
			a.warnf("%s is not set: the names of %d tokens are too long for an environment: list them with fob fleet ls or GET /v1/tokens", list.name, i)
			continue
		}
		env = append(env, variable)
	}
	return env
}

// runChild runs a command in the foreground until it and the processes that it has
// started have ended. Signals are forwarded to all of them. The exit code is like a
// shell's.
func (a *app) runChild(ctx context.Context, args, env []string) (exitError, error) {
	const grace = 10 * time.Second // for processes that stay behind
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.stdin, a.stdout, a.stderr
	err := procgroup.Run(ctx, cmd, procgroup.Options{Grace: grace, Foreground: true})
	if errors.Is(err, context.Canceled) {
		return exitError{}, err
	}
	child := exitError{code: procgroup.ExitCode(cmd, err)}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		child.err = errclass.With(errclass.Usage, err)
	}
	return child, nil
}
