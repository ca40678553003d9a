// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// runOptions are the flags of fob run.
type runOptions struct {
	count              int
	profile, clock, at string
	ports              portFlags
	stationKey         string
	state, stateKey    string
	worldSeed          string
	seedFile           string
	seeds              seedsInput
	noRig              bool
	baud               int
	lotFile            string
	eventsFile         string
	events             *os.File // opened by newFleet; nil: no file
	readyTokens        bool
	expiry             string
	endWithStdin       bool
	key                fleetKeyFlags
	portMode           string
	http               httpFlags
	store              *fleet.Store // opened by newFleet; nil: nothing is stored
	given              func(flag string) bool
}

func newRunCmd(a *app) *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run virtual tokens and serve their serial ports",
		Long: `Run virtual tokens and serve their serial ports until Ctrl-C or SIGTERM. The
tokens are blank until they are provisioned. On a terminal, fob prints a table
of the tokens; otherwise, or with --json, the first line on stdout is a JSON
object with the hardware id and ports of each token (docs/json.md). Without a
flag for ports, each token gets a pseudo-terminal; from 64 tokens on, a token
gets a port only when one is asked for (--ports lazy).

The page in the ready line shows the tokens live in a browser. It and the HTTP
API, whose address and key are there too, control the tokens while they run: the
clock, buttons, displays, faults and ports. fob fleet does so from a terminal.

With --serial, a token answers on a serial device of this machine, to the host
at the other end of the cable: a Linux board with a USB gadget port acts as a
token.

With --seed-file, run all tokens of a seed file, provisioned and locked. With
--fleet-key-file, run tokens that follow from a fleet key and their numbers,
also provisioned and locked: fob seeds make writes their seed file.

With --state, keep the tokens in an encrypted folder. The key is generated on
first use in your configuration folder. The folder also keeps the clock, the
world seed, the station's public key and --no-rig: the next start needs only
--state and the ports.

With --end-with-stdin, fob also ends when its standard input is closed. If a
program starts fob with a pipe there, fob ends with it, even if it is killed.`,
		Example: `  fob run --count 3 --pty /tmp
  fob run --count 5 --ready --clock manual
  fob run --profile button-8 --tcp 127.0.0.1:7000 --clock manual --at 2031-11-30T14:59:00Z
  fob run --rfc2217 127.0.0.1:2217 --state ./tokens
  fob run --serial /dev/ttyGS0
  fob run --seed-file tokens.xml --tcp 127.0.0.1:7000
  fob run --fleet-key-file fleet.key --first 501 --count 500`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.given = cmd.Flags().Changed
			return a.run(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.count, "count", 1, "run `N` tokens; default with --serial: one per device")
	f.StringVar(&o.profile, "profile", token.Profiles()[0].Name, "hardware profile `NAME`: "+profileNames())
	o.ports.add(f)
	f.StringVar(&o.clock, "clock", "real", "`MODE` of the world's clock: real, scaled:N (N times as fast) or manual (stopped)")
	f.StringVar(&o.at, "at", "", "start the world's clock at `TIME`: RFC 3339 or @UNIXSECONDS; default: now, or 2026-01-01T00:00:00Z with --clock manual")
	f.StringVar(&o.state, "state", "", "keep the tokens in the folder `DIR`")
	f.StringVar(&o.stateKey, "state-key", "", "`FILE` with the key of that folder (an age X25519 identity)")
	f.StringVar(&o.worldSeed, "world-seed", "", "seed `S` of the random source: the same seed gives the same tokens")
	f.StringVar(&o.stationKey, "station-key", "", "accept the station whose public key (.pub) is in `FILE`; default: the published insecure test key")
	f.StringVar(&o.seedFile, "seed-file", "", "run the tokens of the seed file `FILE` (see fob seeds), locked, with their serial numbers and expiry dates")
	o.seeds.add(f)
	o.key.add(f)
	f.BoolVar(&o.noRig, "no-rig", false, "do not support the rig commands, like production tokens")
	f.StringVar(&o.lotFile, "lot", "", "make the tokens that the YAML `FILE` describes (docs/fleet.md)")
	f.StringVar(&o.eventsFile, "events", "", "write all events to `FILE`, as JSON lines (EventLine in /openapi.json); an older file is replaced")
	f.BoolVar(&o.readyTokens, "ready", false, "make provisioned and locked test tokens instead of blank ones")
	o.addExpiry(f)
	f.StringVar(&o.portMode, "ports", "", "open ports at `WHEN`: each, for each token at the start, or lazy, when asked for; default: lazy from 64 tokens on if no kind of port is given")
	f.BoolVar(&o.endWithStdin, "end-with-stdin", false, "end when standard input is closed, as it is when the program that started fob ends")
	o.http.add(f)
	f.IntVar(&o.baud, "pace", 0, "limit the lines to the `BAUD` rate; 0 is as fast as possible")
	markGoesWith(f, "seed-file", "period", "digits", "algorithm", "from", "key-file", "password-file", "private-key", "trusted",
		"allow-duplicates", "skip-unsupported", "allow-short-seeds")
	markGoesWith(f, "state", "state-key")
	markGoesWith(f, "ready fleet-key-file", "expiry")
	markGoesWith(f, "tcp unix rfc2217", "port-password-file")
	return cmd
}

// addExpiry adds the flag with the expiry date of tokens that are made ready.
func (o *runOptions) addExpiry(f *pflag.FlagSet) {
	f.StringVar(&o.expiry, "expiry", "", "last `DAY` of validity of the tokens; default: five years after the world's date in Japan")
}

func profileNames() string {
	var names []string
	for _, p := range token.Profiles() {
		names = append(names, p.Name)
	}
	return strings.Join(names, ", ")
}

// ready is the first line of output of fob run.
type ready struct {
	PID       int          `json:"pid"`
	URL       string       `json:"url"`     // of the HTTP API; "" if it is off
	URLs      []string     `json:"urls"`    // URL and others under which clients reach it
	APIKey    string       `json:"api_key"` // "" if it came from a file
	Page      string       `json:"page"`    // opens the page in a browser, once; "" if the API is off
	Count     int          `json:"count"`
	WorldSeed string       `json:"world_seed"`
	Clock     string       `json:"clock_mode"`
	Now       time.Time    `json:"now"`
	Tokens    []readyToken `json:"tokens"` // the first maxReady
}

type readyToken struct {
	HardwareID host.HardwareID `json:"hardware_id"`
	Model      string          `json:"model"`
	Serial     token.Serial    `json:"serial"`
	State      string          `json:"state"`
	Port       string          `json:"port"` // the first of Ports
	Ports      []string        `json:"ports"`
}

func (a *app) run(ctx context.Context, o runOptions) (err error) {
	defer func() {
		if o.store != nil {
			o.store.Close()
		}
		err = errors.Join(err, o.closeEvents())
	}()
	if o.endWithStdin {
		if err := a.takeStdin(); err != nil {
			return err
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		defer cancel()
		go func() { // left behind when fob ends otherwise: a read cannot be interrupted
			_, _ = io.Copy(io.Discard, a.stdin)
			cancel()
		}()
	}
	f, err := a.newFleet(ctx, &o)
	if err != nil {
		return o.ports.advise(err)
	}
	err = o.ports.advise(a.serveFleet(ctx, f, &o))
	if !errors.Is(err, fleet.ErrSave) {
		err = errors.Join(err, f.Save())
	}
	return errors.Join(err, f.Close())
}

// closeEvents closes the file of events, if there is one.
func (o *runOptions) closeEvents() error {
	if o.events == nil {
		return nil
	}
	if err := o.events.Close(); err != nil {
		return fmt.Errorf("writing the event log: %w", err)
	}
	return nil
}

// newFleet makes the fleet that the flags describe. The caller must close o.store and
// call o.closeEvents.
func (a *app) newFleet(ctx context.Context, o *runOptions) (*fleet.Fleet, error) {
	if o.count < 0 || o.count > fleet.MaxCount {
		return nil, usagef("--count %d: want 0 to %d", o.count, fleet.MaxCount)
	}
	if o.readyTokens && (o.seedFile != "" || o.lotFile != "") {
		return nil, usagef("--ready goes with --count and --profile: a seed file's tokens are ready, and a lot says it itself")
	}
	for _, flag := range []string{"count", "profile", "seed-file", "expiry"} {
		if o.lotFile != "" && o.given(flag) {
			return nil, usagef("--%s cannot be combined with --lot: the file describes all tokens", flag)
		}
	}
	if err := o.http.check(ctx, a); err != nil {
		return nil, err
	}
	keyed, err := o.key.read(ctx, a)
	if err != nil {
		return nil, err
	}
	if o.key.file != "" {
		if o.seedFile != "" {
			return nil, usagef("--fleet-key-file cannot be combined with --seed-file: the file has other seeds")
		}
		o.readyTokens = o.lotFile == ""
	}
	lots, err := a.lots(ctx, o)
	if err != nil {
		return nil, err
	}
	config, err := a.worldConfig(ctx, *o)
	if err != nil {
		return nil, err
	}
	model, err := virtual.ModelByName(o.profile)
	if err != nil {
		return nil, err
	}
	if err := o.ports.ready(ctx, a); err != nil {
		return nil, err
	}
	if n := len(o.ports.Devices); n > 0 && !o.given("count") {
		o.count = n
	}
	tokens := o.count
	if o.lotFile != "" {
		tokens = 0
		for _, l := range lots {
			tokens += l.Tokens()
		}
	}
	switch o.portMode {
	case "":
		if o.ports.usual && tokens >= lazyFrom {
			o.ports.Ports = fleet.Ports{}
		}
	case "each":
	case "lazy":
		if !o.ports.usual {
			return nil, usagef("--ports lazy: do not name ports as well: they are attached with fob fleet port")
		}
		o.ports.Ports = fleet.Ports{}
	default:
		return nil, usagef("--ports %s: want each or lazy", o.portMode)
	}
	if o.seedFile == "" {
		if err := o.ports.Check(tokens); err != nil {
			return nil, err
		}
	}

	if o.state != "" {
		key, err := stateKey(o.stateKey, o.state)
		if err != nil {
			return nil, err
		}
		if o.store, err = fleet.OpenStore(o.state, key); err != nil {
			return nil, err
		}
		found, err := o.store.Resume(&config, fleet.Given{
			Clock: o.given("clock"), StationKey: o.given("station-key"), NoRig: o.given("no-rig"),
		}, time.Now())
		if err != nil {
			return nil, err
		}
		for _, flag := range []string{"seed-file", "lot"} {
			if found && o.given(flag) {
				return nil, usagef("--%s: the folder of --state already has tokens: leave --%s out", flag, flag)
			}
		}
	}
	world, err := virtual.NewWorld(config)
	if err != nil {
		return nil, err
	}
	line := virtual.ServeOptions{}
	line.In.Baud, line.Out.Baud = o.baud, o.baud
	c := fleet.Config{Count: o.count, Model: model, Lots: lots, Keyed: keyed, Ports: o.ports.Ports, Store: o.store, Line: line}
	if o.eventsFile != "" {
		if o.events, err = os.OpenFile(o.eventsFile, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
			return nil, usagef("writing the event log: %w", err)
		}
		c.Events = o.events
	}
	if o.seedFile != "" {
		c.Make = func() ([]*virtual.Token, error) { return a.tokensFromSeeds(ctx, o, world, model) }
	}
	f, err := fleet.New(world, c)
	if err != nil {
		return nil, err
	}
	if err := o.checkResumed(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if f.Len() > largeFleet {
		debug.FreeOSMemory() // of the garbage from making them
	}
	return f, nil
}

// checkResumed checks that the flags that describe new tokens fit the tokens in the folder
// of --state.
// The command that made the folder can be run again.
func (o *runOptions) checkResumed(f *fleet.Fleet) error {
	if o.store == nil {
		return nil
	}
	if o.given("count") && o.count != f.Len() {
		return usagef("--count %d: the folder of --state has %s: leave --count out", o.count, countTokens(f.Len()))
	}
	want, err := token.ParseExpiry(o.expiry)
	if o.given("expiry") && err != nil {
		return usagef("--expiry: %w", err)
	}
	for m := range f.All(0) {
		if model := m.Token.Model().Name; o.given("profile") && model != o.profile {
			return usagef("--profile %s: the folder of --state has tokens of the profile %s: leave --profile out", o.profile, model)
		}
		if _, expiry := m.Token.BackLabel(); o.given("expiry") && expiry != want {
			return usagef("--expiry %s: the folder of --state has tokens that expire on %s: leave --expiry out", o.expiry, expiry)
		}
		if o.readyTokens && m.Token.State() == serialproto.StateBlank {
			return usagef("--ready: the folder of --state has blank tokens: leave --ready out, and provision them")
		}
	}
	return nil
}

// largeFleet is the number of tokens above which unused memory is returned at the start.
const largeFleet = 100_000

// serveFleet serves the ports and the HTTP API until ctx ends or either fails.
func (a *app) serveFleet(ctx context.Context, f *fleet.Fleet, o *runOptions) error {
	api, err := a.listenHTTP(ctx, f, &o.http)
	if err != nil {
		return err
	}
	defer api.close()
	defer api.watch(ctx)()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	failed := make(chan error, 1)
	go func() {
		err := api.serve()
		failed <- err
		if err != nil { // without the API, serve returns nil at once
			cancel(err)
		}
	}()
	serving := make(chan error, 1)
	go func() { serving <- f.Serve(ctx) }()
	if err := a.announce(f, api); err != nil {
		cancel(err)
		return errors.Join(err, <-serving)
	}
	err = <-serving
	api.close()
	return errors.Join(err, <-failed)
}

// worldConfig converts the flags to the configuration of a world.
func (a *app) worldConfig(ctx context.Context, o runOptions) (virtual.Config, error) {
	var c virtual.Config
	switch rate, scaled := strings.CutPrefix(o.clock, "scaled:"); {
	case o.clock == "real":
		c.Mode = virtual.Real
	case o.clock == "manual":
		c.Mode = virtual.Manual
	case scaled:
		n, err := scaledRate("--clock", rate)
		if err != nil {
			return c, err
		}
		c.Mode, c.Rate = virtual.Scaled, n
	default:
		return c, usagef("--clock %s: want real, scaled:N or manual", o.clock)
	}
	if o.at != "" {
		t, err := parseTime(o.at, time.Now())
		if err != nil {
			return c, err
		}
		c.At = t
	}
	if o.worldSeed != "" {
		n, err := strconv.ParseUint(o.worldSeed, 0, 64)
		if err != nil || n == 0 {
			return c, usagef("--world-seed %s: want a whole number from 1 to 2^64-1", o.worldSeed)
		}
		c.Seed = n
	}
	if o.baud < 0 {
		return c, usagef("--pace %d: want a baud rate such as 115200", o.baud)
	}
	key, err := a.stationPublicKey(ctx, o.stationKey)
	c.StationKey, c.NoRig = key, o.noRig
	return c, err
}

const (
	// maxReady is the number of tokens that the ready line lists.
	maxReady = 1000
	// lazyFrom is the number of tokens from which ports are opened only when asked for.
	lazyFrom = 64
)

// announce prints the ready line, or a table on a terminal.
func (a *app) announce(f *fleet.Fleet, api *fleetAPI) error {
	w := f.World()
	r := ready{
		PID: os.Getpid(), URL: api.url(), URLs: append([]string{}, api.urls...), APIKey: api.shownKey, Page: api.page, Count: f.Len(), WorldSeed: strconv.FormatUint(w.Seed(), 10),
		Clock: w.Mode().String(), Now: w.Now().Time(), Tokens: []readyToken{},
	}
	for m := range f.All(0) {
		if len(r.Tokens) == maxReady {
			break
		}
		serial, _ := m.Token.BackLabel()
		t := readyToken{
			HardwareID: m.Token.HardwareID(), Model: m.Token.Model().Name, Serial: serial,
			State: m.Token.State().String(), Ports: []string{},
		}
		for _, p := range m.Ports() {
			t.Ports = append(t.Ports, p.Addr())
		}
		if len(t.Ports) > 0 {
			t.Port = t.Ports[0]
		}
		r.Tokens = append(r.Tokens, t)
	}
	if isTerminal(a.stdout) && !a.json {
		columns, _ := terminalSize(a.stdout)
		_, err := io.WriteString(a.stdout, readyTable(r, columns, painter(colours(a.stdout))))
		return err
	}
	return jsonLine(a.stdout, r)
}
