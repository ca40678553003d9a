// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet/scenario"
)

// logHashes are the SHA-256 of the event logs of the examples that run no other program.
// They are the same on every architecture.
var logHashes = map[string]string{
	"battery": "3f7a57df1c87274c4f2bab269a06450363ba5a01368e2830fbd5d4cc8dc5df28",
	"drift":   "7a5c4b5df2ae2d830b8f246e92c2f687cdad77de3b80ef51aa6b1cb7f81c6ad9",
	"expiry":  "900d63979efa7ddf3bddbc5c331d4d8487d1130313593349b5ca9a582d2dc037",
}

// withPort is a scenario that writes to a port itself.
const withPort = head + `
- new: {count: 100, crystal: untrimmed, age: P1M, age_to: P2Y, ready: true}
- new: {name: blank}
- attach:
- send: {line: hello}
- send: {hex: "0609414141410a"}
- unplug:
- advance: {by: P1D}
- replug:
- fault: {port: port, in: {seed: 5, drop: 0.5}}
- send: {line: the line loses half of this text}
- advance: {by: P1Y}
`

// TestSameEvents runs each scenario FOB_STORIES times (3 unless set; the documented number
// is 1,000): the event logs are the same, byte for byte, and another world seed gives
// another log.
func TestSameEvents(t *testing.T) {
	n := 3
	if s := os.Getenv("FOB_STORIES"); s != "" {
		var err error
		n, err = strconv.Atoi(s)
		require.NoError(t, err)
	}
	texts := map[string]string{"a port": withPort}
	for name := range logHashes {
		b, err := os.ReadFile(filepath.Join("..", "..", "docs", "scenarios", name+".yaml"))
		require.NoError(t, err)
		texts[name] = string(b)
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hash := func(t *testing.T, text string) string {
				path := filepath.Join(t.TempDir(), "events.jsonl")
				r := do(t, text, scenario.Options{Events: path}, false)
				require.NoError(t, r.Err)
				b, err := os.ReadFile(path)
				require.NoError(t, err)
				require.Contains(t, string(b), `"event":"made"`)
				sum := sha256.Sum256(b)
				return hex.EncodeToString(sum[:])
			}
			want, fixed := logHashes[name]
			if !fixed {
				want = hash(t, text)
			}
			for i := range n {
				t.Run(strconv.Itoa(i), func(t *testing.T) { require.Equal(t, want, hash(t, text)) })
			}
			require.NotEqual(t, want, hash(t, strings.Replace(text, "world_seed: 7", "world_seed: 8", 1)))
		})
	}
}
