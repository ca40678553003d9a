// SPDX-License-Identifier: Apache-2.0

// Package mcp gives agents the verbs of a fleet as tools of the Model Context Protocol: an
// agent that drives a browser reads a code, presses a button and looks at a display. See
// [Serve].
//
// Each tool is one operation of the HTTP interface of package control. Its arguments and
// its result have the schemas of that interface.
package mcp

import (
	"context"
	"fmt"
	"io"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/internal/errclass"
)

// Options configure the tools.
type Options struct {
	// AllowChanges offers the tools that change the fleet. Without it, no tool does: no
	// button is pressed, and no clock is moved.
	AllowChanges bool

	Version  string        // of the program
	Progress time.Duration // how often a tool that waits reports its progress; 0: 5 s
}

// instructions are sent to the agent when it connects.
const instructions = `These tools operate virtual hardware tokens, which show one-time codes, for tests.

The name of a token is its serial number or its hardware id: see list. To log in, call code
right before you type the code. A server accepts each code once. Periods are ISO 8601, such
as P2Y6M or PT90S, or like 1h30m, 1d or 5y. Times are UTC. Each answer about a token
describes one instant: true_time is the world's time, token_time the time by the token's own
clock, and error_ms the difference.

`

// Serve answers the requests of one agent, one JSON-RPC message a line, until the input ends or
// the context does. The tools operate the fleet of the client. A fleet that does not answer
// is an error of each call: Serve goes on.
func Serve(ctx context.Context, c *control.Client, o Options, in io.Reader, out io.Writer) error {
	s, err := New(c, o)
	if err != nil {
		return err
	}
	err = s.Run(ctx, &sdk.IOTransport{Reader: io.NopCloser(in), Writer: nopCloser{out}})
	if err != nil && ctx.Err() == nil {
		return errclass.With(errclass.Usage, fmt.Errorf("reading the messages of the agent: %w: want one JSON-RPC message a line", err))
	}
	return err
}

// nopCloser is a writer that is not closed.
type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// New returns a server for any transport of the protocol; see [Serve]. The tools operate
// the fleet of the client.
func New(c *control.Client, o Options) (*sdk.Server, error) {
	text := instructions + "No tool changes the fleet. fob mcp --allow-changes offers tools that do."
	if o.AllowChanges {
		text = instructions + "Some tools change the tokens and the clock. Time does not run backwards."
	}
	s := sdk.NewServer(&sdk.Implementation{Name: "fob", Title: "fob: virtual hardware tokens", Version: o.Version}, &sdk.ServerOptions{
		Instructions: text,
		Capabilities: &sdk.ServerCapabilities{Tools: &sdk.ToolCapabilities{}},
	})
	api, err := readAPI()
	if err != nil {
		return nil, err
	}
	for _, t := range tools {
		if !t.offered(o.AllowChanges) {
			continue
		}
		b, err := api.bind(t)
		if err != nil {
			return nil, err
		}
		s.AddTool(b.description(), func(ctx context.Context, r *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
			return b.call(ctx, c, r, o), nil
		})
	}
	return s, nil
}
