// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/mutant"
	"github.com/d204ef64/fob/conform/report"
	"github.com/d204ef64/fob/conform/target"
	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/internal/tooltest"
)

// conformTarget serves a mutant and returns the path of its target file.
func conformTarget(t *testing.T, fault string) string {
	t.Helper()
	server := httptest.NewServer(mutant.New(fault).Handler())
	t.Cleanup(server.Close)
	text, err := os.ReadFile("../../conform/target/testdata/mutant.yaml")
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "target.yaml")
	require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(string(text), "http://127.0.0.1:8080", server.URL)), 0o600))
	return path
}

func TestConform(t *testing.T) {
	good := conformTarget(t, "")
	code, out, errs := fob(t, "", "conform", "--target", good, "--seed", "1")
	require.Equal(t, exitDone, code, out+errs)
	require.Contains(t, out, " 0 FAIL (0 MUST), 0 N/A; --seed 1\n")
	code, out, errs = fob(t, "", "conform", "--target", good, "--only", "c11,C01", "--seed", "2", "--json")
	require.Equal(t, exitDone, code, out+errs)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 3)
	var r conform.Result
	require.NoError(t, json.Unmarshal([]byte(lines[1]), &r))
	require.Equal(t, "C11", r.ID)
	require.Equal(t, conform.Pass, r.Outcome)
	var totals report.Totals
	require.NoError(t, json.Unmarshal([]byte(lines[2]), &totals))
	require.WithinDuration(t, time.Now(), totals.Date, time.Hour)
	require.Equal(t, report.Totals{Server: "mutant", Version: "7", Date: totals.Date, RunSeed: 2, Passed: 2}, totals)

	bad := conformTarget(t, "C14")
	junit := filepath.Join(t.TempDir(), "report.xml")
	code, out, errs = fob(t, "", "conform", "--target", bad, "--only", "C01,C14", "--seed", "1", "--junit", junit, "--sarif", junit+".sarif")
	require.Equal(t, exitFailed, code)
	require.Equal(t, "fob: 1 of 2 cases failed that must not\n", errs)
	require.Less(t, strings.Index(out, "C14 FAIL"), strings.Index(out, "C01 PASS"))
	text, err := os.ReadFile(junit)
	require.NoError(t, err)
	require.Contains(t, string(text), `failures="1"`)
	text, err = os.ReadFile(junit + ".sarif")
	require.NoError(t, err)
	require.Contains(t, string(text), `"level": "error"`)
	code, _, errs = fob(t, "", "conform", "--target", bad, "--only", "C01", "--seed", "2", "--junit", junit)
	require.Equal(t, exitUsage, code, "a report is not overwritten")
	require.Contains(t, errs, "it exists")

	// A BANK fails the run only with the bank's profile, and a SHOULD never.
	bad = conformTarget(t, "C45")
	code, out, errs = fob(t, "", "conform", "--target", bad, "--only", "C45", "--seed", "1")
	require.Equal(t, exitDone, code, out+errs)
	require.Contains(t, out, "mutant: 1 case: 0 PASS")
	require.Contains(t, out, "C45 FAIL BANK")
	code, out, errs = fob(t, "", "conform", "--target", bad, "--only", "C45", "--seed", "2", "--profile", "bank")
	require.Equal(t, exitFailed, code, out+errs)
	require.Equal(t, "fob: 1 of 1 case failed that must not\n", errs)
}

// TestConformOwn: fob's validation server passes every case, on SQLite and PostgreSQL.
func TestConformOwn(t *testing.T) {
	address := filepath.Join(t.TempDir(), "address")
	for name, flags := range map[string][]string{"SQLite": nil, "PostgreSQL": {"--db-file", address}} {
		t.Run(name, func(t *testing.T) {
			if flags != nil {
				require.NoError(t, os.WriteFile(address, []byte(pgtest.Database(t)+"\n"), 0o600))
			}
			args := append([]string{"conform", "--target", "preset:fob", "--profile", "bank", "--seed", "1", "--json"}, flags...)
			code, out, errs := fob(t, "", args...)
			require.Equal(t, exitDone, code, out+errs)
			lines := strings.Split(strings.TrimSpace(out), "\n")
			require.Len(t, lines, len(conform.All())+1)
			for _, line := range lines[:len(conform.All())] {
				var r conform.Result
				require.NoError(t, json.Unmarshal([]byte(line), &r))
				require.Equal(t, conform.Pass, r.Outcome, "%s: %s\n%s", r.ID, r.Detail, strings.Join(r.Actions, "\n"))
			}
		})
	}
}

// TestConformDatabase: the bank of preset:fob is made in a named database, which must not
// have one.
func TestConformDatabase(t *testing.T) {
	database := filepath.Join(t.TempDir(), "bank.db")
	args := []string{"conform", "--target", "preset:fob", "--only", "C11", "--db", database}
	code, out, errs := fob(t, "", args...)
	require.Equal(t, exitDone, code, out+errs)
	require.FileExists(t, database)
	code, _, errs = fob(t, "", args...)
	require.Equal(t, exitRefused, code)
	require.Contains(t, errs, "this database already contains a bank")
	args[2] = conformTarget(t, "")
	code, _, errs = fob(t, "", args...)
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "--db and --db-file are only for --target preset:fob")
}

func TestConformExpected(t *testing.T) {
	expected := filepath.Join(t.TempDir(), "expected.yaml")
	for seed, c := range []struct {
		fault, fails, want string
		code               int
	}{
		{"C14", "{C14: spaces}", "", exitDone},
		{"C14", "{}", "C14 fails, and is expected not to", exitFailed},
		{"", "{C14: spaces}", "C14 is PASS, and is expected to fail (spaces)", exitFailed},
		{"", "{C99: x}", `there is no case "C99"`, exitUsage},
	} {
		require.NoError(t, os.WriteFile(expected, []byte("target: mutant 7\nfails: "+c.fails+"\n"), 0o600))
		code, _, errs := fob(t, "", "conform", "--target", conformTarget(t, c.fault), "--only", "C01,C14", "--seed", string(rune('1'+seed)), "--expect", expected)
		require.Equal(t, c.code, code, errs)
		require.Contains(t, errs, c.want)
	}
	require.NoError(t, os.WriteFile(expected, []byte("target: other 7\nfails: {}\n"), 0o600))
	code, out, errs := fob(t, "", "conform", "--target", conformTarget(t, ""), "--only", "C01", "--expect", expected)
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, `they are of "other 7", and the target is "mutant": target must begin with that name`)
	require.Empty(t, out)
}

// TestConformExpectedReports: the files of a run mark the expected failures, and name the
// target file relative to the current folder.
func TestConformExpectedReports(t *testing.T) {
	dir := t.TempDir()
	bank := conformTarget(t, "C14")
	t.Chdir(filepath.Dir(bank))
	require.NoError(t, os.WriteFile("expected.yaml", []byte("target: mutant\nfails: {C14: issue 12}\n"), 0o600))
	junit, sarif, page := filepath.Join(dir, "x.xml"), filepath.Join(dir, "x.sarif"), filepath.Join(dir, "x.html")
	code, out, errs := fob(t, "", "conform", "--target", bank, "--only", "C01,C14", "--seed", "1", "--expect", "expected.yaml",
		"--junit", junit, "--sarif", sarif, "--html", page)
	require.Equal(t, exitDone, code, errs)
	require.Contains(t, out, "It is expected to fail: issue 12.")
	for file, want := range map[string]string{
		junit: `failures="0" skipped="1"`, sarif: `"justification": "issue 12"`, page: "expected to fail: issue 12",
	} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Contains(t, string(text), want)
	}
	text, err := os.ReadFile(sarif)
	require.NoError(t, err)
	require.Contains(t, string(text), `"uri": "`+filepath.Base(bank)+`"`)
	require.Contains(t, string(text), `"version": "`+moduleVersion()+`"`)
	o := conformOptions{target: targetFlags{name: "preset:libpam-oath"}, expect: "expected.yaml"}
	require.Equal(t, "expected.yaml", o.scanned(), "a preset is not a file")
	o.expect = ""
	require.Empty(t, o.scanned())
}

func TestConformErrors(t *testing.T) {
	dir := t.TempDir()
	unreachable := filepath.Join(dir, "target.yaml")
	require.NoError(t, os.WriteFile(unreachable, []byte("name: x\nurl: http://127.0.0.1:1\nimport: {http: {path: /}}\n"+
		"check: {http: {path: /, body: '{{code}}'}, accepted: {status: 200}, refused: {status: 401}}\n"), 0o600))
	wrong := filepath.Join(dir, "wrong.yaml")
	require.NoError(t, os.WriteFile(wrong, []byte("name: x\nchek: {}\n"), 0o600))
	secret := filepath.Join(dir, "secret.yaml")
	require.NoError(t, os.WriteFile(secret, []byte("name: x\nsecrets: {key: no.key}\nimport: {http: {path: /}}\ncheck: {}\n"), 0o600))
	for _, c := range []struct {
		args, want string
		code       int
	}{
		{"--target " + unreachable, "fob: trying the target: import: the target cannot be reached: dial tcp 127.0.0.1:1: connect: connection refused\n", exitNoConnect},
		{"probe --target " + unreachable, "cannot be reached", exitNoConnect},
		{"--target " + wrong, "did you mean check?", exitUsage},
		{"--target " + secret, filepath.Join(dir, "no.key"), exitUsage},
		{"--target preset:fob --url http://127.0.0.1:1", "--url is not for --target preset:fob", exitUsage},
		{"--target preset:linotp --url http://bank.example", "reading the target in preset:linotp", exitUsage},
		{"probe --target preset:linotp", "secrets: admin_password: ", exitUsage},
		{"--target preset:nothing", "want one of " + strings.Join(target.Presets(), ", "), exitUsage},
		{"--target " + filepath.Join(dir, "missing.yaml"), "missing.yaml", exitUsage},
		{"--list --only C99", "want C01 to", exitUsage},
		{"--list --level may", "want one of", exitUsage},
		{"--list --profile iso", "invalid selection of cases: there is no profile \"iso\": want one of", exitUsage},
		{"--list --only C01,,C02", "--only C01,,C02: one of its items is empty: leave it out", exitUsage},
		{"--list --only=", "--only is empty", exitUsage},
		{"--list --level=", "--level is empty", exitUsage},
		{"--list --only C37 --level MUST", "no case has all of these properties", exitUsage},
		{"--target preset:fob --max-wait -1s", "--max-wait -1s: want 0 or more", exitUsage},
		{"--list --html " + filepath.Join(dir, "l.html"), "html", exitUsage},
		{"--list --max-wait 0", "max-wait", exitUsage},
		{"--explain C01 --junit " + filepath.Join(dir, "l.xml"), "junit", exitUsage},
		{"import --list --sarif " + filepath.Join(dir, "l.sarif"), "sarif", exitUsage},
		{"import --out " + filepath.Join(dir, "new") + " --expect x", "expect", exitUsage},
		{"--explain C99", "want C01 to", exitUsage},
		{"", "needs --target, --list or --explain", exitUsage},
	} {
		code, out, errs := fob(t, "", append([]string{"conform"}, strings.Fields(c.args)...)...)
		require.Equal(t, c.code, code, "%s: %s", c.args, errs)
		require.Contains(t, errs, c.want, c.args)
		require.Empty(t, out)
	}
}

func TestConformReport(t *testing.T) {
	dir := t.TempDir()
	files := []string{filepath.Join(dir, "good.jsonl"), filepath.Join(dir, "bad.jsonl")}
	for i, fault := range []string{"", "C14"} {
		_, out, errs := fob(t, "", "conform", "--target", conformTarget(t, fault), "--only", "C01,C14", "--seed", "1", "--json")
		require.NoError(t, os.WriteFile(files[i], []byte(out), 0o600), errs)
	}
	page := filepath.Join(dir, "page.html")
	code, out, errs := fob(t, "", "conform", "report", files[0], files[1], "--html", page)
	require.Equal(t, exitDone, code, errs)
	require.Regexp(t, `\| C14 \| MUST \| .* \| PASS \| \*\*FAIL\*\* \|`, out)
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Contains(t, string(text), "CVE-2025-6014")
	svg := filepath.Join(dir, "matrix.svg")
	code, out, errs = fob(t, "", "conform", "report", files[1], "--measured", "--svg", svg)
	require.Equal(t, exitDone, code, errs)
	require.Regexp(t, `^\| case \| level \| requirement \| mutant \| fob \|.* libpam-oath \|`, out)
	text, err = os.ReadFile(svg)
	require.NoError(t, err)
	require.Contains(t, string(text), "libpam-oath 2.6.7, C17: FAIL")
	code, _, errs = fob(t, "", "conform", "report")
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "needs a file of results, or --measured")
	code, out, errs = fob(t, "", "conform", "report", files[0], files[0])
	require.Equal(t, exitDone, code, errs)
	require.Contains(t, out, "| mutant (1) | mutant (2) |")
	imported := filepath.Join(dir, "import.jsonl")
	_, out, errs = fob(t, "", "conform", "import", "--target", conformTarget(t, ""), "--only", "F01", "--seed", "1", "--json")
	require.NoError(t, os.WriteFile(imported, []byte(out), 0o600), errs)
	for _, other := range []string{files[0], "--measured"} {
		code, _, errs = fob(t, "", "conform", "report", imported, other)
		require.Equal(t, exitUsage, code)
		require.Contains(t, errs, "import.jsonl has cases of fob conform import, and ")
	}
	code, _, errs = fob(t, "", "conform", "report", page)
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "page.html: not a report of fob conform --json")
}

func TestConformList(t *testing.T) {
	code, out, _ := fob(t, "", "conform", "--list")
	require.Zero(t, code)
	require.Equal(t, len(conform.All()), strings.Count(out, "\n"))
	code, out, _ = fob(t, "", "conform", "--explain", "c12")
	require.Zero(t, code)
	require.Contains(t, out, "Waits:  up to 3 min on a target without the verb clock")
	code, out, _ = fob(t, "", "conform", "probe", "--target", conformTarget(t, ""))
	require.Zero(t, code)
	require.Contains(t, out, "has  assign: for C17, C44")
	require.Contains(t, out, "a wrong code: refused; the current code: accepted\n")
	require.Contains(t, out, "has  contract: for C47")
	var errs string
	code, out, errs = fob(t, "", "conform", "probe", "--target", conformTarget(t, "C01"), "--json")
	require.Equal(t, exitFailed, code)
	require.Contains(t, out, `"current_code":"refused"`)
	require.Contains(t, out, "a 30 s step is accepted")
	require.Contains(t, errs, "not ready for the cases")
}

// TestConformPresets: presets that start their server, or need its address and a secret,
// work from the command line.
func TestConformPresets(t *testing.T) {
	tooltest.File(t, "python3-django-otp", "/usr/lib/python3/dist-packages/django_otp")
	code, out, errs := fob(t, "", "conform", "--target", "preset:django-otp", "--only", "C01,C05,C13", "--seed", "1")
	require.Equal(t, exitFailed, code, errs)
	require.Contains(t, out, "django-otp: 3 cases: 2 PASS, 1 FAIL")
	require.Contains(t, out, `cp django-otp.py "$DIR"/server.py`)

	program := tooltest.Module(t, filepath.Join("..", "..", "tools", "vaulttotp"))
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("vault.token", []byte("s3cret\n"), 0o600))
	cmd := exec.Command(program, "-listen", "127.0.0.1:0", "-dir", "keys", "-token-file", "vault.token")
	cmd.Stderr = os.Stderr
	lines, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	line, err := bufio.NewReader(lines).ReadString('\n')
	require.NoError(t, err)
	url := "http://" + strings.TrimPrefix(strings.TrimSpace(line), "listening at ")
	for seed, preset := range []string{"vault", "openbao"} {
		code, out, errs = fob(t, "", "conform", "--target", "preset:"+preset, "--url", url, "--only", "C01,C11,C14", "--seed", strconv.Itoa(seed))
		require.Equal(t, exitFailed, code, errs)
		require.Contains(t, out, preset+": 3 cases: 2 PASS, 1 FAIL")
		code, out, errs = fob(t, "", "conform", "probe", "--target", "preset:"+preset, "--url", url)
		require.Zero(t, code, errs)
		require.Contains(t, out, "has  assign")
	}
	require.NoError(t, os.WriteFile("vault.token", []byte("wrong\n"), 0o600))
	code, _, errs = fob(t, "", "conform", "--target", "preset:vault", "--url", url)
	require.Equal(t, exitRefused, code, errs)
	require.Contains(t, errs, "permission denied")
	require.NoError(t, os.Remove("vault.token"))
	code, _, errs = fob(t, "", "conform", "--target", "preset:vault", "--url", url)
	require.Equal(t, exitUsage, code, errs)
	require.Contains(t, errs, "secrets: token: ")
	require.Contains(t, errs, "vault.token")
}

// TestConformMissing: an error names all Debian packages that a preset needs and that are
// not installed.
func TestConformMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, preset := range []string{"libpam-oath", "libpam-google-authenticator"} {
		code, out, errs := fob(t, "", "conform", "--target", "preset:"+preset)
		require.Equal(t, exitUnsupported, code, errs)
		require.Empty(t, out)
		require.Regexp(t, `^fob: setting up the target: not installed: .*pamtester.*: on Debian: apt-get install .*pamtester`, errs)
	}
	code, _, errs := fob(t, "", "conform", "probe", "--target", "preset:libpam-oath")
	require.Equal(t, exitUnsupported, code, errs)
}

// TestConformInterrupted: an interrupted run ends the server that it has started, with its
// processes.
func TestConformInterrupted(t *testing.T) {
	dir := t.TempDir()
	path, pids, begun := filepath.Join(dir, "target.yaml"), filepath.Join(dir, "pids"), filepath.Join(dir, "begun")
	require.NoError(t, os.WriteFile(path, []byte(`
name: x
setup:
  - start: {argv: [sh, -c, "sleep 1000 & echo $! $$ >`+pids+`; echo ready; wait"], ready: {line: ready}}
import: {command: {argv: [sh, -c, "touch `+begun+`; exec sleep 1000"]}}
check: {command: {argv: [cat], stdin: "{{code}}"}, accepted: {exit: 0}, refused: {exit: 1}}
`), 0o600))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		for ctx.Err() == nil {
			if _, err := os.Stat(begun); err == nil {
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	var stdout, stderr bytes.Buffer
	code := run(ctx, []string{"conform", "--target", path}, strings.NewReader(""), &stdout, &stderr)
	require.Equal(t, exitInterrupted, code, stderr.String())
	text, err := os.ReadFile(pids)
	require.NoError(t, err)
	require.Len(t, strings.Fields(string(text)), 2)
	for _, pid := range strings.Fields(string(text)) {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		require.True(t, err != nil || strings.Contains(string(stat), ") Z "), "process %s is still there", pid)
	}
}
