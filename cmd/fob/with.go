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
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/token"
)

func newWithCmd(a *app) *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "with [flags] -- COMMAND [ARG…]",
		Short: "Run a command with tokens to test against",
		Long: `Run a command, such as a test suite, beside a fleet of ready test tokens, and
end with its exit code. The command finds the fleet in its environment: FOB_URL,
FOB_API_KEY, FOB_WORLD_SEED, FOB_SERIALS (separated by spaces), and FOB_PORT_0,
FOB_PORT_1, … with the port of each token.`,
		Example: `  fob with --count 3 --clock manual -- go test ./...
  fob with --world-seed 7 -- sh -c 'fob fleet ls'`,
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
	f.IntVar(&o.count, "count", 1, "run `N` tokens")
	f.StringVar(&o.profile, "profile", token.Profiles()[0].Name, "hardware profile `NAME`: "+profileNames())
	f.StringVar(&o.clock, "clock", "manual", "`MODE` of the world's clock: real, scaled:N or manual")
	f.StringVar(&o.at, "at", "", "start the world's clock at `TIME`: RFC 3339 or @UNIXSECONDS")
	f.StringVar(&o.worldSeed, "world-seed", "", "seed `S` of the random source: the same seed gives the same tokens")
	f.StringVar(&o.lotFile, "lot", "", "make the tokens that the YAML `FILE` describes")
	f.StringVar(&o.eventsFile, "events", "", "write all events to `FILE`, as JSON lines")
	f.BoolVar(&o.http.allowSeeds, "allow-seed-export", false, "let the command read the tokens' seeds")
	return cmd
}

// exitError is the exit code of a command that fob has run. The command has reported
// its error itself.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("the command ended with exit code %d", int(e)) }

// with runs a command beside a fleet.
func (a *app) with(ctx context.Context, o *runOptions, args []string) (err error) {
	defer func() { err = errors.Join(err, o.closeEvents()) }()
	o.readyTokens = o.lotFile == ""
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

	err = a.runChild(ctx, args, environment(f, api))
	stop()
	return errors.Join(err, <-served)
}

// environment returns the variables by which a command finds a fleet.
func environment(f *fleet.Fleet, api *fleetAPI) []string {
	var serials []string
	env := []string{
		"FOB_URL=" + api.url(), "FOB_API_KEY=" + api.key,
		"FOB_WORLD_SEED=" + strconv.FormatUint(f.World().Seed(), 10),
	}
	i := 0
	for m := range f.All(0) {
		serial, _ := m.Token.BackLabel()
		serials = append(serials, serial.String())
		for _, p := range m.Ports() {
			env = append(env, "FOB_PORT_"+strconv.Itoa(i)+"="+p.Addr())
		}
		if i++; i == maxReady { // an environment has a limited size
			break
		}
	}
	return append(env, "FOB_SERIALS="+strings.Join(serials, " "))
}

// runChild runs a command until it ends. If ctx ends first, the command gets an
// interrupt, and is killed if it does not end.
func (a *app) runChild(ctx context.Context, args, env []string) error {
	const grace = 10 * time.Second
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.stdin, a.stdout, a.stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = grace
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit):
		if code := exit.ExitCode(); code >= 0 {
			return exitError(code)
		}
		return fmt.Errorf("running %s: %w", args[0], err)
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return errclass.With(errclass.Usage, fmt.Errorf("running %s: %w", args[0], err))
}
