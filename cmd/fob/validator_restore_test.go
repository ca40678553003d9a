// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"bytes"
	"database/sql"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
)

// restoration is a backup of a bank with 700 tokens, and a destination for it.
type restoration struct {
	t           *testing.T
	backup, key string
	pw          string
	to          []string // the flags of the destination
}

func newRestoration(t *testing.T) *restoration {
	t.Helper()
	dir := t.TempDir()
	r := &restoration{t: t, backup: filepath.Join(dir, "backup"), key: filepath.Join(dir, "key"), pw: filepath.Join(dir, "pw")}
	require.NoError(t, os.WriteFile(r.pw, []byte("correct horse battery\n"), 0o600))
	tokens := filepath.Join(dir, "tokens.xml")
	code, _, errs := fob(t, "", "seeds", "make", "--count", "700", "--first", "1", "--to", "pskc", "--out", tokens)
	require.Zero(t, code, errs)
	r.to = []string{"--db", filepath.Join(dir, "bank.db"), "--key-file", r.key}
	r.run(exitDone, "init", "--first-clerk", "tanaka", "--password-file", r.pw)
	r.run(exitDone, "import", tokens)
	r.run(exitDone, "backup", "--out", r.backup)
	return r
}

// run runs a command on the destination and returns its standard error.
func (r *restoration) run(want int, args ...string) string {
	r.t.Helper()
	code, out, errs := fob(r.t, "", append(append([]string{"validator"}, args...), r.to...)...)
	require.Equal(r.t, want, code, "%s: %s%s", strings.Join(args, " "), out, errs)
	return errs
}

// partialRestore is a process that restores, and has received only the first half of the backup.
type partialRestore struct {
	*exec.Cmd
	stdin  io.WriteCloser
	rest   []byte
	stderr bytes.Buffer
}

func (r *restoration) begin() *partialRestore {
	r.t.Helper()
	s := &partialRestore{Cmd: exec.Command("fob", append([]string{"validator", "restore", "/dev/stdin"}, r.to...)...)}
	s.Stderr = &s.stderr
	var err error
	s.stdin, err = s.StdinPipe()
	require.NoError(r.t, err)
	whole, err := os.ReadFile(r.backup)
	require.NoError(r.t, err)
	require.NoError(r.t, s.Start())
	r.t.Cleanup(func() { _ = s.Process.Kill() })
	_, err = s.stdin.Write(whole[:len(whole)/2])
	require.NoError(r.t, err)
	s.rest = whole[len(whole)/2:]
	return s
}

// end sends the second half to the process, and returns its exit code.
func (s *partialRestore) end(t *testing.T) int {
	t.Helper()
	_, err := s.stdin.Write(s.rest)
	require.NoError(t, err)
	require.NoError(t, s.stdin.Close())
	_ = s.Wait()
	return s.ProcessState.ExitCode()
}

func (s *partialRestore) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, s.Process.Kill())
	_ = s.Wait()
	require.Equal(t, -1, s.ProcessState.ExitCode(), "killed by a signal, and not ended before: %s", &s.stderr)
}

// again restores completely, and checks the result.
func (r *restoration) again() {
	r.t.Helper()
	r.run(exitDone, "restore", r.backup)
	r.run(exitDone, "audit", "verify")
	code, out, errs := fob(r.t, "", append([]string{"validator", "token", "list", "--json"}, r.to...)...)
	require.Zero(r.t, code, errs)
	require.Equal(r.t, 700, strings.Count(out, "\n"))
	require.Contains(r.t, r.run(exitUsage, "restore", r.backup), "exists already")
}

// TestRestoreKilledSQLite checks that a killed restoration leaves no database, and that
// the next one removes its folder. If two run at once, the first one to end gets the
// destination.
func TestRestoreKilledSQLite(t *testing.T) {
	t.Parallel()
	r := newRestoration(t)
	dir := t.TempDir()
	r.to = []string{"--db", filepath.Join(dir, "new.db"), "--key-file", r.key}
	left := func() (names []string) {
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	var killed []string   // the logs that the killed restoration left
	rows := func() bool { // rows are in the write-ahead log before they are in the database file
		logs, err := filepath.Glob(filepath.Join(dir, ".fob-folder-*", "bank.db-wal"))
		require.NoError(t, err)
		return slices.ContainsFunc(logs, func(name string) bool { return !slices.Contains(killed, name) })
	}
	s := r.begin()
	require.Eventually(t, rows, patience, time.Millisecond)
	s.kill(t)
	require.Len(t, left(), 1, "a folder")
	killed = []string{filepath.Join(dir, left()[0], "bank.db-wal")}
	require.Contains(t, r.run(exitUsage, "serve", "--listen", "127.0.0.1:0"), "there is no bank in this database: the file does not exist")

	s = r.begin()
	require.Eventually(t, rows, patience, time.Millisecond)
	r.again()
	require.Equal(t, exitUsage, s.end(t), &s.stderr)
	require.Contains(t, s.stderr.String(), "new.db exists already")
	require.Equal(t, []string{"new.db"}, left())
}

// TestRestoreKilledPostgres checks that a restoration into PostgreSQL excludes others
// and prevents the creation of a bank. If it is killed, the rest must not be usable as
// a bank, and the next restoration must replace it.
func TestRestoreKilledPostgres(t *testing.T) {
	t.Parallel()
	r := newRestoration(t)
	address := pgtest.Database(t)
	file := filepath.Join(t.TempDir(), "address")
	require.NoError(t, os.WriteFile(file, []byte(address), 0o600))
	r.to = []string{"--db-file", file, "--key-file", r.key}
	newKey := filepath.Join(t.TempDir(), "new.key")
	db, err := sql.Open("pgx", address)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	exec := func(query string) {
		t.Helper()
		_, err := db.Exec(query)
		require.NoError(t, err)
	}
	count := func(query string) (n int) {
		require.NoError(t, db.QueryRow(query).Scan(&n))
		return n
	}
	refused := func(others string, init int, says string) {
		t.Helper()
		for _, args := range [][]string{
			{"contract", "list"}, {"serve", "--listen", "127.0.0.1:0"}, {"backup", "--out", filepath.Join(t.TempDir(), "none")},
		} {
			require.Contains(t, r.run(exitUsage, args...), others, args[0])
		}
		to := r.to
		r.to = slices.Concat(to[:2], []string{"--key-file", newKey})
		require.Contains(t, r.run(init, "init", "--first-clerk", "sato", "--password-file", r.pw), says)
		r.to = to
		require.NoFileExists(t, newKey)
	}
	const none = "there is no bank in this database"
	const unfinished = "the restoration of a bank into this database is not finished: wait for fob validator restore, or run it again"
	const busy = "another fob process is restoring a bank into this database"
	gone := func() { // ends the killed client's connection, as the server does when it notices
		exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
		require.Eventually(t, func() bool {
			return count("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()") == 0
		}, patience, 10*time.Millisecond)
	}

	// In the middle of the rows.
	s := r.begin()
	require.Eventually(t, func() bool {
		return count("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'"+
			" AND query LIKE 'INSERT INTO token %'") > 0
	}, patience, time.Millisecond)
	require.Contains(t, r.run(exitNoConnect, "restore", r.backup), busy)
	refused(none, exitNoConnect, busy)
	s.kill(t)
	gone()
	require.Contains(t, r.run(exitUsage, "serve", "--listen", "127.0.0.1:0"), none)

	// A trigger stops it when all rows are there, before they become a bank.
	exec(`CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(500); RETURN NEW; END $$`)
	exec(`CREATE TRIGGER stop BEFORE UPDATE ON bank FOR EACH ROW WHEN (NEW.id = 1) EXECUTE FUNCTION stop()`)
	s = r.begin()
	go func() {
		_, _ = s.stdin.Write(s.rest)
		_ = s.stdin.Close()
	}()
	require.Eventually(t, func() bool {
		return count("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'") > 0
	}, patience, time.Millisecond)
	require.Contains(t, r.run(exitNoConnect, "restore", r.backup), busy)
	refused(unfinished, exitNoConnect, busy)
	s.kill(t)
	gone()
	exec("DROP FUNCTION stop CASCADE")
	require.Equal(t, 700, count("SELECT COUNT(*) FROM token"))
	refused(unfinished, exitUsage, unfinished)
	r.again()
}
