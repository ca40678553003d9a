// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"context"
	"io"
	"time"

	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/store"
	"github.com/d204ef64/fob/validator/vault"
)

// Backup writes a backup of the bank as it is at one instant, while it works, and
// returns how many rows it holds. The seeds in it are sealed as in the database, and
// the keys that open them are wrapped under the master key, which it does not hold.
func (b *Bank) Backup(ctx context.Context, by By, w io.Writer, progress func(rows int64)) (int64, error) {
	if err := by.desk(); err != nil {
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

// Restore makes the database name of a backup, and returns how many rows it held.
// The error wraps [vault.ErrWrongKey] when the master key is not that of the backup's
// bank, [store.ErrBackup] when the backup is not whole, and [store.ErrExists] when there
// is a bank in the database.
//
// A backup does not know what happened after it. So that no code is accepted twice
// (BK-02), every code that a token may have shown before now counts as used, by what
// the backup knows of its clock: a correction at the desk since then must be made
// again. An
// e-mail that was still to be sent may have been sent since: it is doubtful, and a
// clerk decides. Sessions are not part of a backup. All else is as it was: what was
// revoked, suspended, locked or ended after the backup is so no longer.
func Restore(ctx context.Context, name string, backup *store.BackupReader, master vault.Master, by By, o Options,
	progress func(rows int64),
) (int64, error) {
	if err := by.desk(); err != nil {
		return 0, err
	}
	now := o.now()
	open := func(tx *store.Tx) (store.MAC, error) {
		keys, err := dataKeys(tx, master)
		if err != nil {
			return nil, err
		}
		ring, err := vault.NewRing(keys...)
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
		if err := tx.DoubtNotices("restored from a backup: it may have been sent since"); err != nil {
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
