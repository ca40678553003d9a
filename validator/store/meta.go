// SPDX-License-Identifier: Apache-2.0

package store

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

// Meta is what is known of the bank itself.
type Meta struct {
	Settings validator.Settings
	KDF      string // how a passphrase becomes the master key; "" with a key file
	Created  token.UnixSeconds
	Test     bool // it was made for tests, and may have any clock
}

// settings is what stands in the column of that name, as JSON.
type settings struct {
	validator.Settings
	TestBank bool `json:",omitempty"`
}

func (m *Meta) marshalSettings() (string, error) {
	text, err := json.Marshal(settings{m.Settings, m.Test})
	if err != nil {
		return "", fmt.Errorf("store: settings: %w", err)
	}
	return string(text), nil
}

// DataKey is a key that the database holds wrapped under the master key.
type DataKey struct {
	ID      int64
	Purpose string
	Wrapped []byte
	Created token.UnixSeconds
}

// Meta returns what is known of the bank; [ErrNoBank] when it was not made yet, and
// [ErrUnfinished] when it was not restored to the end.
func (tx *Tx) Meta() (m Meta, err error) {
	var text string
	err = tx.row("SELECT settings, kdf, created FROM bank WHERE id = 1", nil, &text, &m.KDF, &m.Created)
	if errors.Is(err, ErrNotFound) {
		return m, tx.noBank()
	}
	if err != nil {
		return m, err
	}
	s := settings{Settings: validator.DefaultSettings()} // for settings that are newer than the bank
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return m, fmt.Errorf("store: settings: %w", err)
	}
	m.Settings, m.Test = s.Settings, s.TestBank
	return m, nil
}

// AddMeta makes the bank. The error wraps [ErrExists] when there is one, and is
// [ErrUnfinished] when the database has the rows of another.
func (tx *Tx) AddMeta(m Meta) error {
	text, err := m.marshalSettings()
	if err != nil {
		return err
	}
	if err := tx.must("INSERT INTO bank (id, settings, kdf, created) VALUES (1, $1, $2, $3)", text, m.KDF, int64(m.Created)); err != nil {
		return err
	}
	if err := tx.noBank(); !errors.Is(err, ErrNoBank) { // after the insertion, which waits for a restoration
		return err
	}
	return nil
}

// PutMeta writes the settings and the KDF.
func (tx *Tx) PutMeta(m Meta) error {
	text, err := m.marshalSettings()
	if err != nil {
		return err
	}
	return tx.must("UPDATE bank SET settings = $1, kdf = $2 WHERE id = 1", text, m.KDF)
}

// Probe writes and leaves nothing behind: with its commit the database shows that it
// can put a change on the disk.
func (tx *Tx) Probe() error {
	if err := tx.must("INSERT INTO bank (id, settings, kdf, created) VALUES (2, '', '', 0)"); err != nil {
		return err
	}
	return tx.must("DELETE FROM bank WHERE id = 2")
}

// DataKeys returns all data keys.
func (tx *Tx) DataKeys() ([]DataKey, error) {
	var list []DataKey
	err := tx.rows("SELECT id, purpose, wrapped, created FROM data_key ORDER BY purpose, id", nil, func(s scanner) error {
		var k DataKey
		err := s.Scan(&k.ID, &k.Purpose, &k.Wrapped, &k.Created)
		list = append(list, k)
		return err
	})
	return list, err
}

// AddDataKey adds a data key.
func (tx *Tx) AddDataKey(k DataKey) error {
	return tx.must("INSERT INTO data_key (id, purpose, wrapped, created) VALUES ($1, $2, $3, $4)",
		k.ID, k.Purpose, k.Wrapped, int64(k.Created))
}

// PutDataKey writes a data key that was wrapped anew.
func (tx *Tx) PutDataKey(k DataKey) error {
	return tx.must("UPDATE data_key SET wrapped = $3 WHERE purpose = $1 AND id = $2", k.Purpose, k.ID, k.Wrapped)
}

// DropDataKeys forgets the keys of a purpose that are older than one.
func (tx *Tx) DropDataKeys(purpose string, before int64) error {
	_, err := tx.exec("DELETE FROM data_key WHERE purpose = $1 AND id < $2", purpose, before)
	return err
}

// LockDataKeys keeps the data keys of a purpose as they are until the transaction
// ends.
func (tx *Tx) LockDataKeys(purpose string) error {
	return tx.rows("SELECT id FROM data_key WHERE purpose = $1 ORDER BY id"+tx.locked(), []any{purpose},
		func(s scanner) error { return s.Scan(new(int64)) })
}

// HoldDataKey keeps a data key from being dropped until the transaction ends;
// [ErrNotFound] when it was.
func (tx *Tx) HoldDataKey(purpose string, id int64) error {
	lock := ""
	if tx.db.dialect.postgres {
		lock = " FOR SHARE"
	}
	return tx.row("SELECT id FROM data_key WHERE purpose = $1 AND id = $2"+lock, []any{purpose, id}, new(int64))
}
