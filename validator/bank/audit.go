// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/d204ef64/fob/validator/store"
)

// AuditReport is the result of verifying the audit log.
type AuditReport = store.AuditReport

// Audit lists records of the audit log to a clerk, newest first.
func (b *Bank) Audit(ctx context.Context, by By, f AuditFilter) (list []Record, next string, err error) {
	if err := by.requireBackOffice(); err != nil {
		return nil, "", err
	}
	err = b.db.View(ctx, func(tx *store.Tx) error {
		list, next, err = tx.Audit(f)
		return missing(err, "page", shorten(f.After))
	})
	return list, next, err
}

// VerifyAudit follows the hash chains of the audit log (BK-20) and reports all records
// that were changed, added, omitted, moved or cut off. since is [AuditReport.Checkpoint] of
// an earlier report, or "".
func (b *Bank) VerifyAudit(ctx context.Context, since string, progress func(done int64)) (r AuditReport, err error) {
	err = b.db.LongView(ctx, func(tx *store.Tx) error {
		r, err = tx.VerifyAudit(since, progress)
		if errors.Is(err, store.ErrCheckpoint) {
			return invalid("since", "%v", err)
		}
		return err
	})
	return r, err
}

// ExportAudit writes all records for a clerk, one JSON object per line, chain by chain.
func (b *Bank) ExportAudit(ctx context.Context, by By, w io.Writer) error {
	if err := by.requireBackOffice(); err != nil {
		return err
	}
	enc := json.NewEncoder(w)
	return b.db.LongView(ctx, func(tx *store.Tx) error {
		return tx.EachAudit(func(r Record) error {
			if err := enc.Encode(r); err != nil {
				return fmt.Errorf("writing the audit log: %w", err)
			}
			return nil
		})
	})
}
