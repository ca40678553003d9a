// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/store"
	"github.com/d204ef64/fob/validator/vault"
)

// Bank is the service. Its methods may be called by any number of goroutines.
type Bank struct {
	db       *store.DB
	settings validator.Settings
	clock    Clock
	master   atomic.Pointer[vault.Master]
	ring     *vault.Ring
	logins   logins
	ready    readiness
}

// Options are how a bank is opened.
type Options struct {
	Clock Clock // nil is [SystemClock]

	// InsecureCheapPasswords makes hashes of passwords that cost next to nothing, to
	// make and to guess: for tests that make hundreds of users.
	InsecureCheapPasswords bool
}

// Create makes a bank in a database that has none, with new data keys under the
// master key. kdf is how the master key is made of a passphrase, "" with a key
// file. The error wraps [ErrConflict] when there is a bank already.
func Create(ctx context.Context, db *store.DB, master vault.Master, kdf string, s validator.Settings, now token.UnixSeconds) error {
	if err := s.Validate(); err != nil {
		return &Error{Kind: ErrInvalid, Field: "settings", Problem: err.Error()}
	}
	// The database may serve a bank, whose audit log needs the key that it has.
	if _, err := KDF(ctx, db); !errors.Is(err, store.ErrNoBank) {
		if err == nil {
			err = conflict("there is a bank in this database already")
		}
		return err
	}
	keys := make([]vault.Key, 0, 3)
	for _, purpose := range []string{vault.PurposeSeed, vault.PurposeAudit, vault.PurposeFingerprint} {
		k, err := vault.NewKey(purpose, 1)
		if err != nil {
			return err
		}
		keys = append(keys, k)
	}
	ring, err := vault.NewRing(keys...)
	if err != nil {
		return err
	}
	db.Chain(ring.MAC)
	err = db.Update(ctx, func(tx *store.Tx) error {
		if err := tx.AddMeta(store.Meta{Settings: s, KDF: kdf, Created: now}); err != nil {
			return err
		}
		for _, k := range keys {
			if err := addKey(tx, master, k, now); err != nil {
				return err
			}
		}
		if err := tx.MakeChains(); err != nil {
			return err
		}
		tx.AddAudit(store.Record{At: now, Act: "create bank", Reason: validator.ReasonAllowed.String(), Done: true, Front: "command"})
		return nil
	})
	if errors.Is(err, store.ErrExists) {
		return conflict("there is a bank in this database already")
	}
	return err
}

func addKey(tx *store.Tx, master vault.Master, k vault.Key, now token.UnixSeconds) error {
	wrapped, err := k.Wrap(master)
	if err != nil {
		return err
	}
	return tx.AddDataKey(store.DataKey{ID: k.ID(), Purpose: k.Purpose(), Wrapped: wrapped, Created: now})
}

// KDF returns how the master key of the bank in a database is made of a
// passphrase, "" when it is in a key file. The error wraps [store.ErrNoBank] when
// there is no bank.
func KDF(ctx context.Context, db *store.DB) (kdf string, err error) {
	err = db.View(ctx, func(tx *store.Tx) error {
		m, err := tx.Meta()
		kdf = m.KDF
		return err
	})
	return kdf, err
}

// Open opens the bank in a database. The error wraps [vault.ErrWrongKey] when the
// master key is not this bank's. Tokens of an import that a stop broke off are
// removed. The database stays the caller's to close.
func Open(ctx context.Context, db *store.DB, master vault.Master, o Options) (*Bank, error) {
	b := &Bank{db: db, clock: o.Clock}
	b.master.Store(&master)
	b.logins.cost = argon
	if o.InsecureCheapPasswords {
		b.logins.cost = cheap
	}
	if b.clock == nil {
		b.clock = SystemClock{}
	}
	var meta store.Meta
	var keys []vault.Key
	err := db.View(ctx, func(tx *store.Tx) (err error) {
		if meta, err = tx.Meta(); err != nil {
			return err
		}
		keys, err = dataKeys(tx, master)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("opening the bank: %w", err)
	}
	if err := meta.Settings.Validate(); err != nil {
		return nil, fmt.Errorf("opening the bank: %w", err)
	}
	b.settings = meta.Settings
	if b.ring, err = vault.NewRing(keys...); err != nil {
		return nil, fmt.Errorf("opening the bank: %w", err)
	}
	db.Chain(b.ring.MAC)
	return b, nil
}

func dataKeys(tx *store.Tx, master vault.Master) ([]vault.Key, error) {
	rows, err := tx.DataKeys()
	if err != nil {
		return nil, err
	}
	keys := make([]vault.Key, 0, len(rows))
	for _, row := range rows {
		k, err := vault.Unwrap(master, row.Purpose, row.ID, row.Wrapped)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// Now returns the bank's time.
func (b *Bank) Now() token.UnixSeconds { return b.clock.Now() }

// Settings returns the bank's settings.
func (b *Bank) Settings() validator.Settings { return b.settings }

// newID returns an ID that sorts by when it was made.
func newID() string { return uuid.Must(uuid.NewV7()).String() }
