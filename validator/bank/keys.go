// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/d204ef64/fob/internal/vault"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/store"
)

// AddKey creates an API key, and returns it with its secret, which cannot be read
// again.
func (b *Bank) AddKey(ctx context.Context, by By, role KeyRole, name string) (APIKey, string, error) {
	if err := by.requireBackOffice(); err != nil {
		return APIKey{}, "", err
	}
	if role != KeyCheck && role != KeyClerk && role != KeyAudit {
		return APIKey{}, "", invalid("role", "want check, clerk or audit")
	}
	if err := text("name", name, 1, 100); err != nil {
		return APIKey{}, "", err
	}
	k := APIKey{ID: newID(), Role: role, Name: name, Created: b.Now()}
	s := secret("fobk_")
	err := b.db.Update(ctx, func(tx *store.Tx) error {
		tx.AddAudit(by.note(k.Created, validator.ActAddKey, 0, noSerial, "", k.ID+" "+string(role)))
		return tx.AddKey(k, hashOf(s))
	})
	return k, s, err
}

// Keys lists all API keys.
func (b *Bank) Keys(ctx context.Context, by By) (list []APIKey, err error) {
	if err := by.requireBackOffice(); err != nil {
		return nil, err
	}
	err = b.db.View(ctx, func(tx *store.Tx) error {
		list, err = tx.Keys()
		return err
	})
	return list, err
}

// EndKey ends an API key.
func (b *Bank) EndKey(ctx context.Context, by By, id string) error {
	if err := by.requireBackOffice(); err != nil {
		return err
	}
	return b.db.Update(ctx, func(tx *store.Tx) error {
		tx.AddAudit(by.note(b.Now(), validator.ActEndKey, 0, noSerial, "", shorten(id)))
		return missing(tx.EndKey(id, b.Now()), "API key in force", shorten(id))
	})
}

// Key returns the API key with a secret. The error wraps [ErrLogin] if the secret is
// unknown or the key has ended.
func (b *Bank) Key(ctx context.Context, secret string) (k APIKey, err error) {
	bad := &Error{Kind: ErrLogin, Problem: "the API key is unknown or has ended"}
	if !strings.HasPrefix(secret, "fobk_") || len(secret) > 100 {
		return k, bad
	}
	err = b.db.View(ctx, func(tx *store.Tx) error {
		k, err = tx.Key(hashOf(secret))
		return err
	})
	if errors.Is(err, store.ErrNotFound) || err == nil && k.Ended != 0 {
		return APIKey{}, bad
	}
	return k, err
}

// loadKeys reads the data keys again: another server may have created one.
func (b *Bank) loadKeys(tx *store.Tx) error {
	keys, err := tx.DataKeys(*b.master.Load())
	if errors.Is(err, vault.ErrWrongKey) {
		return fmt.Errorf("the data keys were wrapped under another master key while this program ran: restart it with that key: %w", err)
	}
	if err != nil {
		return err
	}
	for _, k := range keys {
		if err := b.ring.Add(k); err != nil {
			return err
		}
	}
	return nil
}

// resealRows is the number of seeds that one transaction seals again.
const resealRows = 200

// RotateKey creates a new key for the seeds, seals all seeds with it, and deletes the
// older keys. It may run beside an open bank, which loads the key when it first meets a
// seed sealed with it. If it is interrupted, every seed remains readable, and the next
// run continues. It returns the number of seeds that were sealed again.
func (b *Bank) RotateKey(ctx context.Context, by By, progress func(done, all int64)) (int64, error) {
	if err := by.requireBackOffice(); err != nil {
		return 0, err
	}
	var key vault.Key
	err := b.db.Update(ctx, func(tx *store.Tx) (err error) {
		// Exclude a concurrent rewrapping under another master key. If the keys were
		// wrapped under two master keys, neither could open them all.
		if err := tx.LockDataKeys(vault.PurposeSeed); err != nil {
			return err
		}
		if err := b.loadKeys(tx); err != nil {
			return err
		}
		if key, err = vault.NewKey(vault.PurposeSeed, b.ring.NewestSeedKey()+1); err != nil {
			return err
		}
		tx.AddAudit(by.note(b.Now(), validator.ActRotateKey, 0, noSerial, "", "new key"))
		return tx.AddDataKey(*b.master.Load(), key, b.Now())
	})
	if errors.Is(err, store.ErrExists) {
		return 0, conflict("another key rotation has just started: try again when it has finished")
	}
	if err != nil {
		return 0, err
	}
	if err := b.ring.Add(key); err != nil {
		return 0, err
	}
	id := key.ID()
	var done, all int64
	err = b.db.View(ctx, func(tx *store.Tx) error {
		_, all, err = tx.CountTokens(id)
		return err
	})
	for err == nil {
		if err = ctx.Err(); err != nil {
			break
		}
		var n int
		if n, err = b.reseal(ctx, id); n == 0 {
			break
		}
		done += int64(n)
		if progress != nil {
			progress(done, max(all, done))
		}
	}
	if err != nil {
		return done, err
	}
	return done, b.db.Update(ctx, func(tx *store.Tx) error {
		if err := tx.LockDataKeys(vault.PurposeSeed); err != nil {
			return err
		}
		if _, older, err := tx.CountTokens(id); err != nil || older > 0 {
			return err // from an import that had begun before; its key is kept until the next rotation
		}
		tx.AddAudit(by.note(b.Now(), validator.ActRotateKey, 0, noSerial, "", "older keys deleted"))
		return tx.DropDataKeys(vault.PurposeSeed, id)
	})
}

// reseal seals some seeds with the newest key, and returns their number.
func (b *Bank) reseal(ctx context.Context, id int64) (n int, err error) {
	err = b.db.Update(ctx, func(tx *store.Tx) error {
		rows, err := tx.SealedBefore(id, resealRows)
		n = len(rows)
		if err != nil {
			return err
		}
		for _, row := range rows {
			plain, err := b.ring.Open(row.Serial.String(), row.SealKey, row.Sealed)
			if err != nil {
				return err
			}
			key, sealed, err := b.ring.Seal(row.Serial.String(), plain)
			clear(plain)
			if err != nil {
				return err
			}
			if err := tx.PutSeal(row.Serial, key, sealed); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// Rewrap wraps the data keys under another master key. kdf describes how that key is
// derived from a passphrase, or is "" for a key file. Running servers continue with the
// keys that they have loaded. From now on only the new master key opens the bank.
func (b *Bank) Rewrap(ctx context.Context, by By, fresh vault.Master, kdf string) error {
	if err := by.requireBackOffice(); err != nil {
		return err
	}
	err := b.db.Update(ctx, func(tx *store.Tx) error {
		if err := tx.RewrapDataKeys(*b.master.Load(), fresh); err != nil {
			return err
		}
		meta, err := tx.Meta()
		if err != nil {
			return err
		}
		meta.KDF = kdf
		tx.AddAudit(by.note(b.Now(), validator.ActRotateKey, 0, noSerial, "", "new master key"))
		return tx.PutMeta(meta)
	})
	if err == nil {
		b.master.Store(&fresh)
	}
	return err
}
