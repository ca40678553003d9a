// SPDX-License-Identifier: Apache-2.0

package mcp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet/mcp"
)

// TestRefused checks the errors of calls that are wrong: each names the argument or the
// problem, and the next action.
func TestRefused(t *testing.T) {
	r := newRig(t, mcp.Options{AllowChanges: true}, nil)
	for _, c := range []struct {
		tool string
		args object
		want string
	}{
		{"token", nil, "token: it is missing: a serial number or a hardware id"},
		{"token", object{"token": ""}, `token: "" is not a name`},
		{"token", object{"token": ".."}, `token: ".." is not a name`},
		{"token", object{"token": "../time"}, "(not_found): call list for the names of the tokens"},
		{"token", object{"token": "NONE"}, "there is no token NONE (not_found): call list for the names of the tokens"},
		{"token", object{"token": object{"serial": alwaysOn}}, "token: want text, not an object"},
		{"token", object{"token": nil}, "token: it is missing"},
		{"token", object{"token": []int{1}}, "token: want a list of text"},
		{"token", object{"serial": alwaysOn}, "serial: there is no such argument: token has only token"},
		{"time", object{"zone": "UTC"}, "zone: there is no such argument: time has none"},
		{"battery", object{"token": alwaysOn, "action": "remove"}, "action: there is no such argument: battery has do, token"},
		{"restore", nil, "name: it is missing: name of a snapshot"},
		{"list", object{"limit": "many"}, "limit: want a whole number from 1 to 10000 (invalid)"},
		{"list", object{"state": "asleep"}, "(invalid)"},
		{"list", object{"before": 3}, "before: there is no such argument"},
		{"age", object{"token": alwaysOn}, "by: it is missing"},
		{"age", object{"token": alwaysOn, "by": "soon"}, "(invalid_period)"},
		{"age", object{"token": alwaysOn, "by": 3}, "by: want text of at most 60 characters, such as P3Y (invalid)"},
		{"advance", object{}, "give exactly one of by, to and until (invalid)"},
		{"advance", object{"to": "2020-01-01T00:00:00Z"}, "time does not run backwards"},
		{"set_time", object{}, "give at least one of mode, rate, paused and now (invalid)"},
		{"wait", object{"token": alwaysOn}, "give at least one of display, state and event (invalid)"},
		{"wait", object{"token": alwaysOn, "display": "^[0-9]{9}$"}, "(never)"},
		{"wait", object{"token": alwaysOn, "state": "DEAD", "real_timeout": "1ms"}, "(real_timeout): call the tool again to go on waiting"},
		{"code", object{"token": alwaysOn, "read_only": true}, "read_only: there is no such argument"},
		{"restore", object{"name": "none"}, "(not_found): call snapshots for their names"},
		{"take_snapshot", object{"name": "x", "tokens": nil}, "null is not a list: leave the field out for all tokens (invalid)"},
		{"oracle", object{"token": alwaysOn, "code": "12"}, "code: want 6 to 9 digits, such as 483920 (invalid)"},
		{"oracle", object{"token": alwaysOn, "code": 12345}, "code: want text: 6 to 9 digits"},
		{"set_faults", object{"token": alwaysOn, "dead": []string{"nose"}}, `no such segment: "nose", want d0.a to d5.g`},
	} {
		got := r.refused(c.tool, c.args)
		require.Contains(t, got, c.want, "%s %v", c.tool, c.args)
		require.NotContains(t, got, "body.", "the agent has arguments, not a body")
		require.NotContains(t, got, "query.")
	}
	r.do("fork", object{"name": r.do("take_snapshot", object{"name": "a", "tokens": []string{button}})["name"]})
	require.Regexp(t, `[0-9a-f]{16}.*\(ambiguous\)`, r.refused("token", object{"token": button}))
	r.do("battery", object{"token": alwaysOn, "do": "remove"})
	require.Contains(t, r.refused("code", object{"token": alwaysOn}), "(no_code): call token to see why")
	r.do("set_time", object{"mode": "real", "paused": true})
	r.do("battery", object{"token": alwaysOn, "do": "replace"})

	require.False(t, r.try("list", object{"state": nil, "limit": nil}).IsError, "agents send null for an argument that they leave out")
	for _, arguments := range []string{`[1]`, `"token"`, `3`} {
		result, err := r.agent.CallTool(t.Context(), &sdk.CallToolParams{Name: "token", Arguments: json.RawMessage(arguments)})
		require.NoError(t, err)
		require.True(t, result.IsError)
		require.Equal(t, "the arguments are not a JSON object", textOf(result))
	}
}

// TestNotAFleet: an answer without the fields of the operation is an error, not a result
// that breaks the schema of the tool.
func TestNotAFleet(t *testing.T) {
	for _, answer := range []string{"{}", "[]", "<html>", `{"now":null`, ""} {
		r := newRig(t, mcp.Options{}, func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) })
		})
		require.Contains(t, r.refused("time", nil), "not the answer of a fleet", "%q", answer)
	}
}

// TestWaitReadOnly: an agent that cannot move the clock is not told to wait forever.
func TestWaitReadOnly(t *testing.T) {
	r := newRig(t, mcp.Options{}, nil)
	require.Contains(t, r.refused("wait", object{"token": alwaysOn, "state": "DEAD", "real_timeout": "1ms"}), "unless the clock is manual")
}

// watched reports the requests to a path as they begin and end.
type watched struct{ began, ended chan struct{} }

func newWatched() *watched {
	return &watched{make(chan struct{}, 10), make(chan struct{}, 10)}
}

func (w *watched) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/wait") {
			w.began <- struct{}{}
			defer func() { w.ended <- struct{}{} }()
		}
		next.ServeHTTP(out, r)
	})
}

// endless is a wait that does not end by itself.
var endless = object{"token": alwaysOn, "state": "DEAD", "real_timeout": "PT1H"}

// TestCancel checks that the fleet stops waiting when the agent cancels the call, and that
// the agent can go on.
func TestCancel(t *testing.T) {
	w := newWatched()
	r := newRig(t, mcp.Options{}, w.wrap)
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := r.agent.CallTool(ctx, &sdk.CallToolParams{Name: "wait", Arguments: endless})
		failed <- err
	}()
	<-w.began
	cancel()
	require.ErrorIs(t, <-failed, context.Canceled)
	<-w.ended
	require.Equal(t, alwaysOn, r.do("token", object{"token": alwaysOn})["serial"])
}

// TestProgress checks that a call that waits reports its progress while it does, if the
// agent asks for it.
func TestProgress(t *testing.T) {
	r := newRig(t, mcp.Options{}, nil)
	s, err := mcp.New(r.client, mcp.Options{AllowChanges: true, Progress: time.Millisecond})
	require.NoError(t, err)
	here, there := sdk.NewInMemoryTransports()
	_, err = s.Connect(t.Context(), there, nil)
	require.NoError(t, err)
	heard := make(chan *sdk.ProgressNotificationParams, 1000)
	agent, err := sdk.NewClient(&sdk.Implementation{Name: "test"}, &sdk.ClientOptions{
		ProgressNotificationHandler: func(_ context.Context, r *sdk.ProgressNotificationClientRequest) {
			select {
			case heard <- r.Params:
			default:
			}
		},
	}).Connect(t.Context(), here, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, agent.Close()) }()
	done := make(chan error, 1)
	go func() {
		params := &sdk.CallToolParams{Name: "wait", Arguments: endless}
		params.SetProgressToken("t1")
		result, err := agent.CallTool(t.Context(), params)
		if err == nil && result.IsError {
			err = fmt.Errorf("%s", textOf(result))
		}
		done <- err
	}()
	first, second := <-heard, <-heard
	require.Equal(t, "t1", first.ProgressToken)
	require.NotEmpty(t, first.Message)
	require.Greater(t, second.Progress, first.Progress)
	_, err = agent.CallTool(t.Context(), &sdk.CallToolParams{Name: "battery", Arguments: object{"token": alwaysOn, "do": "remove"}})
	require.NoError(t, err)
	require.NoError(t, <-done)
}

// TestGone checks the errors of a fleet that has ended, of one that answers again, and of
// a key that is not the fleet's.
func TestGone(t *testing.T) {
	r := newRig(t, mcp.Options{}, nil)
	fleet := r.client.URL
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	r.client.URL = "http://" + address
	got := r.refused("list", nil)
	require.Contains(t, got, "the fleet does not answer: http://"+address)
	require.Contains(t, got, "is fob run still running there?")
	r.client.URL = fleet
	require.Len(t, r.do("list", nil)["items"], 2)
	r.client.Key, r.client.From = "another-key-than-the-fleet's", "FOB_API_KEY"
	got = r.refused("list", nil)
	require.Contains(t, got, "the key in FOB_API_KEY is not the API key of this fleet")
	require.NotContains(t, got, r.client.Key)

	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }))
	defer other.Close()
	r.client.URL = other.URL
	for _, tool := range []string{"time", "display"} {
		require.Contains(t, r.refused(tool, map[string]object{"display": {"token": alwaysOn}}[tool]), "not the answer of a fleet")
	}
}

// TestServe checks the ends of a connection: the agent closes its end, the context ends,
// and a line that is not a message.
func TestServe(t *testing.T) {
	r := newRig(t, mcp.Options{}, nil)
	const hello = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}` + "\n" +
		`{"jsonrpc":"2.0","method":"notifications/initialized"}` + "\n"
	in, agent := io.Pipe()
	answers, out := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- mcp.Serve(t.Context(), r.client, mcp.Options{Version: "1.2.3"}, in, out) }()
	_, err := io.WriteString(agent, hello)
	require.NoError(t, err)
	var first struct {
		Result struct {
			ServerInfo   struct{ Name, Version string }
			Instructions string
		}
	}
	require.NoError(t, json.NewDecoder(answers).Decode(&first))
	require.Equal(t, "1.2.3", first.Result.ServerInfo.Version)
	require.Contains(t, first.Result.Instructions, "--allow-changes")
	require.NoError(t, agent.Close())
	require.NoError(t, <-ended)

	ctx, cancel := context.WithCancel(t.Context())
	in, _ = io.Pipe()
	go func() { ended <- mcp.Serve(ctx, r.client, mcp.Options{}, in, io.Discard) }()
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)

	err = mcp.Serve(t.Context(), r.client, mcp.Options{}, strings.NewReader("fob fleet ls\n"), io.Discard)
	require.ErrorContains(t, err, "want one JSON-RPC message a line")
}
