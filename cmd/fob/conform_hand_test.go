// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"bufio"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/mutant"
	"github.com/d204ef64/fob/internal/freeport"
	"github.com/d204ef64/fob/internal/tooltest"
)

// byHand runs a case that must fail, and then the commands that repeat it. It returns the
// commands and their output.
func byHand(t *testing.T, target, id string, args ...string) (commands []string, out string) {
	t.Helper()
	for _, program := range []string{"curl", "openssl", "perl"} {
		tooltest.Find(t, program)
	}
	_, report, errs := fob(t, "", append([]string{"conform", "--target", target, "--only", id, "--json"}, args...)...)
	first, _, _ := strings.Cut(report, "\n")
	var r conform.Result
	require.NoError(t, json.Unmarshal([]byte(first), &r), errs)
	require.Equal(t, conform.Fail, r.Outcome, r.Detail)
	require.NotEmpty(t, r.ByHand, id)
	for _, line := range r.ByHand {
		require.NotContains(t, line, "\n", "a command is a line")
	}
	script := strings.Join(r.ByHand, "\n")
	if s := time.Now().Second() % 30; s > 0 && s < 20 { // no need to wait for the next step
		script = regexp.MustCompile(`(?m)^sleep .*# begin with a step$`).ReplaceAllString(script, "")
	}
	port, err := freeport.Find()
	require.NoError(t, err)
	script = strings.Replace(script, "PORT=18080 ", "PORT="+strconv.Itoa(port)+" ", 1)
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
	cmd.Dir = filepath.Dir(target)
	if strings.HasPrefix(target, presetPrefix) {
		cmd.Dir = t.TempDir()
	}
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s\n%s", script, text)
	return r.ByHand, string(text)
}

// TestByHandMutants: the commands of a report show the mistakes of wrong servers again.
// The answers are those that the comments of the commands have.
func TestByHandMutants(t *testing.T) {
	answers := regexp.MustCompile(`"answer":"(accepted|refused)"`)
	seen := regexp.MustCompile(`# (?:wrong codes: )?(accepted|refused)$`)
	times := regexp.MustCompile(`^for (?:WRONG|I) in \$\(seq (?:314001 314)?(\d+)\)`)
	for _, id := range []string{"C02", "C04", "C07", "C08", "C11", "C12", "C13", "C16", "C17", "C18", "C20", "C22", "C28", "C30", "C32", "C34", "C36", "C38", "C39", "C44", "C46", "C49", "C68"} {
		t.Run(id, func(t *testing.T) {
			commands, out := byHand(t, conformTarget(t, id), id)
			var want, got []string
			for _, line := range commands {
				m := seen.FindStringSubmatch(line)
				if m == nil {
					continue
				}
				n := 1
				if loop := times.FindStringSubmatch(line); loop != nil {
					n, _ = strconv.Atoi(loop[1])
				}
				want = append(want, slices.Repeat(m[1:], n)...)
			}
			for _, m := range answers.FindAllStringSubmatch(out, -1) {
				got = append(got, m[1])
			}
			require.NotEmpty(t, want)
			require.Equal(t, want, got, "%s\n%s", strings.Join(commands, "\n"), out)
		})
	}
}

// startPages starts the web site in Python, and returns the path of its target file, which
// lies beside the password.
func startPages(t *testing.T) string {
	t.Helper()
	const folder = "../../conform/target/testdata/"
	cmd := exec.Command(tooltest.Find(t, "python3"), folder+"pages.py")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait()
	})
	port, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	text, err := os.ReadFile(folder + "pages.yaml")
	require.NoError(t, err)
	dir := t.TempDir()
	path := filepath.Join(dir, "pages.yaml")
	require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(string(text), ":8080", ":"+strings.TrimSpace(port))), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "admin.pw"), []byte("letmein\n"), 0o600))
	return path
}

// TestByHandPages: the commands of a report drive a web site with a login and tokens
// against CSRF. They have no password, seed or code.
func TestByHandPages(t *testing.T) {
	path := startPages(t)
	commands, out := byHand(t, path, "C14", "--seed", "5")
	require.Equal(t, 2, strings.Count(out, "Welcome"), "%s\n%s", strings.Join(commands, "\n"), out)
	require.NotContains(t, strings.Join(commands, "\n"), "letmein")
	require.Empty(t, slices.DeleteFunc(regexp.MustCompile(`\b(?:[0-9]{6}|[0-9a-f]{40})\b`).FindAllString(strings.Join(commands, "\n"), -1), func(s string) bool {
		return strings.HasPrefix(s, "314")
	}))
}

// TestByHandShared: the commands of two failed cases work in one shell, after the shared
// commands, as the text shows them.
func TestByHandShared(t *testing.T) {
	for _, program := range []string{"curl", "openssl", "perl"} {
		tooltest.Find(t, program)
	}
	target := startPages(t)
	_, text, errs := fob(t, "", "conform", "--target", target, "--only", "C14,C66", "--seed", "5")
	require.Equal(t, 1, strings.Count(text, "check() {"), text+errs)
	require.Equal(t, 2, strings.Count(text, "By hand, after the commands at the top:"))
	script := ""
	for _, block := range regexp.MustCompile(`(?m)^( *)(By hand, .*):\n((?:.+\n)+)`).FindAllStringSubmatch(text, -1) {
		script += block[3]
	}
	script = regexp.MustCompile(`(?m)^ *sleep .*# begin with a step$`).ReplaceAllString(script, "") // the codes are of the current step
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
	cmd.Dir = filepath.Dir(target)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s\n%s", script, out)
	require.GreaterOrEqual(t, strings.Count(string(out), "Welcome"), 3, "%s\n%s", script, out)
}

// TestByHandPAM: the commands of a report log in through PAM. Each user of a shared seed is
// accepted with the same code.
func TestByHandPAM(t *testing.T) {
	tooltest.Find(t, "pamtester")
	tooltest.File(t, "libpam_wrapper.so", "/usr/lib/*/libpam_wrapper.so", "/usr/lib/libpam_wrapper.so")
	tooltest.File(t, "pam_oath.so", "/lib/*/security/pam_oath.so", "/lib/security/pam_oath.so")
	commands, out := byHand(t, "preset:libpam-oath", "C17", "--seed", "5")
	require.Equal(t, 2, strings.Count(out, "successfully authenticated"), "%s\n%s", strings.Join(commands, "\n"), out)
}

// TestByHandRADIUS: the commands of a report start a RADIUS server, send it a code twice,
// and end it.
func TestByHandRADIUS(t *testing.T) {
	tooltest.File(t, "freeradius", "/usr/sbin/freeradius")
	tooltest.Find(t, "radclient")
	tooltest.Find(t, "sqlite3")
	commands, out := byHand(t, "preset:freeradius-rlm-totp", "C11", "--seed", "5")
	require.Equal(t, 2, strings.Count(out, "Received Access-Accept"), "%s\n%s", strings.Join(commands, "\n"), out)

	commands, out = byHand(t, "preset:freeradius-rlm-totp", "C13", "--seed", "5")
	require.Contains(t, commands, "restart")
	require.Equal(t, 2, strings.Count(out, "Received Access-Accept"), "%s\n%s", strings.Join(commands, "\n"), out)
}

// TestByHandAtOnce: commands that run at the same time have a session each, and wait for
// each other only, also beside a server in the background. Secrets of HTTP Basic
// authentication are not in arguments.
func TestByHandAtOnce(t *testing.T) {
	var mu sync.Mutex
	forms := map[string]string{} // the sessions of the forms that were not sent
	inner := mutant.New("C11").Handler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		session := ""
		if c, err := r.Cookie("session"); err == nil {
			session = c.Value
		}
		user, password, is := r.BasicAuth()
		if is != (r.URL.Path == "/tokens") || is && user+" "+password != "o'tanaka s3cret:x" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		switch form := rand.Text(); r.URL.Path {
		case "/form":
			if session == "" {
				session = rand.Text()
				http.SetCookie(w, &http.Cookie{Name: "session", Value: session})
			}
			forms[form] = session
			_, _ = io.WriteString(w, form)
			return
		case "/check":
			form = r.Header.Get("Form")
			if session == "" || forms[form] != session {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			delete(forms, form)
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "clerk.pw"), []byte("s3cret:x\n"), 0o600))
	for seed, fresh := range []string{"true", "false"} {
		path := filepath.Join(folder, fresh+".yaml")
		require.NoError(t, os.WriteFile(path, []byte(`
name: site
url: `+server.URL+`
secrets: {clerk: clerk.pw}
basic: {user: o'tanaka, password: "{{clerk}}"}
setup:
  - start: {argv: [sleep, "1000"], ready: {http: "`+server.URL+`/form"}}
  - http: {path: /form, headers: &none {Authorization: ""}}
import: {http: {path: /tokens, body: '{"serial":"{{serial}}","user":"{{user}}","seed":"{{seed_hex}}","digits":{{digits}},"period":{{period}}}'}}
check:
  new_session: `+fresh+`
  before: [{http: {path: /form, headers: *none}, save: {form: {body: "(.*)"}}}]
  http: {path: /check, headers: {Authorization: "", Form: "{{form}}"}, body: '{"serial":"{{serial}}","user":"{{user}}","code":"{{code}}"}'}
  accepted: {json: {/answer: accepted}}
  refused: {body: refused}
clock: {http: {method: PUT, path: /clock, headers: *none, body: '{"now":{{unix}}}'}}
`), 0o600))
		commands, out := byHand(t, path, "C15", "--seed", strconv.Itoa(seed))
		require.NotContains(t, strings.Join(commands, "\n"), "s3cret")
		require.Equal(t, 32, strings.Count(out, `"answer":"accepted"`), out)
	}
	left, err := filepath.Glob(filepath.Join(folder, "*.seed"))
	require.NoError(t, err)
	require.Empty(t, left)
}
