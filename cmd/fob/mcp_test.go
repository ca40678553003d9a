// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"
)

// agent is connected to a server that it has started.
type agent struct {
	*mcp.ClientSession
	t *testing.T
}

// startAgent starts a server and connects to it over its stdin and stdout.
func startAgent(t *testing.T, env []string, command string, args ...string) *agent {
	t.Helper()
	cmd := exec.Command(command, args...)
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "FOB_") }), env...)
	cmd.Stderr = t.Output()
	session, err := mcp.NewClient(&mcp.Implementation{Name: "test"}, nil).
		Connect(t.Context(), &mcp.CommandTransport{Command: cmd}, nil)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, session.Close()) // the server's exit code is 0
		require.True(t, cmd.ProcessState.Success(), cmd.ProcessState)
	})
	return &agent{session, t}
}

// call calls a tool and returns its structured result, or the text of its error.
func (a *agent) call(tool string, args map[string]any) (map[string]any, string) {
	a.t.Helper()
	result, err := a.CallTool(a.t.Context(), &mcp.CallToolParams{Name: tool, Arguments: args})
	require.NoError(a.t, err)
	if result.IsError {
		return nil, result.Content[0].(*mcp.TextContent).Text
	}
	return result.StructuredContent.(map[string]any), ""
}

// first returns the serial number of the first token.
func (a *agent) first() string {
	a.t.Helper()
	list, failed := a.call("list", map[string]any{"limit": 1})
	require.Empty(a.t, failed)
	return list["items"].([]any)[0].(map[string]any)["serial"].(string)
}

// offers returns the names of the tools.
func (a *agent) offers() (names []string) {
	a.t.Helper()
	for tool, err := range a.Tools(a.t.Context(), nil) {
		require.NoError(a.t, err)
		names = append(names, tool.Name)
	}
	return names
}

// keyFile writes an API key to a file, and returns its path.
func keyFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "api.key")
	require.NoError(t, os.WriteFile(path, []byte("a-key-of-the-test-of-agents\n"), 0o600))
	return path
}

// freeAddr returns an address at which no program listens.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// TestMCPConfigurations starts the servers of the configurations in docs/mcp.md, as an agent
// does, and reads a code. For the second one, a fleet runs with another address and another key file
// than in the document.
func TestMCPConfigurations(t *testing.T) {
	var blocks []docBlock
	for _, s := range readSections(t, "docs/mcp.md") {
		for _, b := range s.blocks {
			if b.language == "json" {
				blocks = append(blocks, b)
			}
		}
	}
	require.Len(t, blocks, 2)
	for _, b := range blocks {
		t.Run(b.name, func(t *testing.T) {
			var config struct {
				Servers map[string]struct {
					Command string   `json:"command"`
					Args    []string `json:"args"`
				} `json:"mcpServers"`
			}
			decoder := json.NewDecoder(strings.NewReader(b.text))
			decoder.DisallowUnknownFields()
			require.NoError(t, decoder.Decode(&config))
			server := config.Servers["fob"]
			for i, arg := range server.Args {
				if i > 0 && server.Args[i-1] == "--url" {
					key := keyFile(t)
					_, r := startFleet(t, t.Output(), "--count", "3", "--ready", "--api-key-file", key)
					require.Equal(t, "http://127.0.0.1:8080", arg)
					server.Args[i] = r.URL
					server.Args[slices.Index(server.Args, "--api-key-file")+1] = key
				}
			}
			a := startAgent(t, nil, server.Command, server.Args...)
			allowed := slices.Contains(server.Args, "--allow-changes")
			require.Equal(t, allowed, slices.Contains(a.offers(), "press"))
			code, failed := a.call("code", map[string]any{"token": a.first()})
			require.Empty(t, failed)
			require.Regexp(t, `^[0-9]{6}$`, code["code"])
			require.GreaterOrEqual(t, code["left_ms"], 10_000.0)
		})
	}
}

// TestMCPSeedFile reads the code of a token from a server's seed file, without permission to
// change the fleet. The seed is of RFC 6238, appendix B, and the code of a step of 60 s from
// token/testdata/x60.json.
func TestMCPSeedFile(t *testing.T) {
	seeds := filepath.Join(t.TempDir(), "tokens.csv")
	require.NoError(t, os.WriteFile(seeds, []byte("2600124800001, 3132333435363738393031323334353637383930, totp, 6, 60\n"), 0o600))
	a := startAgent(t, nil, "fob", "mcp", "--seed-file", seeds, "--from", "oath-csv", "--clock", "manual", "--at", "@1111111109")
	require.Equal(t, "2600124800001", a.first())
	for _, name := range []string{"code", "display"} {
		answer, failed := a.call(name, map[string]any{"token": "2600124800001"})
		require.Empty(t, failed)
		require.Contains(t, []any{answer["code"], answer["text"]}, "360094")
	}
	_, failed := a.call("code", map[string]any{"token": "2600124800001", "min_remaining": "40s"})
	require.Contains(t, failed, "(clock_stopped)")
}

// TestMCPTools checks that docs/mcp.md lists all tools, in the right table.
func TestMCPTools(t *testing.T) {
	page, err := os.ReadFile("../../docs/mcp.md")
	require.NoError(t, err)
	_, tables, _ := strings.Cut(string(page), "These tools only read:")
	reads, changes, _ := strings.Cut(tables, "These tools change the fleet.")
	changes, _, _ = strings.Cut(changes, "\n## ")
	names := func(table string) (found []string) {
		for line := range strings.Lines(table) {
			if cells := strings.Split(line, "|"); len(cells) > 2 && strings.Contains(cells[1], "`") {
				for name := range strings.SplitSeq(cells[1], ",") {
					found = append(found, strings.Trim(name, " `"))
				}
			}
		}
		return found
	}
	readOnly := startAgent(t, nil, "fob", "mcp").offers()
	require.ElementsMatch(t, readOnly, names(reads))
	all := startAgent(t, nil, "fob", "mcp", "--allow-changes").offers()
	require.ElementsMatch(t, all, slices.Compact(slices.Sorted(slices.Values(append(names(reads), names(changes)...)))))
}

// TestMCPRunningFleet uses the fleet of FOB_URL while the agent cancels a call, and while
// the fleet ends and starts again.
func TestMCPRunningFleet(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the fleet is stopped by a signal")
	}
	key := keyFile(t)
	args := []string{"--count", "2", "--ready", "--clock", "manual", "--world-seed", "7", "--http", freeAddr(t), "--api-key-file", key}
	run, r := startFleet(t, t.Output(), args...)
	a := startAgent(t, []string{"FOB_URL=" + r.URL, "FOB_API_KEY=a-key-of-the-test-of-agents"}, "fob", "mcp", "--allow-changes")
	serial := a.first()
	require.Equal(t, r.Tokens[0].Serial, serial)

	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := a.CallTool(ctx, &mcp.CallToolParams{Name: "wait", Arguments: map[string]any{"token": serial, "state": "DEAD", "real_timeout": "PT1H"}})
		failed <- err
	}()
	cancel()
	require.ErrorIs(t, <-failed, context.Canceled)

	before, problem := a.call("code", map[string]any{"token": serial, "fresh": true})
	require.Empty(t, problem)
	after, problem := a.call("code", map[string]any{"token": serial, "fresh": true})
	require.Empty(t, problem)
	require.NotEqual(t, before["step"], after["step"])

	require.NoError(t, run.Process.Signal(syscall.SIGTERM))
	require.NoError(t, run.Wait())
	_, problem = a.call("code", map[string]any{"token": serial})
	require.Contains(t, problem, "the fleet does not answer: "+r.URL)
	startFleet(t, t.Output(), args...)
	again, problem := a.call("code", map[string]any{"token": serial, "fresh": true})
	require.Empty(t, problem)
	require.Equal(t, before["code"], again["code"], "the same world seed gives the same codes")
}

// TestMCPEnds checks how the server ends: with the agent, or by a signal.
func TestMCPEnds(t *testing.T) {
	startAgent(t, nil, "fob", "mcp") // its end is checked
	code, out, errs := fob(t, "fob fleet ls\n", "mcp")
	require.Equal(t, exitUsage, code)
	require.Empty(t, out)
	require.Contains(t, errs, "want one JSON-RPC message a line")
	if runtime.GOOS == "windows" {
		return
	}
	cmd := exec.Command("fob", "mcp")
	cmd.Stderr = t.Output()
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, err = stdin.Write([]byte(`{"jsonrpc":"2.0","id":1,"method":"ping"}` + "\n"))
	require.NoError(t, err)
	require.NoError(t, json.NewDecoder(stdout).Decode(&struct{}{}))
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, cmd.Wait())
}

// TestMCPUsage checks the command lines that are refused.
func TestMCPUsage(t *testing.T) {
	t.Setenv("FOB_URL", "")
	t.Setenv("FOB_API_KEY", "")
	const url = "http://127.0.0.1:9"
	for args, want := range map[string]string{
		"--api-key-file " + keyFile(t):             "--api-key-file goes with --url",
		"--url " + url:                             "no API key is given",
		"--url " + url + " --count 2":              "--count is for a new fleet",
		"--url " + url + " --seed-file tokens.csv": "--seed-file is for a new fleet",
		"--url " + url + " --api-key-file -":       "standard input is used twice",
		"--url 127.0.0.1:9":                        "--url: want http://HOST:PORT",
		"--seed-file -":                            "standard input is used twice",
		"--lot -":                                  "standard input is used twice",
		"--count -1":                               "--count -1: want 0 to ",
		"--clock moon":                             "--clock moon: want real",
		"--digits 6":                               "--digits goes with --seed-file",
	} {
		code, out, errs := fob(t, "", append([]string{"mcp"}, strings.Fields(args)...)...)
		require.Equal(t, exitUsage, code, args)
		require.Empty(t, out)
		require.Contains(t, errs, want, args)
	}
	t.Setenv("FOB_URL", url)
	_, _, errs := fob(t, "", "mcp", "--world-seed", "7")
	require.Contains(t, errs, "--world-seed is for a new fleet, but --url or FOB_URL names a running one")
}
