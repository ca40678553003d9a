// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/d204ef64/fob/line/journal"
)

// history is collected from the chained records.
type history struct {
	orders  map[string]string           // SHA-256 by id
	blocks  map[string]map[int64]*block // by order and ID
	units   map[int64]*past             // by number of the unit
	serials map[string]int64            // unit that got the serial number first
	seeds   map[string]int64            // unit that got the seed first, by fingerprint
	exports map[string]*pastExport      // by digest
	ciphers map[string]bool             // encrypted seeds of acknowledged exports

	conflicts map[string]string // that were not settled, by serial number and kind
}

// block is a block of serial numbers. Numbers that were given back are not in count any
// more.
type block struct {
	first, count, returned int64
	next                   int64 // after the highest number that a unit has; 0: none has
	used, done, void       int64
}

func (b *block) has(number int64) bool { return number >= b.first && number < b.first+b.count }

// past is the history of a unit.
type past struct {
	order, serial, hardware, key, fingerprint string
	shared                                    string // fingerprint for all stations of a ledger
	block, number                             int64
	state                                     journal.State
	verified, locked                          bool
	prints, labels                            int64 // labels that were about to be printed, and that the printer has
}

// pastExport is an export in the records.
type pastExport struct {
	order        string
	units        int64
	acknowledged bool
}

func newHistory() history {
	return history{
		orders: map[string]string{}, blocks: map[string]map[int64]*block{}, units: map[int64]*past{},
		serials: map[string]int64{}, seeds: map[string]int64{}, exports: map[string]*pastExport{}, ciphers: map[string]bool{}, conflicts: map[string]string{},
	}
}

// recordData has the fields of all kinds of records.
type recordData struct {
	Order       string        `json:"order"`
	SHA256      string        `json:"sha256"`
	Block       int64         `json:"block"`
	Number      int64         `json:"number"`
	First       int64         `json:"first"`
	Count       int64         `json:"count"`
	Serial      string        `json:"serial"`
	HardwareID  string        `json:"hardware_id"`
	DeviceKey   string        `json:"device_key"`
	Fingerprint string        `json:"seed_fingerprint"`
	Shared      string        `json:"shared_fingerprint"`
	State       journal.State `json:"state"`
	Kind        string        `json:"kind"`
	Reason      string        `json:"reason"`
	Settled     bool          `json:"settled"`
	Digest      string        `json:"digest"`
	Units       int64         `json:"units"`
}

// records verifies the chain, and reads the history from it.
func (a *auditor) records() error {
	report, err := a.snapshot.Verify("", a.record)
	if err != nil {
		return err
	}
	for _, f := range report.Faults {
		a.fault("records: %s", f)
	}
	a.report.Records = report.Records
	for _, key := range slices.Sorted(maps.Keys(a.history.conflicts)) {
		a.fault("conflict: %s", a.history.conflicts[key])
	}
	return nil
}

func (a *auditor) record(r journal.Record) {
	var d recordData
	if err := json.Unmarshal(r.Data, &d); err != nil {
		a.fault("record %d: its data has another form than a station writes", r.Seq)
		return
	}
	h := &a.history
	switch r.Kind {
	case journal.KindOrder:
		h.orders[d.Order] = d.SHA256
	case journal.KindBlock:
		a.handedOut(r, d)
	case journal.KindReturn:
		a.returned(r, d)
	case journal.KindConflict:
		if d.Settled {
			delete(h.conflicts, d.Serial+d.Kind)
		} else {
			h.conflicts[d.Serial+d.Kind] = d.Reason
		}
	case journal.KindExport:
		h.exports[d.Digest] = &pastExport{order: d.Order, units: d.Units}
	case journal.KindAcknowledge:
		if e := h.exports[d.Digest]; e != nil {
			e.acknowledged = true
		} else {
			a.fault("record %d: export %s was acknowledged, but never made", r.Seq, d.Digest)
		}
	case journal.KindAllocate:
		a.allocated(r, d)
	case journal.KindState, journal.KindFailure, journal.KindVoid, journal.KindPrinting, journal.KindLabel, journal.KindReprint, journal.KindTaken:
		if u := h.units[r.Unit]; u == nil || u.serial != d.Serial {
			a.fault("record %d: unit %d with serial number %s was never allocated", r.Seq, r.Unit, d.Serial)
		} else {
			a.step(r, u, d)
		}
	}
}

// handedOut adds a block.
func (a *auditor) handedOut(r journal.Record, d recordData) {
	blocks := a.history.blocks[d.Order]
	if blocks == nil {
		blocks = map[int64]*block{}
		a.history.blocks[d.Order] = blocks
	}
	if blocks[d.Block] != nil {
		a.fault("record %d: block %d of order %s was handed out twice", r.Seq, d.Block, d.Order)
	}
	blocks[d.Block] = &block{first: d.First, count: d.Count}
}

// returned takes numbers off the end of a block.
func (a *auditor) returned(r journal.Record, d recordData) {
	b := a.history.blocks[d.Order][d.Block]
	if b == nil || d.Count < 1 || d.Count > b.count || d.First != b.first+b.count-d.Count {
		a.fault("record %d: numbers were given back that are not at the end of block %d of order %s", r.Seq, d.Block, d.Order)
		return
	}
	b.count -= d.Count
	b.returned += d.Count
	if b.next > d.First {
		a.fault("record %d: number %d of order %s was given back after it was used", r.Seq, b.next-1, d.Order)
	}
}

// allocated begins the history of a unit.
func (a *auditor) allocated(r journal.Record, d recordData) {
	h := &a.history
	if h.units[r.Unit] != nil {
		a.fault("record %d: unit %d was allocated twice", r.Seq, r.Unit)
		return
	}
	if first, used := h.serials[d.Serial]; used {
		a.fault("serial number %s was used twice: for units %d and %d", d.Serial, first, r.Unit)
	} else {
		h.serials[d.Serial] = r.Unit
	}
	if first, used := h.seeds[d.Fingerprint]; used {
		a.fault("unit %s has the seed of unit %d", d.Serial, first)
	} else {
		h.seeds[d.Fingerprint] = r.Unit
	}
	if b := h.blocks[d.Order][d.Block]; b == nil || !b.has(d.Number) {
		a.fault("record %d: unit %s has number %d, which this station did not have then", r.Seq, d.Serial, d.Number)
	} else {
		b.next = max(b.next, d.Number+1)
		b.used++
	}
	h.units[r.Unit] = &past{
		shared: d.Shared, block: d.Block, number: d.Number,
		order: d.Order, serial: d.Serial, hardware: d.HardwareID, key: d.DeviceKey, fingerprint: d.Fingerprint, state: journal.Allocated,
	}
}

// step follows a unit by one record.
func (a *auditor) step(r journal.Record, u *past, d recordData) {
	final := u.state.Final()
	switch r.Kind {
	case journal.KindPrinting, journal.KindReprint, journal.KindTaken:
		final = u.state == journal.Void
	}
	if final {
		a.fault("record %d: unit %s is %s, and was changed afterwards", r.Seq, u.serial, u.state)
	}
	b := a.history.blocks[u.order][u.block]
	switch r.Kind {
	case journal.KindVoid:
		u.state = journal.Void
		if b != nil && !final {
			b.void++
		}
	case journal.KindState:
		u.state = d.State
		if b != nil && d.State == journal.Done && !final {
			b.done++
		}
		switch {
		case !d.State.Valid():
			a.fault("record %d: unit %s has the unknown state %q", r.Seq, u.serial, string(d.State))
		case d.State == journal.Verified:
			u.verified = true
		case d.State == journal.Locked:
			u.locked = true
		case d.State == journal.Done && !(u.verified && u.locked):
			a.fault("record %d: unit %s is done, but was not verified and locked before", r.Seq, u.serial)
		}
	case journal.KindPrinting:
		if !u.locked {
			a.fault("record %d: the label of unit %s was printed before the unit was locked", r.Seq, u.serial)
		}
		u.prints++
	case journal.KindLabel, journal.KindReprint:
		if u.labels++; u.labels > u.prints {
			a.fault("record %d: a label of unit %s was printed without a record before", r.Seq, u.serial)
		}
		if r.Kind == journal.KindLabel {
			u.state = journal.Labelled
		}
	case journal.KindTaken:
		if u.labels == 0 {
			a.fault("record %d: the label of unit %s was taken, but not printed", r.Seq, u.serial)
		}
	}
}
