// SPDX-License-Identifier: Apache-2.0

package store

import "time"

// An Operation is a kind of transaction, by which their durations are counted.
type Operation string

// The kinds, each with the method of [DB] that runs it.
const (
	Read      Operation = "read"       // View
	LongRead  Operation = "long_read"  // LongView
	Write     Operation = "write"      // Update, and Grouped for a group of one
	LongWrite Operation = "long_write" // Long
	Group     Operation = "group"      // Grouped, for all that share a transaction
)

// Operations returns all kinds of transactions.
func Operations() []Operation { return []Operation{Read, LongRead, Write, LongWrite, Group} }

// An Observer is told what a database does. Functions that are nil are not called;
// the others may be called by several goroutines at once, and must not block.
type Observer struct {
	// Mark may change a record of the audit log before it is written.
	Mark func(*Record)

	// Recorded gets each record of the audit log once it is on the disk.
	Recorded func(Record)

	// Took gets the duration of each transaction, of failed ones too.
	Took func(kind Operation, took time.Duration)
}

// Observe sets the observer. It must be set before the first transaction that it is
// to see.
func (db *DB) Observe(o Observer) { db.observer.Store(&o) }

// After has a function called once the transaction is on the disk. It must not block.
func (tx *Tx) After(fn func()) { tx.after = append(tx.after, fn) }

// committed tells of a transaction that is on the disk.
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

// timed begins to measure a transaction; what it returns ends that.
func (db *DB) timed(kind Operation) (end func()) {
	took := db.observer.Load().Took
	if took == nil {
		return func() {}
	}
	began := time.Now()
	return func() { took(kind, time.Since(began)) }
}
