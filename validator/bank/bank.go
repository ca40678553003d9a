// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/vault"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/store"
)

// Realm is the realm of the keys of a bank.
const Realm = vault.Realm("bank")

// Bank is the service. Its methods are safe for concurrent use.
type Bank struct {
	db       *store.DB
	settings validator.Settings
	clock    Clock
	master   atomic.Pointer[vault.Master]
	ring     *vault.Ring
	logins   logins
	ready    readiness
	observer Observer
	test     bool // created for tests
}

// Options are the parameters of opening a bank.
type Options struct {
	Clock Clock // nil: [SystemClock]

	Observer Observer

	// TestMode creates a bank for tests, or opens one. Opening a bank that was created
	// without it fails with [ErrRealBank], unless OnRealBank is set, because the traces
	// of a test remain in its audit log.
	TestMode, OnRealBank bool

	// TestClock declares that Clock does not show the real time. Each record of the
	// audit log is then marked with [TestClockNote].
	TestClock bool

	// InsecureCheapPasswords makes password hashes that are cheap to compute and to
	// guess, for tests that create hundreds of users.
	InsecureCheapPasswords bool
}

// now returns the time of the clock.
func (o *Options) now() token.UnixSeconds {
	if o.Clock == nil {
		o.Clock = SystemClock{}
	}
	return o.Clock.Now()
}

// ErrRealBank is returned when a bank that was not created for tests is opened in test
// mode.
var ErrRealBank = errclass.New(errclass.Refused, "the bank is not a test bank")

// admit returns an error if these options do not allow a bank to be opened.
func (o *Options) admit(m store.Meta) error {
	if o.TestMode && !m.Test && !o.OnRealBank {
		return ErrRealBank
	}
	return nil
}

// Create creates a bank in an empty database, with new data keys under the master key.
// kdf describes how the master key is derived from a passphrase, or is "" for a key
// file. The error wraps [ErrConflict] if there is already a bank.
func Create(ctx context.Context, db *store.DB, master vault.Master, kdf string, s validator.Settings, o Options) error {
	now := o.now()
	if err := s.Validate(); err != nil {
		return &Error{Kind: ErrInvalid, Field: "settings", Problem: err.Error()}
	}
	// The database may serve a bank, whose audit log needs its existing key.
	if _, err := KDF(ctx, db); !errors.Is(err, store.ErrNoBank) {
		if err == nil {
			err = conflict("this database already contains a bank")
		}
		return err
	}
	keys := make([]vault.Key, 0, len(vault.Purposes()))
	for _, purpose := range vault.Purposes() {
		k, err := vault.NewKey(purpose, 1)
		if err != nil {
			return err
		}
		keys = append(keys, k)
	}
	ring, err := Realm.NewRing(keys...)
	if err != nil {
		return err
	}
	db.SetAuditMAC(ring.MAC)
	db.Observe(o.Observer.ofStore(o.TestClock))
	note := ""
	if o.TestMode {
		note = "test bank"
	}
	err = db.Update(ctx, func(tx *store.Tx) error {
		if err := tx.AddMeta(store.Meta{Settings: s, KDF: kdf, Created: now, Test: o.TestMode}); err != nil {
			return err
		}
		for _, k := range keys {
			if err := tx.AddDataKey(master, k, now); err != nil {
				return err
			}
		}
		if err := tx.MakeChains(); err != nil {
			return err
		}
		tx.AddAudit(By{Channel: ChannelCommand}.note(now, validator.ActCreateBank, 0, noSerial, "", note))
		return nil
	})
	if errors.Is(err, store.ErrExists) {
		return conflict("this database already contains a bank")
	}
	return err
}

// KDF returns how the master key of the bank in a database is derived from a
// passphrase, or "" if it is in a key file. The error wraps [store.ErrNoBank] if the
// database contains no bank.
func KDF(ctx context.Context, db *store.DB) (kdf string, err error) {
	err = db.View(ctx, func(tx *store.Tx) error {
		m, err := tx.Meta()
		kdf = m.KDF
		return err
	})
	return kdf, err
}

// Open opens the bank in a database. The error wraps [vault.ErrWrongKey] if the master
// key does not belong to this bank, or [ErrRealBank] as described at [Options]. The
// caller remains responsible for closing the database.
func Open(ctx context.Context, db *store.DB, master vault.Master, o Options) (*Bank, error) {
	o.now()
	b := &Bank{db: db, clock: o.Clock, observer: o.Observer.complete()}
	b.master.Store(&master)
	b.logins.cost = argon
	if o.InsecureCheapPasswords {
		b.logins.cost = cheap
	}
	var meta store.Meta
	var keys []vault.Key
	err := db.View(ctx, func(tx *store.Tx) (err error) {
		if meta, err = tx.Meta(); err != nil {
			return err
		}
		keys, err = tx.DataKeys(master)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("opening the bank: %w", err)
	}
	if err := meta.Settings.Validate(); err != nil {
		return nil, fmt.Errorf("opening the bank: %w", err)
	}
	if err := o.admit(meta); err != nil {
		return nil, err
	}
	b.settings, b.test = meta.Settings, meta.Test
	if b.ring, err = Realm.NewRing(keys...); err != nil {
		return nil, fmt.Errorf("opening the bank: %w", err)
	}
	db.SetAuditMAC(b.ring.MAC)
	db.Observe(b.observer.ofStore(o.TestClock))
	if _, ok := o.Clock.(RemoteClock); ok {
		db.Guard(func(ctx context.Context) error { return clockReady(ctx, o.Clock) })
	}
	return b, nil
}

// Now returns the bank's time.
func (b *Bank) Now() token.UnixSeconds { return b.clock.Now() }

// Settings returns the bank's settings.
func (b *Bank) Settings() validator.Settings { return b.settings }

// NeedsOTP reports whether an operation needs a code (BK-04).
func (b *Bank) NeedsOTP(op validator.Operation) bool { return validator.NeedsOTP(b.settings, op) }

// ActivationLocked reports whether a user currently cannot register a token because of
// too many refused activations.
func (b *Bank) ActivationLocked(u User) bool { return u.Refused.Locked(b.settings, b.Now()) }

// Test reports whether the bank was created for tests.
func (b *Bank) Test() bool { return b.test }

// NewestRecord returns the time of the latest record of the audit log. If it is later
// than the clock, the clock went back or a test's clock was in use.
func (b *Bank) NewestRecord(ctx context.Context) (at token.UnixSeconds, err error) {
	err = b.db.View(ctx, func(tx *store.Tx) error {
		list, _, err := tx.Audit(store.AuditFilter{Page: store.Page{Limit: 1}})
		if len(list) > 0 {
			at = list[0].At
		}
		return err
	})
	return at, err
}

// newID returns an ID that sorts by creation time.
func newID() string { return uuid.Must(uuid.NewV7()).String() }
