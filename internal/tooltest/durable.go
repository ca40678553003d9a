// SPDX-License-Identifier: Apache-2.0

package tooltest

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// tracedDir is the environment variable that is set if strace runs the test process.
// Its value is the folder for the work.
const tracedDir = "FOB_TEST_TRACED_DIR"

// Durable runs the calling test again under strace, and inspects the system calls of
// work. The test fails unless each of the files that work replaces in dir was synced to
// disk after its last write and before it received its name, and the folder was synced
// after that. Otherwise only a power failure would reveal a mistake.
//
// The calling test must only call Durable.
func Durable(t *testing.T, work func(dir string), files ...string) {
	t.Helper()
	if dir := os.Getenv(tracedDir); dir != "" {
		work(dir)
		return
	}
	strace := Find(t, "strace")
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	trace := filepath.Join(t.TempDir(), "trace")
	cmd := exec.Command(strace, "-f", "-y", "-qq", "-s", "0", "-o", trace,
		"-e", "trace=write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,link,linkat",
		os.Args[0], "-test.run", "^"+regexp.QuoteMeta(t.Name())+"$", "-test.count=1")
	cmd.Env = append(os.Environ(), tracedDir+"="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("running the test under strace: %v\n%s", err, out)
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	calls := finishedCalls(string(text))
	for _, name := range files {
		if missing := undurable(calls, dir, name); missing != "" {
			t.Errorf("%s: %s; the calls in strace's trace:\n%s", name, missing, strings.Join(calls, "\n"))
		}
	}
}

// finishedCalls returns the system calls in the order in which they ended, without
// process numbers. A trace has two lines for a call that another thread interrupted.
func finishedCalls(trace string) []string {
	var calls []string
	begun := map[string]string{} // process → the first part
	for line := range strings.Lines(trace) {
		pid, call, _ := strings.Cut(strings.TrimSpace(line), " ")
		call = strings.TrimSpace(call)
		if first, unfinished := strings.CutSuffix(call, " <unfinished ...>"); unfinished {
			begun[pid] = first
			continue
		}
		if _, rest, resumed := strings.Cut(call, " resumed>"); resumed && strings.HasPrefix(call, "<... ") {
			call = begun[pid] + rest
		}
		calls = append(calls, call)
	}
	return calls
}

// undurable returns the step that is missing for the last replacement of dir/name to
// survive a power failure, or "" if none is missing.
func undurable(calls []string, dir, name string) string {
	named := regexp.MustCompile(`^(?:rename|link)[a-z0-9]*\(.*"([^"]*)".*"` + regexp.QuoteMeta(filepath.Join(dir, name)) + `".* = 0$`)
	at, temp := -1, ""
	for i, call := range calls {
		if m := named.FindStringSubmatch(call); m != nil {
			at, temp = i, m[1]
		}
	}
	if at < 0 {
		return "no file was renamed to it"
	}
	isSync := func(call, path string) bool {
		return strings.HasPrefix(call, "fsync(") && strings.Contains(call, "<"+path+">") && strings.HasSuffix(call, " = 0")
	}
	synced := false
	for _, call := range calls[:at] {
		switch {
		case strings.Contains(call, "write") && strings.Contains(call, "<"+temp+">"):
			synced = false
		case isSync(call, temp):
			synced = true
		}
	}
	if !synced {
		return "its content was not synced before it was renamed"
	}
	for _, call := range calls[at:] {
		if isSync(call, dir) {
			return ""
		}
	}
	return "its folder was not synced after the rename"
}
