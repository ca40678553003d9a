// SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// leftOut are the operations of the API that are not tools, with the reasons.
var leftOut = map[string]string{
	"all-codes":    "code reads one",
	"health":       "each call reports whether the fleet answers",
	"make-link":    "the link gives the rights of the API key",
	"export":       "it has seeds",
	"qr":           "it has a seed",
	"get-snapshot": "it has seeds", "load-snapshot": "it is the file of get-snapshot",
	"make-tokens": "the server under test does not have their seeds", "remove-token": "the server under test still has it",
	"change-token": "rarely needed by an agent: fob fleet", "temperature": "rarely needed by an agent: fob fleet",
	"crystal": "rarely needed by an agent: fob fleet", "drop": "rarely needed by an agent: fob fleet",
	"clear-faults": "set_faults without faults",
	"attach":       "serial ports are for programs", "detach": "serial ports are for programs",
	"get-port": "serial ports are for programs", "list-ports": "serial ports are for programs",
	"unplug": "serial ports are for programs", "replug": "serial ports are for programs",
	"set-line-faults": "serial ports are for programs", "get-line-faults": "serial ports are for programs",
	"clear-line-faults": "serial ports are for programs", "tap": "serial ports are for programs",
	"wire": "it can have a password", "replay": "serial ports are for programs",
}

// TestOperations checks that each operation of the API is a tool or is left out for a
// reason, with and without permission to change the fleet.
func TestOperations(t *testing.T) {
	a, err := readAPI()
	require.NoError(t, err)
	used := map[string]bool{}
	for _, tool := range tools {
		used[tool.operation] = true
		require.Empty(t, leftOut[tool.operation], tool.name)
	}
	for id := range a.operations {
		require.True(t, used[id] || leftOut[id] != "", "the operation %s has no tool", id)
	}
	for id := range leftOut {
		require.Contains(t, a.operations, id)
	}
}

// TestTable checks that each tool's parameters and fields exist in the API, and that no
// agent gets two tools with one name.
func TestTable(t *testing.T) {
	a, err := readAPI()
	require.NoError(t, err)
	for _, allow := range []bool{false, true} {
		names := map[string]bool{}
		for _, tool := range tools {
			if tool.offered(allow) {
				require.False(t, names[tool.name], tool.name)
				names[tool.name] = true
			}
		}
	}
	for _, tool := range tools {
		b, err := a.bind(tool)
		require.NoError(t, err)
		whole := *tool
		whole.hide, whole.fixed, whole.without = nil, nil, nil
		all, err := a.bind(&whole)
		require.NoError(t, err)
		for _, name := range append(slices.Clone(tool.hide), slices.Collect(maps.Keys(tool.fixed))...) {
			require.Contains(t, all.places, name, tool.name)
			require.NotContains(t, b.places, name, tool.name)
		}
		for _, name := range append(slices.Collect(maps.Keys(tool.usual)), slices.Collect(maps.Keys(tool.words))...) {
			require.Contains(t, b.places, name, tool.name)
		}
		for name := range tool.usual {
			require.Equal(t, inQuery, b.places[name], tool.name)
		}
		for _, name := range tool.without {
			require.Contains(t, all.output["properties"], name, tool.name)
			require.NotContains(t, b.output["properties"], name, tool.name)
		}
	}
}

// awkward are habits of writing that the style of this project avoids; see tools/english.
var awkward = regexp.MustCompile(`(?i)\b(what|whatever|nobody|somebody|whoever|so that|says|knows|wants|he|his|she|please|simply|just)\b`)

// TestPlain checks that each description is plain: short sentences, the first with a verb.
func TestPlain(t *testing.T) {
	a, err := readAPI()
	require.NoError(t, err)
	verbs := []string{"Add", "Advance", "Break", "Change", "Find", "Get", "Keep", "List", "Look", "Make", "Move", "Press", "Read", "Remove", "Set", "Show", "Wait"}
	for _, tool := range tools {
		verb, _, _ := strings.Cut(strings.ReplaceAll(tool.about, ",", ""), " ")
		require.Contains(t, verbs, verb, tool.name)
		require.True(t, strings.HasSuffix(tool.about, "."), tool.name)
		require.LessOrEqual(t, len(tool.about), 450, tool.name)
		require.NotRegexp(t, `\.$`, tool.title)
		for sentence := range strings.SplitSeq(tool.about, ". ") {
			require.LessOrEqual(t, len(strings.Fields(sentence)), 28, sentence)
		}
		b, err := a.bind(tool)
		require.NoError(t, err)
		texts := []string{tool.about, tool.title}
		for name, p := range b.properties {
			text, _ := p.(schema)["description"].(string)
			require.NotEmpty(t, text, "%s: %s", tool.name, name)
			require.NotRegexp(t, `^(of|in|by|not|next|for|[0-9])\b`, text, "%s: %s: the description stands without the name", tool.name, name)
			require.IsType(t, "", p.(schema)["type"], "%s: %s: not all agents support several types", tool.name, name)
			if p.(schema)["default"] != nil {
				require.NotContains(t, text, "by default", "%s: %s", tool.name, name)
			}
			texts = append(texts, fmt.Sprintf("%s: %s", name, text))
		}
		for _, text := range texts {
			require.NotRegexp(t, awkward, text)
		}
	}
	require.NotRegexp(t, awkward, instructions)
}
