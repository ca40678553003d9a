// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/internal/sshsig"
	"github.com/d204ef64/fob/line/journal"
)

// SharedReport is the result of an audit of a shared ledger.
type SharedReport struct {
	Stations []SharedStation
	Orders   []SharedOrder
	Faults   []string // empty: all is proved
}

// SharedStation is a station whose records were copied.
type SharedStation struct {
	Name    string
	Signer  string // fingerprint of its key
	Records int64
}

// SharedOrder is the account of an order over all stations. The serial numbers that were
// handed out are allocated, unused or free.
type SharedOrder struct {
	Name                              string
	Allocated, Done, Void, Unfinished int64
	Unused                            int64 // with stations
	WrittenOff                        int64 // of these, with stations that were written off
	Free                              int64 // given back
}

// sharedAuditor compares the copies of all stations with each other and with the ledger.
type sharedAuditor struct {
	*auditor
	snapshot *journal.SharedSnapshot
	stations map[string]*auditor
	accounts map[string]*SharedOrder
}

// RunShared audits a shared ledger: it follows the copied records of every station, and
// compares the stations. The error is about a ledger that cannot be read.
func RunShared(ctx context.Context, l *journal.SharedLedger) (r SharedReport, err error) {
	err = l.Snapshot(ctx, func(s *journal.SharedSnapshot) error {
		a := &sharedAuditor{newAuditor(), s, map[string]*auditor{}, map[string]*SharedOrder{}}
		r = SharedReport{}
		for _, step := range []func(*SharedReport) error{a.copies, a.unique, a.blocks, a.units, a.conflicts} {
			if err := step(&r); err != nil {
				return err
			}
		}
		for _, name := range slices.Sorted(maps.Keys(a.accounts)) {
			r.Orders = append(r.Orders, *a.accounts[name])
		}
		r.Faults = a.report.Faults
		return nil
	})
	return r, err
}

// copies follows the records of each station.
func (a *sharedAuditor) copies(r *SharedReport) error {
	list, err := a.snapshot.Copies()
	if err != nil {
		return err
	}
	for _, c := range list {
		key, err := sshsig.FromEd25519(c.Public)
		if err != nil {
			return err
		}
		one := newAuditor()
		report, err := a.snapshot.Verify(c, one.record)
		if err != nil {
			return err
		}
		for _, f := range append(report.Faults, one.report.Faults...) {
			a.fault("%s: %s", c.Station, f)
		}
		a.stations[c.Station] = one
		r.Stations = append(r.Stations, SharedStation{c.Station, sshsig.Fingerprint(key), report.Records})
	}
	return nil
}

// each calls fn with all units of all stations in the order of the stations and units.
func (a *sharedAuditor) each(fn func(station string, unit int64, u *past)) {
	for _, station := range slices.Sorted(maps.Keys(a.stations)) {
		units := a.stations[station].history.units
		for _, id := range slices.Sorted(maps.Keys(units)) {
			fn(station, id, units[id])
		}
	}
}

// unique checks the values that only one unit may have.
func (a *sharedAuditor) unique(*SharedReport) error {
	seen := map[string]string{}
	orders := map[string]string{}
	check := func(kind, value, show, unit string) {
		if other, used := seen[kind+value]; used {
			a.fault("%s%s was used twice: for %s and %s", kind, show, other, unit)
		} else if value != "" {
			seen[kind+value] = unit
		}
	}
	a.each(func(station string, _ int64, u *past) {
		name := u.serial + " at " + station
		check("serial number ", u.serial, u.serial, name)
		check("the number of order "+u.order+" ", fmt.Sprint(u.number), fmt.Sprint(u.number), name)
		check("a seed", u.shared, "", name)
		if u.state != journal.Void {
			check("device key ", u.key, u.key, name)
			check("hardware id ", u.hardware, u.hardware, name)
		}
		if u.shared == "" {
			a.fault("unit %s has no fingerprint of its seed that can be compared with other stations", name)
		}
		o := a.account(u.order)
		o.Allocated++
		switch u.state {
		case journal.Done:
			o.Done++
		case journal.Void:
			o.Void++
		default:
			o.Unfinished++
		}
	})
	for _, station := range slices.Sorted(maps.Keys(a.stations)) {
		digests := a.stations[station].history.orders
		for _, order := range slices.Sorted(maps.Keys(digests)) {
			digest := digests[order]
			if other := orders[order]; other != "" && other != digest {
				a.fault("order %s has another content at %s than at another station", order, station)
			}
			orders[order] = digest
		}
	}
	return nil
}

func (a *sharedAuditor) account(order string) *SharedOrder {
	o := a.accounts[order]
	if o == nil {
		o = &SharedOrder{Name: order}
		a.accounts[order] = o
	}
	return o
}

// piece is a range of numbers in the ledger.
type piece struct {
	first, count, used, done, void int64
	station                        string // "": it was given back
	id                             int64
	lost                           bool
}

// blocks checks that all numbers that were handed out are in exactly one place, and that
// the stations had the numbers that they used.
func (a *sharedAuditor) blocks(*SharedReport) error {
	pieces := map[string][]piece{}
	err := a.snapshot.Rows("SELECT name, id, first, count, station, lost, used, done, void FROM ledger_block ORDER BY name, id", nil, func(s sqldb.Scanner) error {
		var p piece
		var name string
		var lost int64
		err := s.Scan(&name, &p.id, &p.first, &p.count, &p.station, &lost, &p.used, &p.done, &p.void)
		p.lost = lost > 0
		pieces[name] = append(pieces[name], p)
		return err
	})
	if err != nil {
		return err
	}
	err = a.snapshot.Rows("SELECT name, first, count FROM ledger_free ORDER BY name, first", nil, func(s sqldb.Scanner) error {
		var p piece
		var name string
		err := s.Scan(&name, &p.first, &p.count)
		pieces[name] = append(pieces[name], p)
		return err
	})
	if err != nil {
		return err
	}
	next := map[string]int64{}
	err = a.snapshot.Rows("SELECT name, next FROM ledger_order ORDER BY name", nil, func(s sqldb.Scanner) error {
		var name string
		var n int64
		err := s.Scan(&name, &n)
		next[name] = n
		a.account(name)
		return err
	})
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(next)) {
		a.cover(name, next[name], pieces[name])
	}
	for _, station := range slices.Sorted(maps.Keys(a.stations)) {
		a.handed(station, pieces)
	}
	return nil
}

// cover checks that pieces cover the numbers of an order, and counts them.
func (a *sharedAuditor) cover(order string, next int64, pieces []piece) {
	account := a.account(order)
	slices.SortFunc(pieces, func(x, y piece) int { return cmp.Or(cmp.Compare(x.first, y.first), cmp.Compare(x.count, y.count)) })
	at := int64(0)
	for _, p := range pieces {
		switch {
		case p.count == 0:
			continue
		case p.first < at:
			a.fault("order %s: number %d was handed out twice", order, p.first)
		case p.first > at:
			a.fault("order %s: the numbers %d to %d are missing in the ledger", order, at, p.first-1)
		}
		at = p.first + p.count
		switch {
		case p.station == "":
			account.Free += p.count
		case p.lost:
			account.WrittenOff += p.count - p.used
			account.Unused += p.count - p.used
		default:
			account.Unused += p.count - p.used
		}
		a.counted(order, p)
	}
	if at != next {
		a.fault("order %s: %d numbers were handed out, and the ledger accounts for %d", order, next, at)
	}
}

// counted compares the counts of a block with the records of its station.
func (a *sharedAuditor) counted(order string, p piece) {
	one := a.stations[p.station]
	if one == nil {
		if p.station != "" && p.used > 0 {
			a.fault("order %s: block %d belongs to %s, whose records are missing", order, p.id, p.station)
		}
		return
	}
	b := one.history.blocks[order][p.id]
	if b == nil {
		b = &block{} // its record was not copied yet
	}
	if b.used != p.used || b.done != p.done || b.void != p.void {
		a.fault("order %s: block %d counts %d used, %d done and %d void numbers, but the records of %s have %d, %d and %d",
			order, p.id, p.used, p.done, p.void, p.station, b.used, b.done, b.void)
	}
}

// handed compares the blocks in a station's records with the ledger.
func (a *sharedAuditor) handed(station string, pieces map[string][]piece) {
	all := a.stations[station].history.blocks
	for _, order := range slices.Sorted(maps.Keys(all)) {
		for _, id := range slices.Sorted(maps.Keys(all[order])) {
			b := all[order][id]
			i := slices.IndexFunc(pieces[order], func(p piece) bool { return p.station == station && p.id == id })
			if i < 0 {
				a.fault("order %s: %s has block %d, which the ledger did not hand out", order, station, id)
				continue
			}
			// The ledger may not have heard yet that numbers were given back.
			if p := pieces[order][i]; p.first != b.first || p.count < b.count || p.count > b.count+b.returned {
				a.fault("order %s: block %d of %s has other numbers than the ledger handed out", order, id, station)
			}
		}
	}
}

// units compares the ledger's table of units with the records.
func (a *sharedAuditor) units(*SharedReport) error {
	seen := map[string]int{}
	err := a.snapshot.Rows("SELECT station, unit, name, block, serial, state FROM ledger_unit ORDER BY station, unit", nil, func(s sqldb.Scanner) error {
		var station, name, serial string
		var unit, block int64
		var state journal.State
		if err := s.Scan(&station, &unit, &name, &block, &serial, &state); err != nil {
			return err
		}
		seen[station]++
		var u *past
		if one := a.stations[station]; one != nil {
			u = one.history.units[unit]
		}
		if u == nil || u.order != name || u.block != block || u.serial != serial || u.state != state {
			a.fault("unit %s at %s differs from the records", serial, station)
		}
		return nil
	})
	for _, station := range slices.Sorted(maps.Keys(a.stations)) {
		if n := len(a.stations[station].history.units); n != seen[station] {
			a.fault("%s has %d units in the records, and %d in the ledger", station, n, seen[station])
		}
	}
	return err
}

// conflicts reports the conflicts that the ledger found.
func (a *sharedAuditor) conflicts(*SharedReport) error {
	list, err := a.snapshot.Conflicts()
	for _, c := range list {
		if !c.Settled {
			a.fault("conflict: %s", c)
		}
	}
	return err
}
