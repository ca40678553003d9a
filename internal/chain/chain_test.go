// SPDX-License-Identifier: Apache-2.0

package chain_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/chain"
	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/internal/sqldb"
)

// diary is a log with text in its records.
var diary = chain.Log{Name: "diary", Advice: "call the author", Label: "test diary", Heads: "head", Chains: 3}

var schema = sqldb.Schema{
	Program: "diary", Thing: "diary", Versions: "diary_version",
	ErrNone: errors.New("no diary"), ErrBusy: errors.New("busy"),
	Migrations: fstest.MapFS{"00001_diary.sql": {Data: []byte(`-- +goose Up
CREATE TABLE head (id BIGINT NOT NULL PRIMARY KEY, seq BIGINT NOT NULL, mac BYTEA NOT NULL, seal BYTEA NOT NULL);
CREATE TABLE entry (chain BIGINT NOT NULL, seq BIGINT NOT NULL, text TEXT NOT NULL, mac BYTEA NOT NULL, PRIMARY KEY (chain, seq));
-- +goose Down
DROP TABLE entry;
DROP TABLE head;
`)}},
}

// mac is HMAC-SHA-256 with a fixed key.
func mac(parts ...[]byte) []byte {
	h := hmac.New(sha256.New, []byte("key"))
	for _, p := range parts {
		_ = binary.Write(h, binary.BigEndian, uint64(len(p)))
		h.Write(p)
	}
	return h.Sum(nil)
}

var seed = bytes.Repeat([]byte{7}, ed25519.SeedSize)

// kinds are the keys of both kinds: for writing, for verifying, and wrong ones.
var kinds = map[string]struct{ write, verify, wrong chain.Keys }{
	"mac": {chain.WithMAC(mac), chain.WithMAC(mac), chain.WithMAC(func(parts ...[]byte) []byte { return mac(append(parts, nil)...) })},
	"signed": {
		chain.Signed(ed25519.NewKeyFromSeed(seed)),
		chain.Public(ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)),
		chain.Public(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public().(ed25519.PublicKey)),
	},
}

// each runs a test on both databases with both kinds of keys, with an empty diary.
func each(t *testing.T, test func(t *testing.T, db *sqldb.DB, kind string)) {
	for kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			pgtest.Each(t, func(t *testing.T, name string) {
				db, err := schema.Open(t.Context(), name, true)
				require.NoError(t, err)
				t.Cleanup(func() { require.NoError(t, db.Close()) })
				update(t, db, func(tx *sqldb.Tx) error { return diary.Create(tx, kinds[kind].write) })
				test(t, db, kind)
			})
		})
	}
}

func update(t *testing.T, db *sqldb.DB, fn func(*sqldb.Tx) error) {
	t.Helper()
	require.NoError(t, db.Update(t.Context(), fn))
}

func canonical(id, seq int64, text string) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(id))
	return append(binary.BigEndian.AppendUint64(b, uint64(seq)), text...)
}

// write appends records in one transaction.
func write(tx *sqldb.Tx, k chain.Keys, texts ...string) error {
	h, err := diary.Lock(tx, k)
	if err != nil {
		return err
	}
	for _, text := range texts {
		code := h.Append(k, func(id, seq int64) []byte { return canonical(id, seq, text) })
		if err := tx.ExecOne("INSERT INTO entry (chain, seq, text, mac) VALUES ($1, $2, $3, $4)", h.ID, h.Seq, text, code); err != nil {
			return err
		}
	}
	return diary.Put(tx, k, h)
}

func verify(t *testing.T, db *sqldb.DB, k chain.Keys, since string) (r chain.Report, err error) {
	t.Helper()
	err = db.View(t.Context(), func(tx *sqldb.Tx) error {
		r, err = diary.Verify(tx, k, since, nil, "SELECT chain, seq, text, mac FROM entry ORDER BY chain, seq",
			func(s sqldb.Scanner) (r chain.Record, err error) {
				var text string
				proper, err := sqldb.ScanStrict(s, &r.Chain, &r.Seq, &text, &r.Code)
				r.Bytes, r.Improper = canonical(r.Chain, r.Seq, text), !proper
				return r, err
			})
		return err
	})
	return r, err
}

// TestFaults changes a log in several ways. The report names the first broken record.
func TestFaults(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB, kind string) {
		k := kinds[kind]
		update(t, db, func(tx *sqldb.Tx) error { return write(tx, k.write, "one", "two") })
		early, err := verify(t, db, k.verify, "")
		require.NoError(t, err)
		update(t, db, func(tx *sqldb.Tx) error { return write(tx, k.write, "three", "four", "five") })
		whole, err := verify(t, db, k.verify, early.Checkpoint)
		require.NoError(t, err)
		require.Empty(t, whole.Faults)
		require.Nil(t, whole.Broken)
		require.EqualValues(t, 5, whole.Records)

		wrong, err := verify(t, db, k.wrong, "")
		require.NoError(t, err)
		require.Len(t, wrong.Faults, map[string]int{"mac": 3 + 5 + 2, "signed": 3}[kind],
			"the head of each chain, and with another MAC each record and the beginning of each empty chain")
		update(t, db, func(tx *sqldb.Tx) error {
			_, err := tx.Exec("CREATE TABLE good AS SELECT * FROM entry")
			return err
		})
		for _, c := range []struct {
			how, says string
			at        chain.Place
		}{
			{"UPDATE entry SET text = 'other' WHERE seq = 3", "chain 1, record 3: the record was changed", chain.Place{Chain: 1, Seq: 3}},
			{"UPDATE entry SET text = 'other' WHERE seq IN (2, 4)", "chain 1, record 2: the record was changed", chain.Place{Chain: 1, Seq: 2}},
			{"DELETE FROM entry WHERE seq = 2", "chain 1: record 3 follows record 1", chain.Place{Chain: 1, Seq: 2}},
			{"DELETE FROM entry WHERE seq > 3", "chain 1 ends with record 3, its head is at record 5", chain.Place{Chain: 1, Seq: 4}},
			{
				"INSERT INTO entry SELECT chain, 6, text, mac FROM good WHERE seq = 1",
				"chain 1 ends with record 6, its head is at record 5", chain.Place{Chain: 1, Seq: 6},
			},
			{"UPDATE entry SET chain = 2 WHERE seq = 1", "chain 2 ends with record 1, its head is at record 0", chain.Place{Chain: 1, Seq: 1}},
			{"UPDATE entry SET chain = 9 WHERE seq = 5", "chain 9, record 5: there is no such chain", chain.Place{Chain: 9, Seq: 5}},
		} {
			update(t, db, func(tx *sqldb.Tx) error { _, err := tx.Exec(c.how); return err })
			r, err := verify(t, db, k.verify, whole.Checkpoint)
			require.NoError(t, err)
			require.Contains(t, r.Faults, c.says, c.how)
			require.NotNil(t, r.Broken, c.how)
			require.Equal(t, c.at, *r.Broken, c.how)
			update(t, db, func(tx *sqldb.Tx) error {
				if _, err := tx.Exec("DELETE FROM entry"); err != nil {
					return err
				}
				_, err := tx.Exec("INSERT INTO entry SELECT * FROM good")
				return err
			})
		}
		r, err := verify(t, db, k.verify, whole.Checkpoint)
		require.NoError(t, err)
		require.Empty(t, r.Faults)
	})
}

// TestHeads changes the heads.
func TestHeads(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB, kind string) {
		k := kinds[kind]
		update(t, db, func(tx *sqldb.Tx) error { return write(tx, k.write, "one", "two") })
		run := func(query string) {
			update(t, db, func(tx *sqldb.Tx) error { _, err := tx.Exec(query); return err })
		}
		run("CREATE TABLE good AS SELECT * FROM head")
		changes := map[string][2]string{
			"UPDATE head SET seq = seq + 1 WHERE id = 1": {"chain 1: its head was changed", "the head of chain 1 was altered: call the author"},
			"UPDATE head SET mac = seal WHERE id = 1":    {"chain 1: its head was changed", "the head of chain 1 was altered: call the author"},
			"DELETE FROM head":                           {"chain 2: its head is missing", "the diary was changed by another program: its chains are missing"},
			"UPDATE head SET id = 4 WHERE id = 3":        {"chain 4: there is no such chain", ""},
		}
		if db.System() == "SQLite" { // a value of another type, which reads as 0
			changes["UPDATE head SET seq = CAST('0' AS BLOB) WHERE id = 2"] = [2]string{"chain 2: its head was changed", ""}
		}
		for query, says := range changes {
			run(query)
			r, err := verify(t, db, k.verify, "")
			require.NoError(t, err)
			require.Contains(t, r.Faults, says[0], query)
			if says[1] != "" {
				err = db.Update(t.Context(), func(tx *sqldb.Tx) error { return write(tx, k.write, "three") })
				require.ErrorContains(t, err, says[1], query)
			}
			run("DELETE FROM head")
			run("INSERT INTO head SELECT * FROM good")
		}
	})
}

// TestCheckpoint restores an earlier state of the log, which only a checkpoint reveals.
func TestCheckpoint(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB, kind string) {
		k := kinds[kind]
		update(t, db, func(tx *sqldb.Tx) error { return write(tx, k.write, "one", "two") })
		run := func(query string) {
			update(t, db, func(tx *sqldb.Tx) error { _, err := tx.Exec(query); return err })
		}
		run("CREATE TABLE good AS SELECT * FROM head")
		update(t, db, func(tx *sqldb.Tx) error { return write(tx, k.write, "three") })
		later, err := verify(t, db, k.verify, "")
		require.NoError(t, err)
		run("DELETE FROM entry WHERE seq = 3")
		run("DELETE FROM head")
		run("INSERT INTO head SELECT * FROM good")
		r, err := verify(t, db, k.verify, "")
		require.NoError(t, err)
		require.Empty(t, r.Faults, "consistent in itself")
		r, err = verify(t, db, k.verify, later.Checkpoint)
		require.NoError(t, err)
		require.Equal(t, []string{"chain 1 ends with record 2, but the checkpoint has record 3: records were removed"}, r.Faults)
		require.Equal(t, "chain 1, record 3", r.Broken.String())
		update(t, db, func(tx *sqldb.Tx) error { return write(tx, k.write, "another third") })
		r, err = verify(t, db, k.verify, later.Checkpoint)
		require.NoError(t, err)
		require.Equal(t, []string{"chain 1, record 3: differs from the checkpoint"}, r.Faults)

		for _, bad := range []string{"x", "1:2", "9:1:AA", "1:0:AA", "1:1:***", later.Checkpoint + ":AA", later.Checkpoint + ",", "1:x:AA:AA"} {
			_, err := verify(t, db, k.verify, bad)
			require.ErrorIs(t, err, chain.ErrCheckpoint, bad)
		}
		_, err = verify(t, db, k.wrong, later.Checkpoint)
		if kind == "signed" {
			require.ErrorIs(t, err, chain.ErrCheckpoint, "not signed with this key")
		} else {
			require.NoError(t, err)
		}
	})
}

// TestReadOnlyKeys checks that the public key writes nothing.
func TestReadOnlyKeys(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB, kind string) {
		if kind != "signed" {
			return
		}
		err := db.Update(t.Context(), func(tx *sqldb.Tx) error { return write(tx, kinds[kind].verify, "one") })
		require.ErrorContains(t, err, "cannot write")
		err = db.Update(t.Context(), func(tx *sqldb.Tx) error { return diary.Create(tx, kinds[kind].verify) })
		require.ErrorContains(t, err, "cannot write")
	})
}

// TestParallel checks that transactions which run at the same time use different chains.
// SQLite runs one after another.
func TestParallel(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB, kind string) {
		k := kinds[kind]
		var inside, wg sync.WaitGroup
		inside.Add(3)
		for range 3 {
			wg.Go(func() {
				err := db.Update(t.Context(), func(tx *sqldb.Tx) error {
					if err := write(tx, k.write, "one"); err != nil || db.System() == "SQLite" {
						return err
					}
					inside.Done()
					inside.Wait()
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		var chains int
		require.NoError(t, db.View(t.Context(), func(tx *sqldb.Tx) error {
			return tx.Row("SELECT COUNT(DISTINCT chain) FROM entry", nil, &chains)
		}))
		require.Equal(t, map[string]int{"SQLite": 1, "PostgreSQL": 3}[db.System()], chains)
		r, err := verify(t, db, k.verify, "")
		require.NoError(t, err)
		require.Empty(t, r.Faults)
	})
}

// TestKnown compares a code with the result of another program, which followed the comments
// of the package:
//
//	python3 -c 'import hashlib,struct
//	def link(*ps): return hashlib.sha256(b"".join(struct.pack(">Q",len(p))+p for p in ps)).digest()
//	print(link(link(b"test diary chain",struct.pack(">Q",2)),b"record").hex())'
func TestKnown(t *testing.T) {
	h := chain.Head{ID: 2}
	digest := func(parts ...[]byte) []byte {
		s := sha256.New()
		for _, p := range parts {
			s.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
			s.Write(p)
		}
		return s.Sum(nil)
	}
	h.Code = digest([]byte("test diary chain"), binary.BigEndian.AppendUint64(nil, 2))
	code := h.Append(kinds["signed"].verify, func(id, seq int64) []byte {
		require.EqualValues(t, 2, id)
		require.EqualValues(t, 1, seq)
		return []byte("record")
	})
	require.Equal(t, "a1e82ef9654603b7713fab41a1420f51f56de9edb1ad688e7de8def2ce750664", hex.EncodeToString(code))
}
