// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"fmt"

	"github.com/d204ef64/fob/internal/sqldb"
)

// join adds an order to the shared ledger, and keeps the ledger's key for fingerprints.
// The records are copied first, which finds a journal that was put back.
func (j *Journal) join(ctx context.Context, ref OrderRef) (uid string, secret []byte, err error) {
	s := j.share
	if err := j.Sync(ctx); err != nil {
		return "", nil, err
	}
	if err := s.ledger.Order(ctx, ref, j.station); err != nil {
		return "", nil, err
	}
	uid, secret = s.ledger.identity()
	key, sealed, err := j.ring.Seal(sealedAs(uid), secret)
	if err != nil {
		return "", nil, err
	}
	return uid, secret, j.write(ctx, "", func(tx *sqldb.Tx) error {
		_, err := tx.Exec("INSERT INTO shared (ledger, key, secret, added) VALUES ($1, $2, $3, $4) ON CONFLICT (ledger) DO NOTHING", uid, key, sealed, j.millis())
		return err
	})
}

// identity returns the name of a ledger that was opened, and its key for fingerprints.
func (l *SharedLedger) identity() (uid string, secret []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.uid, l.secret
}

// sealedAs separates a ledger's key from the seeds, which are sealed for a serial number.
func sealedAs(uid string) string { return "ledger " + uid }

// sharedKey returns the key of a ledger that was seen before.
func (j *Journal) sharedKey(tx *sqldb.Tx, uid string) ([]byte, error) {
	var key int64
	var sealed []byte
	if err := tx.Row("SELECT key, secret FROM shared WHERE ledger = $1", []any{uid}, &key, &sealed); err != nil {
		return nil, err
	}
	return j.ring.Open(sealedAs(uid), key, sealed)
}

// Reserve keeps numbers of the order in reserve from now on, for the time in which the
// shared ledger may be away.
func (b *Batch) Reserve() {
	if s := b.share; s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.batches[b.order.ID] = b
		s.wakeUp()
	}
}

// SharedDone returns how many units of the order all stations have done, as far as this
// station has heard from the shared ledger since [Batch.Reserve].
func (b *Batch) SharedDone() int64 { return b.allDone.Load() }

// forget ends the reserve of all orders.
func (s *share) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.batches)
}

// conflicts acts on the conflicts of this station's units: they go on record once. The
// caller holds the mutex.
func (s *share) conflicts(ctx context.Context, list []conflictFrom) error {
	j := s.journal
	uid, _ := s.ledger.identity()
	for _, c := range list {
		fresh := false
		err := j.write(ctx, "", func(tx *sqldb.Tx) error {
			fresh = false
			halts, settled := int64(0), int64(0)
			if c.halts() {
				halts = 1
			}
			if c.Settled {
				settled = j.millis()
			}
			n, err := tx.Exec("INSERT INTO conflict (ledger, id, unit, kind, reason, halts, settled) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (ledger, id) DO NOTHING",
				uid, c.id, c.unit, c.Kind, c.String(), halts, settled)
			if err != nil {
				return err
			}
			if fresh = n > 0; !fresh && c.Settled {
				if n, err = tx.Exec("UPDATE conflict SET settled = $3 WHERE ledger = $1 AND id = $2 AND settled = 0", uid, c.id, settled); err != nil {
					return err
				}
			}
			if n == 0 { // it was on record before
				return nil
			}
			return j.record(tx, c.unit, KindConflict, struct {
				Serial  string `json:"serial"`
				Kind    string `json:"kind"`
				Reason  string `json:"reason"`
				Settled bool   `json:"settled"`
			}{c.Second.Serial, c.Kind, c.String(), c.Settled})
		})
		if err != nil {
			return err
		}
		s.consider(c.unit, c.String(), c.halts(), c.Settled, c.First.State)
		if fresh {
			s.notify(Notice{Time: j.now(), Conflict: &c.Conflict})
		}
	}
	return j.conflicting()
}

// consider makes a conflict count. A device whose other unit is finished cannot be here:
// this one is a copy. The other unit may also have been left behind, when the operator took
// its device to this station. That one must be given up there.
func (s *share) consider(unit int64, reason string, halts, settled bool, first State) {
	switch {
	case halts:
		err := fmt.Errorf("%w: %s: stop all stations of the order and find out which of them was copied", ErrConflict, reason)
		s.stopStation(err)
	case settled:
		s.suspects.Delete(unit)
	case first == Locked || first == Labelled || first == Done:
		s.suspects.Store(unit, fmt.Errorf("%w: %s", ErrDevice, reason))
	}
}

// conflicting returns the error of a station that must stop.
func (j *Journal) conflicting() error {
	if err := j.share.halt.Load(); err != nil {
		return *err
	}
	return nil
}

// known reads the conflicts of earlier runs.
func (s *share) known(ctx context.Context) error {
	type found struct {
		unit   int64
		reason string
		halts  bool
	}
	return s.journal.read(ctx, func(tx *sqldb.Tx) error {
		list, err := sqldb.QueryAll(tx, func(row sqldb.Scanner) (f found, err error) {
			var halts int64
			err = row.Scan(&f.unit, &f.reason, &halts)
			f.halts = halts > 0
			return f, err
		}, "SELECT unit, reason, halts FROM conflict WHERE settled = 0")
		for _, f := range list {
			if f.halts {
				s.consider(f.unit, f.reason, true, false, "")
			}
		}
		return err
	})
}

// suspect returns the error of a unit that must be given up.
func (j *Journal) suspect(unit int64) error {
	if j.share == nil {
		return nil
	}
	if err, ok := j.share.suspects.Load(unit); ok {
		return err.(error)
	}
	return nil
}
