// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/d204ef64/fob/internal/chain"
	"github.com/d204ef64/fob/internal/sqldb"
)

// A Kind is a kind of record.
type Kind string

// The kinds of records.
const (
	KindOrder       Kind = "order"       // the station began an order
	KindBlock       Kind = "block"       // the ledger handed out serial numbers
	KindReturn      Kind = "return"      // the station gave serial numbers back, which it did not use
	KindConflict    Kind = "conflict"    // the ledger found that another unit has something that only one may have
	KindRun         Kind = "run"         // a key for the seeds of an order was made
	KindAllocate    Kind = "allocate"    // a unit began; its serial number is used up
	KindState       Kind = "state"       // a unit has a new state
	KindFailure     Kind = "failure"     // an attempt failed
	KindVoid        Kind = "void"        // a unit was given up
	KindPrinting    Kind = "printing"    // a label is about to be handed to the printer
	KindLabel       Kind = "label"       // the printer has the first label of a unit
	KindReprint     Kind = "reprint"     // the printer has another label of a unit
	KindTaken       Kind = "label-taken" // the operator took or scanned a label
	KindRefused     Kind = "refused"     // a device was refused, without a serial number
	KindClock       Kind = "clock"       // the station's clock was used although it is not synchronised
	KindExport      Kind = "export"      // the seeds of an order were exported
	KindAcknowledge Kind = "acknowledge" // the customer has the export; the seeds were deleted
)

// Record is an entry in the log of a station.
type Record struct {
	Chain int64           `json:"chain"`
	Seq   int64           `json:"seq"` // 1 is the first
	Time  time.Time       `json:"time"`
	Unit  int64           `json:"unit,omitempty"` // 0: none
	Kind  Kind            `json:"kind"`
	Data  json.RawMessage `json:"data"`
}

// records is the log in the tables record and record_chain.
var records = chain.Log{
	Name: "record of the station", Advice: "run fob line audit", Label: "fob line", Heads: "record_chain", Chains: 1,
}

// canonical returns the bytes of a record that the chain protects: its JSON.
func (r *Record) canonical() []byte {
	b, err := json.Marshal(r)
	if err != nil {
		panic("journal: internal error: " + err.Error()) // Data is JSON
	}
	return b
}

// pending are the records of a transaction.
type pending struct {
	at   int64
	list []Record
}

// record adds a record at the end of the transaction.
func (j *Journal) record(tx *sqldb.Tx, unit int64, kind Kind, data any) error {
	b, err := json.Marshal(data)
	if err != nil {
		return err
	}
	p, ok := tx.Shared.(*pending)
	if !ok {
		p = &pending{at: j.millis()}
		tx.Shared = p
		tx.Before(func() error { return j.append(tx, p.list) })
		if j.share != nil {
			tx.After(j.share.wakeUp)
		}
	}
	p.list = append(p.list, Record{Time: fromMillis(p.at), Unit: unit, Kind: kind, Data: b})
	return nil
}

// append appends records to the chain.
func (j *Journal) append(tx *sqldb.Tx, list []Record) error {
	h, err := records.Lock(tx, j.keys)
	if err != nil {
		return err
	}
	for i := range list {
		r := &list[i]
		code := h.Append(j.keys, func(chain, seq int64) []byte {
			r.Chain, r.Seq = chain, seq
			return r.canonical()
		})
		err := tx.ExecOne("INSERT INTO record (chain, seq, at, unit, kind, data, mac) VALUES ($1, $2, $3, $4, $5, $6, $7)",
			r.Chain, r.Seq, r.Time.UnixMilli(), r.Unit, string(r.Kind), string(r.Data), code)
		if err != nil {
			return err
		}
	}
	return records.Put(tx, j.keys, h)
}

const recordColumns = "chain, seq, at, unit, kind, data, mac"

// scanRecord reads a record and its code. Proper is false if a value is of a kind that is
// never written.
func scanRecord(s sqldb.Scanner) (r Record, code []byte, proper bool, err error) {
	var at int64
	var kind, data string
	proper, err = sqldb.ScanStrict(s, &r.Chain, &r.Seq, &at, &r.Unit, &kind, &data, &code)
	r.Time, r.Kind, r.Data = fromMillis(at), Kind(kind), json.RawMessage(data)
	return r, code, proper && json.Valid(r.Data) && (at == 0 || r.Time.UnixMilli() == at), err
}

// Records calls fn with the records of a unit, or with all records if unit is 0, in their
// order, until fn returns an error.
func (j *Journal) Records(ctx context.Context, unit int64, fn func(Record) error) error {
	var w sqldb.Where
	if unit != 0 {
		w.Add("unit = $", unit)
	}
	var stopped error
	err := j.db.LongView(ctx, func(tx *sqldb.Tx) error {
		return tx.Rows("SELECT "+recordColumns+" FROM record"+w.String()+" ORDER BY chain, seq", w.Args(), func(s sqldb.Scanner) error {
			r, _, _, err := scanRecord(s)
			if err != nil {
				return err
			}
			stopped = fn(r)
			return stopped
		})
	})
	if stopped != nil {
		return stopped
	}
	return broken(err)
}

// Verify finds records that were changed, added or removed after they were written. Since
// is the checkpoint of an earlier report that was kept elsewhere, or "".
func (j *Journal) Verify(ctx context.Context, since string) (report chain.Report, err error) {
	err = j.db.LongView(ctx, func(tx *sqldb.Tx) (err error) {
		report, err = j.verify(tx, since, func(Record) {})
		return err
	})
	if errors.Is(err, chain.ErrCheckpoint) {
		return report, err
	}
	return report, broken(err)
}

// verify is [Journal.Verify], and calls each with every record whose columns have the
// right types.
func (j *Journal) verify(tx *sqldb.Tx, since string, each func(Record)) (chain.Report, error) {
	return records.Verify(tx, chain.Public(j.public), since, nil, "SELECT "+recordColumns+" FROM record ORDER BY chain, seq",
		func(s sqldb.Scanner) (chain.Record, error) {
			r, code, proper, err := scanRecord(s)
			c := chain.Record{Chain: r.Chain, Seq: r.Seq, Code: code, Improper: !proper}
			if proper && err == nil {
				c.Bytes = r.canonical()
				each(r)
			}
			return c, err
		})
}

// UnsynchronisedClock records that the station works although its clock is not
// synchronised.
func (j *Journal) UnsynchronisedClock(ctx context.Context, reason string) error {
	return j.note(ctx, KindClock, struct {
		Reason string `json:"reason"`
	}{reason})
}

// note adds a record that changes nothing else.
func (j *Journal) note(ctx context.Context, kind Kind, data any) error {
	return j.write(ctx, "", func(tx *sqldb.Tx) error { return j.record(tx, 0, kind, data) })
}
