// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// secret is a value that must not be shown in any of the usual encodings.
type secret struct {
	name  string
	bytes []byte
	code  bool // the bytes are the digits of a code
}

func (s secret) assertAbsent(t *testing.T, where string, b []byte) {
	t.Helper()
	lower := bytes.ToLower(b)
	for spelling, text := range map[string][]byte{
		"bytes":     s.bytes,
		"hex":       []byte(hex.EncodeToString(s.bytes)),
		"base32":    bytes.ToLower([]byte(strings.TrimRight(base32.StdEncoding.EncodeToString(s.bytes), "="))),
		"base64":    []byte(strings.TrimRight(base64.StdEncoding.EncodeToString(s.bytes), "=")),
		"base64url": []byte(strings.TrimRight(base64.URLEncoding.EncodeToString(s.bytes), "=")),
	} {
		// A part of the secret is a leak as well, but a part of a code is in many times and
		// numbers by chance.
		part := text[:len(text)*3/4]
		if s.code {
			part = text
			if spelling == "bytes" {
				if regexp.MustCompile(`(^|[^0-9A-Za-z.])` + string(text) + `($|[^0-9A-Za-z])`).Match(b) {
					t.Errorf("%s holds the %s", where, s.name)
				}
				continue
			}
		}
		if bytes.Contains(b, part) || bytes.Contains(lower, part) {
			t.Errorf("%s holds the %s as %s", where, s.name, spelling)
		}
	}
}

// TestSecretsStaySecret checks that a complete provisioning reveals neither the seed
// nor the station's private key: not in output or errors, not in the arguments or
// environment of a process, and not in the state folder.
func TestSecretsStaySecret(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	t.Parallel()
	dir := t.TempDir()
	environ := append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME=")
	path := func(name string) string { return filepath.Join(dir, name) }
	seedBytes := []byte("A seed, 20 bytes lng")
	seedHex := hex.EncodeToString(seedBytes)

	code, out, errs := fob(t, "", "device", "keygen", "--out", path("station"))
	require.Zero(t, code, errs)
	keyText, err := os.ReadFile(path("station"))
	require.NoError(t, err)
	_, keyBase64, _ := strings.Cut(strings.TrimSpace(string(keyText)), ":")
	keyBytes, err := base64.StdEncoding.DecodeString(keyBase64)
	require.NoError(t, err)
	secrets := []secret{{name: "seed", bytes: seedBytes}, {name: "station key", bytes: keyBytes}}
	look := func(where string, b []byte) {
		t.Helper()
		for _, s := range secrets {
			s.assertAbsent(t, where, b)
		}
	}
	look("keygen", []byte(out+errs))

	start := func(args ...string) (cmd *exec.Cmd, stdout, stderr *os.File) {
		cmd = exec.Command("fob", args...)
		cmd.Env = environ
		var err error
		stdout, err = os.CreateTemp(t.TempDir(), "stdout")
		require.NoError(t, err)
		stderr, err = os.CreateTemp(t.TempDir(), "stderr")
		require.NoError(t, err)
		t.Cleanup(func() { stdout.Close(); stderr.Close() })
		cmd.Stdout, cmd.Stderr = stdout, stderr
		return cmd, stdout, stderr
	}
	lookAtProcess := func(cmd *exec.Cmd) {
		t.Helper()
		for _, name := range []string{"cmdline", "environ"} {
			var b []byte
			require.Eventually(t, func() (there bool) { // cmdline is empty for a moment after exec
				var err error
				b, err = os.ReadFile(filepath.Join("/proc", strconv.Itoa(cmd.Process.Pid), name))
				return err == nil && len(b) > 0
			}, patience, time.Millisecond)
			look(name, b)
		}
	}
	lookAtOutput := func(stdout, stderr *os.File) {
		t.Helper()
		for _, f := range []*os.File{stdout, stderr} {
			b, err := os.ReadFile(f.Name())
			require.NoError(t, err)
			look(filepath.Base(f.Name()), b)
		}
	}

	runner, runOut, runErr := start("run", "--unix", dir, "--state", path("state"), "--station-key", path("station.pub"))
	require.NoError(t, runner.Start())
	defer runner.Process.Kill()
	require.Eventually(t, func() bool {
		b, err := os.ReadFile(runOut.Name())
		return err == nil && json.Valid(b)
	}, patience, time.Millisecond)
	port := "unix:" + path("fob0.sock")

	// Text that is not a seed must not be quoted in the error.
	for _, wrong := range []string{seedHex[:20], seedHex + "zz", seedHex + "1"} {
		code, out, errs := fob(t, wrong, "device", "provision", "--port", port, "--seed-file", "-", "--station-key", path("station"))
		require.Equal(t, exitUsage, code, errs)
		require.NotContains(t, out+errs, wrong[:12])
	}

	// While the command waits for the seed, all users can read its arguments.
	provision, provOut, provErr := start("device", "provision", "--port", port, "--seed-file", "-", "--station-key", path("station"), "--json")
	stdin, err := provision.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, provision.Start())
	defer provision.Process.Kill()
	lookAtProcess(provision)
	_, err = stdin.Write([]byte(seedHex))
	require.NoError(t, err)
	lookAtProcess(provision)
	require.NoError(t, stdin.Close())
	require.NoError(t, provision.Wait())
	lookAtOutput(provOut, provErr)

	for _, args := range [][]string{
		{"device", "info"}, {"device", "info", "--json"}, {"device", "display", "--json"},
		{"device", "selftest"}, {"device", "lock", "--json"}, {"device", "display", "--rig", "--json"},
		{"device", "display"}, {"device", "provision", "--seed-file", "/dev/null"},
	} {
		_, out, errs := fob(t, "", append(args, "--port", port)...)
		look(strings.Join(args, " "), []byte(out+errs))
	}
	lookAtProcess(runner)
	require.NoError(t, runner.Process.Signal(os.Interrupt))
	require.NoError(t, runner.Wait())
	lookAtOutput(runOut, runErr)

	files := 0
	require.NoError(t, filepath.WalkDir(path("state"), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		b, err := os.ReadFile(name)
		look(name, b)
		return err
	}))
	require.GreaterOrEqual(t, files, 3, "the lock, the world and the token")
}
