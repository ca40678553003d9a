// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/d204ef64/fob/internal/tooltest"
)

// docSectionEnv names the section and the shell that a child process runs. The process
// has a network namespace of its own because the documents use fixed ports.
const docSectionEnv = "FOB_TEST_DOC_SECTION"

// sectionLimit is the time limit of a section. Some sections compile fob, which takes minutes
// on a slow machine.
const sectionLimit = 30 * time.Minute

// docShells are the shells of the readers.
var docShells = map[string][]string{
	"bash": {"bash", "--noprofile", "--norc"},
	"zsh":  {"zsh", "-f"},
}

// inCheckout lists the sections whose text requires a checkout of the source.
var inCheckout = []string{
	"README.md: fob",
	"README.ja.md: fob",
	"docs/other-languages.md",
}

// inContainers lists the sections that start containers.
var inContainers = []string{
	"docs/cookbook/container.md",
}

// notRun lists the blocks that this test does not run, with the reasons.
var notRun = map[string]string{
	"README.md: fob: 2":    "runs this test",
	"README.ja.md: fob: 2": "runs this test",
	"docs/boards.md: Use a Linux board as a token on a USB cable: 1": "step cross of test.sh builds it",
	"docs/boards.md: Use a Linux board as a token on a USB cable: 2": "needs a Raspberry Pi",
	"docs/boards.md: Use a Linux board as a token on a USB cable: 3": "needs a Raspberry Pi",
	"docs/boards.md: Use a Linux board as a token on a USB cable: 4": "needs a Raspberry Pi",
	"docs/boards.md: Put a token on a Raspberry Pi Pico: 1":          "needs a release of TinyGo",
	"docs/boards.md: Put a token on a Raspberry Pi Pico: 2":          "needs a Pico",
	"docs/boards.md: Run the firmware as a real binary: 1":           "needs TinyGo; TestBoardScripts has these commands",
	"docs/boards.md: Run the firmware as a real binary: 2":           "needs TinyGo; TestBoardScripts has these commands",
	"docs/boards.md: Run the firmware as a real binary: 3":           "needs TinyGo; TestBoardScripts has these commands",
	"docs/boards.md: Run the firmware as a real binary: 4":           "needs TinyGo; TestBoardScripts has these commands",
	"docs/load.md: Get codes in a k6 script: 1":                      "needs k6",
	"CONTRIBUTING.md: Build and test: 1":                             "runs the tests",
	"CONTRIBUTING.md: Property tests: 1":                             "runs the tests, for hours",
	"CONTRIBUTING.md: Kill tests: 1":                                 "runs a test, for hours",
	"CONTRIBUTING.md: Kill tests: 2":                                 "runs tests, for minutes",
	"tools/tinygo/README.md: Building the firmware with TinyGo: 1":   "builds TinyGo; step tinygo of test.sh does",
	"tools/tinygo/README.md: Building the firmware with TinyGo: 2":   "installs packages; test.sh does",
	"tools/tinygo/README.md: Running it: 1":                          "needs an image; internal/board starts QEMU like this",
	"docs/validator-http.md: A client in your language: 2":           "fetches the generator; TestGeneratedClient in validator/httpapi runs it",
	"docs/validator-radius.md: PAM: pam_radius_auth: 1":              "the module's own file; TestPAM in validator/radius writes one",
	"docs/validator-radius.md: PAM: pam_radius_auth: 2":              "PAM's own file; TestPAM in validator/radius writes one",
	"docs/validator-radius.md: PAM: pam_radius_auth: 3":              "a line of the clients file",
	"docs/validator-radius.md: FreeRADIUS as a proxy: 1":             "needs a FreeRADIUS server",
	"docs/validator-radius.md: FreeRADIUS as a proxy: 2":             "needs a FreeRADIUS server",
	"docs/validator-server.md: systemd: 1":                           "needs systemd; TestUnit has the unit",
	"docs/line.md: First batch: 1":                                   "rules for a USB hub",
	"docs/line.md: First batch: 2":                                   "needs devices; the script line_run.txt has these commands",
	"docs/line.md: With the firmware: 1":                             "needs TinyGo; TestBoardScripts has these commands",
	"docs/line.md: With the firmware: 2":                             "needs TinyGo; TestBoardScripts has these commands",
	"docs/line.md: With the firmware: 3":                             "needs TinyGo; TestBoardScripts has these commands",
	"docs/line.md: The operator's page: 1":                           "needs devices; the script line_listen.txt has these pages",
	"docs/line.md: Several stations: 1":                              "needs PostgreSQL and devices; TestLineShared has this command",
	"docs/mcp.md: Set up an agent: 1":                                "a configuration; TestMCPConfigurations starts its server",
	"docs/mcp.md: Use a fleet that runs: 2":                          "a configuration; TestMCPConfigurations starts its server",
	"docs/conform.md: Presets: 1":                                    "needs a privacyIDEA; its preset was tried by hand",
	"docs/device-end.md: Requests of the line: 1":                    "a list; TestCommands in line compares it with a run",
	"docs/line-labels.md: Templates: 1":                              "a template; TestDocumentTemplate in line/label parses it",
	"docs/other-languages.md: Existing SMP clients: 1":               "needs mcumgr, which Debian does not have",
}

// TestDocuments does the same as a reader: it runs the blocks of each document in
// order, in an empty folder, in bash and in zsh. Blocks for a second terminal keep
// running in the background.
func TestDocuments(t *testing.T) {
	if name := os.Getenv(docSectionEnv); name != "" {
		runAlone(t, name)
		return
	}
	left := map[string]bool{}
	for name := range notRun {
		left[name] = true
	}
	for _, document := range documents(t) {
		for _, s := range readSections(t, document) {
			var runs bool
			s.blocks = slices.DeleteFunc(s.blocks, func(b docBlock) bool {
				_, listed := notRun[b.name]
				delete(left, b.name)
				return listed || document == "serialproto/PROTOCOL.md" && inProtocolTest(b.language)
			})
			for _, b := range s.blocks {
				runs = runs || b.language == "sh" || b.language == "go"
				if b.language != "sh" && b.language != "go" {
					t.Run(b.name, func(t *testing.T) { parseBlock(t, b) })
				}
			}
			if !runs {
				continue
			}
			for shell := range docShells {
				t.Run(s.name+"/"+shell, func(t *testing.T) {
					t.Parallel()
					inNamespace(t, s.name, shell)
				})
			}
		}
	}
	require.Empty(t, left, "listed in notRun, and in no document")
}

// inProtocolTest reports whether TestProtocol in serialproto or TestChecks in firmware
// runs blocks of this kind.
func inProtocolTest(kind string) bool {
	kind, _, _ = strings.Cut(kind, " ")
	return slices.Contains([]string{"line", "exchange", "framing-error", "values", "diagnostic", "text", "checks"}, kind)
}

// parseBlock lets the program for which a block is intended parse it.
func parseBlock(t *testing.T, b docBlock) {
	switch b.language {
	case "json":
		for line := range strings.Lines(b.text) {
			require.True(t, json.Valid([]byte(line)), "%s", line)
		}
	case "yaml":
		var v any
		require.NoError(t, yaml.Unmarshal([]byte(b.text), &v))
	case "nginx":
		parseNginx(t, b.text)
	case "go test": // TestDocumentGoTests runs them
	case "java": // step java of test.sh runs them
	case "python": // step python of test.sh runs them
	case "ts": // step typescript of test.sh runs them
	default:
		t.Fatalf("line %d: a block of language %q: run it, parse it, or list it in notRun with the reason", b.line, b.language)
	}
}

// parseNginx lets nginx check a server configuration.
func parseNginx(t *testing.T, server string) {
	nginx := tooltest.Find(t, "nginx")
	openssl := tooltest.Find(t, "openssl")
	dir := t.TempDir()
	out, err := exec.Command(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
		"-subj", "/CN=bank.example.com", "-keyout", filepath.Join(dir, "bank.key"), "-out", filepath.Join(dir, "bank.crt")).CombinedOutput()
	require.NoError(t, err, "%s", out)
	conf := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf("pid %s/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n%s}\n", dir, server)
	require.NoError(t, os.WriteFile(conf, []byte(text), 0o600))
	out, err = exec.Command(nginx, "-t", "-p", dir, "-c", conf).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// TestUnit lets systemd check the unit that docs/validator-server.md installs.
func TestUnit(t *testing.T) {
	analyze := tooltest.Find(t, "systemd-analyze")
	text, err := os.ReadFile("../../docs/fob-validator.service")
	require.NoError(t, err)
	const program = "/usr/local/bin/fob"
	require.Contains(t, string(text), program)
	unit := filepath.Join(t.TempDir(), "fob-validator.service")
	text = bytes.ReplaceAll(text, []byte(program), []byte(os.Args[0])) // the program must exist
	require.NoError(t, os.WriteFile(unit, text, 0o600))
	out, err := exec.Command(analyze, "verify", "--man=no", unit).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.NotContains(t, string(out), filepath.Base(unit)) // systemd only warns about unknown keys
}

// inNamespace runs a section in a process whose only network interface is loopback.
func inNamespace(t *testing.T, section, shell string) {
	tooltest.Find(t, shell)
	tooltest.Find(t, "ip")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDocuments$", "-test.count=1", "-test.v",
		"-test.timeout="+sectionLimit.String())
	cmd.Env = append(os.Environ(), docSectionEnv+"="+section+"/"+shell)
	if slices.Contains(inContainers, section) {
		cmd.Env = append(cmd.Env, podmanEnv(t)...)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	if os.Getuid() != 0 && err != nil && len(out) == 0 { // the process did not start
		tooltest.Missing(t, "the right to make a network namespace")
	}
	require.NoError(t, err, "%s", out)
}

// podmanEnv returns the environment in which podman keeps everything in a temporary folder.
// It skips the test if no container runs on this machine.
func podmanEnv(t *testing.T) []string {
	podman := tooltest.Find(t, "podman")
	dir := t.TempDir()
	out, err := exec.Command("../../tools/containers/probe.sh", dir).CombinedOutput()
	if err != nil { // no package would help, and test.sh reports it
		t.Skipf("%s", out)
	}
	env := []string{"CONTAINERS_CONF=" + filepath.Join(dir, "containers.conf"), "CONTAINERS_STORAGE_CONF=" + filepath.Join(dir, "storage.conf")}
	t.Cleanup(func() {
		cmd := exec.Command(podman, "rm", "--all", "--force", "--time", "0")
		cmd.Env = append(os.Environ(), env...)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
	})
	return env
}

// runAlone runs a section in a shell.
func runAlone(t *testing.T, name string) {
	out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput()
	require.NoError(t, err, "%s", out)
	section, shell, _ := cutLast(name, "/")
	document, _, _ := strings.Cut(section, ": ")
	for _, s := range readSections(t, document) {
		if s.name == section {
			runSection(t, s, shell)
			return
		}
	}
	t.Fatalf("no section %q", section)
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// runSection runs the blocks of a section in order.
func runSection(t *testing.T, s docSection, shell string) {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	var tools string // folder of additional programs, or ""
	dir := filepath.Join(t.TempDir(), "fresh")
	require.NoError(t, os.Mkdir(dir, 0o755))
	if slices.Contains(inCheckout, s.name) || strings.HasPrefix(s.name, "docs/cookbook/") { // the section gets links to the checkout, and does not write to it
		entries, err := os.ReadDir(root)
		require.NoError(t, err)
		for _, e := range entries {
			require.NoError(t, os.Symlink(filepath.Join(root, e.Name()), filepath.Join(dir, e.Name())))
		}
		tools = filepath.Join(t.TempDir(), "tools")
		require.NoError(t, os.Mkdir(tools, 0o755))
		require.NoError(t, os.Symlink(tooltest.Python(t, "serial", "cryptography"), filepath.Join(tools, "python3")))
	}
	home := filepath.Join(t.TempDir(), "home")
	require.NoError(t, os.Mkdir(home, 0o700))
	// curl must fail if the server responds with an error.
	require.NoError(t, os.WriteFile(filepath.Join(home, ".curlrc"), []byte("fail\nno-progress-meter\n"), 0o600))
	var main *terminal
	for i, b := range s.blocks {
		if notRun[b.name] != "" {
			continue
		}
		t.Logf("%s, line %d", b.name, b.line)
		switch {
		case b.language == "go":
			runGo(t, b, root)
		case b.language == "sh" && b.terminal():
			other := openTerminal(t, shell, dir, home, tools)
			other.start(t, i, b)
			other.waitForLine(t)
		case b.language == "sh":
			if main == nil {
				main = openTerminal(t, shell, dir, home, tools)
			}
			main.start(t, i, b)
			main.waitForEnd(t)
		}
	}
}

// runGo compiles and runs a program in a separate module that requires fob's.
func runGo(t *testing.T, b docBlock, root string) {
	goInModule(t, root, "main.go", b.text, "run", ".")
}

// TestDocumentGoTests runs the Go tests of each document. Its blocks form one file.
func TestDocumentGoTests(t *testing.T) {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	count := 0
	for _, document := range documents(t) {
		file := ""
		for _, s := range readSections(t, document) {
			for _, b := range s.blocks {
				if b.language == "go test" {
					file += b.text + "\n"
				}
			}
		}
		if file == "" {
			continue
		}
		if !strings.HasPrefix(file, "package ") { // the document does not print the imports
			file = withImports(file)
		}
		tests := strings.Count(file, "\nfunc Test")
		count += tests
		out := goInModule(t, root, "doc_test.go", file, "test", "-v", ".")
		require.Equal(t, tests, strings.Count(out, "--- PASS: Test"), "%s", out)
	}
	require.NotZero(t, count)
}

// withImports returns tests as a file that imports the packages they use.
func withImports(tests string) string {
	file := "package doc_test\n\nimport (\n\"testing\"\n"
	for _, path := range []string{"fleet", "fleet/fobtest", "serialproto", "virtual"} {
		if strings.Contains(tests, filepath.Base(path)+".") {
			file += "\"github.com/d204ef64/fob/" + path + "\"\n"
		}
	}
	if strings.Contains(tests, "require.") {
		file += "\n\"github.com/stretchr/testify/require\"\n"
	}
	return file + ")\n\n" + tests
}

// goInModule runs the go command on one file, in a separate module that requires fob's.
func goInModule(t *testing.T, root, name, file, verb string, args ...string) string {
	dir := t.TempDir()
	module, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	text := strings.Replace(string(module), "module github.com/d204ef64/fob", "module example.com/test", 1) +
		"\nrequire github.com/d204ef64/fob v0.0.0\nreplace github.com/d204ef64/fob => " + root + "\n"
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte(text), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.sum"), sums, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(file), 0o600))
	cmd := exec.CommandContext(t.Context(), "go", append([]string{verb, "-mod=mod"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOPROXY=off", "FOB_DEVICE=", "FOB_WORLD_SEED=")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

// terminal is a shell that runs blocks.
type terminal struct {
	dir    string
	cmd    *exec.Cmd
	input  io.WriteCloser
	done   *os.File // receives a line after each block
	ended  chan error
	stdout string // the output files of the current block
	stderr string
	block  docBlock
}

// openTerminal starts a shell in a folder, independent of other shells.
func openTerminal(t *testing.T, shell, dir, home, tools string) *terminal {
	args := docShells[shell]
	done, theirs, err := os.Pipe()
	require.NoError(t, err)
	x := &terminal{dir: t.TempDir(), cmd: exec.Command(args[0], args[1:]...), done: done, ended: make(chan error, 1)}
	x.cmd.Dir = dir
	x.cmd.Env = []string{"HOME=" + home, "SHELL=" + args[0], "LANG=C.UTF-8", "GOFLAGS=-mod=mod", "GOPROXY=off"}
	path := os.Getenv("PATH")
	if tools != "" {
		path = tools + string(filepath.ListSeparator) + path
	}
	x.cmd.Env = append(x.cmd.Env, "PATH="+path)
	for _, name := range []string{"TMPDIR", "GORACE", "CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF"} {
		x.cmd.Env = append(x.cmd.Env, name+"="+os.Getenv(name))
	}
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH"} { // by default these are in HOME
		value, err := exec.Command("go", "env", name).Output()
		require.NoError(t, err)
		x.cmd.Env = append(x.cmd.Env, name+"="+strings.TrimSpace(string(value)))
	}
	x.cmd.ExtraFiles = []*os.File{theirs}
	x.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	x.input, err = x.cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, x.cmd.Start())
	theirs.Close()
	go func() { x.ended <- x.cmd.Wait() }()
	t.Cleanup(func() {
		x.input.Close()
		_ = syscall.Kill(-x.cmd.Process.Pid, syscall.SIGTERM)
		select {
		case <-x.ended:
		case <-time.After(patience):
		}
		_ = syscall.Kill(-x.cmd.Process.Pid, syscall.SIGKILL)
		done.Close()
	})
	return x
}

// start runs a block in the shell. Its commands have no standard input, because the
// documented commands must not prompt.
func (x *terminal) start(t *testing.T, n int, b docBlock) {
	script := filepath.Join(x.dir, fmt.Sprintf("block%d", n))
	x.block, x.stdout, x.stderr = b, script+".stdout", script+".stderr"
	require.NoError(t, os.WriteFile(script, []byte("set -ex\nset -o pipefail\n"+b.text+"set +ex\n"), 0o600))
	require.NoError(t, os.WriteFile(x.stdout, nil, 0o600))
	_, err := fmt.Fprintf(x.input, ". %s </dev/null >%s 2>%s 3>&-\necho >&3\n", script, x.stdout, x.stderr)
	require.NoError(t, err)
}

// waitForEnd waits until the block has ended without an error.
func (x *terminal) waitForEnd(t *testing.T) {
	ended := make(chan error, 1)
	go func() {
		_, err := x.done.Read(make([]byte, 1))
		ended <- err
	}()
	select {
	case err := <-ended:
		require.NoError(t, err, "%s", x.says())
	case <-time.After(sectionLimit):
		t.Fatalf("does not end: %s", x.says())
	}
	t.Log(x.says())
}

// waitForLine waits until the block has printed a line.
func (x *terminal) waitForLine(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		text, err := os.ReadFile(x.stdout)
		require.NoError(t, err)
		if bytes.ContainsRune(text, '\n') {
			t.Log(x.says())
			return
		}
		select {
		case err := <-x.ended:
			x.ended <- err
			t.Fatalf("ended (%v): %s", err, x.says())
		case <-ctx.Done():
			t.Fatalf("prints nothing: %s", x.says())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// says returns the block and its output so far.
func (x *terminal) says() string {
	stdout, _ := os.ReadFile(x.stdout)
	stderr, _ := os.ReadFile(x.stderr)
	return fmt.Sprintf("%s\n%s\nstdout:\n%s\nstderr:\n%s", x.block.name, x.block.text, stdout, stderr)
}
