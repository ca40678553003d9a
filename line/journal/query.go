// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/token"
)

const selectUnit = `SELECT unit.id, orders.name, unit.number, unit.serial, unit.hardware_id, unit.device_key, unit.expiry, unit.state, unit.attempts,
	unit.failures, unit.socket, unit.began, unit.ended, unit.finished, unit.reason, unit.bin, unit.results
	FROM unit JOIN orders ON orders.id = unit.order_id`

func scanUnit(s sqldb.Scanner) (u Unit, err error) {
	var serial, hardware, expiry, state, bin, results string
	var key []byte
	var began, ended int64
	err = s.Scan(&u.ID, &u.Order, &u.Number, &serial, &hardware, &key, &expiry, &state, &u.Attempts, &u.Failures, &u.Socket, &began, &ended,
		&u.Finished, &u.Reason, &bin, &results)
	if err != nil {
		return u, err
	}
	u.State, u.Bin, u.Began, u.Ended = State(state), Bin(bin), fromMillis(began), fromMillis(ended)
	if u.Serial, err = token.ParseSerial(serial); err != nil {
		return u, fmt.Errorf("unit %d: %w", u.ID, err)
	}
	if expiry != "" {
		if u.Expiry, err = token.ParseExpiry(expiry); err != nil {
			return u, fmt.Errorf("unit %d: %w", u.ID, err)
		}
	}
	if err := u.HardwareID.UnmarshalText([]byte(hardware)); err != nil {
		return u, fmt.Errorf("unit %d: %w", u.ID, err)
	}
	if copy(u.DeviceKey[:], key) != len(u.DeviceKey) {
		return u, fmt.Errorf("unit %d: its device key is malformed", u.ID)
	}
	if err := json.Unmarshal([]byte(results), &u.Results); err != nil {
		return u, fmt.Errorf("unit %d: %w", u.ID, err)
	}
	return u, nil
}

// UnitFilter selects units of an order. Zero fields select all.
type UnitFilter struct {
	State State
	sqldb.Page
}

// Units returns a page of the units of an order in the order of their serial numbers' use,
// and the key of the next page, or "".
func (j *Journal) Units(ctx context.Context, name string, f UnitFilter) (list []Unit, next string, err error) {
	err = j.read(ctx, func(tx *sqldb.Tx) error {
		id, err := j.known(tx, name)
		if err != nil {
			return err
		}
		var w sqldb.Where
		w.Add("unit.order_id = $", id)
		if f.State != "" {
			w.Add("unit.state = $", string(f.State))
		}
		if f.After != "" {
			after, err := strconv.ParseInt(f.After, 10, 64)
			if err != nil {
				return fmt.Errorf("%w: there is no page after %q", ErrUnit, f.After)
			}
			w.Add("unit.id > $", after)
		}
		list, next, err = sqldb.QueryPage(tx, scanUnit, func(u Unit) string { return strconv.FormatInt(u.ID, 10) }, f.Page,
			selectUnit+w.String()+" ORDER BY unit.id", w.Args()...)
		return err
	})
	return list, next, err
}

// Unfinished returns the units of an order that are neither done nor void.
func (j *Journal) Unfinished(ctx context.Context, name string) (list []Unit, err error) {
	err = j.read(ctx, func(tx *sqldb.Tx) error {
		id, err := j.known(tx, name)
		if err != nil {
			return err
		}
		list, err = sqldb.QueryAll(tx, scanUnit, selectUnit+" WHERE unit.order_id = $1 AND unit.ended = 0 ORDER BY unit.id", id)
		return err
	})
	return list, err
}

// Unit returns the unit with a serial number. The error wraps [ErrUnit] if there is none.
func (j *Journal) Unit(ctx context.Context, serial token.Serial) (u Unit, err error) {
	err = j.read(ctx, func(tx *sqldb.Tx) (err error) {
		u, err = sqldb.QueryOne(tx, scanUnit, selectUnit+" WHERE unit.serial = $1", serial.String())
		if errors.Is(err, sqldb.ErrNotFound) {
			return fmt.Errorf("%w: the journal has no unit %s", ErrUnit, serial)
		}
		return err
	})
	return u, err
}

// Voids is the number of units that were given up for a reason.
type Voids struct {
	Reason string `json:"reason"`
	Bin    Bin    `json:"bin"`
	Count  int64  `json:"count"`
}

// Voids returns why units of an order were given up, the most frequent reason first.
func (j *Journal) Voids(ctx context.Context, name string) (list []Voids, err error) {
	err = j.read(ctx, func(tx *sqldb.Tx) error {
		id, err := j.known(tx, name)
		if err != nil {
			return err
		}
		list, err = sqldb.QueryAll(tx, func(s sqldb.Scanner) (v Voids, err error) {
			err = s.Scan(&v.Reason, &v.Bin, &v.Count)
			return v, err
		}, "SELECT reason, bin, COUNT(*) FROM unit WHERE order_id = $1 AND state = 'void' GROUP BY reason, bin ORDER BY COUNT(*) DESC, reason", id)
		return err
	})
	return list, err
}
