// SPDX-License-Identifier: Apache-2.0

// Package audit proves from the journal of a station, its exports and its labels alone
// that the station worked as it should: no serial number was used twice, every number is
// accounted for, nothing was changed later, and no seed is left after an acknowledgement.
//
// It needs no secret. The chained records count: the tables must agree with them.
package audit

import (
	"context"
	"fmt"

	"github.com/d204ef64/fob/internal/sshsig"
	"github.com/d204ef64/fob/line/journal"
)

// Options name the things to audit.
type Options struct {
	Database string   // file of the journal, whose bytes are searched
	Exports  []string // folders of exports
	Labels   []string // folders in which labels were printed
}

// Report is the result of an audit.
type Report struct {
	Station string
	Signer  string // fingerprint of the station's key
	Records int64
	Orders  []Order
	Faults  []string // empty: all is proved
	Notes   []string // points for a person to check, because no record can prove them
}

// Order is the account of an order.
type Order struct {
	Name                              string
	Allocated, Done, Void, Unfinished int64 // serial numbers
	Seeds                             int64 // encrypted seeds that are left
	Labels                            int64 // that were printed
	Unused                            int64 // serial numbers that the station has left
	Returned                          int64 // serial numbers that it gave back to the shared ledger
}

// maxFaults is the number of faults, and of notes, after which the rest is left out.
const maxFaults = 1000

// auditor collects faults.
type auditor struct {
	options  Options
	journal  *journal.Journal
	snapshot *journal.Snapshot
	report   Report
	history  history
	orders   map[int64]*orderState
	names    map[string]*orderState
	units    map[int64]*unitState
}

func (a *auditor) fault(format string, args ...any) { list(&a.report.Faults, "faults", format, args) }

func (a *auditor) note(format string, args ...any) { list(&a.report.Notes, "notes", format, args) }

// list adds a line to a list, and ends a list that is too long.
func list(to *[]string, what, format string, args []any) {
	switch n := len(*to); {
	case n < maxFaults:
		*to = append(*to, fmt.Sprintf(format, args...))
	case n == maxFaults:
		*to = append(*to, "there are more "+what+", which are not listed")
	}
}

func newAuditor() *auditor {
	return &auditor{history: newHistory(), orders: map[int64]*orderState{}, names: map[string]*orderState{}, units: map[int64]*unitState{}}
}

// Run audits a journal. The error is about a journal that cannot be read. A mistake in it
// is a fault of the report.
func Run(ctx context.Context, j *journal.Journal, o Options) (Report, error) {
	key, err := sshsig.FromEd25519(j.Public())
	if err != nil {
		return Report{}, err
	}
	a := newAuditor()
	a.options, a.journal = o, j
	a.report.Station, a.report.Signer = j.Station(), sshsig.Fingerprint(key)
	err = j.Snapshot(ctx, func(s *journal.Snapshot) error {
		a.snapshot = s
		for _, step := range []func() error{a.records, a.readOrders, a.readUnits, a.blocks, a.compare, a.labels, a.heads, a.readExports, a.seeds} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Report{}, err
	}
	for _, dir := range o.Exports {
		if err := a.export(ctx, dir); err != nil {
			return Report{}, err
		}
	}
	for _, dir := range o.Labels {
		a.labelFolder(dir)
	}
	if err := a.deleted(); err != nil {
		return Report{}, err
	}
	for _, s := range a.orders {
		a.report.Orders = append(a.report.Orders, s.Order)
	}
	sortOrders(a.report.Orders)
	return a.report, nil
}
