// SPDX-License-Identifier: Apache-2.0

package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/store"
)

// record returns a record for a log that looks like a bank's.
func record(i int) store.Record {
	return store.Record{
		At: token.UnixSeconds(1775012400 + i), User: "alice", Contract: "c1", Act: "transfer", Serial: "123456789012",
		Rule: "BK-01", Reason: "accepted", Done: i%3 != 0, Channel: "page", Source: "192.0.2.1", Note: fmt.Sprint(i),
	}
}

func verify(t *testing.T, db *store.DB, since string) store.AuditReport {
	t.Helper()
	var report store.AuditReport
	require.NoError(t, db.LongView(t.Context(), func(tx *store.Tx) (err error) {
		report, err = tx.VerifyAudit(since, nil)
		return err
	}))
	return report
}

// fill writes a log. On PostgreSQL the records are in at least two chains.
func fill(t *testing.T, db *store.DB, n int) {
	t.Helper()
	for i := 0; i < n; i += 4 {
		var inside, wg sync.WaitGroup
		inside.Add(4)
		for k := range 4 {
			one := func(together bool) {
				err := db.Update(context.Background(), func(tx *store.Tx) error {
					tx.AddAudit(record(i + k))
					if together {
						inside.Done()
						inside.Wait()
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
			if db.Postgres() {
				wg.Go(func() { one(true) })
			} else {
				one(false)
			}
		}
		wg.Wait()
	}
}

// TestAttacks manipulates a log with SQL, like an attacker who has the database but not
// its key. The report must contain each manipulation and its place.
func TestAttacks(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, name string) {
		db := open(t, name)
		r := pgtest.Raw(t, name)
		fill(t, db, 8)
		pgtest.Exec(t, r, "CREATE TABLE early AS SELECT * FROM audit")
		pgtest.Exec(t, r, "CREATE TABLE early_chain AS SELECT * FROM audit_chain")
		fill(t, db, 40)
		pgtest.Exec(t, r, "CREATE TABLE good AS SELECT * FROM audit")
		pgtest.Exec(t, r, "CREATE TABLE good_chain AS SELECT * FROM audit_chain")
		whole := verify(t, db, "")
		require.Empty(t, whole.Faults)
		require.EqualValues(t, 48, whole.Records)
		require.NotEmpty(t, whole.Checkpoint)
		require.Empty(t, verify(t, db, whole.Checkpoint).Faults)

		var chains []int64
		rows, err := r.QueryContext(t.Context(), "SELECT chain FROM audit GROUP BY chain HAVING COUNT(*) >= 5 ORDER BY chain")
		require.NoError(t, err)
		for rows.Next() {
			var c int64
			require.NoError(t, rows.Scan(&c))
			chains = append(chains, c)
		}
		require.NoError(t, rows.Err())
		a, b := chains[0], int64(2)
		if db.Postgres() {
			require.Greater(t, len(chains), 1, "the log has several chains")
			b = chains[1]
		}
		last := func(chain int64) (n int64) {
			require.NoError(t, r.QueryRowContext(t.Context(), "SELECT seq FROM audit_chain WHERE id = $1", chain).Scan(&n))
			return n
		}
		end := last(a)
		const columns = "at, user_id, clerk_id, contract, act, serial, rule, reason, done, front, source, note, mac"
		do := func(query string, args ...any) func() { return func() { pgtest.Exec(t, r, query, args...) } }
		for _, c := range []struct {
			what  string
			how   func()
			since bool // only an earlier head reveals it
			want  string
		}{
			{"edit", do("UPDATE audit SET note = 'x' WHERE chain = $1 AND seq = 3", a), false, fmt.Sprintf("chain %d, record 3: the record was changed", a)},
			{"edit the last", do("UPDATE audit SET done = 1 - done WHERE chain = $1 AND seq = $2", a, end), false, fmt.Sprintf("chain %d, record %d: the record was changed", a, end)},
			{"edit a code of authentication", do("UPDATE audit SET mac = (SELECT mac FROM good WHERE chain = $1 AND seq = 1) WHERE chain = $1 AND seq = 3", a), false, fmt.Sprintf("chain %d, record 3: the record was changed", a)},
			{"no flag", do("UPDATE audit SET done = 2 WHERE chain = $1 AND seq = 2", a), false, fmt.Sprintf("chain %d, record 2: the record was changed", a)},
			{"delete", do("DELETE FROM audit WHERE chain = $1 AND seq = 3", a), false, fmt.Sprintf("chain %d: record 4 follows record 2", a)},
			{"delete the first", do("DELETE FROM audit WHERE chain = $1 AND seq = 1", a), false, fmt.Sprintf("chain %d: record 2 follows record 0", a)},
			{"delete and close up", func() {
				pgtest.Exec(t, r, "DELETE FROM audit WHERE chain = $1 AND seq = 3", a)
				for s := int64(4); s <= end; s++ {
					pgtest.Exec(t, r, "UPDATE audit SET seq = $2 - 1 WHERE chain = $1 AND seq = $2", a, s)
				}
			}, false, fmt.Sprintf("chain %d, record 3: the record was changed", a)},
			{"insert", do("INSERT INTO audit (chain, seq, "+columns+") SELECT chain, seq + 100000, "+columns+" FROM good WHERE chain = $1 AND seq = 2", a), false, fmt.Sprintf("chain %d: record 100002 follows record %d", a, end)},
			{"insert behind the end", do("INSERT INTO audit (chain, seq, "+columns+") SELECT chain, $2 + 1, "+columns+" FROM good WHERE chain = $1 AND seq = 2", a, end), false, fmt.Sprintf("chain %d, record %d: the record was changed", a, end+1)},
			{"insert before the beginning", do("INSERT INTO audit (chain, seq, "+columns+") SELECT chain, 0, "+columns+" FROM good WHERE chain = $1 AND seq = 2", a), false, fmt.Sprintf("chain %d, record 0: the record was changed", a)},
			{"swap", func() {
				pgtest.Exec(t, r, "UPDATE audit SET seq = -1 WHERE chain = $1 AND seq = 2", a)
				pgtest.Exec(t, r, "UPDATE audit SET seq = 2 WHERE chain = $1 AND seq = 4", a)
				pgtest.Exec(t, r, "UPDATE audit SET seq = 4 WHERE chain = $1 AND seq = -1", a)
			}, false, fmt.Sprintf("chain %d, record 2: the record was changed", a)},
			{"move to another chain", do("UPDATE audit SET chain = $2, seq = 99 WHERE chain = $1 AND seq = 3", a, b), false, fmt.Sprintf("chain %d: record 99 follows", b)},
			{"move to a chain that is not there", do("UPDATE audit SET chain = 99 WHERE chain = $1 AND seq = 3", a), false, "chain 99, record 3: there is no such chain"},
			{"cut the tail", do("DELETE FROM audit WHERE chain = $1 AND seq > 3", a), false, fmt.Sprintf("chain %d ends with record 3, its head is at record %d", a, end)},
			{"cut the tail and the head with it", func() {
				pgtest.Exec(t, r, "DELETE FROM audit WHERE chain = $1 AND seq > 3", a)
				pgtest.Exec(t, r, "UPDATE audit_chain SET seq = 3, mac = (SELECT mac FROM good WHERE chain = $1 AND seq = 3) WHERE id = $1", a)
			}, false, fmt.Sprintf("chain %d: its head was changed", a)},
			{"cut the tail and put the old head back", func() {
				pgtest.Exec(t, r, "DELETE FROM audit WHERE chain = $1 AND seq > (SELECT seq FROM early_chain WHERE id = $1)", a)
				pgtest.Exec(t, r, "DELETE FROM audit_chain WHERE id = $1", a)
				pgtest.Exec(t, r, "INSERT INTO audit_chain SELECT * FROM early_chain WHERE id = $1", a)
			}, true, fmt.Sprintf("chain %d ends with record", a)},
			{"the head of another chain", do("UPDATE audit_chain SET seq = g.seq, mac = g.mac, seal = g.seal FROM good_chain g WHERE g.id = $2 AND audit_chain.id = $1", a, b), false, fmt.Sprintf("chain %d: its head was changed", a)},
			{"delete a head", do("DELETE FROM audit_chain WHERE id = $1", a), false, fmt.Sprintf("chain %d: its head is missing", a)},
			{"delete an empty head", do("DELETE FROM audit_chain WHERE id = 16"), false, "chain 16: its head is missing"},
			{"delete a chain and its head", func() {
				pgtest.Exec(t, r, "DELETE FROM audit WHERE chain = $1", a)
				pgtest.Exec(t, r, "DELETE FROM audit_chain WHERE id = $1", a)
			}, false, fmt.Sprintf("chain %d: its head is missing", a)},
			{"one head more", do("INSERT INTO audit_chain SELECT 17, seq, mac, seal FROM good_chain WHERE id = 1"), false, "chain 17: there is no such chain"},
			{"delete all records", do("DELETE FROM audit"), false, fmt.Sprintf("chain %d ends with record 0, its head is at record %d", a, end)},
			{"delete everything", func() {
				pgtest.Exec(t, r, "DELETE FROM audit")
				pgtest.Exec(t, r, "DELETE FROM audit_chain")
			}, false, "chain 1: its head is missing"},
			{"an earlier copy of all", func() {
				pgtest.Exec(t, r, "DELETE FROM audit")
				pgtest.Exec(t, r, "DELETE FROM audit_chain")
				pgtest.Exec(t, r, "INSERT INTO audit SELECT * FROM early")
				pgtest.Exec(t, r, "INSERT INTO audit_chain SELECT * FROM early_chain")
			}, true, "records were removed"},
			{"an earlier copy of all, and written on", func() {
				pgtest.Exec(t, r, "DELETE FROM audit")
				pgtest.Exec(t, r, "DELETE FROM audit_chain")
				pgtest.Exec(t, r, "INSERT INTO audit SELECT * FROM early")
				pgtest.Exec(t, r, "INSERT INTO audit_chain SELECT * FROM early_chain")
				for range 80 {
					require.NoError(t, db.Grouped(t.Context(), "", func(tx *store.Tx) error { tx.AddAudit(record(1)); return nil }))
				}
			}, true, fmt.Sprintf("chain 1, record %d: differs from the checkpoint", last(1))},
		} {
			t.Run(c.what, func(t *testing.T) {
				c.how()
				report := verify(t, db, "")
				if c.since {
					require.Empty(t, report.Faults, "consistent in itself")
					report = verify(t, db, whole.Checkpoint)
				}
				require.Contains(t, strings.Join(report.Faults, "\n"), c.want)
				pgtest.Exec(t, r, "DELETE FROM audit")
				pgtest.Exec(t, r, "DELETE FROM audit_chain")
				pgtest.Exec(t, r, "INSERT INTO audit SELECT * FROM good")
				pgtest.Exec(t, r, "INSERT INTO audit_chain SELECT * FROM good_chain")
				require.Empty(t, verify(t, db, whole.Checkpoint).Faults)
			})
		}
		for _, since := range []string{"x", "1:2", "1:x:AA", "17:1:AA", "1:0:AA", "1:1:***"} {
			require.ErrorContains(t, db.View(t.Context(), func(tx *store.Tx) error {
				_, err := tx.VerifyAudit(since, nil)
				return err
			}), "not a checkpoint")
		}
	})
}

// TestAlteredHead checks that the bank writes nothing after an altered head, and that
// an operation is not performed if it cannot be recorded.
func TestAlteredHead(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, name string) {
		db := open(t, name)
		r := pgtest.Raw(t, name)
		fill(t, db, 8)
		for what, query := range map[string]string{
			"sequence": "UPDATE audit_chain SET seq = seq + 1",
			"code":     "UPDATE audit_chain SET mac = seal",
			"seal":     "UPDATE audit_chain SET seal = mac",
			"gone":     "DELETE FROM audit_chain",
		} {
			pgtest.Exec(t, r, "CREATE TABLE good AS SELECT * FROM audit_chain")
			pgtest.Exec(t, r, query)
			for _, run := range []func(fn func(*store.Tx) error) error{
				func(fn func(*store.Tx) error) error { return db.Update(t.Context(), fn) },
				func(fn func(*store.Tx) error) error { return db.Grouped(t.Context(), "", fn) },
			} {
				err := run(func(tx *store.Tx) error {
					tx.AddAudit(record(1))
					return tx.AddContract(contract("c"))
				})
				require.ErrorContains(t, err, "the audit log was changed by another program", what)
				require.ErrorContains(t, err, "run fob validator audit verify", what)
			}
			pgtest.Exec(t, r, "DELETE FROM audit_chain")
			pgtest.Exec(t, r, "INSERT INTO audit_chain SELECT * FROM good")
			pgtest.Exec(t, r, "DROP TABLE good")
			view(t, db, func(tx *store.Tx) error {
				_, err := tx.Contract("c")
				require.ErrorIs(t, err, store.ErrNotFound)
				return nil
			})
		}
		update(t, db, func(tx *store.Tx) error { tx.AddAudit(record(1)); return nil })
		require.Empty(t, verify(t, db, "").Faults)
	})
}

// TestRandomEdits checks that any edit of one column of one record or head is detected, for
// any new value.
func TestRandomEdits(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, name string) {
		db := open(t, name)
		r := pgtest.Raw(t, name)
		fill(t, db, 12)
		numbers := []string{"chain", "seq", "at", "done"}
		blobs := []string{"mac"}
		columns := []string{"chain", "seq", "at", "user_id", "clerk_id", "contract", "act", "serial", "rule", "reason", "done", "front", "source", "note", "mac"}
		proptest.Check(t, func(t *rapid.T) {
			table, column, key := "audit", rapid.SampledFrom(columns).Draw(t, "column"), ""
			var number, blob bool
			if rapid.IntRange(0, 4).Draw(t, "head") == 0 {
				table, column = "audit_chain", rapid.SampledFrom([]string{"id", "seq", "mac", "seal"}).Draw(t, "head column")
				key = fmt.Sprintf("id = %d", rapid.IntRange(1, store.Chains).Draw(t, "id"))
				number, blob = column == "id" || column == "seq", column == "mac" || column == "seal"
			} else {
				var chain, seq int64
				n := rapid.IntRange(0, 11).Draw(t, "record")
				err := r.QueryRow("SELECT chain, seq FROM audit ORDER BY chain, seq LIMIT 1 OFFSET $1", n).Scan(&chain, &seq)
				if err != nil {
					t.Fatal(err)
				}
				key = fmt.Sprintf("chain = %d AND seq = %d", chain, seq)
				number, blob = slices.Contains(numbers, column), slices.Contains(blobs, column)
			}
			var old, value any
			if err := r.QueryRow("SELECT " + column + " FROM " + table + " WHERE " + key).Scan(&old); err != nil {
				t.Fatal(err)
			}
			kind := rapid.IntRange(0, 5).Draw(t, "kind")
			switch {
			case !db.Postgres() && kind == 0 && !blob: // the same value as a blob
				value = []byte(fmt.Sprint(old))
			case !db.Postgres() && kind == 1 && blob: // the same value as a text
				value = string(old.([]byte))
			case !db.Postgres() && kind == 2 && number:
				value = float64(old.(int64)) + 0.5
			case number:
				value = rapid.OneOf(rapid.Int64(), rapid.Int64Range(0, 20)).Draw(t, "number")
			case blob:
				value = rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "bytes")
			default:
				value = rapid.OneOf(rapid.SampledFrom([]string{"", "alice", "alice ", "Alice", "BK-02", "0", "1"}), rapid.StringMatching(`[a-z0-9 ./:-]{0,20}`)).Draw(t, "text")
			}
			if same(old, value) {
				t.Skip("no edit")
			}
			tx, err := r.Begin()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Exec("UPDATE "+table+" SET "+column+" = $1 WHERE "+key, value); err != nil {
				_ = tx.Rollback()
				t.Skip("the database does not take it")
			}
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
			var report store.AuditReport
			verr := db.View(context.Background(), func(tx *store.Tx) (err error) {
				report, err = tx.VerifyAudit("", nil)
				return err
			})
			restore(t, r, table, column, key, old, value)
			if verr != nil || len(report.Faults) == 0 {
				t.Fatalf("%s.%s of %s: %v → %v: faults %v, error %v", table, column, key, old, value, report.Faults, verr)
			}
		})
		require.Empty(t, verify(t, db, "").Faults, "the test restored every record")
	})
}

// restore reverses the edit of one column. If the key itself was edited, it finds the
// row by the new value.
func restore(t *rapid.T, r *sql.DB, table, column, key string, old, value any) {
	where, args := key, []any{old}
	if column == "id" || column == "chain" || column == "seq" && table == "audit" {
		var rest string
		for part := range strings.SplitSeq(key, " AND ") {
			if !strings.HasPrefix(part, column+" =") {
				rest = " AND " + part
			}
		}
		where, args = column+" = $2"+rest, append(args, value)
	}
	if res, err := r.Exec("UPDATE "+table+" SET "+column+" = $1 WHERE "+where, args...); err != nil {
		t.Fatal(err)
	} else if n, _ := res.RowsAffected(); n != 1 {
		t.Fatalf("%d rows put back", n)
	}
}

func same(a, b any) bool {
	x, isBytes := a.([]byte)
	y, areBytes := b.([]byte)
	if isBytes && areBytes {
		return bytes.Equal(x, y)
	}
	return !isBytes && !areBytes && a == b
}
