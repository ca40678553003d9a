// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/internal/tooltest"
)

// TestInitOnFullDisk checks that init leaves nothing behind when the disk is full, and
// reports it. The test limits the size of files with ulimit. The largest limit that is
// too small makes the last write fail.
func TestInitOnFullDisk(t *testing.T) {
	t.Parallel()
	pw := filepath.Join(t.TempDir(), "pw")
	require.NoError(t, os.WriteFile(pw, []byte("correct horse battery\n"), 0o600))
	errs := ""
	fits := func(blocks int) bool {
		t.Helper()
		dir := t.TempDir()
		cmd := exec.Command("sh", "-c", fmt.Sprintf("trap '' XFSZ; ulimit -f %d; exec fob validator init --db bank.db "+
			"--key-file bank.key --first-clerk tanaka --api-key-out api.key --password-file %s", blocks, pw))
		cmd.Dir = dir
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		err := cmd.Run()
		errs = stderr.String()
		left, e := os.ReadDir(dir)
		require.NoError(t, e)
		if err == nil {
			require.Len(t, left, 3, "the database, its key and the API key")
			return true
		}
		var exit *exec.ExitError
		require.True(t, errors.As(err, &exit), "%v", err)
		require.Equal(t, exitFailed, exit.ExitCode(), errs)
		require.Empty(t, left, "%d blocks: %s", blocks, errs)
		require.Contains(t, errs, "no bank was created in database bank.db, and nothing is left behind: ")
		return false
	}
	low, high := 0, 1<<14
	require.False(t, fits(low))
	require.True(t, fits(high), errs)
	last := ""
	for high-low > 1 {
		if middle := (low + high) / 2; fits(middle) {
			high = middle
		} else {
			low, last = middle, errs
		}
	}
	require.Contains(t, last, "adding the first API key: ")
	require.Contains(t, last, "is the disk full?")
}

// TestDatabaseAddress checks that an invalid address is a usage error and an
// unreachable database a connection error, with the exit codes in fob --help. No
// message may contain the password.
func TestDatabaseAddress(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pw := filepath.Join(dir, "pw")
	require.NoError(t, os.WriteFile(pw, []byte("correct horse battery\n"), 0o600))
	nobody := tooltest.FreeAddress(t)
	missing, err := url.Parse(pgtest.Database(t))
	require.NoError(t, err)
	missing.Path = "/no_such_database"
	for address, want := range map[string]int{
		"postgres://bank:geheim@" + nobody + "/x":                                               exitNoConnect,
		"postgres://bank:geheim@" + nobody + "/x?sslmode=disable":                               exitNoConnect,
		"postgres://bank:geheim@/x?host=" + url.QueryEscape(filepath.Join(dir, "none")):         exitNoConnect,
		"postgres://bank:geheim@fob.invalid/x":                                                  exitNoConnect, // RFC 2606: does not exist
		missing.String():                                                                        exitNoConnect,
		"postgres://bank:geheim@127.0.0.1:99999/x":                                              exitUsage,
		"postgres://bank:geheim@127.0.0.1:abc/x":                                                exitUsage,
		"postgres://bank:geheim@[::1/x":                                                         exitUsage,
		"postgres://bank:geheim%zz@127.0.0.1/x":                                                 exitUsage,
		"postgres://bank:geheim@127.0.0.1/x y":                                                  exitUsage,
		"postgres://bank:geheim@127.0.0.1/x?sslmode=geheim":                                     exitUsage,
		"postgres://bank:geheim@127.0.0.1/x?connect_timeout=geheim":                             exitUsage,
		"postgres://bank:geheim@127.0.0.1/x?sslmode=verify-full&sslrootcert=" + dir + "/geheim": exitUsage,
		"mysql://bank:geheim@127.0.0.1/x":                                                       exitUsage,
		"geheim.db":                                                                             exitUsage,
		"postgres://bank:geheim@127.0.0.1/x\npostgres://bank:geheim@127.0.0.1/y":                exitUsage,
		"": exitUsage,
	} {
		file := filepath.Join(dir, "address")
		require.NoError(t, os.WriteFile(file, []byte(address), 0o600))
		for _, command := range [][]string{
			{"contract", "list"}, {"init", "--first-clerk", "tanaka", "--password-file", pw},
		} {
			args := append(append([]string{"validator"}, command...), "--db-file", file, "--key-file", filepath.Join(dir, "bank.key"))
			code, out, errs := fob(t, "", args...)
			require.Equal(t, want, code, "%s %s: %s%s", command[0], address, out, errs)
			require.NotContains(t, errs, "geheim")
			require.NoFileExists(t, filepath.Join(dir, "bank.key"))
		}
	}
	for address, message := range map[string]string{
		"postgres://bank@127.0.0.1:abc/x":                "--db: invalid database address: want postgres://USER@HOST:PORT/NAME",
		"postgres://bank@127.0.0.1:5432/x?sslmode=maybe": "--db: invalid database address: check its port, its parameters such as sslmode",
		"postgres://bank:geheim@127.0.0.1:5432/x":        "--db contains a password",
		filepath.Join(pw, "bank.db"):                     "not a directory",
		filepath.Join(dir, "none", "bank.db"):            "no such file",
	} {
		code, _, errs := fob(t, "", "validator", "init", "--db", address, "--key-file", filepath.Join(dir, "bank.key"),
			"--first-clerk", "tanaka", "--password-file", pw)
		require.Equal(t, exitUsage, code, errs)
		require.NotContains(t, errs, "geheim")
		require.Contains(t, errs, message)
	}
}
