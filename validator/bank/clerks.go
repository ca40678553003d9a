// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"context"

	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/store"
)

// ClerkChange is a change of a clerk; nil fields are not changed.
type ClerkChange struct {
	Name     *string
	Locked   *bool // may not log in
	Password *string
}

// ChangeClerk changes a clerk. A clerk who leaves the bank is locked. Locking and a new
// password end the clerk's sessions. API keys do not belong to a clerk; end them with
// [Bank.EndKey].
func (b *Bank) ChangeClerk(ctx context.Context, by By, id string, c ClerkChange) error {
	if err := by.requireBackOffice(); err != nil {
		return err
	}
	var errs []error
	if c.Name != nil {
		errs = append(errs, text("name", *c.Name, 1, 100))
	}
	if c.Password != nil {
		errs = append(errs, checkPassword(*c.Password))
	}
	if err := firstOf(errs...); err != nil {
		return err
	}
	var hash string
	if c.Password != nil {
		var err error
		if hash, err = b.logins.hash(ctx, *c.Password); err != nil {
			return err
		}
	}
	return b.db.Update(ctx, func(tx *store.Tx) error {
		row, err := tx.Clerk(id)
		if err != nil {
			return missing(err, "clerk", shorten(id))
		}
		if c.Name != nil {
			row.Name = *c.Name
		}
		if c.Locked != nil {
			row.Locked = *c.Locked
		}
		if c.Password != nil {
			row.Password = hash
		}
		if c.Password != nil || row.Locked {
			if err := tx.DropSessions("", id, nil); err != nil {
				return err
			}
		}
		tx.AddAudit(by.note(b.Now(), validator.ActChangeClerk, 0, noSerial, "", id))
		return tx.PutClerk(row)
	})
}

// KnownClerk returns an error unless a clerk with the ID exists and is not locked.
// Commands that act for a clerk need it because they do not check a password.
func (b *Bank) KnownClerk(ctx context.Context, id string) error {
	return b.db.View(ctx, func(tx *store.Tx) error {
		c, err := tx.Clerk(id)
		if err == nil && c.Locked {
			return forbidden("this clerk is locked")
		}
		return missing(err, "clerk", shorten(id))
	})
}
