// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"

	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/line/order"
)

// orderState is an order in the tables.
type orderState struct {
	Order
	order       *order.Order // nil: it cannot be read
	digest      string
	done, void  int64           // as counted in the table of orders
	recipients  map[string]bool // of its runs
	acknowledge int64           // units whose export was acknowledged
	seen        map[int64]bool  // numbers that a unit has
}

// unitState is a unit in the tables.
type unitState struct {
	order    *orderState
	number   int64
	serial   string
	state    journal.State
	finished int64
	hardware string
	key      string
	ended    int64
	prints   int64 // labels that were about to be printed
	labels   int64 // labels that the printer has
}

func sortOrders(list []Order) {
	slices.SortFunc(list, func(x, y Order) int { return cmp.Compare(x.Name, y.Name) })
}

// rows calls fn with the rows of a table. A row that cannot be read is a fault.
func (a *auditor) rows(table, query string, fn func(sqldb.Scanner) error) error {
	n := 0
	return a.snapshot.Rows(query, nil, func(s sqldb.Scanner) error {
		n++
		if err := fn(s); err != nil {
			a.fault("table %s: row %d cannot be read: %v", table, n, err)
		}
		return nil
	})
}

func (a *auditor) readOrders() error {
	err := a.rows("orders", "SELECT id, name, digest, content, done, void FROM orders ORDER BY id", func(s sqldb.Scanner) error {
		o := &orderState{recipients: map[string]bool{}, seen: map[int64]bool{}}
		var id int64
		var digest, content []byte
		if err := s.Scan(&id, &o.Name, &digest, &content, &o.done, &o.void); err != nil {
			return err
		}
		a.orders[id], a.names[o.Name] = o, o
		sum := sha256.Sum256(content)
		o.digest = fmt.Sprintf("%x", sum)
		if string(digest) != string(sum[:]) || a.history.orders[o.Name] != o.digest {
			a.fault("order %s: its content is not the one that the station began", o.Name)
		}
		var err error
		if o.order, err = order.Parse(content); err != nil {
			a.fault("order %s: its content is faulty", o.Name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(a.history.orders)) {
		if a.names[name] == nil {
			a.fault("order %s is in the records, but not in the table of orders", name)
		}
	}
	return a.rows("run", "SELECT order_id, recipient FROM run ORDER BY id", func(s sqldb.Scanner) error {
		var id int64
		var recipient string
		if err := s.Scan(&id, &recipient); err != nil {
			return err
		}
		if o := a.orders[id]; o != nil {
			o.recipients[recipient] = true
		}
		return nil
	})
}

func (a *auditor) readUnits() error {
	serials, devices := map[string]int64{}, map[string]string{}
	return a.rows("unit", "SELECT id, order_id, number, serial, fingerprint, hardware_id, device_key, state, finished, ended FROM unit ORDER BY id", func(s sqldb.Scanner) error {
		var id, orderID int64
		var fingerprint, key []byte
		u := &unitState{}
		if err := s.Scan(&id, &orderID, &u.number, &u.serial, &fingerprint, &u.hardware, &key, &u.state, &u.finished, &u.ended); err != nil {
			return err
		}
		u.key = fmt.Sprintf("%x", key)
		a.units[id] = u
		if first, used := serials[u.serial]; used {
			a.fault("serial number %s was used twice: for units %d and %d", u.serial, first, id)
		}
		serials[u.serial] = id
		if !u.state.Valid() {
			a.fault("unit %s has the unknown state %q", u.serial, string(u.state))
		}
		if u.state != journal.Void {
			for _, device := range []string{"hardware id " + u.hardware, "key " + u.key} {
				if other, used := devices[device]; used {
					a.fault("units %s and %s are the same device: %s", other, u.serial, device)
				}
				devices[device] = u.serial
			}
		}
		o := a.orders[orderID]
		if o == nil {
			a.fault("unit %s belongs to no order of the journal", u.serial)
			return nil
		}
		u.order = o
		a.count(o, u)
		if p := a.history.units[id]; p != nil && (p.fingerprint != fmt.Sprintf("%x", fingerprint) || p.hardware != u.hardware || p.key != u.key) {
			a.fault("unit %s has another device or seed than its record", u.serial)
		}
		return nil
	})
}

// count adds a unit to the account of its order.
func (a *auditor) count(o *orderState, u *unitState) {
	o.Allocated++
	switch u.state {
	case journal.Done:
		o.Done++
	case journal.Void:
		o.Void++
	default:
		o.Unfinished++
	}
	if u.state.Final() != (u.ended != 0) {
		a.fault("unit %s is %s, and its time of end contradicts that", u.serial, u.state)
	}
	if (u.state == journal.Done) != (u.finished > 0) {
		a.fault("unit %s is %s, and its place among the finished units contradicts that", u.serial, u.state)
	}
	if o.seen[u.number] {
		a.fault("order %s: number %d was used twice", o.Name, u.number)
	}
	o.seen[u.number] = true
	if o.order != nil {
		if want, ok := o.order.Serial(uint64(u.number)); !ok || want.String() != u.serial {
			a.fault("unit %s: its serial number is not number %d of order %s", u.serial, u.number, o.Name)
		}
	}
}

// blocks checks that each number that was allocated belongs to a unit.
func (a *auditor) blocks() error {
	found := map[string]map[int64]*block{}
	err := a.rows("block", "SELECT order_id, id, first, count, next FROM block ORDER BY order_id, id", func(s sqldb.Scanner) error {
		var order, id, next int64
		b := &block{}
		if err := s.Scan(&order, &id, &b.first, &b.count, &next); err != nil {
			return err
		}
		o := a.orders[order]
		if o == nil {
			a.fault("a block of serial numbers belongs to no order of the journal")
			return nil
		}
		if found[o.Name] == nil {
			found[o.Name] = map[int64]*block{}
		}
		found[o.Name][id] = b
		o.Unused += b.count - next
		for n := b.first; n < b.first+next; n++ {
			if !o.seen[n] {
				a.fault("order %s: number %d (%s) was allocated, but no unit has it", o.Name, n, o.serial(n))
			}
			delete(o.seen, n)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(a.orders)) {
		o := a.orders[id]
		for _, n := range slices.Sorted(maps.Keys(o.seen)) {
			a.fault("order %s: a unit has number %d (%s), which was not allocated to this station", o.Name, n, o.serial(n))
		}
		want := a.history.blocks[o.Name]
		for _, b := range want {
			o.Returned += b.returned
		}
		if !maps.EqualFunc(want, found[o.Name], func(x, y *block) bool { return x.first == y.first && x.count == y.count }) {
			a.fault("order %s: the blocks of serial numbers differ from the records", o.Name)
		}
		if o.done != o.Done || o.void != o.Void {
			a.fault("order %s counts %d done and %d void units, but has %d and %d", o.Name, o.done, o.void, o.Done, o.Void)
		}
	}
	return nil
}

func (o *orderState) serial(n int64) string {
	if o.order == nil {
		return "?"
	}
	s, _ := o.order.Serial(uint64(n))
	return s.String()
}

// compare compares the units with the records.
func (a *auditor) compare() error {
	for _, id := range slices.Sorted(maps.Keys(a.history.units)) {
		p := a.history.units[id]
		switch u := a.units[id]; {
		case u == nil:
			a.fault("unit %s is in the records, but not in the table of units", p.serial)
		case u.serial != p.serial:
			a.fault("unit %s has the serial number %s in the records", u.serial, p.serial)
		case u.order != nil && u.order.Name != p.order:
			a.fault("unit %s belongs to order %s in the records", u.serial, p.order)
		case u.state != p.state:
			a.fault("unit %s is %s, but %s in the records", u.serial, u.state, p.state)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(a.units)) {
		if a.history.units[id] == nil {
			a.fault("unit %s is not in the records", a.units[id].serial)
		}
	}
	return nil
}
