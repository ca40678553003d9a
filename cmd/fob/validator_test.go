// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/d204ef64/fob/internal/pgtest"
)

// madeBank creates a bank with a contract. flags name its database. It returns a
// function that runs a command on the bank.
func madeBank(t *testing.T, flags ...string) func(want int, args ...string) (stdout, stderr string) {
	t.Helper()
	dir := t.TempDir()
	pw := filepath.Join(dir, "pw")
	require.NoError(t, os.WriteFile(pw, []byte("correct horse battery\n"), 0o600))
	flags = append(flags, "--key-file", filepath.Join(dir, "bank.key"))
	run := func(want int, args ...string) (string, string) {
		t.Helper()
		code, out, errs := fob(t, "", append(append([]string{"validator"}, args...), flags...)...)
		require.Equal(t, want, code, "%s: %s%s", strings.Join(args, " "), out, errs)
		return out, errs
	}
	run(0, "init", "--first-clerk", "tanaka", "--password-file", pw)
	run(0, "contract", "add", "C-1", "--name", "X", "--address", "Y", "--email", "x@example.com")
	run(0, "user", "add", "alice", "--contract", "C-1", "--name", "Alice", "--role", "master", "--password-file", pw)
	return run
}

// TestBankOnPostgres runs the commands on PostgreSQL. The address is in a file, because
// it may contain a password.
func TestBankOnPostgres(t *testing.T) {
	address := pgtest.Database(t)
	file := filepath.Join(t.TempDir(), "address")
	require.NoError(t, os.WriteFile(file, []byte(address+"\n"), 0o600))
	run := madeBank(t, "--db-file", file)

	tokens := filepath.Join(t.TempDir(), "tokens.xml")
	code, _, errs := fob(t, "", "seeds", "make", "--count", "700", "--first", "1", "--to", "pskc", "--out", tokens)
	require.Zero(t, code, errs)
	out, _ := run(0, "import", tokens, "--json")
	require.Contains(t, out, `"count":700`)
	out, _ = run(0, "token", "list", "--json")
	require.Equal(t, 700, strings.Count(out, "\n"), "more than one page")
	out, _ = run(0, "token", "list", "--json", "--limit", "501")
	require.Equal(t, 501, strings.Count(out, "\n"))
	run(0, "token", "issue", "ZZFB00000001", "--contract", "C-1")
	run(0, "token", "revoke", "ZZFB00000001")
	out, _ = run(0, "rotate-key")
	require.Equal(t, "700 seeds encrypted with a new key\n", out)
	run(0, "audit", "verify")
	_, errs = run(2, "init", "--first-clerk", "sato", "--password-file", file)
	require.NotContains(t, errs, address)

	// As an argument, an address must not contain a password.
	u, err := url.Parse(address)
	require.NoError(t, err)
	if u.User != nil {
		u.User = url.UserPassword(u.User.Username(), "geheim")
	} else {
		u.User = url.UserPassword("postgres", "geheim")
	}
	code, _, errs = fob(t, "", "validator", "contract", "list", "--db", u.String())
	require.Equal(t, exitUsage, code)
	require.NotContains(t, errs, "geheim")
}

// TestAuditVerifyFindsEdits changes the audit log directly in the database, as anyone
// with access to the database can.
func TestAuditVerifyFindsEdits(t *testing.T) {
	for name, edit := range map[string]string{
		"edited":  "UPDATE audit SET user_id = 'mallory' WHERE seq = 3",
		"removed": "DELETE FROM audit WHERE seq = 3",
		"moved":   "UPDATE audit SET at = at - 86400 WHERE seq = 3",
		"cut off": "DELETE FROM audit WHERE seq >= 4",
	} {
		t.Run(name, func(t *testing.T) {
			db := filepath.Join(t.TempDir(), "bank.db")
			run := madeBank(t, "--db", db)
			out, _ := run(0, "audit", "verify")
			require.Contains(t, out, "records: the log is intact")
			query(t, db, edit)
			out, errs := run(1, "audit", "verify")
			require.Empty(t, out)
			require.Contains(t, errs, "fob: audit log: ")
			out, _ = run(1, "audit", "verify", "--json")
			var report struct{ Faults []string }
			require.NoError(t, json.Unmarshal([]byte(out), &report))
			require.NotEmpty(t, report.Faults)
			kept := filepath.Join(t.TempDir(), "ends")
			run(1, "audit", "verify", "--keep", kept)
			require.NoFileExists(t, kept, "the ends of a broken log are worth nothing")
		})
	}
}

// TestAuditVerifySince checks that an older copy of the database, which is consistent
// in itself, is detected with checkpoints kept elsewhere.
func TestAuditVerifySince(t *testing.T) {
	dir := t.TempDir()
	db, kept := filepath.Join(dir, "bank.db"), filepath.Join(dir, "ends")
	run := madeBank(t, "--db", db)
	query(t, db, "VACUUM INTO '"+filepath.Join(dir, "old.db")+"'")
	run(0, "contract", "add", "C-2", "--name", "X", "--address", "Y", "--email", "x@example.com")
	run(0, "audit", "verify", "--keep", kept)
	run(0, "contract", "add", "C-3", "--name", "X", "--address", "Y", "--email", "x@example.com")
	run(0, "audit", "verify", "--since", kept)
	require.NoError(t, os.Rename(filepath.Join(dir, "old.db"), db))
	run(0, "audit", "verify")
	_, errs := run(1, "audit", "verify", "--since", kept)
	require.Contains(t, errs, "fob: audit log: ")
}

func query(t *testing.T, file, text string) {
	t.Helper()
	db := pgtest.Raw(t, file)
	pgtest.Exec(t, db, text)
	require.NoError(t, db.Close()) // the next command may delete the write-ahead log
}
