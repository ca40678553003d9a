// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"time"

	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/store"
)

// An Observer is notified of events in a bank once they are on disk. Nil functions are
// not called. The others may be called by several goroutines at once, and must not
// block.
type Observer struct {
	// Recorded gets each record of the audit log that this bank writes.
	Recorded func(Record)

	// Suspended and Unlocked get the token whose suspension began or ended, and the
	// person who caused it. The contract is the token's.
	Suspended, Unlocked func(by By, serial token.Serial, contract string)

	// Imported gets each completed import.
	Imported func(By, ImportReport)

	// Took gets the duration of each transaction of the database.
	Took func(kind sqldb.Operation, took time.Duration)
}

// complete returns an observer whose functions can all be called, except the store's.
func (o Observer) complete() Observer {
	if o.Suspended == nil {
		o.Suspended = func(By, token.Serial, string) {}
	}
	if o.Unlocked == nil {
		o.Unlocked = func(By, token.Serial, string) {}
	}
	if o.Imported == nil {
		o.Imported = func(By, ImportReport) {}
	}
	return o
}

// TestClockNote ends the note of each audit record that was written under a test clock,
// whose times are not real.
const TestClockNote = "test clock"

func (o Observer) ofStore(testClock bool) store.Observer {
	s := store.Observer{Recorded: o.Recorded, Took: o.Took}
	if testClock {
		s.Mark = markTestClock
	}
	return s
}

func markTestClock(r *Record) {
	if r.Note != "" {
		r.Note += "; "
	}
	r.Note += TestClockNote
}
