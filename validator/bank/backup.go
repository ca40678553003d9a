// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"context"
	"io"
	"time"

	"github.com/d204ef64/fob/internal/chain"
	"github.com/d204ef64/fob/internal/vault"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/store"
)

// Backup writes a consistent backup of the running bank, and returns its number of
// rows. Its seeds are sealed as in the database. The keys that open them are wrapped
// under the master key, which is not in the backup.
func (b *Bank) Backup(ctx context.Context, by By, w io.Writer, progress func(rows int64)) (int64, error) {
	if err := by.requireBackOffice(); err != nil {
		return 0, err
	}
	now := b.Now()
	err := b.db.Update(ctx, func(tx *store.Tx) error {
		tx.AddAudit(by.note(now, validator.ActBackUp, 0, noSerial, "", ""))
		return nil
	})
	if err != nil {
		return 0, err
	}
	return b.db.Backup(ctx, w, now, progress)
}

// Restore creates the database name from a backup, and returns its number of rows. The
// error wraps [vault.ErrWrongKey] if the master key does not belong to the backup's
// bank, [store.ErrBackup] if the backup is incomplete, and [store.ErrExists] if the
// database already contains a bank.
//
// A backup does not record later events. No code may be accepted twice (BK-02). Restore
// therefore marks as used every code that a token may have shown before now, according
// to the backup's estimate of its clock. Corrections at the back office since the
// backup must be repeated. An unsent e-mail may have been sent since. It becomes
// doubtful, and a clerk decides. Sessions are not part of a backup. Everything else
// returns to its earlier state: later revocations, suspensions, locks and ends of keys
// are lost.
func Restore(ctx context.Context, name string, backup *store.BackupReader, master vault.Master, by By, o Options,
	progress func(rows int64),
) (int64, error) {
	if err := by.requireBackOffice(); err != nil {
		return 0, err
	}
	now := o.now()
	open := func(tx *store.Tx) (chain.MAC, error) {
		keys, err := tx.DataKeys(master)
		if err != nil {
			return nil, err
		}
		ring, err := Realm.NewRing(keys...)
		if err != nil {
			return nil, err
		}
		return ring.MAC, nil
	}
	after := func(tx *store.Tx) error {
		meta, err := tx.Meta()
		if err != nil {
			return err
		}
		if err := o.admit(meta); err != nil {
			return err
		}
		if err := tx.SpendCodes(now, meta.Settings.Window); err != nil {
			return err
		}
		if err := tx.MarkNoticesDoubtful("restored from a backup: it may have been sent since"); err != nil {
			return err
		}
		r := by.note(now, validator.ActRestore, 0, noSerial, "", "backup of "+backup.Made.Time().UTC().Format(time.RFC3339))
		if o.TestClock {
			markTestClock(&r)
		}
		tx.AddAudit(r)
		return nil
	}
	return backup.Restore(ctx, name, open, after, progress)
}
