// SPDX-License-Identifier: Apache-2.0

package store

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/d204ef64/fob/internal/vault"
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

// Meta returns the data of the bank. The error is [ErrNoBank] if it was not created yet,
// and [ErrUnfinished] if its restoration was interrupted.
func (tx *Tx) Meta() (m Meta, err error) {
	var text string
	err = tx.sql.Row("SELECT settings, kdf, created FROM bank WHERE id = 1", nil, &text, &m.KDF, &m.Created)
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
	if err := tx.sql.ExecOne("INSERT INTO bank (id, settings, kdf, created) VALUES (1, $1, $2, $3)", text, m.KDF, int64(m.Created)); err != nil {
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
	return tx.sql.ExecOne("UPDATE bank SET settings = $1, kdf = $2 WHERE id = 1", text, m.KDF)
}

// Probe writes but leaves no change. Its commit shows that the database can put a
// change on disk.
func (tx *Tx) Probe() error {
	if err := tx.sql.ExecOne("INSERT INTO bank (id, settings, kdf, created) VALUES (2, '', '', 0)"); err != nil {
		return err
	}
	return tx.sql.ExecOne("DELETE FROM bank WHERE id = 2")
}

// dataKeys is the table of the keys that are wrapped under the master key.
const dataKeys = vault.Table("data_key")

// DataKeys unwraps all data keys. The error wraps [vault.ErrWrongKey] if the master key
// does not open them.
func (tx *Tx) DataKeys(m vault.Master) ([]vault.Key, error) { return dataKeys.Keys(tx.sql, m) }

// DataKeyIDs returns the IDs of the data keys of a purpose in order.
func (tx *Tx) DataKeyIDs(purpose string) ([]int64, error) { return dataKeys.IDs(tx.sql, purpose) }

// AddDataKey adds a data key, wrapped under the master key.
func (tx *Tx) AddDataKey(m vault.Master, k vault.Key, created token.UnixSeconds) error {
	return dataKeys.Add(tx.sql, m, k, int64(created))
}

// RewrapDataKeys wraps all data keys under another master key.
func (tx *Tx) RewrapDataKeys(from, to vault.Master) error { return dataKeys.Rewrap(tx.sql, from, to) }

// DropDataKeys deletes the keys of a purpose with an ID below before.
func (tx *Tx) DropDataKeys(purpose string, before int64) error {
	return dataKeys.Drop(tx.sql, purpose, before)
}

// LockDataKeys prevents changes to the data keys of a purpose until the transaction
// ends.
func (tx *Tx) LockDataKeys(purpose string) error { return dataKeys.Lock(tx.sql, purpose) }

// HoldDataKey prevents a data key from being dropped until the transaction ends. It
// returns [ErrNotFound] if that has already happened.
func (tx *Tx) HoldDataKey(purpose string, id int64) error { return dataKeys.Hold(tx.sql, purpose, id) }
