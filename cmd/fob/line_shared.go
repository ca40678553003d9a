// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/sshsig"
	"github.com/d204ef64/fob/line/audit"
	"github.com/d204ef64/fob/line/journal"
)

// readLedger calls use with a shared ledger.
func (a *app) readLedger(ctx context.Context, d *databaseFlags, use func(*journal.SharedLedger) error) error {
	name, err := d.name(ctx, a)
	if err != nil {
		return err
	}
	l, err := journal.OpenLedger(ctx, name, false)
	if err != nil {
		return err
	}
	err = use(l)
	if e := l.Close(); err == nil {
		err = e
	}
	return err
}

// sharedOrderResult is an order in the output of fob line show --db.
type sharedOrderResult struct {
	Order      string               `json:"order"`
	SHA256     string               `json:"sha256"`
	Ordered    int64                `json:"ordered"`
	Done       int64                `json:"done_units"`
	Void       int64                `json:"void"`
	Unfinished int64                `json:"unfinished"`
	Free       int64                `json:"free_serials"`
	Stations   []sharedWorkResult   `json:"stations"`
	Conflicts  []sharedConflictItem `json:"conflicts"`
}

// sharedWorkResult is the work of a station on an order.
type sharedWorkResult struct {
	Station    string     `json:"station"`
	Signer     string     `json:"fingerprint"`
	Records    int64      `json:"records"`
	Copied     *time.Time `json:"copied"`
	Done       int64      `json:"done_units"`
	Void       int64      `json:"void"`
	Unfinished int64      `json:"unfinished"`
	Unused     int64      `json:"unused_serials"`
	WrittenOff int64      `json:"written_off_serials"`
}

// sharedConflictItem is a conflict between two units.
type sharedConflictItem struct {
	Kind    string `json:"claim"`
	Reason  string `json:"reason"`
	Settled bool   `json:"settled"`
}

// sharedUnitResult is a unit in the output of fob line show --db.
type sharedUnitResult struct {
	Order      string    `json:"order"`
	Station    string    `json:"station"`
	Serial     string    `json:"serial"`
	State      string    `json:"state"`
	HardwareID string    `json:"hardware_id"`
	Changed    time.Time `json:"state_since"`
	Reason     string    `json:"reason,omitempty"`
	Bin        string    `json:"bin,omitempty"`
}

// showShared prints the orders in a shared ledger, and their units if units is set.
func (a *app) showShared(ctx context.Context, l *journal.SharedLedger, out io.Writer, id string, units bool, state journal.State) error {
	orders, err := l.Orders(ctx)
	if err != nil {
		return err
	}
	copies, err := l.Copies(ctx)
	if err != nil {
		return err
	}
	conflicts, err := l.Conflicts(ctx)
	if err != nil {
		return err
	}
	shown := 0
	for _, o := range orders {
		if id != "" && o.Name != id {
			continue
		}
		shown++
		if err := a.sharedOrder(out, o, copies, conflicts); err != nil {
			return err
		}
		if !units {
			continue
		}
		err := l.EachUnit(ctx, o.Name, state, func(u journal.SharedUnit) error {
			if a.json {
				return jsonLine(out, sharedUnitResult{u.Order, u.Station, u.Serial, string(u.State), u.HardwareID, u.Changed, u.Reason, string(u.Bin)})
			}
			_, err := fmt.Fprintf(out, "  %-20s %-10s %-12s %s\n", plain(u.Serial), u.State, plain(u.Station), plain(u.Reason))
			return err
		})
		if err != nil {
			return err
		}
	}
	if id != "" && shown == 0 {
		return fmt.Errorf("%w: the ledger has no order %s", journal.ErrOrder, plain(id))
	}
	return nil
}

func (a *app) sharedOrder(out io.Writer, o journal.SharedOrder, copies []journal.SharedCopy, conflicts []journal.Conflict) error {
	v := sharedOrderResult{
		Order: o.Name, SHA256: fmt.Sprintf("%x", o.Digest), Ordered: o.Wanted, Free: o.Free,
		Stations: []sharedWorkResult{}, Conflicts: []sharedConflictItem{},
	}
	for _, w := range o.Stations {
		r := sharedWorkResult{Station: w.Station, Done: w.Done, Void: w.Void, Unfinished: w.Unfinished, Unused: w.Unused, WrittenOff: w.WrittenOff}
		for _, c := range copies {
			if c.Station != w.Station {
				continue
			}
			key, err := sshsig.FromEd25519(c.Public)
			if err != nil {
				return err
			}
			r.Signer, r.Records = sshsig.Fingerprint(key), c.Records
			if !c.Copied.IsZero() {
				r.Copied = &c.Copied
			}
		}
		v.Done, v.Void, v.Unfinished = v.Done+w.Done, v.Void+w.Void, v.Unfinished+w.Unfinished
		v.Stations = append(v.Stations, r)
	}
	for _, c := range conflicts {
		if c.Order == o.Name {
			v.Conflicts = append(v.Conflicts, sharedConflictItem{c.Kind, c.String(), c.Settled})
		}
	}
	if a.json {
		return jsonLine(out, v)
	}
	fmt.Fprintf(out, "order %s: %d of %d done, %d void, %d unfinished; %d serial numbers were given back\n", plain(v.Order), v.Done, v.Ordered, v.Void, v.Unfinished, v.Free)
	for _, w := range v.Stations {
		fmt.Fprintf(out, "  %s: %d done, %d void, %d unfinished, %d serial numbers left", plain(w.Station), w.Done, w.Void, w.Unfinished, w.Unused)
		if w.WrittenOff > 0 {
			fmt.Fprintf(out, " (%d written off)", w.WrittenOff)
		}
		fmt.Fprintf(out, "; %d records copied\n", w.Records)
	}
	for _, c := range v.Conflicts {
		settled := ""
		if c.Settled {
			settled = " (settled)"
		}
		fmt.Fprintf(out, "  conflict%s: %s\n", settled, plain(c.Reason))
	}
	return nil
}

// sharedAuditResult is the result of fob line audit --db.
type sharedAuditResult struct {
	Stations []sharedAuditStation `json:"stations"`
	Orders   []sharedAuditAccount `json:"orders"`
	Faults   []string             `json:"faults"`
}

// sharedAuditStation is a station in the result of an audit.
type sharedAuditStation struct {
	Station string `json:"station"`
	Signer  string `json:"fingerprint"`
	Records int64  `json:"records"`
}

// sharedAuditAccount is the account of an order over all stations.
type sharedAuditAccount struct {
	Order      string `json:"order"`
	Allocated  int64  `json:"allocated"`
	Done       int64  `json:"done_units"`
	Void       int64  `json:"void"`
	Unfinished int64  `json:"unfinished"`
	Unused     int64  `json:"unused_serials"`
	WrittenOff int64  `json:"written_off_serials"`
	Free       int64  `json:"free_serials"`
}

// sharedAuditReport prints the report of an audit of a ledger. Every fault is a failed
// check.
func (a *app) sharedAuditReport(r audit.SharedReport) error {
	v := sharedAuditResult{[]sharedAuditStation{}, []sharedAuditAccount{}, append([]string{}, r.Faults...)}
	var t strings.Builder
	for _, s := range r.Stations {
		v.Stations = append(v.Stations, sharedAuditStation{s.Name, s.Signer, s.Records})
		fmt.Fprintf(&t, "station %s, key %s: %d records\n", plain(s.Name), s.Signer, s.Records)
	}
	for _, o := range r.Orders {
		v.Orders = append(v.Orders, sharedAuditAccount{o.Name, o.Allocated, o.Done, o.Void, o.Unfinished, o.Unused, o.WrittenOff, o.Free})
		fmt.Fprintf(&t, "order %s: %d serial numbers allocated: %d done, %d void, %d unfinished; %d left at stations, of which %d are written off; %d given back\n",
			plain(o.Name), o.Allocated, o.Done, o.Void, o.Unfinished, o.Unused, o.WrittenOff, o.Free)
	}
	if len(r.Faults) == 0 {
		t.WriteString("no faults\n")
	}
	err := a.print(v, t.String())
	for _, fault := range r.Faults {
		err = errors.Join(err, errclass.With(errclass.Failed, fmt.Errorf("audit: %s", fault)))
	}
	return err
}
