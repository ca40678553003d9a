// SPDX-License-Identifier: Apache-2.0

package store

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

// Meta has the data of the bank itself.
type Meta struct {
	Settings validator.Settings
	KDF      string // parameters for deriving the master key from a passphrase; "" with a key file
	Created  token.UnixSeconds
	Test     bool // the bank was created for tests, and may run on any clock
}

// settings is the JSON in the column of that name.
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

// Meta returns the data of the bank. The error is [ErrNoBank] if it was not created yet,
// and [ErrUnfinished] if its restoration was interrupted.
func (tx *Tx) Meta() (m Meta, err error) {
	var text string
	err = tx.row("SELECT settings, kdf, created FROM bank WHERE id = 1", nil, &text, &m.KDF, &m.Created)
	if errors.Is(err, ErrNotFound) {
		return m, tx.noBank()
	}
	if err != nil {
		return m, err
	}
	s := settings{Settings: validator.DefaultSettings()} // defaults for settings that are newer than the bank
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return m, fmt.Errorf("store: settings: %w", err)
	}
	m.Settings, m.Test = s.Settings, s.TestBank
	return m, nil
}

// AddMeta creates the bank. The error wraps [ErrExists] if there is one already, and is
// [ErrUnfinished] if the database has the rows of an interrupted restoration.
func (tx *Tx) AddMeta(m Meta) error {
	text, err := m.marshalSettings()
	if err != nil {
		return err
	}
	if err := tx.execOne("INSERT INTO bank (id, settings, kdf, created) VALUES (1, $1, $2, $3)", text, m.KDF, int64(m.Created)); err != nil {
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
	return tx.execOne("UPDATE bank SET settings = $1, kdf = $2 WHERE id = 1", text, m.KDF)
}

// Probe writes but leaves no change. Its commit shows that the database can put a
// change on disk.
func (tx *Tx) Probe() error {
	if err := tx.execOne("INSERT INTO bank (id, settings, kdf, created) VALUES (2, '', '', 0)"); err != nil {
		return err
	}
	return tx.execOne("DELETE FROM bank WHERE id = 2")
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
	return tx.execOne("INSERT INTO data_key (id, purpose, wrapped, created) VALUES ($1, $2, $3, $4)",
		k.ID, k.Purpose, k.Wrapped, int64(k.Created))
}

// PutDataKey updates a data key that was wrapped again.
func (tx *Tx) PutDataKey(k DataKey) error {
	return tx.execOne("UPDATE data_key SET wrapped = $3 WHERE purpose = $1 AND id = $2", k.Purpose, k.ID, k.Wrapped)
}

// DropDataKeys deletes the keys of a purpose with an ID below before.
func (tx *Tx) DropDataKeys(purpose string, before int64) error {
	_, err := tx.exec("DELETE FROM data_key WHERE purpose = $1 AND id < $2", purpose, before)
	return err
}

// LockDataKeys prevents changes to the data keys of a purpose until the transaction
// ends.
func (tx *Tx) LockDataKeys(purpose string) error {
	return tx.rows("SELECT id FROM data_key WHERE purpose = $1 ORDER BY id"+tx.locked(), []any{purpose},
		func(s scanner) error { return s.Scan(new(int64)) })
}

// HoldDataKey prevents a data key from being dropped until the transaction ends. It
// returns [ErrNotFound] if that has already happened.
func (tx *Tx) HoldDataKey(purpose string, id int64) error {
	return tx.row("SELECT id FROM data_key WHERE purpose = $1 AND id = $2"+tx.db.dialect.share, []any{purpose, id}, new(int64))
}
