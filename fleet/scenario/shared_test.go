// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/fleet/scenario"
)

// sharedFleet serves a fleet with two tokens, which have a snapshot of each name.
func sharedFleet(t *testing.T, names ...string) (served, []fleet.Member) {
	t.Helper()
	empty, err := scenario.Parse("empty.yaml", []byte("at: 2025-01-01T00:00:00Z\nsteps:\n- advance: {by: PT1S}\n"))
	require.NoError(t, err)
	f := serve(t, empty, true)
	members, err := f.MakeLot(fleet.Lot{Name: "theirs", Count: 2, Ready: true})
	require.NoError(t, err)
	for _, name := range names {
		f.TakeSnapshot(name, members[0])
	}
	return f, members
}

func names(f *fleet.Fleet) (list []string) {
	for _, s := range f.Snapshots() {
		list = append(list, s.Name)
	}
	return list
}

// TestSharedTraces checks that a scenario leaves nothing in a shared fleet, whether it
// passes or fails, and that it does not touch the snapshots of others, which have the
// names of its own.
func TestSharedTraces(t *testing.T) {
	for name, end := range map[string]string{"passes": "", "fails": "- expect-display: {token: lot, state: WIPED}\n"} {
		t.Run(name, func(t *testing.T) {
			f, theirs := sharedFleet(t, "_failure", "base", "failure")
			before := f.Snapshots()
			serial, _ := theirs[0].Token.BackLabel()
			// A lot of 1001 tokens is more than the answer lists.
			steps := head + `- new: {name: lot, ready: true, count: 1001}
- new: {name: alice, ready: true, crystal: perfect}
- snapshot: {name: base}
- snapshot: {name: failure, tokens: [alice]}
- snapshot: {name: base, tokens: [alice]}
- battery: {do: remove}
- restore: {name: base}
- expect-code: {offset: 0}
- attach: {name: mine}
- attach: {name: other, token: SERIAL}
- fault: {token: SERIAL, dead: [d0.a]}
- fault: {token: alice, dead: [d0.a]}
- fault: {port: other, in: {drop: 0.5}}
- unplug: {port: mine}
` + end
			s, err := scenario.Parse("test.yaml", []byte(strings.ReplaceAll(steps, "SERIAL", serial.String())))
			require.NoError(t, err)
			dir := t.TempDir()
			r := scenario.Run(t.Context(), s, scenario.Options{Fleet: f.client, Shared: true, Artifacts: dir})
			if end == "" {
				require.NoError(t, r.Err)
			} else {
				require.ErrorContains(t, r.Err, "expected state WIPED")
				require.NotContains(t, r.Err.Error(), "artifacts")
				// The files hold the scenario's own snapshots.
				for file, tokens := range map[string]int{"snapshot-base": 1, "snapshot-failure": 1, "failure": 1002} {
					text, err := os.ReadFile(filepath.Join(dir, file+".bin"))
					require.NoError(t, err)
					snap, err := f.LoadSnapshot("loaded", text)
					require.NoError(t, err)
					require.Equal(t, tokens, snap.Len(), file)
					f.DropSnapshot(snap)
				}
			}
			require.Equal(t, before, f.Snapshots(), "the snapshots of others")
			require.Equal(t, 2, f.Len())
			for _, m := range theirs {
				require.Empty(t, m.Ports())
				require.Empty(t, m.Faults(m.Look()))
			}
		})
	}
}

// TestSharedLimit checks that a scenario fails at the limit of snapshots, and leaves
// none.
func TestSharedLimit(t *testing.T) {
	f, theirs := sharedFleet(t)
	for range 99 {
		f.TakeSnapshot("n"+strings.Repeat("x", len(f.Snapshots())), theirs[0])
	}
	before := names(f.Fleet)
	s, err := scenario.Parse("test.yaml", []byte(head+"- new:\n- snapshot: {name: a}\n- snapshot: {name: a}\n- snapshot: {name: b}\n"))
	require.NoError(t, err)
	r := scenario.Run(t.Context(), s, scenario.Options{Fleet: f.client, Shared: true, Artifacts: t.TempDir()})
	require.ErrorContains(t, r.Err, "test.yaml:7: snapshot: there are 100 snapshots, the most that a fleet keeps")
	require.Equal(t, before, names(f.Fleet))
}

// TestSharedInterrupt interrupts a scenario when the fleet has made something, and before
// the answer comes: it is removed all the same, and the clock runs as before.
func TestSharedInterrupt(t *testing.T) {
	for _, path := range []string{"/v1/tokens", "/ports", "/v1/snapshots", "/faults", "/v1/time"} {
		t.Run(path, func(t *testing.T) {
			f, theirs := sharedFleet(t)
			serial, _ := theirs[0].Token.BackLabel()
			s, err := scenario.Parse("test.yaml", []byte("clock: real\nsteps:\n- new: {count: 3}\n- attach: {token: "+serial.String()+
				"}\n- snapshot: {name: a}\n- fault: {token: "+serial.String()+", dead: [d0.a]}\n- wait: {event: press}\n"))
			require.NoError(t, err)
			to, err := url.Parse(f.client.URL)
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, in *http.Request) {
				out := in.Clone(context.WithoutCancel(in.Context())) // the fleet goes on
				out.URL.Scheme, out.URL.Host, out.RequestURI = to.Scheme, to.Host, ""
				answer, err := http.DefaultTransport.RoundTrip(out)
				if err != nil {
					w.WriteHeader(http.StatusBadGateway)
					return
				}
				defer answer.Body.Close()
				if in.Method != http.MethodGet && strings.HasSuffix(in.URL.Path, path) {
					cancel()
				}
				w.WriteHeader(answer.StatusCode)
				_, _ = io.Copy(w, answer.Body)
			}))
			defer proxy.Close()
			r := scenario.Run(ctx, s, scenario.Options{Fleet: &control.Client{URL: proxy.URL, Key: f.client.Key}, Shared: true})
			require.ErrorIs(t, r.Err, context.Canceled)
			require.Equal(t, 2, f.Len())
			require.Empty(t, f.Snapshots())
			require.Empty(t, theirs[0].Ports())
			require.Empty(t, theirs[0].Faults(theirs[0].Look()))
			require.Equal(t, "manual", f.World().Clock().Mode.String())
		})
	}
}
