// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/internal/vault"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/store"
)

// databases creates an empty database of each kind.
var databases = map[string]func(t *testing.T) string{
	"sqlite":   func(t *testing.T) string { return banktest.SQLite(t) },
	"postgres": func(t *testing.T) string { return pgtest.Database(t) },
}

// restore restores a backup into the database to, and returns its harness.
func restore(t *testing.T, d *banktest.Harness, backup []byte, to string) (*banktest.Harness, error) {
	t.Helper()
	r, err := store.ReadBackup(bytes.NewReader(backup))
	if err != nil {
		return nil, err
	}
	if _, err := bank.Restore(t.Context(), to, r, d.Master, banktest.Clerk, bank.Options{Clock: d.Clock}, nil); err != nil {
		return nil, err
	}
	restored := *d
	restored.Name = to
	restored.DB, err = store.Open(t.Context(), to, false)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, restored.DB.Close()) })
	restored.Bank, err = bank.Open(t.Context(), restored.DB, d.Master, bank.Options{Clock: d.Clock, InsecureCheapPasswords: true})
	require.NoError(t, err)
	return &restored, nil
}

// newFullBank returns a harness whose bank has a row in each table of a backup.
func newFullBank(t *testing.T, database string) (d *banktest.Harness, one token.Serial) {
	t.Helper()
	d = banktest.New(t, database)
	d.Contract("c1")
	d.User("c1", "alice", validator.Master)
	d.User("c1", "bob", validator.PlainUser)
	one = d.Issued("c1")
	two := d.Issued("c1")
	d.Inventory()
	d.Activate("alice", one)
	d.Activate("bob", two)
	d.Step(1)
	require.True(t, d.Transfer("alice", d.Code(one, 0)).Done)
	require.NoError(t, d.Bank.AddClerk(t.Context(), banktest.Clerk, "suzuki", "鈴木 & <Co>", "a password of her own"))
	_, _, err := d.Bank.AddKey(t.Context(), banktest.Clerk, bank.KeyClerk, "key")
	require.NoError(t, err)
	d.Clock.Set(1930003200) // 2031-02-28T09:00 in Japan: a month before the tokens expire
	report, err := d.Bank.Daily(t.Context(), nil)
	require.NoError(t, err)
	require.Positive(t, report.Made, "notices and orders")
	return d, one
}

// backup writes a backup into memory.
func backup(t *testing.T, d *banktest.Harness) []byte {
	t.Helper()
	var b bytes.Buffer
	rows, err := d.Bank.Backup(t.Context(), banktest.Clerk, &b, nil)
	require.NoError(t, err)
	require.Positive(t, rows)
	return b.Bytes()
}

// backupLines returns the lines of a backup without its head and end, which contain the
// time and the MAC.
func backupLines(t *testing.T, backup []byte) []string {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(backup))
	require.NoError(t, err)
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	all := strings.Split(strings.TrimSpace(string(text)), "\n")
	return all[1 : len(all)-1]
}

// requireRowsInEachTable makes sure that the tests cover each table.
func requireRowsInEachTable(t *testing.T, backup []byte) {
	t.Helper()
	rows, table := map[string]int{}, ""
	for _, line := range backupLines(t, backup) {
		if rest, head := strings.CutPrefix(line, `{"table":"`); head {
			table, _, _ = strings.Cut(rest, `"`)
			rows[table] += 0
		} else {
			rows[table]++
		}
	}
	require.Len(t, rows, 12)
	for table, n := range rows {
		require.Positive(t, n, table)
	}
}

// TestRestore restores a backup of either database in either. Every row must be there,
// the audit log must be complete, and no code may be accepted twice.
func TestRestore(t *testing.T) {
	for from, fromDatabase := range databases {
		for to, toDatabase := range databases {
			t.Run(from+" to "+to, func(t *testing.T) {
				d, serial := newFullBank(t, fromDatabase(t))
				saved := backup(t, d)
				requireRowsInEachTable(t, saved)
				// After the backup, use a code that the backup does not include.
				d.Step(1)
				used := d.Code(serial, 0)
				require.True(t, d.Transfer("alice", used).Done)

				r, err := restore(t, d, saved, toDatabase(t))
				require.NoError(t, err)
				// BK-02 also applies after a restart, and to a backup.
				again := r.Transfer("alice", used)
				require.False(t, again.Done)
				for ahead := range 2 { // codes that a fast token may have shown
					require.False(t, r.Transfer("alice", d.Code(serial, ahead)).Done)
				}
				r.Step(2 + int(validator.DefaultSettings().Window))
				require.True(t, r.Transfer("alice", d.Code(serial, 0)).Done, "the owner goes on")

				require.NoError(t, r.DB.View(t.Context(), func(tx *store.Tx) error {
					audit, err := tx.VerifyAudit("", nil)
					require.NoError(t, err)
					require.Empty(t, audit.Faults)
					return nil
				}))
				notices, _, err := r.Bank.Notices(t.Context(), banktest.Clerk, nil, bank.Page{})
				require.NoError(t, err)
				require.NotEmpty(t, notices)
				for _, n := range notices {
					require.Equal(t, store.NoticeDoubtful, n.Status)
				}
			})
		}
	}
}

// TestRestoreAfterALateCode: a token whose first code came late is expected behind the
// bank's clock, and its next code may still be early. If that code was accepted after
// the backup, it is not accepted again (BK-02).
func TestRestoreAfterALateCode(t *testing.T) {
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			d := banktest.New(t, database(t))
			d.Contract("c1")
			d.User("c1", "alice", validator.Master)
			serial := d.Issued("c1")
			out, err := d.Bank.Activate(t.Context(), bank.By{User: "alice"}, serial, d.Code(serial, -1))
			require.NoError(t, err)
			require.True(t, out.Done)
			saved := backup(t, d)
			used := d.Code(serial, 1)
			require.True(t, d.Transfer("alice", used).Done)

			r, err := restore(t, d, saved, database(t))
			require.NoError(t, err)
			require.False(t, r.Transfer("alice", used).Done)
			r.Step(2)
			require.True(t, r.Transfer("alice", d.Code(serial, 0)).Done, "the owner goes on")
		})
	}
}

// TestBackupRestoresEveryRow: a second backup, made after restoring the first, has the
// same rows except for those that the restoration changes.
func TestBackupRestoresEveryRow(t *testing.T) {
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			d, _ := newFullBank(t, banktest.SQLite(t))
			first := backup(t, d)
			r, err := restore(t, d, first, database(t))
			require.NoError(t, err)
			changes := func(line string) bool {
				for _, s := range []string{`"restore"`, `"back up"`, "restored from a backup"} {
					if strings.Contains(line, s) {
						return true
					}
				}
				return false
			}
			before, after := map[string]bool{}, map[string]bool{}
			for _, line := range backupLines(t, first) {
				before[line] = true
			}
			table, changed := "", map[string]int{}
			for _, line := range backupLines(t, backup(t, r)) {
				after[line] = true
				if strings.HasPrefix(line, `{"table":"`) {
					table, _, _ = strings.Cut(strings.TrimPrefix(line, `{"table":"`), `"`)
				}
				if !before[line] && !changes(line) {
					changed[table]++
				}
			}
			for _, t := range []string{"token", "audit_chain", "notice"} { // codes are marked used, and the chain continues
				delete(changed, t)
			}
			require.Empty(t, changed, "rows that no restoration changes, by table")
		})
	}
}

// TestBrokenBackups: a restoration leaves nothing behind if the backup is incomplete or
// belongs to another bank, or if the database is taken.
func TestBrokenBackups(t *testing.T) {
	d, _ := newFullBank(t, banktest.SQLite(t))
	whole := backup(t, d)
	text := func(change func(lines []string) []string) []byte {
		r, err := gzip.NewReader(bytes.NewReader(whole))
		require.NoError(t, err)
		all, err := io.ReadAll(r)
		require.NoError(t, err)
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, err = io.WriteString(w, strings.Join(change(strings.SplitAfter(string(all), "\n")), ""))
		require.NoError(t, err)
		require.NoError(t, w.Close())
		return b.Bytes()
	}
	replace := func(old, new string) []byte {
		return text(func(l []string) []string {
			joined := strings.Join(l, "")
			require.Contains(t, joined, old)
			return []string{strings.Replace(joined, old, new, 1)}
		})
	}
	tests := map[string]struct {
		backup []byte
		says   string
	}{
		"empty":                {nil, "not compressed"},
		"text":                 {[]byte("this is a letter to the bank"), "not compressed"},
		"another gzip":         {text(func([]string) []string { return []string{"{}\n"} }), "first line"},
		"newer":                {replace(`"version":1`, `"version":2`), "version 2"},
		"newer tables":         {replace(`"schema":`, `"schema":9`), "use a newer program"},
		"cut in the middle":    {whole[:len(whole)/2], "ends early"},
		"cut before its end":   {text(func(l []string) []string { return l[:len(l)-2] }), "ends early"},
		"more behind its end":  {text(func(l []string) []string { return append(l, "more\n") }), "data after its last line"},
		"a row less":           {text(func(l []string) []string { return append(l[:len(l)-3:len(l)-3], l[len(l)-2:]...) }), "not a valid last line"},
		"a name changed":       {replace(`鈴木`, `田中`), "a line was changed"},
		"a time changed":       {replace(`"made":`, `"made":1`), "a line was changed"},
		"a row before a table": {replace(`{"table":"bank"`, "[1]\n"+`{"table":"bank"`), "a row without a table"},
		"an unknown table":     {replace(`{"table":"clerk"`, `{"table":"sqlite_master"`), "the table is unknown"},
		"a column that is SQL": {replace(`"columns":["id"`, `"columns":["id) VALUES (1); DROP TABLE bank; --"`), "has other columns"},
		"a short row":          {replace(`[1,`, `[`), "is not a row"},
		"a fraction":           {replace(`[1,`, `[1.5,`), "is not a row"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			_, err := restore(t, d, tt.backup, filepath.Join(dir, "new.db"))
			require.ErrorContains(t, err, tt.says)
			require.NotContains(t, err.Error(), "DROP TABLE")
			left, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}

	t.Run("the key of another bank", func(t *testing.T) {
		for _, database := range databases {
			other, err := bank.Realm.NewMaster()
			require.NoError(t, err)
			stranger := *d
			stranger.Master = other
			to := database(t)
			_, err = restore(t, &stranger, whole, to)
			require.ErrorIs(t, err, vault.ErrWrongKey)
			_, err = restore(t, d, whole, to)
			require.NoError(t, err, "the same place is free for the right key")
		}
	})
	t.Run("a database that is taken", func(t *testing.T) {
		for _, database := range databases {
			taken := banktest.New(t, database(t))
			taken.Contract("mine")
			_, err := restore(t, d, whole, taken.Name)
			require.ErrorIs(t, err, store.ErrExists)
			_, err = taken.Bank.Contract(t.Context(), banktest.Clerk, "mine")
			require.NoError(t, err)
		}
	})
	t.Run("a user", func(t *testing.T) {
		_, err := d.Bank.Backup(t.Context(), banktest.By("alice"), io.Discard, nil)
		require.ErrorIs(t, err, bank.ErrForbidden)
	})
}

// TestBackupWhileWorking: each backup made during other work is complete, with a valid
// audit log.
func TestBackupWhileWorking(t *testing.T) {
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			d := banktest.New(t, database(t))
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			wg.Go(func() {
				for i := 0; ctx.Err() == nil; i++ {
					_, _ = d.Bank.AddContract(ctx, banktest.Clerk, bank.Contract{
						ID: fmt.Sprintf("x%d", i), Name: "n", Address: "a", Language: store.Japanese,
					})
				}
			})
			var backups [][]byte
			for range 5 {
				backups = append(backups, backup(t, d))
			}
			cancel()
			wg.Wait()
			for _, b := range backups {
				r, err := restore(t, d, b, banktest.SQLite(t))
				require.NoError(t, err)
				require.NoError(t, r.DB.View(t.Context(), func(tx *store.Tx) error {
					audit, err := tx.VerifyAudit("", nil)
					require.NoError(t, err)
					require.Empty(t, audit.Faults)
					return nil
				}))
			}
		})
	}
}
