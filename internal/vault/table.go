// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"github.com/d204ef64/fob/internal/sqldb"
)

// A Table is the name of a table of wrapped data keys. It has the columns id and created
// (BIGINT), purpose (TEXT) and wrapped (BYTEA), and the primary key (purpose, id).
type Table string

// Add adds a key, wrapped under the master key. The error wraps [sqldb.ErrExists] if there
// is one with its purpose and ID. created is a Unix time.
func (t Table) Add(tx *sqldb.Tx, m Master, k Key, created int64) error {
	wrapped, err := k.Wrap(m)
	if err != nil {
		return err
	}
	return tx.ExecOne("INSERT INTO "+string(t)+" (id, purpose, wrapped, created) VALUES ($1, $2, $3, $4)", k.id, k.purpose, wrapped, created)
}

// Keys unwraps all keys. The error is one from [Unwrap].
func (t Table) Keys(tx *sqldb.Tx, m Master) ([]Key, error) {
	return sqldb.QueryAll(tx, func(s sqldb.Scanner) (Key, error) {
		var purpose string
		var id int64
		var wrapped []byte
		if err := s.Scan(&purpose, &id, &wrapped); err != nil {
			return Key{}, err
		}
		return Unwrap(m, purpose, id, wrapped)
	}, "SELECT purpose, id, wrapped FROM "+string(t)+" ORDER BY purpose, id")
}

// IDs returns the IDs of the keys of a purpose in order. It needs no master key.
func (t Table) IDs(tx *sqldb.Tx, purpose string) ([]int64, error) {
	return t.ids(tx, purpose, "")
}

// Lock keeps other transactions from changing the keys of a purpose until this one ends.
// A transaction that adds or drops seed keys locks them first, as [Table.Rewrap] does: if
// keys were wrapped under two master keys, neither could open them all.
func (t Table) Lock(tx *sqldb.Tx, purpose string) error {
	_, err := t.ids(tx, purpose, tx.Locked())
	return err
}

func (t Table) ids(tx *sqldb.Tx, purpose, suffix string) ([]int64, error) {
	return sqldb.QueryAll(tx, func(s sqldb.Scanner) (id int64, err error) {
		err = s.Scan(&id)
		return id, err
	}, "SELECT id FROM "+string(t)+" WHERE purpose = $1 ORDER BY id"+suffix, purpose)
}

// Hold keeps a key from being dropped until the transaction ends. It returns
// [sqldb.ErrNotFound] if that has already happened.
func (t Table) Hold(tx *sqldb.Tx, purpose string, id int64) error {
	return tx.Row("SELECT id FROM "+string(t)+" WHERE purpose = $1 AND id = $2"+tx.Share(), []any{purpose, id}, new(int64))
}

// Rewrap wraps all keys under another master key. The error wraps [ErrWrongKey] if from
// does not open them.
func (t Table) Rewrap(tx *sqldb.Tx, from, to Master) error {
	if err := t.Lock(tx, PurposeSeed); err != nil {
		return err
	}
	keys, err := t.Keys(tx, from)
	if err != nil {
		return err
	}
	for _, k := range keys {
		wrapped, err := k.Wrap(to)
		if err != nil {
			return err
		}
		if err := tx.ExecOne("UPDATE "+string(t)+" SET wrapped = $3 WHERE purpose = $1 AND id = $2", k.purpose, k.id, wrapped); err != nil {
			return err
		}
	}
	return nil
}

// Drop deletes the keys of a purpose with an ID below before. The values that they sealed
// no longer open.
func (t Table) Drop(tx *sqldb.Tx, purpose string, before int64) error {
	_, err := tx.Exec("DELETE FROM "+string(t)+" WHERE purpose = $1 AND id < $2", purpose, before)
	return err
}
