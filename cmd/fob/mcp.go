// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/fleet/mcp"
)

// mcpCmd is the state of fob mcp.
type mcpCmd struct {
	*app
	running fleetFlags // of a fleet that runs already
	own     runOptions // of a fleet that is started
	options mcp.Options
}

// ownFlags are the flags of a fleet that fob mcp starts.
var ownFlags = []string{"count", "profile", "clock", "at", "world-seed", "lot", "events", "seed-file"}

func newMCPCmd(a *app) *cobra.Command {
	m := &mcpCmd{app: a}
	cmd := &cobra.Command{
		Use:   "mcp",
		Short: "Give an agent the verbs of a fleet as tools (Model Context Protocol)",
		Long: `Give an agent, such as one that drives a browser, the verbs of a fleet as tools
of the Model Context Protocol: list tokens, read codes and displays, wait, check
a code. The agent starts this command and talks to it over stdin and stdout
(docs/mcp.md).

The tools only read. With --allow-changes they also press buttons, move the
clock, age and break tokens, and take snapshots. No tool gives seeds or keys.

The fleet is the one of FOB_URL and FOB_API_KEY, or of --url and --api-key-file.
Without them, the command starts a fleet of its own, with ready test tokens or
the tokens of a seed file, which ends with it.`,
		Example: `  fob mcp --count 3 --allow-changes
  fob mcp --seed-file tokens.xml
  fob mcp --url http://127.0.0.1:8080 --api-key-file api.key`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m.own.given = cmd.Flags().Changed
			return m.run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.BoolVar(&m.options.AllowChanges, "allow-changes", false, "offer the tools that change the tokens and the clock")
	m.running = fleetFlags{urlFlag: "url", keyFlag: "api-key-file", caFlag: "cacert"}
	m.running.add(f, "`URL` of the HTTP API of a running fleet; default: FOB_URL, or a new fleet")
	m.own.addBeside(f, "real")
	f.StringVar(&m.own.seedFile, "seed-file", "", "run the tokens of the seed file `FILE` (see fob seeds)")
	m.own.seeds.add(f)
	markGoesWith(f, "seed-file", "period", "digits", "algorithm", "from", "key-file", "password-file", "private-key", "trusted",
		"allow-duplicates", "skip-unsupported", "allow-short-seeds")
	return cmd
}

func (m *mcpCmd) run(ctx context.Context) error {
	m.stdinTaken = true // by the messages of the agent
	m.own.portMode = "lazy"
	m.options.Version = moduleVersion()
	if m.running.url == "" && os.Getenv("FOB_URL") == "" {
		if flag := m.running.withoutURL(); flag != "" {
			return usagef("%s goes with --url: give it or set FOB_URL", flag)
		}
		err := m.beside(ctx, &m.own, func(_ *fleet.Fleet, api *fleetAPI) error {
			return m.serve(ctx, &control.Client{URL: api.url(), Key: api.key, HTTP: control.NewHTTPClient(nil)})
		})
		return errors.Join(err, m.own.closeEvents())
	}
	for _, flag := range ownFlags {
		if m.own.given(flag) {
			return usagef("--%s is for a new fleet, but --url or FOB_URL names a running one: leave one of them out", flag)
		}
	}
	c, err := m.fleetClient(ctx, &m.running)
	if err != nil {
		return err
	}
	return m.serve(ctx, c)
}

// serve answers the agent until it closes stdin or ends the process.
func (m *mcpCmd) serve(ctx context.Context, c *control.Client) error {
	err := mcp.Serve(ctx, c, m.options, m.stdin, m.stdout)
	if ctx.Err() != nil {
		return nil
	}
	return err
}
