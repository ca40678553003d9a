// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/fleet/scenario"
)

// TestLongWaits: a wait takes the same few requests for a minute and for ten years, whether
// it succeeds or not. It took three requests for each of up to 3600 jumps of the clock.
func TestLongWaits(t *testing.T) {
	for name, test := range map[string]struct {
		steps string
		fails bool
	}{
		"a minute":            {"- wait: {text: '^\\d{6}$', within: PT1M}", false},
		"a state after years": {"- wait: {state: EXPIRED, within: P10Y}", false},
		"a code of ten years": {"- wait: {text: '^00001\\d$', within: P10Y}", false},
		"a press, in vain":    {"- wait: {event: press, within: P10Y}", true},
		"a text, in vain":     {"- wait: {text: '^[A-Z]{6}$', within: P30D}", true},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := scenario.Parse("test.yaml", []byte(head+"- new: {ready: true}\n"+test.steps+"\n"))
			require.NoError(t, err)
			f, err := scenario.NewFleet(s, 0)
			require.NoError(t, err)
			defer f.Close()
			const key = "key-of-the-test"
			api := control.New(f, control.Options{Key: key})
			var requests atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				api.ServeHTTP(w, r)
			}))
			defer server.Close()
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- f.Serve(ctx) }()
			r := scenario.Run(t.Context(), s, scenario.Options{Fleet: &control.Client{URL: server.URL, Key: key}, Environment: os.Environ()})
			cancel()
			require.NoError(t, <-ended)
			if test.fails {
				require.ErrorContains(t, r.Err, "but the display reads")
			} else {
				require.NoError(t, r.Err)
			}
			require.LessOrEqual(t, requests.Load(), int32(10))
		})
	}
}

// TestWaitForBackground: a wait for something that a command in the background does gives
// the command time.
func TestWaitForBackground(t *testing.T) {
	r := do(t, head+`- new: {name: alice, profile: button-6, ready: true}
- exec:
    run: [sh, -c, 'echo ready; curl -fsS -X POST -H "Authorization: Bearer $FOB_API_KEY" "$FOB_URL/v1/tokens/$FOB_ALICE_SERIAL/press"; sleep 1000']
    background: true
    stdout: ready
- wait: {event: press, within: PT1S}
`, scenario.Options{}, false)
	require.NoError(t, r.Err)
}

// TestWaitForEarlierEvent: a wait also finds an event that a command in the background has
// caused before it was ready, and no event of an earlier step.
func TestWaitForEarlierEvent(t *testing.T) {
	const early = `- new: {name: alice, profile: button-6, ready: true}
- exec:
    run: [sh, -c, 'curl -fsS -X POST -H "Authorization: Bearer $FOB_API_KEY" "$FOB_URL/v1/tokens/$FOB_ALICE_SERIAL/press"; echo ready; sleep 1000']
    background: true
    stdout: ready
`
	require.NoError(t, do(t, head+early+"- wait: {event: press, within: PT1S}\n", scenario.Options{}, false).Err)
	r := do(t, head+"- new: {profile: button-6, ready: true}\n- press: {}\n- wait: {event: press, within: PT1S}\n", scenario.Options{}, false)
	require.ErrorContains(t, r.Err, "expected event press within 1 s")
}
