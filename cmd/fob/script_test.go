// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
)

const (
	// patience is the time limit for an expected event. Events take a few seconds, and
	// a machine may be ten times slower. Reaching the limit is a failure.
	patience = 3 * time.Minute
	// scriptLimit is the time limit of one script. The longest script takes 20 s.
	scriptLimit = 10 * time.Minute
)

// TestScripts runs the scripts in testdata/script, which document the behaviour of fob.
// In addition to testscript's commands there are:
//
//	start NAME COMMAND…   run a command in the background and wait for its ready line;
//	                      sets $NAME_pid, and $NAME_portN, $NAME_addrN (without tcp:)
//	                      and $NAME_hwN, $NAME_serialN of token N, $NAME_url of a fleet, or $NAME_http, $NAME_addr
//	                      (without http://) and $NAME_radius of a bank,
//	                      and $NAME_qemu, the process id of QEMU, of a board
//	halt NAME [SIGNAL]    send it SIGNAL (default TERM) and expect exit code 0, with !
//	                      any other; writes NAME.stdout and NAME.stderr
//	ended NAME CODE       wait until it ends by itself
//	until NAME REGEXP     wait until its stderr matches
//	exits CODE COMMAND…   run a command and expect its exit code
//	keys KEY…             every line on stdout is a JSON object with these keys
//	keys-stderr KEY…      the same for stderr
//	let NAME [KEY]        set $NAME to stdout, or to a key of the JSON object on it
//	mode FILE PERM        the permissions of a file, in octal
//	exec ask STATUS METHOD URL [BODYFILE|- [SECRET]]
//	                      make an HTTP request and expect the status of the response
//	silent NAME tcp|pty   a port at $NAME that never responds; $NAME_addr is without tcp:
//	vanish NAME           a port at $NAME that closes the connection on the first byte
func TestScripts(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the scripts use pseudo-terminals and signals")
	}
	files, err := filepath.Glob("testdata/script/*.txt*")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		name, _, _ := strings.Cut(filepath.Base(file), ".")
		t.Run(name, func(t *testing.T) {
			t.Parallel() // before its deadline is computed
			end, limited := t.Deadline()
			testscript.RunT(oneScript{t}, scriptParams(file, scriptDeadline(time.Now(), end, limited)))
		})
	}
}

// oneScript runs a script in the current test. testscript.Run would start the deadline
// of all scripts at once.
type oneScript struct{ *testing.T }

func (s oneScript) Run(_ string, f func(testscript.T)) { f(s) }
func (s oneScript) Parallel()                          {}
func (s oneScript) Verbose() bool                      { return testing.Verbose() }

// scriptDeadline returns the deadline of a script that starts now: after scriptLimit,
// or when go test -timeout would end the process.
func scriptDeadline(now, end time.Time, limited bool) time.Time {
	deadline := now.Add(scriptLimit)
	if limited && end.Before(deadline) {
		return end
	}
	return deadline
}

func scriptParams(file string, deadline time.Time) testscript.Params {
	return testscript.Params{
		Files:               []string{file},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Deadline:            deadline,
		Setup: func(e *testscript.Env) error {
			// The key of state folders is in the home directory.
			e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
			e.Setenv("XDG_CONFIG_HOME", "")
			e.Setenv("GORACE", os.Getenv("GORACE"))
			e.Values[background{}] = map[string]*job{}
			return ownFiles(e.WorkDir)
		},
		Condition: func(cond string) (bool, error) {
			tool, ok := strings.CutPrefix(cond, "tool:")
			if !ok {
				return false, fmt.Errorf("unknown condition %q", cond)
			}
			_, err := exec.LookPath(tool)
			if err != nil && tooltest.Required() {
				return false, err
			}
			return err == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start": cmdStart, "halt": cmdHalt, "ended": cmdEnded, "until": cmdUntil, "exits": cmdExits, "keys": cmdKeys("stdout"), "keys-stderr": cmdKeys("stderr"),
			"let": cmdLet, "mode": cmdMode, "silent": cmdSilent, "vanish": cmdVanish,
		},
	}
}

// ownFiles makes the files of a script readable by their owner only, as fob requires of
// files with secrets.
func ownFiles(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		return os.Chmod(path, 0o600)
	})
}

// failedScript records how a script that may fail has ended.
type failedScript struct {
	*testing.T
	failed bool
	log    strings.Builder
}

func (f *failedScript) Run(_ string, run func(testscript.T)) {
	ended := make(chan struct{})
	go func() { // a failing script ends its goroutine
		defer close(ended)
		run(f)
	}()
	<-ended
}
func (f *failedScript) Parallel()         {}
func (f *failedScript) Verbose() bool     { return false }
func (f *failedScript) Log(args ...any)   { fmt.Fprintln(&f.log, args...); f.T.Log(args...) }
func (f *failedScript) Fatal(args ...any) { f.Log(args...); f.FailNow() }
func (f *failedScript) FailNow()          { f.failed = true; runtime.Goexit() }

// TestScriptDeadlines checks that a script that hangs does not take time from the next
// one, and that its processes end without printing their goroutines.
func TestScriptDeadlines(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	hangs, passes := write("hangs.txt", "exec fob run --tcp 127.0.0.1:0\n"), write("passes.txt", "exec fob version\n")

	// On a slow machine, a short deadline is over before the process can receive SIGQUIT.
	for limit := time.Second; ; limit *= 2 {
		first := &failedScript{T: t}
		testscript.RunT(first, scriptParams(hangs, time.Now().Add(limit)))
		require.True(t, first.failed)
		require.Contains(t, first.log.String(), "timed out")
		if strings.Contains(first.log.String(), "ended by SIGQUIT") {
			require.NotContains(t, first.log.String(), "goroutine ")
			break
		}
		require.Less(t, limit, patience)
	}
	second := &failedScript{T: t}
	testscript.RunT(second, scriptParams(passes, scriptDeadline(time.Now(), time.Time{}, false)))
	require.False(t, second.failed)

	now := time.Now()
	require.Equal(t, now.Add(scriptLimit), scriptDeadline(now, time.Time{}, false))
	require.Equal(t, now.Add(scriptLimit), scriptDeadline(now, now.Add(time.Hour), true))
	require.Equal(t, now.Add(time.Minute), scriptDeadline(now, now.Add(time.Minute), true))
}

// background is the key of a script's background jobs.
type background struct{}

type job struct {
	cmd    *exec.Cmd
	stderr logged
	stdout strings.Builder
	ended  chan struct{} // closed when stdout and err may be read
	err    error
}

func jobs(ts *testscript.TestScript) map[string]*job {
	return ts.Value(background{}).(map[string]*job)
}

func cmdStart(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: start NAME COMMAND…")
	}
	name := args[0]
	j := &job{cmd: exec.Command(lookPath(ts, args[1]), args[2:]...), ended: make(chan struct{})}
	j.cmd.Dir = ts.MkAbs(".")
	for _, v := range []string{"PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "GOCOVERDIR", "GORACE"} {
		j.cmd.Env = append(j.cmd.Env, v+"="+ts.Getenv(v))
	}
	j.cmd.Stderr = &j.stderr
	stdout, err := j.cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(j.cmd.Start())
	ts.Defer(func() {
		_ = j.cmd.Process.Kill()
		<-j.ended
	})
	first := make(chan string, 1)
	go func() {
		defer close(j.ended)
		r := bufio.NewReader(stdout)
		line, _ := r.ReadString('\n')
		first <- line
		j.stdout.WriteString(line)
		_, _ = io.Copy(&j.stdout, r)
		j.err = j.cmd.Wait()
	}()
	var ready struct {
		Tokens []struct {
			HW     string `json:"hardware_id"`
			Serial string `json:"serial"`
			Port   string `json:"port"`
		} `json:"tokens"`
		URL    string `json:"url"`
		HTTP   string `json:"http"`
		RADIUS string `json:"radius"`
		QEMU   int    `json:"qemu_pid"`
	}
	select {
	case line := <-first:
		if err := json.Unmarshal([]byte(line), &ready); err != nil {
			<-j.ended
			ts.Fatalf("%s is not ready: %v: %s%s", name, err, line, &j.stderr)
		}
		ts.Logf("%s: %s", name, line)
	case <-time.After(patience):
		ts.Fatalf("%s does not become ready", name)
	}
	ts.Setenv(name+"_pid", fmt.Sprint(j.cmd.Process.Pid))
	ts.Setenv(name+"_qemu", fmt.Sprint(ready.QEMU))
	ts.Setenv(name+"_url", ready.URL)
	ts.Setenv(name+"_http", ready.HTTP)
	ts.Setenv(name+"_addr", strings.TrimPrefix(ready.HTTP, "http://"))
	ts.Setenv(name+"_radius", ready.RADIUS)
	for i, token := range ready.Tokens {
		ts.Setenv(fmt.Sprintf("%s_hw%d", name, i), token.HW)
		ts.Setenv(fmt.Sprintf("%s_serial%d", name, i), token.Serial)
		ts.Setenv(fmt.Sprintf("%s_port%d", name, i), token.Port)
		ts.Setenv(fmt.Sprintf("%s_addr%d", name, i), strings.TrimPrefix(token.Port, "tcp:"))
	}
	jobs(ts)[name] = j
}

// lookPath finds a command in the PATH of this process; scripts have another PATH.
func lookPath(ts *testscript.TestScript, name string) string {
	path, err := exec.LookPath(name)
	ts.Check(err)
	return path
}

func cmdHalt(ts *testscript.TestScript, neg bool, args []string) {
	signal := os.Signal(syscall.SIGTERM)
	switch {
	case len(args) == 2 && args[1] == "INT":
		signal = os.Interrupt
	case len(args) == 2 && args[1] == "KILL":
		signal = os.Kill
	case len(args) == 2 && args[1] == "HUP":
		signal = syscall.SIGHUP
	case len(args) != 1:
		ts.Fatalf("usage: halt NAME [INT|KILL|HUP]")
	}
	j := jobs(ts)[args[0]]
	ts.Check(j.cmd.Process.Signal(signal))
	if code := wait(ts, args[0]); (code != 0) != neg {
		ts.Fatalf("exit code %d: %s", code, &j.stderr)
	}
}

func cmdEnded(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: ended NAME CODE")
	}
	if code := wait(ts, args[0]); fmt.Sprint(code) != args[1] {
		ts.Fatalf("exit code %d, want %s: %s", code, args[1], &jobs(ts)[args[0]].stderr)
	}
}

func cmdUntil(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: until NAME REGEXP")
	}
	j, want := jobs(ts)[args[0]], regexp.MustCompile("(?m)"+args[1])
	for end := time.Now().Add(patience); !want.MatchString(j.stderr.String()); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			ts.Fatalf("%s does not print %q: %s", args[0], args[1], &j.stderr)
		}
	}
}

// wait waits for the end of a job and returns its exit code.
func wait(ts *testscript.TestScript, name string) int {
	j := jobs(ts)[name]
	select {
	case <-j.ended:
	case <-time.After(patience):
		ts.Fatalf("%s does not end", name)
	}
	for file, text := range map[string]string{".stdout": j.stdout.String(), ".stderr": j.stderr.String()} {
		ts.Check(os.WriteFile(ts.MkAbs(name+file), []byte(text), 0o600))
	}
	ts.Logf("%s", &j.stderr)
	return exitCodeOf(ts, j.err)
}

func exitCodeOf(ts *testscript.TestScript, err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	ts.Fatalf("%v", err)
	return -1
}

func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	code := exitCodeOf(ts, ts.Exec(args[1], args[2:]...))
	if fmt.Sprint(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
	// After any failure there must be an error on stderr, and no output that a script
	// could mistake for a result.
	stderr := ts.ReadFile("stderr")
	reported := strings.HasPrefix(stderr, "fob: ") || strings.HasPrefix(stderr, `{"`)
	if code != 0 && code != 1 && (!reported || ts.ReadFile("stdout") != "") {
		ts.Fatalf("want an error on stderr and nothing on stdout")
	}
}

func cmdKeys(stream string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		kinds := [][]string{nil} // of objects: keys A B or C D
		for _, arg := range args {
			if arg == "or" {
				kinds = append(kinds, nil)
				continue
			}
			last := &kinds[len(kinds)-1]
			*last = append(*last, arg)
		}
		for _, kind := range kinds {
			slices.Sort(kind)
		}
		lines := strings.Split(strings.TrimSuffix(ts.ReadFile(stream), "\n"), "\n")
		for _, line := range lines {
			var object map[string]json.RawMessage
			if err := json.Unmarshal([]byte(line), &object); err != nil {
				ts.Fatalf("%v: %s", err, line)
			}
			got := slices.Sorted(maps.Keys(object))
			if !slices.ContainsFunc(kinds, func(kind []string) bool { return slices.Equal(got, kind) }) {
				ts.Fatalf("keys %q, want %q", got, kinds)
			}
		}
	}
}

func cmdLet(ts *testscript.TestScript, neg bool, args []string) {
	text := strings.TrimSpace(ts.ReadFile("stdout"))
	if len(args) == 2 {
		var object map[string]any
		ts.Check(json.Unmarshal([]byte(text), &object))
		if object[args[1]] == nil {
			ts.Fatalf("no key %q", args[1])
		}
		text = fmt.Sprint(object[args[1]])
	}
	ts.Setenv(args[0], text)
}

func cmdMode(ts *testscript.TestScript, neg bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := fmt.Sprintf("%o", info.Mode().Perm()); got != args[1] {
		ts.Fatalf("%s has mode %s, want %s", args[0], got, args[1])
	}
}

func cmdSilent(ts *testscript.TestScript, neg bool, args []string) {
	switch args[1] {
	case "pty":
		master, slave, err := pty.Open()
		ts.Check(err)
		go io.Copy(io.Discard, master)
		ts.Defer(func() { slave.Close(); master.Close() })
		ts.Setenv(args[0], slave.Name())
	case "tcp":
		serve(ts, args[0], func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	}
}

func cmdVanish(ts *testscript.TestScript, neg bool, args []string) {
	serve(ts, args[0], func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) })
}

// serve calls f for each connection to a TCP port, and sets the variable name to the
// port's address.
func serve(ts *testscript.TestScript, name string, f func(net.Conn)) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	ts.Setenv(name, "tcp:"+l.Addr().String())
	ts.Setenv(name+"_addr", l.Addr().String())
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				f(c)
			}()
		}
	}()
}
