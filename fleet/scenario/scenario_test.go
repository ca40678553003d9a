// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/fleet/scenario"
	"github.com/d204ef64/fob/internal/errclass"
)

// served is a fleet that serves its ports and its interface.
type served struct {
	*fleet.Fleet
	client *control.Client
}

func serve(t *testing.T, s *scenario.Scenario, allowSeeds bool) served {
	t.Helper()
	f, err := scenario.NewFleet(s, 0)
	require.NoError(t, err)
	const key = "key-of-the-test"
	server := httptest.NewServer(control.New(f, control.Options{Key: key, AllowSeedExport: allowSeeds}))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.Serve(ctx) }()
	t.Cleanup(func() {
		server.Close()
		cancel()
		require.NoError(t, <-ended)
		require.NoError(t, f.Close())
	})
	return served{f, &control.Client{URL: server.URL, Key: key}}
}

// do runs a scenario in a fleet of its own. head is put before the steps.
func do(t *testing.T, text string, o scenario.Options, allowSeeds bool) *scenario.Result {
	t.Helper()
	s, err := scenario.Parse("test.yaml", []byte(text))
	require.NoError(t, err)
	o.Fleet = serve(t, s, allowSeeds).client
	o.Environment = os.Environ()
	return scenario.Run(t.Context(), s, o)
}

// head begins a scenario: its steps begin in line 4.
const head = "world_seed: 7\nat: 2026-01-01T00:00:00Z\nsteps:\n"

// TestSteps runs scenarios that pass.
func TestSteps(t *testing.T) {
	for name, text := range map[string]string{
		"a fixed code": `
- new: {name: alice, ready: true, crystal: perfect}
- expect-display: {text: '^(?P<shown>\d{6})$', state: LOCKED}
- expect-code: {offset: 0, as: first}
- exec: {run: [test, '${shown}', =, '${first}']}
- expect-code: {fresh: true}
- expect-code: {fresh: true, as: second}
- exec: {run: [sh, -c, 'test $FOB_FIRST != $FOB_SECOND && test $FOB_ALICE_SERIAL = $FOB_SERIAL']}`,
		"a lot": `
- new: {name: lot, ready: true, count: 3}
- skew: {token: lot.2, by: PT10M}
- expect-code: {token: lot.2, offset: 10, window: 9, passes: false}
- expect-code: {token: '${lot.3.serial}', window: 10, passes: true}
- expect-code: {token: lot, window: 0, passes: true}`,
		"a button": `
- new: {profile: button-6, ready: true}
- expect-display: {text: '^ *$'}
- press:
- expect-display: {text: '\d{6}'}
- wait: {event: display-off, within: PT2M}
- expect-display: {text: '^ *$'}
- press: {hold: 1s}
- wait: {event: release}`,
		"advances": `
- new: {ready: true}
- advance: {until: next_step}
- advance: {until: event}
- advance: {to: 2040-01-01T00:00:00Z}
- exec: {run: [test, '${now} ${now_unix}', =, '2040-01-01T00:00:00Z 2208988800']}`,
		"a snapshot": `
- new: {ready: true, crystal: perfect}
- snapshot: {name: before}
- battery: {do: remove}
- expect-display: {state: DEAD}
- restore: {name: before}
- expect-code: {offset: 0}
- snapshot: {name: one, tokens: [token]}
- restore: {name: one}`,
		"faults": `
- new: {ready: true}
- fault: {dead: [d0.a, d0.b, d0.c, d0.d, d0.e, d0.f, d0.g]}
- expect-display: {text: '^ \d{5}$'}
- fault: {clear: true}
- expect-display: {text: '^\d{6}$'}
- temperature: {celsius: -60}
- expect-display: {text: '^ *$'}`,
		"http": `
- exec: {run: [sh, -c, 'printf %s "$FOB_URL"'], stdout: '(?P<url>.+)'}
- http: {url: '${url}/v1/healthz', match: ok}
- http: {method: PUT, url: '${url}/v1/time', body: '{"paused":true}', status: 401, match: unauthorized}`,
		"a background command": `
- exec: {run: [sh, -c, 'echo ready at 7; exec sleep 1000'], background: true, stdout: 'ready at (?P<n>\d)'}
- exec: {run: [cat], stdin: 'n=${n}', stdout: '^n=7$'}
- exec: {run: [sh, -c, 'echo no >&2; exit 3'], exit: 3, stderr: 'no'}
- exec: {run: ['false'], fails: true}`,
	} {
		t.Run(name, func(t *testing.T) {
			r := do(t, head+strings.TrimPrefix(text, "\n"), scenario.Options{}, false)
			require.NoError(t, r.Err)
			require.Equal(t, r.Scenario.Len(), r.Steps)
			require.Equal(t, uint64(7), r.WorldSeed)
		})
	}
}

// TestTerminal sends a request over a terminal, and again after it was unplugged. The
// lines are the echo request and its answer in section 2 of serialproto/PROTOCOL.md.
func TestTerminal(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no pseudo-terminals")
	}
	r := do(t, head+`- new:
- attach: {as: pty}
- send: &echo {text: "\x06\tABMCAAAJAAAEAKFhZGVoZWxsb3Qo\n"}
- expect-line: &answer {match: "^\x06\tABMDAAAJAAAEAKFhcmVoZWxsb/KU$"}
- unplug:
- replug:
- send: *echo
- expect-line: *answer
`, scenario.Options{}, false)
	require.NoError(t, r.Err)
}

// TestFailures checks that the message of a step that fails names the file, the line, the
// expected value and the actual one.
func TestFailures(t *testing.T) {
	for _, test := range []struct{ steps, want string }{
		{
			"- new: {}\n- expect-display: {state: LOCKED}",
			`test.yaml:5: expect-display: expected state LOCKED, but the display reads "      " (state BLANK, world's time 2026-01-01T00:00:00Z`,
		},
		{
			"- new:\n    crystal: perfect\n    ready: true\n- expect-display:\n    text: '^A'\n    state: LOCKED",
			`test.yaml:7: expect-display: expected a display that matches "^A" and state LOCKED, but the display reads "`,
		},
		{"- new:\n- expect-code:", `test.yaml:5: expect-code: expected a code: the token shows no code: its state is BLANK`},
		{"- new: {ready: true}\n- expect-code: {none: true}", `test.yaml:5: expect-code: expected no code, but the display reads "`},
		{
			"- new: {ready: true, crystal: perfect}\n- skew: {by: -PT3M}\n- expect-code: {offset: 0}",
			"test.yaml:6: expect-code: expected a code of the world's time step, but it is -3 steps from the world's time (the token's clock is off by -00:03:00)",
		},
		{
			"- new: {ready: true, crystal: perfect}\n- skew: {by: PT3M}\n- expect-code: {window: 2, passes: true}",
			"test.yaml:6: expect-code: expected a code that passes a window of 2 steps, but it is +3 steps from the world's time",
		},
		{
			"- new: {ready: true, crystal: perfect}\n- expect-code: {window: 2, passes: false}",
			"expected a code that does not pass a window of 2 steps, but it is of the world's time step (the token's clock is on time)",
		},
		{"- new: {ready: true}\n- wait: {event: press, within: P1D}\n- advance: {to: 2026-01-01T00:00:01Z}", "test.yaml:5: wait: expected event press within"},
		{"- advance: {until: event}", "test.yaml:4: advance: no token has an event ahead before the end of the world"},
		{"- expect-display: {token: ZZFB00000099, state: LOCKED}", "test.yaml:4: expect-display: not in the fleet: there is no token ZZFB00000099"},
		{
			"- new: {ready: true}\n- wait: {state: EXPIRED, within: PT10S}",
			`test.yaml:5: wait: expected state EXPIRED within 10 s, but the display reads "`,
		},
		{"- new: {ready: true}\n- wait: {event: drop, text: ., within: PT1S}", `expected a display that matches "." and event drop within 1 s, but`},
		{"- new:\n- attach: {}\n- expect-line: {match: hello, timeout: 10ms}", `test.yaml:6: expect-line: expected a line that matches "hello" within 10 ms, but no line came`},
		{"- new:\n- attach:\n- unplug:\n- exec: {run: ['true']}\n- send: {line: x}", "test.yaml:8: send: the port port is unplugged: replug it first"},
		{"- new:\n- attach:\n- unplug:\n- exec: {run: ['true']}\n- unplug:", "test.yaml:8: unplug: the port's cable: p1 is unplugged already"},
		{"- export: {file: seeds.xml}", "test.yaml:4: export: the tokens keep their seeds: run the scenario with --allow-seed-export"},
		{"- exec: {run: [sh, -c, 'echo out; echo err >&2; exit 3']}", `test.yaml:4: exec: expected exit code 0, but it is 3; stderr: "err\n"; stdout: "out\n"`},
		{"- exec: {run: ['true'], fails: true}", "test.yaml:4: exec: expected the command to fail, but its exit code is 0"},
		{"- exec: {run: [echo, x], stdout: y}", `test.yaml:4: exec: expected stdout that matches "y", but it is "x\n"`},
		{"- exec: {run: [nosuchcommand]}", "test.yaml:4: exec: running nosuchcommand: executable file not found"},
		{"- exec: {run: [sleep, '1000'], timeout: 10ms}", "test.yaml:4: exec: expected sleep to end within 10 ms, but it still runs"},
		{
			"- exec: {run: [sh, -c, 'echo no; exit 4'], background: true, stdout: ready}",
			`test.yaml:4: exec: expected output that matches "ready", but the command ended (exit status 4); stdout: "no\n"`,
		},
		{"- exec: {run: [sleep, '1000'], background: true, stdout: ready, timeout: 10ms}", `expected output that matches "ready" within 10 ms, but there is none`},
		{"- exec: {run: [nosuchcommand], background: true, stdout: x}", "test.yaml:4: exec: running nosuchcommand: "},
		{
			"- exec: {run: [echo, 'ftp://127.0.0.1/'], stdout: '(?P<url>\\S+)'}\n- http: {url: '${url}'}",
			"test.yaml:5: http: url: ${url} is not an address that begins with http:// or https://",
		},
		{"- http: {url: 'http://127.0.0.1:1/x'}", "test.yaml:4: http: GET http://127.0.0.1:1/x: dial tcp 127.0.0.1:1: "},
		{
			"- exec: {run: [sh, -c, 'printf %s \"$FOB_URL\"'], stdout: '(?P<url>.+)'}\n- http: {url: '${url}/v1/healthz', status: 201}",
			`test.yaml:5: http: expected status 201, but the answer is 200 OK with the body "`,
		},
		{
			"- exec: {run: [sh, -c, 'printf %s \"$FOB_URL\"'], stdout: '(?P<url>.+)'}\n- http: {url: '${url}/v1/time'}",
			"test.yaml:5: http: expected a status of 200 to 299, but the answer is 401 Unauthorized",
		},
		{
			"- exec: {run: [sh, -c, 'printf %s \"$FOB_URL\"'], stdout: '(?P<url>.+)'}\n- http: {url: '${url}/v1/healthz', match: 'no such'}",
			`test.yaml:5: http: expected a body that matches "no such", but the answer is 200 OK`,
		},
		{
			"- exec: {run: [echo, '5000'], stdout: '(?P<n>\\d+)'}\n- exec: {run: [echo], stdout: 'a{${n}}'}",
			"test.yaml:5: exec: \"a{${n}}\": error parsing regexp",
		},
	} {
		t.Run(test.want, func(t *testing.T) {
			t.Parallel()
			r := do(t, head+test.steps+"\n", scenario.Options{}, false)
			require.ErrorContains(t, r.Err, test.want)
			var failure *scenario.Failure
			require.ErrorAs(t, r.Err, &failure)
			require.Equal(t, errclass.Failed, failure.ErrorClass())
			require.Less(t, r.Steps, r.Scenario.Len())
		})
	}
}

// TestBackgroundCommandFails checks that the failure of a command in the background
// fails the step in which it is noticed.
func TestBackgroundCommandFails(t *testing.T) {
	r := do(t, head+`- exec:
    run: [sh, -c, 'echo $$ > pid; echo ready; until [ -e go ]; do sleep 0.02; done; echo broken >&2; exit 9']
    background: true
    stdout: ready
- exec: {run: [touch, go]}
- exec: {run: [sh, -c, 'while kill -0 $(cat pid); do sleep 0.02; done']}
`+strings.Repeat("- exec: {run: [sleep, '0.1']}\n", 1000), scenario.Options{}, false)
	require.ErrorContains(t, r.Err, `: exec: expected sh to run in the background, but it ended (exit status 9); stderr: "broken\n"`)
}

// TestSecretsInVariables checks that failures do not repeat the values of variables,
// which may be secret.
func TestSecretsInVariables(t *testing.T) {
	r := do(t, head+`- exec: {run: [echo, hunter2], stdout: '(?P<secret>\S+)'}
- http: {url: 'http://127.0.0.1:1/${secret}', headers: {Authorization: '${secret}'}, body: '${secret}'}
`, scenario.Options{}, false)
	require.ErrorContains(t, r.Err, "http: POST http://127.0.0.1:1/${secret}: dial")
	require.NotContains(t, r.Err.Error(), "hunter2")
}

// TestShared checks that a scenario sets the clock of a shared fleet, and removes its own
// tokens and no others.
func TestShared(t *testing.T) {
	empty, err := scenario.Parse("empty.yaml", []byte("at: 2025-01-01T00:00:00Z\nsteps:\n- advance: {by: PT1S}\n"))
	require.NoError(t, err)
	f := serve(t, empty, false)
	_, err = f.MakeLot(fleet.Lot{Count: 2, Ready: true})
	require.NoError(t, err)

	s, err := scenario.Parse("test.yaml", []byte(head+"- new: {count: 3}\n- snapshot: {name: a}\n- wait: {event: press, within: PT1S}\n"))
	require.NoError(t, err)
	r := scenario.Run(t.Context(), s, scenario.Options{Fleet: f.client, Shared: true})
	require.ErrorContains(t, r.Err, "event press within 1 s")
	require.Equal(t, 2, f.Len())
	require.Equal(t, "2026-01-01T00:00:01Z", f.World().Now().Time().Format("2006-01-02T15:04:05Z07:00"))
	require.Empty(t, f.Snapshots())

	// The clock does not go back to the scenario's start.
	r = scenario.Run(t.Context(), s, scenario.Options{Fleet: f.client, Shared: true})
	require.ErrorContains(t, r.Err, "setting the clock of the fleet: time does not run backwards")

	gone := scenario.Run(t.Context(), s, scenario.Options{Fleet: &control.Client{URL: "http://127.0.0.1:1"}})
	require.ErrorIs(t, gone.Err, control.ErrUnreachable)
}

// TestRealClock runs a scenario whose clock runs by itself, ten times as fast. The display
// goes off after 3 s: much faster, and a busy machine would begin to wait for that too late.
func TestRealClock(t *testing.T) {
	r := do(t, `clock: scaled:10
steps:
- new: {ready: true, profile: button-6}
- press:
- wait: {event: display-off, within: PT1H}
- expect-display: {text: '^ *$'}
- wait: {event: drop, within: PT1S}
`, scenario.Options{}, false)
	require.ErrorContains(t, r.Err, "test.yaml:7: wait: expected event drop within 1 s: ")
	require.Equal(t, 4, r.Steps)
}

// TestStepEnds checks the offset of a code on a running clock, if the step ends between the
// reading of the code and the question about it.
func TestStepEnds(t *testing.T) {
	s, err := scenario.Parse("test.yaml", []byte("clock: real\nat: 2026-01-01T00:00:00Z\nsteps:\n- new: {ready: true, crystal: perfect}\n- expect-code: {offset: 0}\n"))
	require.NoError(t, err)
	f := serve(t, s, false)
	to, err := url.Parse(f.client.URL)
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(to)
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/oracle" && asked.Add(1) == 1 {
			f.World().Advance(time.Minute)
		}
		proxy.ServeHTTP(w, r)
	}))
	defer server.Close()
	r := scenario.Run(t.Context(), s, scenario.Options{Fleet: &control.Client{URL: server.URL, Key: f.client.Key}})
	require.NoError(t, r.Err)
	require.EqualValues(t, 2, asked.Load())
}

// TestCancel checks that a scenario ends soon after its context.
func TestCancel(t *testing.T) {
	s, err := scenario.Parse("test.yaml", []byte(head+"- exec: {run: [sleep, '1000']}\n"))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	f := serve(t, s, false)
	cancel()
	r := scenario.Run(ctx, s, scenario.Options{Fleet: f.client, Artifacts: t.TempDir()})
	require.ErrorIs(t, r.Err, context.Canceled)
	require.Empty(t, r.Artifacts)
}
