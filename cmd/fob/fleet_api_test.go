// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

// TestFleetVerbs checks that fob fleet can do everything that the API can: it runs at
// least one command line for each operation of the description, and together they send
// each parameter and each field that the operation has.
func TestFleetVerbs(t *testing.T) {
	const s, snap = "ZZFB00000001", "before"
	dir := t.TempDir()
	recording := filepath.Join(dir, "wire.jsonl")
	require.NoError(t, os.WriteFile(recording, []byte(`{"at":"2026-01-01T00:00:00Z","from":"host","hex":"00"}`+"\n"), 0o600))
	line := func(direction string) string {
		return strings.ReplaceAll("--drop-X 0.1 --flip-X 0.1 --double-X 0.1 --insert-X 0.1 --stall-at-X 5 --stall-X 1s --unplug-after-X 9 --baud-X 9600 --seed-X 7", "X", direction)
	}
	verbs := []struct {
		operation string
		lines     []string
	}{
		{"health", []string{"health"}},
		{"capabilities", []string{"capabilities"}},
		{"make-tokens", []string{
			"add --name aged --count 2 --profile button-6 --ready --crystal model --ppm 2 --age P1Y --age-to 2y --age-temp 30 --temp 20 --expiry 2030-01-01 --expiry-to 2031-01-01 --serial-kind oath",
		}},
		{"list-tokens", []string{
			"ls --state locked --model button-6 --lot aged --fault any --serial ZZFB --expires-before 2031-01-01 --battery-below 0.5 --error-above 1s",
			"ls --find b00000 --last 3",
			"ls", // needs two pages
		}},
		{"get-token", []string{"show " + s}},
		{"change-token", []string{"change " + s + " --ppm 1 --celsius 30"}},
		{"press", []string{"press " + s, "hold " + s + " --for 5s"}},
		{"display", []string{"lcd " + s}},
		{"code", []string{"code " + s + " --fresh --min-remaining 1s --real-timeout 1m", "code " + s + " --read-only"}},
		{"all-codes", []string{"codes"}},
		{"oracle", []string{"oracle " + s + " 123456 --window 2 --search 100"}},
		{"export", []string{"export --format oath-csv --token " + s + " --out " + filepath.Join(dir, "seeds.csv")}},
		{"qr", []string{"qr " + s + " --out " + filepath.Join(dir, "qr.svg")}},
		{"skew", []string{"skew " + s + " --by 1s"}},
		{"age", []string{"age " + s + " --by 1d --celsius 10"}},
		{"forecast", []string{"forecast " + s + " --by 5y --celsius 10 --points 3"}},
		{"temperature", []string{"temperature " + s + " --celsius 25"}},
		{"crystal", []string{"crystal " + s + " --ppm 1"}},
		{"drop", []string{"drop " + s}},
		{"battery", []string{"battery " + s + " insert"}},
		{"set-faults", []string{"fault " + s + " --dead d0.g --ghost tick --flash-fail --power-cut-at 2"}},
		{"get-faults", []string{"fault " + s}},
		{"clear-faults", []string{"fault " + s + " --clear"}},
		{"wait", []string{
			"wait " + s + " --state locked --display . --timeout 1m --real-timeout 1m", "wait " + s + " --event age --after 1",
		}},
		{"attach", []string{"port attach " + s + " --as tcp --number 0"}},
		{"list-ports", []string{"port ls " + s}},
		{"get-port", []string{"port show p1"}},
		{"set-line-faults", []string{"port faults p1 " + line("in") + " " + line("out"), "port faults p1 --drop-in 0.1 --baud 9600 --seed 3"}},
		{"get-line-faults", []string{"port faults p1"}},
		{"clear-line-faults", []string{"port faults p1 --clear"}},
		{"tap", []string{"wire p1 --start", "wire p1 --stop"}},
		{"wire", []string{"wire p1", "wire p1 --decode --last 5", "wire p1 --pcapng " + filepath.Join(dir, "wire.pcapng")}},
		{"replay", []string{"wire p1 --replay " + recording}},
		{"unplug", []string{"port unplug p1"}},
		{"replug", []string{"port replug p1 --number 0"}},
		{"detach", []string{"port rm p1"}},
		{"get-time", []string{"time"}},
		{"set-time", []string{"time --mode scaled:2 --pause", "time --mode manual --resume --now 2026-02-01T00:00:00Z"}},
		{"advance", []string{"advance --by 1d", "advance --to 2026-03-01T00:00:00Z", "advance --until next_step", "wait " + s + " --state locked --advance"}},
		{"take-snapshot", []string{"snap save " + snap + " " + s}},
		{"list-snapshots", []string{"snap ls --token " + s, "snap ls", "snap show " + snap}},
		{"get-snapshot", []string{"snap export " + snap + " --out " + filepath.Join(dir, "snap.json")}},
		{"load-snapshot", []string{"snap load again " + filepath.Join(dir, "snap.json")}},
		{"restore", []string{"snap restore again"}},
		{"events", []string{"events --after 1 --token " + s + " --kind age"}},
		{"fork", []string{"snap fork again"}},
		{"drop-snapshot", []string{"snap rm again"}},
		{"remove-token", []string{"rm ZZFB00000002"}},
		{"make-link", []string{"page"}},
	}

	api := recordedFleet(t, 1500)
	operations := map[string]bool{}
	for _, v := range verbs {
		require.False(t, operations[v.operation], v.operation)
		operations[v.operation] = true
		for _, command := range v.lines {
			code, out, errs := fob(t, "", append([]string{"fleet", "--url", api.URL, "--api-key-file", api.keyFile}, strings.Fields(command)...)...)
			require.Zero(t, code, "fob fleet %s: %s", command, errs)
			if v.operation == "get-faults" {
				require.Contains(t, out, "power-cut-at  2")
			}
		}
		require.NotNil(t, api.sent[v.operation], "%s: %v sends no such request", v.operation, v.lines)
	}
	require.Equal(t, slices.Sorted(maps.Keys(api.fields)), slices.Sorted(maps.Keys(operations)), "an operation without a verb")
	for operation, fields := range api.fields {
		for field := range fields {
			require.True(t, api.sent[operation][field], "%s: no verb sends %s", operation, field)
		}
	}
}

// recorded is the API of a fleet that notes which operations and fields are used.
type recorded struct {
	*httptest.Server
	keyFile string
	fields  map[string]map[string]bool // by operation: those that the description has

	mu   sync.Mutex
	sent map[string]map[string]bool // by operation
}

// described is the description of the API, as far as the fields of requests go.
type described struct {
	Paths map[string]map[string]struct {
		OperationID string
		Parameters  []struct{ Name, In string }
		RequestBody struct {
			Content map[string]struct{ Schema describedType }
		}
	}
	Components struct{ Schemas map[string]describedType }
}

type describedType struct {
	Ref        string `json:"$ref"`
	Properties map[string]describedType
}

// addFields adds the names of all fields of a type, such as in.drop.
func (d *described) addFields(to map[string]bool, typ describedType, prefix string) {
	if typ.Ref != "" {
		typ = d.Components.Schemas[strings.TrimPrefix(typ.Ref, "#/components/schemas/")]
	}
	for name, field := range typ.Properties {
		to[prefix+name] = true
		d.addFields(to, field, prefix+name+".")
	}
}

// addSent adds the names of the fields of a request.
func addSent(to map[string]bool, body map[string]any, prefix string) {
	for name, value := range body {
		to[prefix+name] = true
		if inner, ok := value.(map[string]any); ok {
			addSent(to, inner, prefix+name+".")
		}
	}
}

func recordedFleet(t *testing.T, count int) *recorded {
	const key = "key-of-the-test"
	text, err := control.OpenAPI()
	require.NoError(t, err)
	var d described
	require.NoError(t, json.Unmarshal(text, &d))
	api := &recorded{keyFile: filepath.Join(t.TempDir(), "key"), fields: map[string]map[string]bool{}, sent: map[string]map[string]bool{}}
	require.NoError(t, os.WriteFile(api.keyFile, []byte(key), 0o600))
	routes := http.NewServeMux()
	for path, methods := range d.Paths {
		for method, op := range methods {
			fields := map[string]bool{}
			for _, p := range op.Parameters {
				if p.In == "query" {
					fields[p.Name] = true
				}
			}
			for _, content := range op.RequestBody.Content {
				d.addFields(fields, content.Schema, "")
			}
			api.fields[op.OperationID] = fields
			routes.HandleFunc(strings.ToUpper(method)+" "+path, func(_ http.ResponseWriter, r *http.Request) { api.note(op.OperationID, r) })
		}
	}
	world, err := virtual.NewWorld(virtual.Config{Seed: 7})
	require.NoError(t, err)
	f, err := fleet.New(world, fleet.Config{Lots: []fleet.Lot{{Count: fleet.LotCount(count), Ready: true}}})
	require.NoError(t, err)
	handler := control.New(f, control.Options{
		Key: key, AllowSeedExport: true, NewLink: func() (string, time.Time) { return "/login/once", time.Now().Add(time.Hour) },
	})
	api.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("reading a request: %v", err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		seen := r.Clone(r.Context())
		seen.Host, seen.Body = "", io.NopCloser(bytes.NewReader(body))
		routes.ServeHTTP(httptest.NewRecorder(), seen)
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		api.Close()
		require.NoError(t, f.Close())
	})
	return api
}

// note records a request.
func (a *recorded) note(operation string, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sent[operation] == nil {
		a.sent[operation] = map[string]bool{}
	}
	for name := range r.URL.Query() {
		a.sent[operation][name] = true
	}
	var body map[string]any
	if json.NewDecoder(r.Body).Decode(&body) == nil {
		addSent(a.sent[operation], body, "")
	}
}

// TestFleetWrongUse: each is a usage error with a message about the mistake.
func TestFleetWrongUse(t *testing.T) {
	api := recordedFleet(t, 2)
	for command, want := range map[string]string{
		"press|":                                       `the argument "" is not a name: want TOKEN`,
		"rm|..":                                        `the argument ".." is not a name`,
		"oracle|ZZFB00000001|":                         `the argument "" is not a name: want TOKEN CODE`,
		"snap|restore|":                                `the argument "" is not a name: want NAME`,
		"port|unplug|":                                 `the argument "" is not a name: want PORT`,
		"press":                                        "takes TOKEN: 0 arguments are given",
		"oracle|ZZFB00000001":                          "takes TOKEN CODE: 1 argument is given",
		"oracle|ZZFB00000001|12":                       "fob: code: want 6 to 9 digits, such as 483920",
		"battery|ZZFB00000001|explode":                 "fob: do: want remove, insert or replace",
		"wait|ZZFB00000001|--event|nonsense":           "advance, clock-mode, pause, resume\n", // once
		"fault|ZZFB00000001|--power-cut-at|0":          "--power-cut-at 0: want 1, the next flash operation, to 4294967295",
		"fault|ZZFB00000001|--dead|d6.a":               `"d6.a", want d0.a to d5.g`,
		"add|--age|5y|--age-to|1y":                     "age_to 1y is less than age 5y",
		"time|--mode|scaled":                           "--mode scaled: want scaled:N",
		"temperature|ZZFB00000001|--celsius|NaN":       "--celsius NaN: want a number from -60 to 125",
		"temperature|ZZFB00000001|--celsius|Inf":       "--celsius Inf: want a number from -60 to 125",
		"temperature|ZZFB00000001|--celsius|1e400":     "--celsius 1e400: want a number from -60 to 125",
		"age|ZZFB00000001|--by|1d|--celsius|126":       "--celsius 126: want a number from -60 to 125",
		"crystal|ZZFB00000001|--ppm|nan":               "--ppm nan: want a number from -25000 to 25000",
		"add|--temp|-inf":                              "--temp -inf: want a number from -60 to 125",
		"port|faults|p1|--drop-in|NaN":                 "--drop-in NaN: want a number from 0 to 1",
		"port|faults|p1|--stall-in|1s":                 "--stall-at-in and --stall-in go together",
		"port|faults|p1|--clear|--baud|300":            "takes one of --clear or --baud",
		"ls|--battery-below|2":                         "--battery-below 2: want a number from 0 to 1",
		"time|--mode|scaled:NaN":                       "--mode scaled:NaN: want scaled:N with a number N from 0.001 to 1000000000",
		"time|--mode|scaled:1e10":                      "--mode scaled:1e10: want scaled:N with a number N from 0.001 to 1000000000",
		"advance|--by|1 day":                           `"1 day", want ISO 8601 such as P2Y6M or PT90S, or 1h30m, 1d or 5y`,
		"age|ZZFB00000001|--by|201y":                   `a period of "201y": want 0 s to 200 years`,
		"fault|ZZFB00000001|--dead|":                   "--dead is empty",
		"fault|ZZFB00000001|--clear|--dead|d0.g":       "takes one of --clear or --dead",
		"port|attach|ZZFB00000001|--as|pty|--number|9": "only tcp and rfc2217 have a port number",
		"ls|--state|FOO":                               `there is no state "FOO": there are BLANK, PROVISIONED, LOCKED`,
		"ls|--fault|FOO":                               `there is no fault "FOO": there are dead, ghost`,
		"ls|--lot|9":                                   `there is no lot "9": there are 1, such as 1`,
		"wait|ZZFB00000001|--state|FOO":                `there is no state "FOO": there are BLANK`,
		"wait|ZZFB00000001|--event|FOO":                `there is no event "FOO": there are made`,
		"add|--crystal|FOO":                            `there is no crystal "FOO": there are model`,
		"add|--profile|FOO":                            "want always-on-6, button-6, button-8",
		"add|--expiry|2030-01-01":                      "expiry has no effect: it needs ready",
		"wire|p1|--last|5":                             "--last counts messages: give --decode as well",
		"wire|p1|--decode|--last|10001":                "--last 10001: want 1 to 10000, or 0 for 1000",
		"wire|p1|--decode|--last|-1":                   "--last -1: want 1 to 10000",
		"snap|show|none":                               `there is no snapshot "none"`,
	} {
		args := append([]string{"fleet", "--url", api.URL, "--api-key-file", api.keyFile}, strings.Split(command, "|")...)
		code, out, errs := fob(t, "", args...)
		require.Equal(t, exitUsage, code, "%s: %s%s", command, out, errs)
		require.Contains(t, errs, want, command)
	}
}

// TestFleetWireLast: a recording message by message begins with the number of messages that are
// left out. Bytes outside a message are not shown.
func TestFleetWireLast(t *testing.T) {
	api := recordedFleet(t, 1)
	run := func(args ...string) string {
		t.Helper()
		code, out, errs := fob(t, "", append([]string{"fleet", "--url", api.URL, "--api-key-file", api.keyFile}, args...)...)
		require.Zero(t, code, errs)
		require.Empty(t, errs)
		return out
	}
	run("port", "attach", "ZZFB00000001", "--as", "tcp")
	run("wire", "p1", "--start")
	recording := filepath.Join(t.TempDir(), "recording")
	line := func(b string) string {
		return fmt.Sprintf(`{"at":"2026-01-01T00:00:00Z","from":"host","hex":"%x"}`+"\n", b)
	}
	require.NoError(t, os.WriteFile(recording, []byte(line("\x06\x09\n\x06\x09\n\x06\x09\n")+line("oken hunter2\n")), 0o600))
	fob(t, "", "fleet", "--url", api.URL, "--api-key-file", api.keyFile, "wire", "p1", "--replay", recording)
	require.Regexp(t, `^(\S+  host   framing error, size: .*\n){3}\S+  host   outside a line: 13 bytes of text, not shown\n$`, run("wire", "p1", "--decode"))
	require.Regexp(t, `^older messages that are left out: 2\n\S+  host   framing error, .*\n\S+  host   outside a line: .*\n$`, run("wire", "p1", "--decode", "--last", "2"))
	require.Contains(t, run("wire", "p1", "--decode", "--last", "1", "--json"), `"left_out":3`)
}

// TestFleetFaultsShown: faults show where tokens are shown, and are gone after --clear.
func TestFleetFaultsShown(t *testing.T) {
	api := recordedFleet(t, 2)
	run := func(args ...string) string {
		t.Helper()
		code, out, errs := fob(t, "", append([]string{"fleet", "--url", api.URL, "--api-key-file", api.keyFile}, args...)...)
		require.Zero(t, code, errs)
		return out
	}
	const s = "ZZFB00000001"
	require.Equal(t, "no faults\n", run("fault", s))
	require.Contains(t, run("fault", s, "--dead", "d0.g,d1.g", "--flash-fail"), "faults dead, flash_fail\n")
	require.Equal(t, "dead        d0.g,d1.g\nflash-fail  in the next flash operation\n", run("fault", s))
	require.Regexp(t, `faults +dead flash_fail\n`, run("show", s))
	require.Regexp(t, s+` .* dead,flash_fail `, run("ls"))
	require.Regexp(t, `ZZFB00000002 .* - `, run("ls"))
	require.NotContains(t, run("ls", "--fault", "any"), "ZZFB00000002")
	require.NotContains(t, run("fault", s, "--clear"), "faults")
	require.Equal(t, "no faults\n", run("fault", s))

	run("port", "attach", s, "--as", "tcp")
	require.Equal(t, "no faults\n", run("port", "faults", "p1"))
	set := "--drop-in 0.25 --stall-at-in 3 --stall-in 2s --baud-in 9600 --baud-out 9600"
	require.Contains(t, run(append([]string{"port", "faults", "p1"}, strings.Fields(set)...)...), "faulty line")
	require.Equal(t, set+"\n", run("port", "faults", "p1"))
	require.Contains(t, run("ls", "--fault", "line"), s)
	require.NotContains(t, run("port", "faults", "p1", "--clear"), "faulty")
	require.Equal(t, "no faults\n", run("port", "faults", "p1"))
}

// TestFleetAmbiguous: a serial number that two tokens have is refused.
func TestFleetAmbiguous(t *testing.T) {
	api := recordedFleet(t, 1)
	run := func(args ...string) (int, string, string) {
		return fob(t, "", append([]string{"fleet", "--url", api.URL, "--api-key-file", api.keyFile}, args...)...)
	}
	code, _, errs := run("snap", "save", "a")
	require.Zero(t, code, errs)
	code, _, errs = run("snap", "fork", "a")
	require.Zero(t, code, errs)
	for _, command := range [][]string{{"show"}, {"code"}, {"press"}, {"rm"}, {"fault"}, {"snap", "save", "b"}} {
		code, _, errs = run(append(command, "ZZFB00000001")...)
		require.Equal(t, exitRefused, code, errs)
		require.Contains(t, errs, "2 tokens have the serial number ZZFB00000001: name one by its hardware id: ")
	}
	_, ids, ok := strings.Cut(errs, "hardware id: ")
	require.True(t, ok)
	for id := range strings.SplitSeq(strings.TrimSpace(ids), ", ") {
		code, _, errs = run("show", id)
		require.Zero(t, code, errs)
	}
}

// TestFleetWrongKey checks that the error names the place that the wrong key came from, and
// not the key.
func TestFleetWrongKey(t *testing.T) {
	_, r := startFleet(t, nil)
	file := filepath.Join(t.TempDir(), "old.key")
	require.NoError(t, os.WriteFile(file, []byte("a-key-of-another-fleet"), 0o600))
	t.Setenv("FOB_URL", r.URL)
	t.Setenv("FOB_API_KEY", "a-key-of-another-fleet")
	for from, args := range map[string][]string{"FOB_API_KEY": nil, file: {"--api-key-file", file}} {
		for _, command := range []string{"page", "ls", "events"} {
			code, _, errs := fob(t, "", append([]string{"fleet", command}, args...)...)
			require.Equal(t, 4, code, command)
			require.Equal(t, "fob: the key in "+from+" is not the API key of this fleet: "+
				"take it from the ready line of fob run, or from the file that fob run reads it from\n", errs, command)
		}
	}
}

// TestFleetPortAddress checks that a port can be named by its address, as fob fleet ls shows
// it, and that fob fleet show has its id.
func TestFleetPortAddress(t *testing.T) {
	_, r := startFleet(t, nil, "--ready", "--tcp", "127.0.0.1:0", "--profile", "always-on-6")
	t.Setenv("FOB_URL", r.URL)
	t.Setenv("FOB_API_KEY", r.APIKey)
	run := func(want int, args ...string) (out, errs string) {
		t.Helper()
		code, out, errs := fob(t, "", append([]string{"fleet"}, args...)...)
		require.Equal(t, want, code, errs)
		return out, errs
	}
	serial := r.Tokens[0].Serial
	out, _ := run(0, "port", "attach", serial)
	_, terminal, _ := strings.Cut(strings.TrimSpace(out), "  ")
	ports := map[string]string{"p1": r.Tokens[0].Port, "p2": terminal}
	shown, _ := run(0, "show", serial)
	for id, addr := range ports {
		require.Contains(t, shown, id+"  "+addr+"\n")
		run(0, "wire", addr, "--start")
		out, _ := run(0, "port", "show", addr)
		require.Equal(t, id+"  "+addr+"  recording\n", out)
		run(0, "wire", addr, "--decode", "--last", "5")
		run(0, "port", "faults", addr)
	}
	out, _ = run(0, "port", "unplug", terminal)
	require.Equal(t, "p2  unplugged  recording\n", out)
	_, errs := run(2, "port", "replug", terminal)
	require.Contains(t, errs, "there is no port", "an address is gone with its cable")
	run(0, "port", "replug", "p2")

	_, errs = run(2, "wire", "p1", "--decode", "--last", "-1")
	require.Equal(t, "fob: --last -1: want 1 to 10000, or 0 for 1000\n", errs)
	run(0, "wire", "p1", "--decode", "--last", "0")
	out, errs = run(0, "press", serial)
	require.Contains(t, out, serial)
	require.Equal(t, "fob: warning: press does nothing: a token of model always-on-6 has no button, its display is always on\n", errs)
	out, errs = run(0, "hold", serial, "--json")
	require.True(t, strings.HasPrefix(out, "{"))
	require.Contains(t, errs, "hold does nothing")
}
