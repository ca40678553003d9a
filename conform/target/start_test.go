// SPDX-License-Identifier: Apache-2.0

package target_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/target"
)

// TestMain makes the test binary a server, which counts its checks in memory, if it is
// given a port.
func TestMain(m *testing.M) {
	if os.Getenv("TARGET_SERVER") == "" {
		os.Exit(m.Run())
	}
	var checks atomic.Int64
	http.HandleFunc("/check", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("code") == "die" {
			fmt.Println("out of memory after", r.FormValue("code"), r.Header.Get("Key"))
			os.Exit(9)
		}
		fmt.Fprintln(w, "check", checks.Add(1))
	})
	l, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	dir, _ := os.Getwd()
	fmt.Println("listening at", l.Addr(), "in", dir)
	fmt.Println(http.Serve(l, nil))
}

// serverFile returns a target file whose server is the test binary.
func serverFile(ready string) string {
	return `
name: server
url: http://127.0.0.1:{{port}}
secrets: {key: key}
headers: {Key: "{{key}}"}
setup:
  - start: {argv: ["` + os.Args[0] + `", "{{port}}"], env: {TARGET_SERVER: "1"}, dir: "{{dir}}", ready: ` + ready + `}
import: {http: {path: /import}, accepted: {status: 404}}
check: {http: {path: /check, form: {code: "{{code}}"}}, accepted: {body: "check 1"}, refused: {body: "check"}}
restart: {start_again: true}
`
}

func parse(t *testing.T, text string) *target.File {
	t.Helper()
	f, err := target.Parse([]byte(text), target.Options{Secret: func(string) ([]byte, error) { return []byte("s3cret\n"), nil }})
	require.NoError(t, err)
	return f
}

// TestStart: a server is started, answers, loses its memory by a restart at the same port,
// and ends with the run.
func TestStart(t *testing.T) {
	for _, ready := range []string{`{line: "^listening at 127.0.0.1:{{port}} in /.*fob-conform-"}`, `{http: "http://127.0.0.1:{{port}}/"}`, `{tcp: "127.0.0.1:{{port}}"}`} {
		o, err := parse(t, serverFile(ready)).Open(t.Context())
		require.NoError(t, err, ready)
		check := func(code string) (conform.Verdict, error) {
			a, err := o.Target.Check(t.Context(), conform.Attempt{Token: &conform.Token{}, Code: code})
			return a.Verdict, err
		}
		for range 2 {
			for _, want := range []conform.Verdict{conform.Accepted, conform.Refused} {
				got, err := check("123456")
				require.NoError(t, err)
				require.Equal(t, want, got)
			}
			require.NoError(t, o.Target.Restart(t.Context()))
		}
		require.NoError(t, o.Close())
		_, err = check("123456")
		require.ErrorIs(t, err, conform.ErrUnreachable)
	}
}

// TestStartAgainFails: a program that cannot be started again is an error, and the run ends.
func TestStartAgainFails(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "server")
	require.NoError(t, os.Symlink(os.Args[0], program))
	file := strings.Replace(serverFile(`{tcp: "127.0.0.1:{{port}}"}`), os.Args[0], program, 1)
	o, err := parse(t, file).Open(t.Context())
	require.NoError(t, err)
	require.NoError(t, os.Remove(program))
	for range 2 {
		err = o.Target.Restart(t.Context())
		require.ErrorIs(t, err, conform.ErrUnreachable)
		require.ErrorContains(t, err, "running "+program+": no such file")
	}
	_, err = o.Target.Check(t.Context(), conform.Attempt{Token: &conform.Token{}, Code: "123456"})
	require.ErrorContains(t, err, "has ended (signal: terminated)")
	require.NoError(t, o.Close())
}

// TestStartDies: if the server ends during the run, that is the error of the run, with the
// server's last words but without secrets.
func TestStartDies(t *testing.T) {
	o, err := parse(t, serverFile(`{tcp: "127.0.0.1:{{port}}"}`)).Open(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, o.Close()) }()
	check, checks := o.Target.Check, 0
	o.Target.Check = func(ctx context.Context, a conform.Attempt) (conform.Answer, error) {
		if checks++; checks == 3 {
			a.Code = "die"
		}
		return check(ctx, a)
	}
	_, err = conform.Run(t.Context(), o.Target, conform.Options{})
	require.ErrorIs(t, err, conform.ErrUnreachable)
	require.ErrorContains(t, err, os.Args[0]+" has ended (exit status 9); its last output:\nlistening at")
	require.ErrorContains(t, err, "out of memory after die {{key}}")
	require.Equal(t, 1, strings.Count(err.Error(), "has ended"))
}

// TestStartErrors: a program that does not become ready is an error, and is ended with the
// processes that it has started.
func TestStartErrors(t *testing.T) {
	const file = `
name: x
secrets: {key: key}
setup: [{start: {argv: PROGRAM, env: {KEY: "{{key}}", PIDS: "PIDFILE"}, stdin: "hello\n", ready: READY}}]
import: {file: {path: "{{dir}}/x"}}
check: {command: {argv: [cat], stdin: "{{code}}"}, accepted: {exit: 0}, refused: {exit: 1}}
`
	for _, c := range []struct{ program, ready, want string }{
		{`[sh, -c, 'read x; echo "$x: cannot open the database" "$KEY"; exit 3']`, `{line: ready}`, "sh has ended (exit status 3); its last output:\nhello: cannot open the database {{key}}"},
		{`[sh, -c, "kill -KILL $$"]`, `{tcp: "127.0.0.1:{{port}}"}`, "sh has ended (signal: killed); it has printed nothing"},
		{`[sh, -c, "sleep 1000 & echo $! >$PIDS; echo $$ >>$PIDS; echo loading; wait"]`, `{line: "^ready$", timeout: 5s}`, "sh is not ready after 5s; its last output:\nloading"},
		{`[sh, -c, "echo $$ >$PIDS; exec sleep 1000"]`, `{http: "http://127.0.0.1:{{port}}/", timeout: 300ms}`, "sh is not ready after 300ms; it has printed nothing"},
		{`[/does/not/exist]`, `{line: ready}`, "running /does/not/exist: no such file"},
	} {
		pids := filepath.Join(t.TempDir(), "pids")
		_, err := parse(t, strings.NewReplacer("PROGRAM", c.program, "READY", c.ready, "PIDFILE", pids).Replace(file)).Open(t.Context())
		require.ErrorIs(t, err, conform.ErrUnreachable)
		require.ErrorContains(t, err, "setting up the target: step 1: ")
		require.ErrorContains(t, err, c.want)
		text, _ := os.ReadFile(pids)
		for _, pid := range strings.Fields(string(text)) {
			requireEnded(t, pid)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	pids := filepath.Join(t.TempDir(), "pids")
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err := parse(t, strings.NewReplacer("PROGRAM", `[sh, -c, "echo $$ >$PIDS; exec sleep 1000"]`, "READY", "{line: x}", "PIDFILE", pids).Replace(file)).Open(ctx)
	require.ErrorIs(t, err, context.Canceled)
	text, _ := os.ReadFile(pids) // empty if the shell was too slow
	for _, pid := range strings.Fields(string(text)) {
		requireEnded(t, pid)
	}
}

// requireEnded checks that a process has ended. It may still be a zombie.
func requireEnded(t *testing.T, pid string) {
	t.Helper()
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	require.True(t, err != nil || strings.Contains(string(stat), ") Z "), "process %s is still there", pid)
}

func TestStartInFile(t *testing.T) {
	good := serverFile("{line: listening}")
	parse(t, good)
	for old, c := range map[string]struct{ with, want string }{
		"{line: listening}":      {"{line: listening, tcp: 'x:1'}", "want one of line, http and tcp"},
		"line: listening":        {"line: '('", "error parsing regexp"},
		"{line: ":                {"{timeout: soon, line: ", `timeout "soon": want a duration`},
		"line: listening}":       {"http: 'http://bank.example/'}", "not a loopback address"},
		"{line: listening}}":     {"{tcp: localhost}}", "want HOST:PORT"},
		"{start_again: true}":    {"{start: {argv: [x]}}", "unknown field start: "},
		"http: {path: /import},": {"start_again: true,", "start_again: only in restart"},
		"setup:\n  - start":      {"setup:\n  - command", "unknown field ready"},
		", dir: ":                {", stdin: '{{key}}', dir: ", ""},
		`"{{port}}"]`:            {`"{{key}}"]`, "start: {{key}} in argv can be read by all users"},
		"1:{{port}}\n":           {"1:{{code}}\n", "url: unknown placeholder {{code}}"},
	} {
		require.Contains(t, good, old)
		_, err := target.Parse([]byte(strings.Replace(good, old, c.with, 1)), target.Options{Secret: func(string) ([]byte, error) { return []byte("k"), nil }})
		if c.want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, target.ErrFile, old)
		require.ErrorContains(t, err, c.want, old)
	}
	_, err := target.Parse([]byte("name: x\nimport: {file: {path: /x}}\nrestart: {start_again: true}\n"+
		"check: {command: {argv: [cat], stdin: '{{code}}'}, accepted: {exit: 0}, refused: {exit: 1}}\n"), target.Options{})
	require.ErrorContains(t, err, "restart: start_again: setup starts no program")
}
