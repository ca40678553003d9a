// SPDX-License-Identifier: Apache-2.0

package mcp_test

import (
	"bytes"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"image/png"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/fleet/mcp"
	"github.com/d204ef64/fob/virtual"
)

const key = "key-of-the-test-of-tools"

// The serial numbers of the rig's tokens, which follow from its world seed.
const (
	alwaysOn = "ZZFB00000001"
	button   = "ZZFB00000002"
)

// rig is an agent whose tools operate a new fleet.
type rig struct {
	t      *testing.T
	fleet  *fleet.Fleet
	client *control.Client
	agent  *sdk.ClientSession
	tools  map[string]*sdk.Tool
}

// newRig connects an agent to a fleet with a token that always shows a code and one with
// a button. The fleet's answers go through wrap, unless it is nil.
func newRig(t *testing.T, o mcp.Options, wrap func(http.Handler) http.Handler) *rig {
	t.Helper()
	w, err := virtual.NewWorld(virtual.Config{Seed: 7, Mode: virtual.Manual})
	require.NoError(t, err)
	f, err := fleet.New(w, fleet.Config{Lots: []fleet.Lot{{Ready: true, Crystal: "perfect"}, {Ready: true, Profile: "button-6"}}})
	require.NoError(t, err)
	h := control.New(f, control.Options{Key: key, AllowSeedExport: true})
	if wrap != nil {
		h = wrap(h)
	}
	server := httptest.NewServer(h)
	t.Cleanup(func() {
		server.Close()
		require.NoError(t, f.Close())
	})
	r := &rig{t: t, fleet: f, client: &control.Client{URL: server.URL, Key: key}}
	r.connect(o)
	return r
}

// connect connects the agent, in memory.
func (r *rig) connect(o mcp.Options) {
	r.t.Helper()
	s, err := mcp.New(r.client, o)
	require.NoError(r.t, err)
	here, there := sdk.NewInMemoryTransports()
	_, err = s.Connect(r.t.Context(), there, nil)
	require.NoError(r.t, err)
	r.agent, err = sdk.NewClient(&sdk.Implementation{Name: "test"}, nil).Connect(r.t.Context(), here, nil)
	require.NoError(r.t, err)
	r.t.Cleanup(func() { require.NoError(r.t, r.agent.Close()) })
	r.tools = map[string]*sdk.Tool{}
	for tool, err := range r.agent.Tools(r.t.Context(), nil) {
		require.NoError(r.t, err)
		require.NotContains(r.t, r.tools, tool.Name)
		r.tools[tool.Name] = tool
	}
}

type object = map[string]any

// try calls a tool.
func (r *rig) try(name string, args object) *sdk.CallToolResult {
	r.t.Helper()
	result, err := r.agent.CallTool(r.t.Context(), &sdk.CallToolParams{Name: name, Arguments: args})
	require.NoError(r.t, err)
	return result
}

// do calls a tool, which must succeed. The arguments and the result must fit the tool's
// schemas.
func (r *rig) do(name string, args object) object {
	r.t.Helper()
	result := r.try(name, args)
	require.False(r.t, result.IsError, "%s: %s", name, textOf(result))
	tool := r.tools[name]
	require.NotNil(r.t, tool, name)
	fits(r.t, tool.InputSchema, args)
	if tool.OutputSchema == nil {
		require.Nil(r.t, result.StructuredContent)
		require.Equal(r.t, "done", textOf(result))
		return nil
	}
	fits(r.t, tool.OutputSchema, result.StructuredContent)
	var text object
	require.NoError(r.t, json.Unmarshal([]byte(textOf(result)), &text))
	require.Equal(r.t, result.StructuredContent, text, "the text has the same content, for agents that read only it")
	return text
}

// refused calls a tool, which must fail, and returns the error.
func (r *rig) refused(name string, args object) string {
	r.t.Helper()
	result := r.try(name, args)
	require.True(r.t, result.IsError, "%s %v: %s", name, args, textOf(result))
	require.Nil(r.t, result.StructuredContent)
	return textOf(result)
}

// textOf returns the text of a result, without pictures.
func textOf(result *sdk.CallToolResult) string {
	var texts []string
	for _, c := range result.Content {
		if text, ok := c.(*sdk.TextContent); ok {
			texts = append(texts, text.Text)
		}
	}
	return strings.Join(texts, "\n")
}

// fits checks a value by a JSON Schema.
func fits(t *testing.T, schema, value any) {
	t.Helper()
	b, err := json.Marshal(schema)
	require.NoError(t, err)
	var s jsonschema.Schema
	require.NoError(t, json.Unmarshal(b, &s))
	resolved, err := s.Resolve(nil)
	require.NoError(t, err)
	b, err = json.Marshal(value)
	require.NoError(t, err)
	var plain object
	require.NoError(t, json.Unmarshal(b, &plain))
	if plain == nil { // no arguments
		plain = object{}
	}
	require.NoError(t, resolved.Validate(plain), "%s", b)
}

// call is a call of a tool in a story.
type call struct {
	tool string
	args object
}

// story calls every tool, in an order in which all succeed.
var story = []call{
	{"capabilities", nil},
	{"list", object{"limit": 1, "state": "locked"}},
	{"list", nil},
	{"token", object{"token": button}},
	{"code", object{"token": alwaysOn}},
	{"code", object{"token": button, "fresh": true, "min_remaining": "30s"}},
	{"display", object{"token": button}},
	{"press", object{"token": button}},
	{"press", object{"token": button, "hold": "2s"}},
	{"time", nil},
	{"advance", object{"by": "P1D"}},
	{"advance", object{"until": "next_step"}},
	{"wait", object{"token": alwaysOn, "display": "^[0-9]{6}$", "state": "LOCKED"}},
	{"advance_until", object{"token": alwaysOn, "display": "7$", "timeout": "P1D"}},
	{"set_time", object{"mode": "scaled", "rate": 2.5, "paused": true}},
	{"set_time", object{"mode": "manual", "paused": false}},
	{"take_snapshot", object{"name": "before", "tokens": []string{alwaysOn}}},
	{"forecast", object{"token": alwaysOn, "by": "P2Y", "celsius": 10.5, "points": 3}},
	{"age", object{"token": alwaysOn, "by": "P2Y", "celsius": 10}},
	{"skew", object{"token": alwaysOn, "by": "-95s"}},
	{"oracle", object{"token": alwaysOn, "code": "123456", "window": 1, "search": 10}},
	{"set_faults", object{"token": alwaysOn, "dead": []string{"d0.g"}, "power_cut_at": 4294967295}},
	{"faults", object{"token": alwaysOn}},
	{"set_faults", object{"token": alwaysOn}},
	{"battery", object{"token": button, "do": "remove"}},
	{"snapshots", nil},
	{"restore", object{"name": "before"}},
	{"fork", object{"name": "before"}},
	{"drop_snapshot", object{"name": "before"}},
	{"events", object{"after_seq": 1, "kind": []string{"press", "age"}}},
}

// TestStory calls every tool and checks its arguments and answers by their schemas. The
// values follow from the arguments and from docs/fleet.md.
func TestStory(t *testing.T) {
	r := newRig(t, mcp.Options{AllowChanges: true}, nil)
	called := map[string]bool{}
	for _, c := range story {
		called[c.tool] = true
		answer := r.do(c.tool, c.args)
		switch {
		case c.tool == "list":
			require.Len(t, answer["items"], map[bool]int{true: 1, false: 2}[c.args != nil])
		case c.tool == "code":
			require.Regexp(t, `^[0-9]{6}$`, answer["code"])
			require.GreaterOrEqual(t, answer["left_ms"], 10_000.0)
		case c.tool == "advance" && c.args["by"] != nil:
			require.Regexp(t, `^2026-01-02T`, answer["now"], "a manual clock begins on January 1st")
		case c.tool == "advance_until":
			require.Regexp(t, "7$", answer["display"])
		case c.tool == "skew":
			require.Less(t, answer["error_ms"], -95_000.0)
		case c.tool == "faults":
			require.Equal(t, []any{"d0.g"}, answer["dead"])
		case c.tool == "battery":
			require.Equal(t, "DEAD", answer["state"])
		case c.tool == "events":
			require.Len(t, answer["events"], 3, "the first code, a press and the age: a hold is another kind")
		}
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(r.tools)), slices.Collect(maps.Keys(called)))
}

// TestReadOnly calls every tool that an agent gets without permission to change the fleet.
// The log and the clock stay as they are, also if a display is off and if the code is
// about to expire.
func TestReadOnly(t *testing.T) {
	r := newRig(t, mcp.Options{}, nil)
	require.ElementsMatch(t, []string{
		"capabilities", "code", "display", "events", "faults", "forecast", "list", "oracle", "snapshots", "time", "token", "wait",
	}, slices.Collect(maps.Keys(r.tools)))
	before, now := r.fleet.Log().Seq(), r.fleet.World().Now()
	for _, c := range story {
		args := maps.Clone(c.args)
		delete(args, "fresh")
		tool := r.tools[c.tool]
		switch {
		case tool == nil:
			_, err := r.agent.CallTool(t.Context(), &sdk.CallToolParams{Name: c.tool, Arguments: c.args})
			require.ErrorContains(t, err, "unknown tool")
		case c.tool == "code" && args["token"] == button:
			require.Contains(t, r.refused("code", args), "(no_code): a token with a button shows a code only after a press: ")
		default:
			r.do(c.tool, args)
		}
		if tool != nil {
			require.True(t, tool.Annotations.ReadOnlyHint, c.tool)
		}
	}
	require.Contains(t, r.refused("code", object{"token": alwaysOn, "fresh": true}), "there is no such argument")
	require.Contains(t, r.refused("wait", object{"token": alwaysOn, "state": "DEAD", "advance": true}), "there is no such argument")
	require.Equal(t, before, r.fleet.Log().Seq())
	require.Equal(t, now, r.fleet.World().Now())

	r.fleet.World().Advance(55e9)
	require.Contains(t, r.refused("code", object{"token": alwaysOn}), "(clock_stopped): the person who runs fob mcp can give --allow-changes")
	require.Equal(t, now.Add(55e9), r.fleet.World().Now())
}

// TestAnnotations checks the hints by which agents decide whether to ask a person.
func TestAnnotations(t *testing.T) {
	r := newRig(t, mcp.Options{AllowChanges: true}, nil)
	reads := []string{"capabilities", "display", "events", "faults", "forecast", "list", "oracle", "snapshots", "time", "token", "wait"}
	harmless := []string{"code", "fork", "press", "skew"} // they use a token, add one, or can be undone
	again := []string{"set_time", "set_faults", "drop_snapshot"}
	for name, tool := range r.tools {
		a := tool.Annotations
		require.Equal(t, slices.Contains(reads, name), a.ReadOnlyHint, name)
		require.Equal(t, !slices.Contains(reads, name) && !slices.Contains(harmless, name), *a.DestructiveHint, name)
		require.Equal(t, slices.Contains(reads, name) || slices.Contains(again, name), a.IdempotentHint, name)
		require.False(t, *a.OpenWorldHint, name)
	}
}

// TestDisplay checks that the picture shows the same digits as the text: each token's
// picture differs from the other's, and the picture of one display stays the same.
func TestDisplay(t *testing.T) {
	r := newRig(t, mcp.Options{}, nil)
	picture := func(token string) []byte {
		result := r.try("display", object{"token": token})
		require.False(t, result.IsError)
		require.Len(t, result.Content, 2)
		image := result.Content[1].(*sdk.ImageContent)
		require.Equal(t, "image/png", image.MIMEType)
		_, err := png.Decode(bytes.NewReader(image.Data))
		require.NoError(t, err)
		return image.Data
	}
	m, err := r.fleet.Find(alwaysOn)
	require.NoError(t, err)
	want, err := m.Look().View.PNG(virtual.Picture{Bezel: true})
	require.NoError(t, err)
	require.Equal(t, want, picture(alwaysOn))
	require.NotEqual(t, want, picture(button), "the display is off")
	require.NotContains(t, r.do("display", object{"token": alwaysOn}), "view")
}

// TestSecrets checks that no answer of a tool contains a seed, the world seed from which
// seeds follow, or the API key.
func TestSecrets(t *testing.T) {
	r := newRig(t, mcp.Options{AllowChanges: true}, nil)
	secrets := []string{key, strconv.Quote("7"), "otpauth"}
	for m := range r.fleet.All(0) {
		seed, _ := m.Token.Secrets()
		secrets = append(secrets, hex.EncodeToString(seed.Bytes()), base32.StdEncoding.EncodeToString(seed.Bytes()))
	}
	for _, c := range story {
		result := r.try(c.tool, c.args)
		b, err := json.Marshal(result)
		require.NoError(t, err)
		for _, secret := range secrets {
			require.NotContains(t, strings.ToLower(string(b)), strings.ToLower(secret), c.tool)
		}
	}
	require.Contains(t, string(must(r.client.Bytes(t.Context(), "GET", "/v1/capabilities", nil, "*/*"))), `"world_seed":"7"`)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
