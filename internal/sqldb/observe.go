// SPDX-License-Identifier: Apache-2.0

package sqldb

import "time"

// An Operation is a kind of transaction. Metrics of durations distinguish these
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

// Observe sets a function that is called with the duration of each transaction, including
// failed ones. It may be called by several goroutines at once, and must not block. nil
// removes the function.
func (db *DB) Observe(took func(kind Operation, took time.Duration)) {
	if took == nil {
		db.took.Store(nil)
		return
	}
	db.took.Store(&took)
}

// timed starts to measure a transaction. The caller must call end at its end.
func (db *DB) timed(kind Operation) (end func()) {
	took := db.took.Load()
	if took == nil {
		return func() {}
	}
	began := time.Now()
	return func() { (*took)(kind, time.Since(began)) }
}
