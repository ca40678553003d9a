// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/internal/vault"
	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/export/exporttest"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/line/journal/journaltest"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/virtual"
)

// lineFolder makes a folder with the keys of a journal that journaltest opens.
func lineFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	m, err := journal.Realm.ParseMaster(journaltest.Master())
	require.NoError(t, err)
	require.NoError(t, vault.WriteFile(filepath.Join(dir, "line.db.key"), m))
	block, err := ssh.MarshalPrivateKey(journaltest.Key(), "")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "line.db.ssh"), pem.EncodeToMemory(block), 0o600))
	return dir
}

// TestLineExport programs three virtual tokens on a line, and delivers them: the customer
// opens the key with age, a bank imports the seeds, and the codes of the tokens fit.
func TestLineExport(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	dir := lineFolder(t)
	o, content := journaltest.Order(t,
		"count: 10", "count: 3", "verification: two steps displayed", "verification: device check of one step",
		"drift_ppm: 20 ", "drift_ppm: 1000", "next_unit: after label scanned", "next_unit: at once")
	w, err := virtual.NewWorld(virtual.Config{Mode: virtual.Real, Seed: 7})
	require.NoError(t, err)
	model, err := virtual.ModelByName("button-6")
	require.NoError(t, err)
	f, err := fleet.New(w, fleet.Config{Model: model})
	require.NoError(t, err)
	sockets, err := os.MkdirTemp("", "fob") // short, because the path of a socket is limited
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(sockets)) })
	served := make(chan error, 1)
	go func() { served <- f.Serve(ctx) }()
	var tokens []fleet.Member
	for n := range 3 {
		m, err := f.Add(w.NewToken(model))
		require.NoError(t, err)
		_, err = f.Attach(m, fmt.Sprintf("pty:%s/s%d", sockets, n))
		require.NoError(t, err)
		tokens = append(tokens, m)
	}
	b := journaltest.Batch(t, dir, o, content)
	find, err := line.Ports("pty:" + filepath.Join(sockets, "*"))
	require.NoError(t, err)
	events := make(chan line.Event, 1000)
	working, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	station := line.New(line.Config{
		Job: line.JobOf(o), Journal: b, Key: host.InsecureTestStationKey(), Find: find, Report: func(e line.Event) { events <- e },
		HostClock: func(context.Context) error { return nil }, Poll: 10 * time.Millisecond,
	})
	go func() { ended <- station.Run(working) }()
	late := time.After(4 * time.Minute)
	for passed := 0; passed < 3; {
		select {
		case e := <-events:
			require.NotEqual(t, line.Fail, e.Result, "%+v", e)
			if e.Result == line.Pass {
				passed++
			}
		case <-late:
			require.FailNow(t, "the tokens were not programmed")
		}
	}
	stop()
	require.NoError(t, <-ended)

	db, out := filepath.Join(dir, "line.db"), filepath.Join(dir, "delivery")
	run := func(args ...string) string {
		t.Helper()
		code, stdout, stderr := fob(t, "", args...)
		require.Zero(t, code, "%v: %s", args, stderr)
		return stdout
	}
	require.Contains(t, run("line", "show", "--journal", db), "3 of 3 done, 0 void, 0 unfinished")
	require.Contains(t, run("line", "export", "--journal", db, "--out", out), "3 tokens of order ORD-2026-0001\nexport ")
	require.Contains(t, run("line", "audit", "--journal", db, "--export", out), "no faults")

	sealed, err := os.ReadFile(filepath.Join(out, "seeds-1.KEY.age"))
	require.NoError(t, err)
	in, err := age.Decrypt(bytes.NewReader(sealed), journaltest.Customer(t))
	require.NoError(t, err)
	text, err := io.ReadAll(in)
	require.NoError(t, err)
	key, file := filepath.Join(dir, "seeds-1.key"), filepath.Join(out, "seeds-1.xml")
	require.NoError(t, os.WriteFile(key, text, 0o600))
	bank := madeBank(t, "--db", filepath.Join(dir, "bank.db"))
	_, stderr := bank(exitDone, "import", file, "--seed-key-file", key)
	require.Empty(t, stderr)
	for _, m := range tokens {
		c, err := m.Code(ctx, fleet.CodeOptions{MinLeft: time.Second})
		require.NoError(t, err)
		serial, _ := m.Token.BackLabel()
		at := fmt.Sprintf("@%d", c.Step*60)
		run("seeds", "verify", file, "--key-file", key, "--serial", serial.String(), "--code", c.Text, "--at", at)
	}
	cancel()
	require.NoError(t, <-served)
	require.NoError(t, f.Close())
}

// TestLineCommands delivers an order with a void unit, acknowledges it and audits the
// journal.
func TestLineCommands(t *testing.T) {
	dir := lineFolder(t)
	db, out := filepath.Join(dir, "line.db"), filepath.Join(dir, "delivery")
	o, content := journaltest.Order(t)
	j, err := journal.Open(t.Context(), journaltest.Config(t, dir, journaltest.Master()))
	require.NoError(t, err)
	b := journaltest.Begin(t, j, o, content)
	for n := range 3 {
		exporttest.Finish(t, b, n)
	}
	exporttest.Void(t, b, 3, "its drift is too large", journal.BinRepair)
	require.NoError(t, j.Close())
	run := func(want int, args ...string) (stdout, stderr string) {
		t.Helper()
		code, stdout, stderr := fob(t, "", append(args, "--journal", db)...)
		require.Equal(t, want, code, "%v: %s", args, stderr)
		return stdout, stderr
	}
	_, stderr := run(exitUsage, "line", "ack", "--export", out)
	require.Contains(t, stderr, "is neither the folder of an export nor the SHA-256 of its manifest")
	stdout, _ := run(exitDone, "line", "export", "--out", out, "--json")
	var made exportResult
	require.NoError(t, json.Unmarshal([]byte(stdout), &made))
	require.EqualValues(t, 3, made.Units)
	require.EqualValues(t, 1, made.Void)
	require.False(t, made.Complete)
	stdout, _ = run(exitDone, "line", "export", "--out", out)
	require.Contains(t, stdout, "the folder had it already: nothing was written\n")
	stdout, _ = run(exitDone, "line", "export", "--out", out+"2")
	require.Contains(t, stdout, "the bytes are the same\n")
	_, stderr = run(exitUsage, "line", "export", "--out", dir)
	require.Contains(t, stderr, "the folder exists already: ")
	_, stderr = run(exitRefused, "line", "export", "--out", out+"3", "--order", "x")
	require.Contains(t, stderr, "the journal has no order x")

	stdout, _ = run(exitDone, "line", "show")
	require.Contains(t, stdout, "order ORD-2026-0001 at station-1: 3 of 10 done, 1 void, 0 unfinished\n  1 void: its drift is too large (bin repair)\n  export ")
	stdout, _ = run(exitDone, "line", "show", "--units", "--json")
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	require.Len(t, lines, 1+4)
	for _, line := range lines {
		require.True(t, json.Valid([]byte(line)))
	}
	stdout, _ = run(exitDone, "line", "show", "--state", "void")
	require.Contains(t, stdout, "ZZFB00000004")
	require.NotContains(t, stdout, "ZZFB00000003")
	_, stderr = run(exitUsage, "line", "show", "--state", "lost")
	require.Contains(t, stderr, "there is no such state")

	_, stderr = run(exitUsage, "line", "ack", "--export", out)
	require.Contains(t, stderr, "Or give --yes")
	_, stderr = run(exitRefused, "line", "ack", "--yes", "--export", strings.Repeat("0", 64))
	require.Contains(t, stderr, "the journal has none with the digest")
	stdout, _ = run(exitDone, "line", "ack", "--yes", "--export", made.Digest)
	require.Equal(t, "order ORD-2026-0001: 3 encrypted seeds deleted, 0 left\n", stdout)
	run(exitDone, "line", "ack", "--yes", "--export", out) // again changes nothing
	_, stderr = run(exitRefused, "line", "export", "--out", out+"4")
	require.Contains(t, stderr, "the recipients have acknowledged all 3 units")
	stdout, _ = run(exitDone, "line", "audit", "--export", out)
	require.Contains(t, stdout, "4 serial numbers allocated: 3 done, 1 void, 0 unfinished; 3 labels printed; 0 encrypted seeds left\nno faults\n")

	query(t, db, "UPDATE unit SET socket = 'x' WHERE id = 1")
	_, stderr = run(exitFailed, "line", "audit", "--export", out)
	require.Contains(t, stderr, "fob: audit: export "+out+": unit ZZFB00000001 in units.jsonl differs from the journal\n")
	require.NoError(t, os.Remove(db+".ssh"))
	_, stderr = run(exitUsage, "line", "export", "--out", out+"5")
	require.Contains(t, stderr, "line.db.ssh is missing")
	run(exitDone, "line", "audit") // needs no key
	code, _, stderr := fob(t, "", "line", "show", "--journal", filepath.Join(dir, "none.db"))
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "there is no journal in this database")
}

// TestLineExportFullDisk checks that nothing is left of an export that does not fit on the
// disk, and that the next one is complete. The shell's limit for the size of a file
// simulates the full disk.
func TestLineExportFullDisk(t *testing.T) {
	dir := lineFolder(t)
	db, out := filepath.Join(dir, "line.db"), filepath.Join(dir, "delivery")
	o, content := journaltest.Order(t, "count: 10", "count: 300", "ZZFB00000012", "ZZFB00000300")
	j, err := journal.Open(t.Context(), journaltest.Config(t, dir, journaltest.Master()))
	require.NoError(t, err)
	b := journaltest.Begin(t, j, o, content)
	for n := range 300 {
		exporttest.Finish(t, b, n)
	}
	require.NoError(t, j.Close())
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `ulimit -f 200 && exec fob line export --journal "$0" --out "$1"`, db, out)
	text, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, exitFailed, exit.ExitCode(), "%s", text)
	require.Contains(t, string(text), "fob: exporting order ORD-2026-0001: writing seeds-1.xml: file too large\n")
	require.NoDirExists(t, out)
	left, err := filepath.Glob(filepath.Join(dir, ".fob-*"))
	require.NoError(t, err)
	require.Empty(t, left)
	for _, args := range [][]string{{"export", "--out", out}, {"audit", "--export", out}} {
		code, _, stderr := fob(t, "", append([]string{"line"}, append(args, "--journal", db)...)...)
		require.Zero(t, code, stderr)
	}
}

// TestConfirm answers the question of fob line ack on a terminal.
func TestConfirm(t *testing.T) {
	for answer, want := range map[string]error{"yes\n": nil, "YES\n": nil, "y\n": errDeclined, "\n": errDeclined} {
		master, slave, err := pty.Open()
		require.NoError(t, err)
		_, err = master.WriteString(answer)
		require.NoError(t, err)
		var stderr bytes.Buffer
		a := &app{stdin: slave, stderr: &stderr}
		require.ErrorIs(t, a.confirm(t.Context(), "Delete it?"), want)
		require.Equal(t, "Delete it? Type yes: ", stderr.String())
		require.NoError(t, errors.Join(master.Close(), slave.Close()))
	}
}
