// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReadyTableVariables checks that the table has the variables that it speaks of: the key
// of a file is in neither.
func TestReadyTableVariables(t *testing.T) {
	t.Parallel()
	plain := painter(false)
	text := readyTable(ready{URL: "http://127.0.0.1:8080", APIKey: "secret"}, 80, plain)
	require.Contains(t, text, "\nFOB_URL=http://127.0.0.1:8080\nFOB_API_KEY=secret\n\nfob fleet, with these variables, controls")

	text = readyTable(ready{URL: "http://127.0.0.1:8080"}, 80, plain)
	require.Contains(t, text, "\nFOB_URL=http://127.0.0.1:8080\n\nfob fleet, with this variable and --api-key-file FILE, controls")
	require.NotContains(t, text, "FOB_API_KEY")

	text = readyTable(ready{}, 80, plain) // --http off
	require.NotContains(t, text, "FOB_URL")
	require.NotContains(t, text, "fob fleet")
}

// TestReadyTableRows checks that the table lists the first tokens of a large fleet.
func TestReadyTableRows(t *testing.T) {
	t.Parallel()
	for count, more := range map[int]string{20: "", 21: "\n1 more: fob fleet ls\n", 1_000_000: "\n999980 more: fob fleet ls\n"} {
		r := ready{Count: count, URL: "http://127.0.0.1:8080"}
		for i := range min(count, maxReady) {
			r.Tokens = append(r.Tokens, readyToken{Model: "button-6", State: "BLANK", Ports: []string{"/dev/pts/" + strconv.Itoa(i)}})
		}
		text := readyTable(r, 100, painter(false))
		require.Equal(t, 20, strings.Count(text, "BLANK"), count)
		require.Equal(t, more != "", strings.Contains(text, " more: "), count)
		require.Contains(t, text, more)
	}
}
