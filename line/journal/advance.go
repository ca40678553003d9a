// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/token"
)

// stateRecord is the content of a record of a unit.
type stateRecord struct {
	Serial  string   `json:"serial"`
	State   State    `json:"state,omitempty"`
	Attempt int      `json:"attempt,omitempty"`
	Port    string   `json:"port,omitempty"`
	Reason  string   `json:"reason,omitempty"`
	Bin     Bin      `json:"bin,omitempty"`
	Results *Results `json:"results,omitempty"`
}

// insert writes a new unit.
func (b *Batch) insert(tx *sqldb.Tx, u *Unit, fingerprint []byte) error {
	results, err := json.Marshal(u.Results)
	if err != nil {
		return err
	}
	expiry := ""
	if !u.Expiry.IsZero() {
		expiry = u.Expiry.String()
	}
	return tx.ExecOne(`INSERT INTO unit (id, order_id, number, serial, fingerprint, hardware_id, device_key, expiry, state, attempts, failures,
		socket, began, ended, finished, reason, bin, results) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $12, 0, 0, '', '', $13)`,
		u.ID, b.id, u.Number, u.Serial.String(), fingerprint, u.HardwareID.String(), u.DeviceKey[:], expiry, string(u.State), u.Attempts,
		u.Socket, u.Began.UnixMilli(), string(results))
}

// change writes a unit that had the state of u, and runs more in the same transaction. Only
// if all is on disk, u becomes next.
func (b *Batch) change(ctx context.Context, u *Unit, next Unit, more func(*sqldb.Tx, *Unit) error) error {
	if u.State.Final() {
		return fmt.Errorf("%w %s is %s already", ErrUnit, u.Serial, u.State)
	}
	if next.State != Void {
		if err := b.suspect(u.ID); err != nil {
			return err
		}
	}
	results, err := json.Marshal(next.Results)
	if err != nil {
		return broken(err)
	}
	changed := next
	err = b.write(ctx, u.HardwareID.String(), func(tx *sqldb.Tx) error {
		changed = next
		if changed.State.Final() {
			changed.Ended = fromMillis(b.millis())
			column := "void"
			if changed.State == Done {
				column = "done"
			}
			if err := tx.ExecOne("UPDATE orders SET "+column+" = "+column+" + 1 WHERE id = $1", b.id); err != nil {
				return err
			}
		}
		if changed.State == Done {
			if err := tx.Row("SELECT done FROM orders WHERE id = $1", []any{b.id}, &changed.Finished); err != nil {
				return err
			}
		}
		err := tx.ExecOne(`UPDATE unit SET state = $3, attempts = $4, failures = $5, socket = $6, ended = $7, finished = $8, reason = $9, bin = $10,
			results = $11 WHERE id = $1 AND state = $2`,
			u.ID, string(u.State), string(changed.State), changed.Attempts, changed.Failures, changed.Socket, millisOf(&changed), changed.Finished,
			changed.Reason, string(changed.Bin), string(results))
		if errors.Is(err, sqldb.ErrNotFound) {
			return fmt.Errorf("%w %s is not %s any more", ErrUnit, u.Serial, u.State)
		} else if err != nil {
			return err
		}
		return more(tx, &changed)
	})
	if err != nil {
		return err
	}
	*u = changed
	return nil
}

// millisOf returns the time at which a unit ended.
func millisOf(u *Unit) int64 {
	if u.Ended.IsZero() {
		return 0
	}
	return u.Ended.UnixMilli()
}

// Begin counts another attempt, after which the state is Sent.
func (b *Batch) Begin(ctx context.Context, u *Unit, socket string) error {
	next := *u
	next.State, next.Socket = Sent, socket
	next.Attempts++
	return b.change(ctx, u, next, b.recordAttempt)
}

func (b *Batch) recordAttempt(tx *sqldb.Tx, n *Unit) error {
	return b.record(tx, n.ID, KindState, stateRecord{Serial: n.Serial.String(), State: Sent, Attempt: n.Attempts, Port: n.Socket})
}

// Failed counts an attempt that failed for a reason of the device.
func (b *Batch) Failed(ctx context.Context, u *Unit, reason string) error {
	next := *u
	next.Failures++
	return b.change(ctx, u, next, func(tx *sqldb.Tx, n *Unit) error {
		return b.record(tx, n.ID, KindFailure, stateRecord{Serial: n.Serial.String(), State: n.State, Attempt: n.Attempts, Port: n.Socket, Reason: reason})
	})
}

// Advance makes the state durable, together with the results so far. Several states are
// passed through in one transaction: nothing happens to the device between them.
func (b *Batch) Advance(ctx context.Context, u *Unit, to ...State) error {
	next := *u
	next.State = to[len(to)-1]
	return b.change(ctx, u, next, func(tx *sqldb.Tx, n *Unit) error { return b.recordStates(tx, n, to...) })
}

// recordStates records the states that a unit passed through.
func (b *Batch) recordStates(tx *sqldb.Tx, n *Unit, states ...State) error {
	for _, s := range states {
		r := stateRecord{Serial: n.Serial.String(), State: s}
		if s == Done {
			r.Results = &n.Results
		}
		if err := b.record(tx, n.ID, KindState, r); err != nil {
			return err
		}
	}
	return nil
}

// Seed returns the seed of a unit that is not verified yet.
func (b *Batch) Seed(ctx context.Context, u *Unit) (token.Seed, error) {
	var key int64
	var sealed []byte
	err := b.read(ctx, func(tx *sqldb.Tx) error {
		return tx.Row("SELECT key, sealed FROM seed WHERE unit = $1 AND run = 0", []any{u.ID}, &key, &sealed)
	})
	if errors.Is(err, sqldb.ErrNotFound) {
		return token.Seed{}, fmt.Errorf("%w: unit %s has no seed of the station", ErrJournal, u.Serial)
	} else if err != nil {
		return token.Seed{}, err
	}
	plain, err := b.ring.Open(u.Serial.String(), key, sealed)
	if err != nil {
		return token.Seed{}, broken(fmt.Errorf("the seed of unit %s: %w", u.Serial, err))
	}
	defer clear(plain)
	seed, err := token.NewSeed(plain)
	return seed, broken(err)
}

// Verified encrypts the seed to the recipients, deletes the station's copy and makes the
// state Verified, all at once. A unit whose state is Sent is Confirmed by that, too.
func (b *Batch) Verified(ctx context.Context, u *Unit, seed token.Seed) error {
	copies, err := b.sealAll(ctx, seed)
	if err != nil {
		return broken(err)
	}
	states := []State{Verified}
	if u.State == Sent {
		states = []State{Confirmed, Verified}
	}
	next := *u
	next.State = Verified
	return b.change(ctx, u, next, func(tx *sqldb.Tx, n *Unit) error {
		for _, c := range copies {
			if err := tx.ExecOne("INSERT INTO seed (unit, run, key, sealed) VALUES ($1, $2, 0, $3)", n.ID, c.run, c.sealed); err != nil {
				return err
			}
		}
		if err := tx.ExecOne("DELETE FROM seed WHERE unit = $1 AND run = 0", n.ID); err != nil {
			return err
		}
		return b.recordStates(tx, n, states...)
	})
}

// Void gives a unit up and deletes all copies of its seed. A label that was printed is not
// due any more.
func (b *Batch) Void(ctx context.Context, u *Unit, reason string, bin Bin) error {
	next := *u
	next.State, next.Reason, next.Bin = Void, reason, bin
	return b.change(ctx, u, next, func(tx *sqldb.Tx, n *Unit) error {
		if _, err := tx.Exec("DELETE FROM seed WHERE unit = $1", n.ID); err != nil {
			return err
		}
		if err := noLongerDue(tx, n); err != nil {
			return err
		}
		return b.record(tx, n.ID, KindVoid, stateRecord{
			Serial: n.Serial.String(), State: u.State, Attempt: n.Attempts, Port: n.Socket, Reason: reason, Bin: bin, Results: &n.Results,
		})
	})
}

// GiveUp is [Batch.Void] for a unit whose device does not come back. It needs no recipients.
func (j *Journal) GiveUp(ctx context.Context, u *Unit, reason string, bin Bin) error {
	b := Batch{Journal: j}
	err := j.read(ctx, func(tx *sqldb.Tx) (err error) {
		b.id, err = j.known(tx, u.Order)
		return err
	})
	if err != nil {
		return err
	}
	return b.Void(ctx, u, reason, bin)
}
