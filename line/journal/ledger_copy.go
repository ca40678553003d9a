// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/d204ef64/fob/internal/chain"
	"github.com/d204ef64/fob/internal/sqldb"
)

// register adds a station, or checks its key, and returns the end of the copy of its
// records.
func (l *SharedLedger) register(ctx context.Context, station string, public ed25519.PublicKey) (seq int64, code []byte, err error) {
	empty := records.Empty(chain.Public(public), 1)
	err = l.update(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec("INSERT INTO ledger_station (name, public, seq, mac, seal, copied) VALUES ($1, $2, 0, $3, $4, 0) ON CONFLICT (name) DO NOTHING",
			station, []byte(public), empty.Code, []byte{}); err != nil {
			return err
		}
		var have []byte
		if err := tx.Row("SELECT public, seq, mac FROM ledger_station WHERE name = $1", []any{station}, &have, &seq, &code); err != nil {
			return err
		}
		if !public.Equal(ed25519.PublicKey(have)) {
			return fmt.Errorf("%w: the ledger has a station %q with another key: give this one another name", ErrStation, station)
		}
		return nil
	})
	return seq, code, err
}

// copied is a record with its code.
type copied struct {
	Record
	code []byte
}

// copy adds records of a station, which end with a signed head. Records that are there
// already are compared. The error wraps [ErrConflict] if they do not continue the copy.
func (l *SharedLedger) copy(ctx context.Context, station string, public ed25519.PublicKey, list []copied, head chain.Head) error {
	keys := chain.Public(public)
	return l.update(ctx, func(tx *sqldb.Tx) error {
		h := chain.Head{ID: 1}
		if err := tx.Row("SELECT seq, mac FROM ledger_station WHERE name = $1"+tx.Locked(), []any{station}, &h.Seq, &h.Code); err != nil {
			return err
		}
		for i := range list {
			r := &list[i]
			if r.Seq <= h.Seq { // another process of the station was faster
				var code []byte
				if err := tx.Row("SELECT mac FROM ledger_record WHERE station = $1 AND seq = $2", []any{station, r.Seq}, &code); err != nil {
					return err
				}
				if !bytes.Equal(code, r.code) {
					return forked(station, r.Seq)
				}
				continue
			}
			code := h.Append(keys, func(_, seq int64) []byte {
				if r.Seq != seq {
					return nil
				}
				return r.canonical()
			})
			if !bytes.Equal(code, r.code) {
				return fmt.Errorf("%w: record %d of %s does not continue its copy: run fob line audit", ErrConflict, r.Seq, station)
			}
			if err := tx.ExecOne("INSERT INTO ledger_record (station, seq, at, unit, kind, data, mac) VALUES ($1, $2, $3, $4, $5, $6, $7)",
				station, r.Seq, r.Time.UnixMilli(), r.Unit, string(r.Kind), string(r.Data), r.code); err != nil {
				return err
			}
			if err := l.apply(tx, station, &r.Record); err != nil {
				return err
			}
		}
		if h.Seq != head.Seq { // all were there already
			return nil
		}
		if !records.Intact(keys, &head) || !bytes.Equal(h.Code, head.Code) {
			return fmt.Errorf("%w: the signature of the records of %s does not fit: run fob line audit", ErrConflict, station)
		}
		return tx.ExecOne("UPDATE ledger_station SET seq = $2, mac = $3, seal = $4, copied = $5 WHERE name = $1",
			station, head.Seq, head.Code, head.Seal, l.now().UnixMilli())
	})
}

// forked is the error of a station whose journal is not the one that was copied.
func forked(station string, seq int64) error {
	return fmt.Errorf("%w: record %d in the journal of %s is not the one that the ledger has: the journal was put back to an older state, or is used twice: "+
		"begin a new journal with another name", ErrConflict, seq, station)
}

// unitData are the fields that a ledger reads from the records of units.
type unitData struct {
	Order       string `json:"order"`
	Block       int64  `json:"block"`
	Serial      string `json:"serial"`
	HardwareID  string `json:"hardware_id"`
	DeviceKey   string `json:"device_key"`
	Fingerprint string `json:"shared_fingerprint"`
	State       State  `json:"state"`
	Reason      string `json:"reason"`
	Bin         string `json:"bin"`
}

// apply brings the tables of units up to date with a record.
func (l *SharedLedger) apply(tx *sqldb.Tx, station string, r *Record) error {
	var d unitData
	switch r.Kind {
	case KindAllocate, KindState, KindVoid, KindLabel:
		if err := json.Unmarshal(r.Data, &d); err != nil {
			return fmt.Errorf("record %d of %s: %w", r.Seq, station, err)
		}
	default:
		return nil
	}
	at := r.Time.UnixMilli()
	if r.Kind == KindAllocate {
		if err := tx.ExecOne(`INSERT INTO ledger_unit (station, unit, name, block, serial, state, hardware_id, device_key, changed, reason, bin)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', '')`,
			station, r.Unit, d.Order, d.Block, d.Serial, string(Allocated), d.HardwareID, d.DeviceKey, at); err != nil {
			return err
		}
		if d.Block == 0 { // of another ledger
			return nil
		}
		if _, err := tx.Exec("UPDATE ledger_block SET used = used + 1 WHERE name = $1 AND id = $2", d.Order, d.Block); err != nil {
			return err
		}
		return l.claim(tx, station, r.Unit, &d)
	}
	switch r.Kind {
	case KindVoid:
		d.State = Void
	case KindLabel:
		d.State = Labelled
	}
	var name string
	var block int64
	err := tx.Row("SELECT name, block FROM ledger_unit WHERE station = $1 AND unit = $2", []any{station, r.Unit}, &name, &block)
	if errors.Is(err, sqldb.ErrNotFound) {
		return fmt.Errorf("%w: record %d of %s is about unit %d, which was never allocated", ErrConflict, r.Seq, station, r.Unit)
	} else if err != nil {
		return err
	}
	if err := tx.ExecOne("UPDATE ledger_unit SET state = $3, changed = $4, reason = $5, bin = $6 WHERE station = $1 AND unit = $2",
		station, r.Unit, string(d.State), at, d.Reason, d.Bin); err != nil {
		return err
	}
	if block == 0 {
		return nil
	}
	switch d.State {
	case Done:
		_, err = tx.Exec("UPDATE ledger_block SET done = done + 1 WHERE name = $1 AND id = $2", name, block)
	case Void:
		if _, err = tx.Exec("UPDATE ledger_block SET void = void + 1 WHERE name = $1 AND id = $2", name, block); err == nil {
			err = l.release(tx, station, r.Unit)
		}
	}
	return err
}
