// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/fleet/scenario"
)

// scenarioOptions are the flags of fob scenario run.
type scenarioOptions struct {
	junit, artifacts, events string
	worldSeed                string
	allowSeeds               bool
	fleet                    fleetFlags
	client                   *control.Client // of the fleet at url, nil for fleets in this process
}

func newScenarioCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "scenario",
		Short: "Run tests of tokens and servers that are written in YAML",
		Long: `Run tests of tokens and servers that are written in YAML: docs/scenarios.md
describes them.`,
		Example: `  fob scenario run drift.yaml
  fob scenario run --junit report.xml --artifacts failed scenarios/*.yaml`,
		Args: subCommand,
		RunE: help,
	}
	cmd.AddCommand(newScenarioRunCmd(a))
	return cmd
}

func newScenarioRunCmd(a *app) *cobra.Command {
	var o scenarioOptions
	cmd := &cobra.Command{
		Use:   "run FILE…",
		Short: "Run scenarios",
		Long: `Run scenarios, one after the other. Each has tokens and a clock of its own, in
this process. With --url it makes its tokens in a running fob run instead. At
the end, it removes everything that it has made there, and the clock runs as
before; the API key is in FOB_API_KEY or a file.

The exit code is 1 if a scenario fails, and 2 if a file is wrong; then no
scenario is run. A failure names the file and the line. --artifacts keeps the
event log, the displays, the snapshots (only with --allow-seed-export, because
they hold seeds), and the command that repeats it with the same world seed.`,
		Example: `  fob scenario run drift.yaml
  fob scenario run drift.yaml --world-seed 7 --events events.jsonl
  fob scenario run --junit report.xml --artifacts failed scenarios/*.yaml
  fob scenario run login.yaml --allow-seed-export`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("want the file of a scenario")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.runScenarios(cmd.Context(), &o, args) },
	}
	f := cmd.Flags()
	f.StringVar(&o.junit, "junit", "", "write the results as JUnit XML to `FILE`")
	f.StringVar(&o.artifacts, "artifacts", "", "after a failure, write files about it to a folder in `DIR`")
	f.StringVar(&o.events, "events", "", "write the event log as JSON lines to `FILE`; with one scenario")
	f.StringVar(&o.worldSeed, "world-seed", "", "seed `S` of the random source, instead of the scenario's")
	f.BoolVar(&o.allowSeeds, "allow-seed-export", false, "let the scenarios and their commands read the tokens' seeds")
	o.fleet = fleetFlags{urlFlag: "url", keyFlag: "api-key-file", caFlag: "cacert"}
	o.fleet.add(f, "`URL` of the HTTP API of a running fob run")
	return cmd
}

// scenarioResult is the result of a scenario in the output of --json.
type scenarioResult struct {
	File      string `json:"file"`
	Name      string `json:"name"`
	Passed    bool   `json:"passed"`
	Steps     int    `json:"steps"`
	WorldSeed string `json:"world_seed"`
	TookMS    int64  `json:"took_ms"`
	Error     string `json:"error,omitempty"`
	Artifacts string `json:"artifacts,omitempty"`
}

func (a *app) runScenarios(ctx context.Context, o *scenarioOptions, files []string) (err error) {
	seed, err := o.check(files)
	if err != nil {
		return err
	}
	if o.fleet.url != "" {
		if o.client, err = a.fleetClient(ctx, &o.fleet); err != nil {
			return err
		}
	}
	var list []*scenario.Scenario
	var wrong []error
	for _, file := range files {
		s, err := a.parseScenario(ctx, file)
		if err == nil && o.client == nil && !o.allowSeeds {
			err = s.CheckSeeds()
		}
		list, wrong = append(list, s), append(wrong, err)
	}
	if err := errors.Join(wrong...); err != nil {
		return err
	}
	if err := a.checkReports(o); err != nil {
		return err
	}
	a.lists = true
	var results []*scenario.Result
	var failures []error
	folders := artifactFolders(o.artifacts, files)
	for i, s := range list {
		r, err := a.runScenario(ctx, o, s, seed, folders[i])
		if r != nil {
			results, failures = append(results, r), append(failures, r.Err)
		}
		if err != nil || errors.Is(r.Err, context.Canceled) || r.WorldSeed == 0 { // it could not begin
			failures = append(failures, err)
			break
		}
		if err := a.printScenario(r); err != nil {
			failures = append(failures, err)
			break
		}
	}
	if o.junit != "" {
		var report bytes.Buffer
		if err := scenario.WriteJUnit(&report, results); err != nil {
			failures = append(failures, fmt.Errorf("writing the JUnit XML: %w", err))
		}
		failures = append(failures, overwrite(o.junit, report.Bytes(), 0o666))
	}
	return errors.Join(failures...)
}

// artifactFolders returns a folder of its own in dir for the files of each scenario: the
// name of its file, with a number if another has the same name.
func artifactFolders(dir string, files []string) []string {
	folders := make([]string, len(files))
	if dir == "" {
		return folders
	}
	taken := map[string]bool{}
	for i, file := range files {
		base := filepath.Base(file)
		base = strings.TrimSuffix(base, filepath.Ext(base))
		base = cmp.Or(strings.TrimRight(base, `. /\`), "scenario") // "..", and "a." on Windows, are other folders
		name := base
		for n := 2; taken[strings.ToLower(name)]; n++ {
			name = base + "-" + strconv.Itoa(n)
		}
		taken[strings.ToLower(name)] = true
		folders[i] = filepath.Join(dir, name)
	}
	return folders
}

// checkReports checks the paths of the JUnit XML and of the event file, and removes an
// older JUnit XML: a run that does not end leaves none.
func (a *app) checkReports(o *scenarioOptions) error {
	for _, path := range []string{o.junit, o.events} {
		if path == "" {
			continue
		}
		if err := a.notInput(path); err != nil {
			return err
		}
	}
	if info, err := os.Stat(o.junit); o.junit == "" || err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil // a pipe or device
	}
	if err := overwrite(o.junit, nil, 0o666); err != nil {
		return err
	}
	return writing(o.junit, os.Remove(o.junit))
}

// check checks the flags and returns the world seed, 0 for none.
func (o *scenarioOptions) check(files []string) (seed uint64, err error) {
	if o.events != "" && len(files) > 1 {
		return 0, usagef("--events goes with one scenario: run the others separately")
	}
	if o.fleet.url == "" {
		if flag := o.fleet.withoutURL(); flag != "" {
			return 0, usagef("%s goes with --url", flag)
		}
	} else if o.worldSeed != "" || o.allowSeeds {
		return 0, usagef("--world-seed and --allow-seed-export are set when the fleet at --url is started")
	}
	if o.worldSeed != "" {
		if seed, err = strconv.ParseUint(o.worldSeed, 0, 64); err != nil || seed == 0 {
			return 0, usagef("--world-seed %s: want a whole number from 1 to 2^64-1", o.worldSeed)
		}
	}
	return seed, nil
}

func (a *app) parseScenario(ctx context.Context, file string) (*scenario.Scenario, error) {
	text, err := a.readPublic(ctx, "scenario", file)
	if err != nil {
		return nil, err
	}
	return scenario.Parse(file, text)
}

// runScenario runs a scenario with a fleet of its own, or with the one at --url.
func (a *app) runScenario(ctx context.Context, o *scenarioOptions, s *scenario.Scenario, seed uint64, artifacts string) (r *scenario.Result, err error) {
	program, err := ownPath()
	if err != nil {
		return nil, err
	}
	options := scenario.Options{
		Environment: os.Environ(), Program: program, Events: o.events, Artifacts: artifacts, Repeat: o.repeat(program, s.File),
	}
	if o.client != nil {
		if path, err := filepath.Abs(o.fleet.caFile); err == nil && o.fleet.caFile != "" {
			options.Environment = append(options.Environment, "FOB_CACERT="+path)
		}
		options.Fleet, options.Shared = o.client, true
		return scenario.Run(ctx, s, options), nil
	}
	f, err := scenario.NewFleet(s, seed)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	api, err := a.listenHTTP(ctx, f, &httpFlags{addr: "127.0.0.1:0", allowSeeds: o.allowSeeds})
	if err != nil {
		return nil, err
	}
	defer api.close()
	go func() { _ = api.serve() }()
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan error, 1)
	go func() { served <- f.Serve(serving) }()
	options.Fleet = &control.Client{URL: api.url(), Key: api.key}
	r = scenario.Run(ctx, s, options)
	stop()
	return r, <-served
}

// ownPath returns the path by which this program was started.
func ownPath() (string, error) {
	path, err := exec.LookPath(os.Args[0])
	if err != nil {
		return os.Executable()
	}
	return filepath.Abs(path)
}

// repeat returns the command that repeats a scenario, without the world seed.
func (o *scenarioOptions) repeat(program, file string) string {
	if path, err := filepath.Abs(file); err == nil && file != "-" {
		file = path
	}
	args := []string{program, "scenario", "run", file}
	if o.allowSeeds {
		args = append(args, "--allow-seed-export")
	}
	address, secret := o.fleet.url, false
	if u, err := url.Parse(address); err != nil || u.User != nil {
		address, secret = "", true
	}
	if address != "" {
		args = append(args, "--url", address)
	}
	if o.fleet.url != "" && o.fleet.caFile != "" {
		args = append(args, "--cacert", o.fleet.caFile)
	}
	for i, arg := range args {
		args[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
	}
	if secret { // a URL with a password does not belong in a file
		args = append(args, `--url "$FOB_URL"`)
	}
	return strings.Join(args, " ")
}

func (a *app) printScenario(r *scenario.Result) error {
	v := scenarioResult{
		File: r.Scenario.File, Name: r.Scenario.Title(), Passed: r.Err == nil, Steps: r.Steps,
		WorldSeed: strconv.FormatUint(r.WorldSeed, 10), TookMS: r.Took.Milliseconds(), Artifacts: r.Artifacts,
	}
	mark := "PASS"
	if r.Err != nil {
		mark, v.Error = "FAIL", r.Err.Error()
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s  %s (%s, %d of %d steps, %.2f s, world seed %s)\n",
		mark, plain(v.Name), plain(v.File), r.Steps, r.Scenario.Len(), r.Took.Seconds(), v.WorldSeed)
	if r.Artifacts != "" {
		_, _ = io.WriteString(&text, "      artifacts: "+plain(r.Artifacts)+"\n")
	}
	return a.print(v, text.String())
}
