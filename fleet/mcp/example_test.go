// SPDX-License-Identifier: Apache-2.0

package mcp_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/fleet/mcp"
	"github.com/d204ef64/fob/virtual"
)

// An agent reads the code of a token. The fleet and the agent are in one process here; fob
// mcp connects them over stdin and stdout.
func Example() {
	world, err := virtual.NewWorld(virtual.Config{Seed: 7})
	if err != nil {
		log.Fatal(err)
	}
	f, err := fleet.New(world, fleet.Config{Lots: []fleet.Lot{{Ready: true, Crystal: "perfect"}}})
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	api := httptest.NewServer(control.New(f, control.Options{Key: "key-of-the-example"}))
	defer api.Close()

	server, err := mcp.New(&control.Client{URL: api.URL, Key: "key-of-the-example"}, mcp.Options{})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	here, there := sdk.NewInMemoryTransports()
	if _, err := server.Connect(ctx, there, nil); err != nil {
		log.Fatal(err)
	}
	agent, err := sdk.NewClient(&sdk.Implementation{Name: "example"}, nil).Connect(ctx, here, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer agent.Close()
	result, err := agent.CallTool(ctx, &sdk.CallToolParams{Name: "code", Arguments: map[string]any{"token": "ZZFB00000001"}})
	if err != nil {
		log.Fatal(err)
	}
	code := result.StructuredContent.(map[string]any)
	fmt.Println(len(code["code"].(string)), "digits, valid until", code["valid_until"])
	// Output: 6 digits, valid until 2026-01-01T00:01:00Z
}
