// SPDX-License-Identifier: Apache-2.0

package store

import (
	"time"

	"github.com/d204ef64/fob/internal/sqldb"
)

// An Observer receives the events of a database. Functions that are nil are not called.
// The others may be called by several goroutines at once, and must not block.
type Observer struct {
	// Mark may change a record of the audit log before it is written.
	Mark func(*Record)

	// Recorded is called with each record of the audit log once it is on disk.
	Recorded func(Record)

	// Took is called with the duration of each transaction, including failed ones.
	Took func(kind sqldb.Operation, took time.Duration)
}

// Observe sets the observer. Call it before the first transaction that must be
// observed.
func (db *DB) Observe(o Observer) {
	db.observer.Store(&o)
	db.sql.Observe(o.Took)
}

// After registers a function to be called once the transaction is on disk. It must not
// block.
func (tx *Tx) After(fn func()) { tx.sql.After(fn) }

// recorded reports the records of a transaction that is on disk to the observer.
func (tx *Tx) recorded() {
	if o := tx.db.observer.Load(); o.Recorded != nil {
		for _, r := range tx.records {
			o.Recorded(r)
		}
	}
}
