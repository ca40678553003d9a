// SPDX-License-Identifier: Apache-2.0

package store

import "time"

// An Operation is a kind of transaction. The metrics of durations distinguish these
// kinds.
type Operation string

// The kinds, and the method of [DB] that runs each.
const (
	Read      Operation = "read"       // View
	LongRead  Operation = "long_read"  // LongView
	Write     Operation = "write"      // Update, and Grouped for a group of one
	LongWrite Operation = "long_write" // Long
	Group     Operation = "group"      // Grouped, for several functions that share a transaction
)

// Operations returns all kinds of transactions.
func Operations() []Operation { return []Operation{Read, LongRead, Write, LongWrite, Group} }

// An Observer receives the events of a database. Functions that are nil are not called.
// The others may be called by several goroutines at once, and must not block.
type Observer struct {
	// Mark may change a record of the audit log before it is written.
	Mark func(*Record)

	// Recorded is called with each record of the audit log once it is on disk.
	Recorded func(Record)

	// Took is called with the duration of each transaction, including failed ones.
	Took func(kind Operation, took time.Duration)
}

// Observe sets the observer. Call it before the first transaction that must be
// observed.
func (db *DB) Observe(o Observer) { db.observer.Store(&o) }

// After registers a function to be called once the transaction is on disk. It must not
// block.
func (tx *Tx) After(fn func()) { tx.after = append(tx.after, fn) }

// committed reports a transaction that is on disk to the observer, and calls the
// functions of After.
func (tx *Tx) committed() {
	if o := tx.db.observer.Load(); o.Recorded != nil {
		for _, r := range tx.records {
			o.Recorded(r)
		}
	}
	for _, fn := range tx.after {
		fn()
	}
}

// timed starts to measure a transaction. The caller must call end at its end.
func (db *DB) timed(kind Operation) (end func()) {
	took := db.observer.Load().Took
	if took == nil {
		return func() {}
	}
	began := time.Now()
	return func() { took(kind, time.Since(began)) }
}
