// SPDX-License-Identifier: Apache-2.0

package line_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/serialproto"
)

// TestCommands compares the requests for a good token with the list in docs/device-end.md.
// Requests of one kind that follow each other are listed once: their number depends on the
// clock.
func TestCommands(t *testing.T) {
	text, err := os.ReadFile("../docs/device-end.md")
	require.NoError(t, err)
	_, block, found := strings.Cut(string(text), "```text\n")
	require.True(t, found)
	block, _, _ = strings.Cut(block, "```")
	var want []string
	for row := range strings.Lines(block) {
		f := strings.Fields(row)
		want = append(want, strings.Join(f[:3], " "))
	}

	b := newFast(t)
	b.config.Job.TwoSteps = false
	var mu sync.Mutex
	var got []string
	in := b.watched("s01", func(h serialproto.Header) {
		op := "read"
		if h.Op == serialproto.OpWrite {
			op = "write"
		}
		row := fmt.Sprintf("%s %d %d", op, h.Group, h.Command)
		mu.Lock()
		defer mu.Unlock()
		if len(got) == 0 || got[len(got)-1] != row {
			got = append(got, row)
		}
	})
	m := b.device()
	in.Store(&m)
	b.start()
	e, _ := b.result(0, 1)
	require.Equal(t, line.Pass, e.Result)
	require.NoError(t, b.stop())
	mu.Lock()
	defer mu.Unlock()
	if got[len(got)-1] == "read 64 0" { // the station asks whether the token was removed
		got = got[:len(got)-1]
	}
	require.Equal(t, want, got)
}
