// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"errors"
	"fmt"

	"github.com/d204ef64/fob/internal/sqldb"
)

// The kinds of claims: only one unit of a ledger may have each value.
const (
	claimSerial   = "serial number"
	claimSeed     = "seed"
	claimKey      = "device key"
	claimHardware = "hardware id"
)

// claim claims the values of a new unit. The primary key of the
// claims decides. A refused claim is a conflict, and its record is copied nevertheless.
func (l *SharedLedger) claim(tx *sqldb.Tx, station string, unit int64, d *unitData) error {
	for _, c := range []struct{ kind, value string }{
		{claimSerial, d.Serial}, {claimSeed, d.Fingerprint}, {claimKey, d.DeviceKey}, {claimHardware, d.HardwareID},
	} {
		if c.value == "" {
			continue
		}
		n, err := tx.Exec("INSERT INTO ledger_claim (kind, value, station, unit) VALUES ($1, $2, $3, $4) ON CONFLICT (kind, value) DO NOTHING", c.kind, c.value, station, unit)
		if err != nil {
			return err
		}
		if n == 1 {
			continue
		}
		var other string
		var otherUnit, id int64
		if err := tx.Row("SELECT station, unit FROM ledger_claim WHERE kind = $1 AND value = $2", []any{c.kind, c.value}, &other, &otherUnit); err != nil {
			return err
		}
		if err := tx.LockTable("ledger_conflict"); err != nil {
			return err
		}
		if err := tx.Row("SELECT COALESCE(MAX(id), 0) + 1 FROM ledger_conflict", nil, &id); err != nil {
			return err
		}
		if err := tx.ExecOne(`INSERT INTO ledger_conflict (id, kind, value, station, unit, other_station, other_unit, found, settled)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)`, id, c.kind, c.value, station, unit, other, otherUnit, l.now().UnixMilli()); err != nil {
			return err
		}
	}
	return nil
}

// release ends the claims of a void unit to its device, and settles the conflicts about
// them. The next unit in conflict gets the claim.
func (l *SharedLedger) release(tx *sqldb.Tx, station string, unit int64) error {
	var key, hardware string
	if err := tx.Row("SELECT device_key, hardware_id FROM ledger_unit WHERE station = $1 AND unit = $2", []any{station, unit}, &key, &hardware); err != nil {
		return err
	}
	for _, c := range []struct{ kind, value string }{{claimKey, key}, {claimHardware, hardware}} {
		if _, err := tx.Exec("UPDATE ledger_conflict SET settled = $5 WHERE kind = $1 AND value = $2 AND station = $3 AND unit = $4 AND settled = 0",
			c.kind, c.value, station, unit, l.now().UnixMilli()); err != nil {
			return err
		}
		n, err := tx.Exec("DELETE FROM ledger_claim WHERE kind = $1 AND value = $2 AND station = $3 AND unit = $4", c.kind, c.value, station, unit)
		if err != nil {
			return err
		}
		if n == 0 { // it had none
			continue
		}
		var id, nextUnit int64
		var next string
		err = tx.Row("SELECT id, station, unit FROM ledger_conflict WHERE kind = $1 AND value = $2 AND settled = 0 ORDER BY id LIMIT 1", []any{c.kind, c.value}, &id, &next, &nextUnit)
		if errors.Is(err, sqldb.ErrNotFound) {
			continue
		} else if err != nil {
			return err
		}
		if err := tx.ExecOne("INSERT INTO ledger_claim (kind, value, station, unit) VALUES ($1, $2, $3, $4)", c.kind, c.value, next, nextUnit); err != nil {
			return err
		}
		if err := tx.ExecOne("UPDATE ledger_conflict SET settled = $2 WHERE id = $1", id, l.now().UnixMilli()); err != nil {
			return err
		}
		if _, err := tx.Exec("UPDATE ledger_conflict SET other_station = $3, other_unit = $4 WHERE kind = $1 AND value = $2 AND settled = 0", c.kind, c.value, next, nextUnit); err != nil {
			return err
		}
	}
	return nil
}

// Conflict is something that two units have, and only one may have.
type Conflict struct {
	Order   string // of the second unit
	Kind    string // serial number, seed, device key or hardware id
	Value   string // "" for a seed
	First   Claimant
	Second  Claimant
	Settled bool // one of the units is void
}

// Claimant is a unit with a conflict.
type Claimant struct {
	Station string
	Serial  string
	State   State
}

// String describes a conflict.
func (c Conflict) String() string {
	what := c.Kind
	if c.Value != "" {
		what += " " + c.Value
	}
	return fmt.Sprintf("%s was used twice: for %s at %s (%s) and %s at %s (%s)", what,
		c.First.Serial, c.First.Station, c.First.State, c.Second.Serial, c.Second.Station, c.Second.State)
}

// halts reports whether a station with this conflict must stop: a serial number or a seed
// is never used twice, unless the station was cloned.
func (c Conflict) halts() bool { return c.Kind == claimSerial || c.Kind == claimSeed }

// conflictFrom is a conflict with its place in the ledger.
type conflictFrom struct {
	Conflict
	id   int64
	unit int64 // the second one
}

const selectConflict = `SELECT c.id, c.kind, c.value, c.settled, c.other_station, other.serial, other.state, c.station, u.serial, u.state, u.name, c.unit FROM ledger_conflict AS c
	JOIN ledger_unit AS u ON u.station = c.station AND u.unit = c.unit
	JOIN ledger_unit AS other ON other.station = c.other_station AND other.unit = c.other_unit`

func scanConflict(s sqldb.Scanner) (c conflictFrom, err error) {
	var settled int64
	err = s.Scan(&c.id, &c.Kind, &c.Value, &settled, &c.First.Station, &c.First.Serial, &c.First.State, &c.Second.Station, &c.Second.Serial, &c.Second.State, &c.Order, &c.unit)
	c.Settled = settled > 0
	if c.Kind == claimSeed {
		c.Value = ""
	}
	return c, err
}

// conflictsOf returns the conflicts whose second unit is of a station.
func conflictsOf(tx *sqldb.Tx, station string) ([]conflictFrom, error) {
	return sqldb.QueryAll(tx, scanConflict, selectConflict+" WHERE c.station = $1 ORDER BY c.id", station)
}
