// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/rogpeppe/go-internal/testscript"
)

// patience is for what must happen; to wait so long is a failure.
const patience = 20 * time.Second

// TestScripts runs testdata/script: each script is a document of how fob
// behaves. Besides the usual commands of testscript there are:
//
//	start NAME COMMAND…   run a command in the background until its ready line;
//	                      sets $NAME_pid, and $NAME_portN and $NAME_hwN of token N,
//	                      or $NAME_http and $NAME_radius of a bank,
//	                      and $NAME_qemu, the process id of QEMU, of a board
//	halt NAME [SIGNAL]    end it (TERM unless told otherwise) and expect exit
//	                      code 0, with ! any other; leaves NAME.stdout, NAME.stderr
//	ended NAME CODE       wait until it ends by itself
//	exits CODE COMMAND…   run a command and expect its exit code
//	keys KEY…             every line on stdout is a JSON object with these keys
//	let NAME [KEY]        set $NAME to stdout, or to a key of the JSON object on it
//	mode FILE PERM        the permissions of a file, in octal
//	exec ask STATUS METHOD URL [BODYFILE|- [SECRET]]
//	                      an HTTP request, whose answer must have that status
//	silent NAME tcp|pty   a port at $NAME that never answers
//	vanish NAME           a port at $NAME that hangs up on the first byte
func TestScripts(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the scripts use pseudo-terminals and signals")
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Deadline:            time.Now().Add(12 * patience), // of all scripts together, with the race detector on a busy machine
		Setup: func(e *testscript.Env) error {
			// The key of state folders lives here.
			e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
			e.Setenv("XDG_CONFIG_HOME", "")
			e.Setenv("GORACE", os.Getenv("GORACE"))
			e.Values[background{}] = map[string]*job{}
			return nil
		},
		Condition: func(cond string) (bool, error) {
			tool, ok := strings.CutPrefix(cond, "tool:")
			if !ok {
				return false, fmt.Errorf("unknown condition %q", cond)
			}
			_, err := exec.LookPath(tool)
			if err != nil && os.Getenv("FOB_REQUIRE_TOOLS") == "1" {
				return false, err
			}
			return err == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start": cmdStart, "halt": cmdHalt, "ended": cmdEnded, "exits": cmdExits, "keys": cmdKeys,
			"let": cmdLet, "mode": cmdMode, "silent": cmdSilent, "vanish": cmdVanish,
		},
	})
}

// background is the key of a script's jobs.
type background struct{}

type job struct {
	cmd    *exec.Cmd
	stdout strings.Builder
	stderr strings.Builder
	ended  chan struct{} // closed after which the rest may be read
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
			HW   string `json:"hardware_id"`
			Port string `json:"port"`
		} `json:"tokens"`
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
	ts.Setenv(name+"_http", ready.HTTP)
	ts.Setenv(name+"_radius", ready.RADIUS)
	for i, token := range ready.Tokens {
		ts.Setenv(fmt.Sprintf("%s_hw%d", name, i), token.HW)
		ts.Setenv(fmt.Sprintf("%s_port%d", name, i), token.Port)
	}
	jobs(ts)[name] = j
}

// lookPath finds a command; testscript gives scripts a PATH of their own.
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

// wait waits for the end of a job, and returns its exit code.
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
	// Whatever goes wrong, there is one line that says so, and nothing that a
	// script might take for a result.
	stderr := ts.ReadFile("stderr")
	if code != 0 && code != 1 && (!strings.HasPrefix(stderr, "fob: ") || ts.ReadFile("stdout") != "") {
		ts.Fatalf("want an error on stderr and nothing on stdout")
	}
}

func cmdKeys(ts *testscript.TestScript, neg bool, args []string) {
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
	lines := strings.Split(strings.TrimSuffix(ts.ReadFile("stdout"), "\n"), "\n")
	for _, line := range lines {
		var object map[string]json.RawMessage
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			ts.Fatalf("%v: %s", err, line)
		}
		var got []string
		for key := range object {
			got = append(got, key)
		}
		slices.Sort(got)
		if !slices.ContainsFunc(kinds, func(kind []string) bool { return slices.Equal(got, kind) }) {
			ts.Fatalf("keys %q, want %q", got, kinds)
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

// serve calls f for each connection to a TCP port, and sets the variable to the
// port's address.
func serve(ts *testscript.TestScript, name string, f func(net.Conn)) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	ts.Setenv(name, "tcp:"+l.Addr().String())
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
