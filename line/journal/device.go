// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"errors"
	"fmt"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/token"
)

var (
	// ErrDevice is the error of a device that has a unit already.
	ErrDevice = errclass.New(errclass.Refused, "the device has been used")

	// ErrUnit is the error of a unit that the journal does not have, or has in another
	// state.
	ErrUnit = errclass.New(errclass.Refused, "the unit")
)

// Device is a device for which a unit is begun.
type Device struct {
	HardwareID host.HardwareID
	Key        [32]byte
	Socket     string
	Results    Results
}

// BlockSize is the number of serial numbers that a station gets from the ledger at once.
const BlockSize = 100

// Find returns the unit that belongs to a device: its newest one of this order, or its
// unit of another order that is not void.
func (b *Batch) Find(ctx context.Context, id host.HardwareID) (u Unit, found bool, err error) {
	err = b.read(ctx, func(tx *sqldb.Tx) (err error) {
		u, err = sqldb.QueryOne(tx, scanUnit, selectUnit+` WHERE hardware_id = $1 AND (order_id = $2 OR state <> 'void')
			ORDER BY CASE order_id WHEN $2 THEN 0 ELSE 1 END, unit.id DESC LIMIT 1`, id.String(), b.id)
		found = err == nil
		if errors.Is(err, sqldb.ErrNotFound) {
			return nil
		}
		return err
	})
	return u, found, err
}

var errNoBlock = errors.New("journal: internal error: no block")

// Allocate begins a unit with the next serial number, and stores its seed. The error wraps
// [ErrDevice] if the device has a unit, [ErrComplete], [ErrNumbers] or [ErrLedger].
func (b *Batch) Allocate(ctx context.Context, d Device, seed token.Seed) (u Unit, err error) {
	for {
		u, err = b.allocate(ctx, d, seed)
		if !errors.Is(err, errNoBlock) {
			return u, err
		}
		if err := b.fetchBlock(ctx); err != nil {
			return Unit{}, err
		}
	}
}

// allocate begins a unit with a number from a block of this station.
func (b *Batch) allocate(ctx context.Context, d Device, seed token.Seed) (u Unit, err error) {
	plain := seed.Bytes()
	defer clear(plain)
	fingerprint := b.ring.Fingerprint(plain)
	expiry := b.order.ExpiryFor(b.now())
	err = b.db.Grouped(ctx, d.HardwareID.String(), func(tx *sqldb.Tx) error {
		var first, next int64
		err := tx.Row("SELECT first, next FROM block WHERE order_id = $1 AND next < count ORDER BY first LIMIT 1"+tx.Locked(), []any{b.id}, &first, &next)
		if errors.Is(err, sqldb.ErrNotFound) {
			return errNoBlock
		} else if err != nil {
			return err
		}
		serial, ok := b.order.Serial(uint64(first + next))
		if !ok {
			return fmt.Errorf("%w: number %d is not in the order", ErrNumbers, first+next)
		}
		if err := tx.ExecOne("UPDATE block SET next = next + 1 WHERE order_id = $1 AND first = $2", b.id, first); err != nil {
			return err
		}
		u = Unit{
			Order: b.order.ID, Number: first + next, Serial: serial, HardwareID: d.HardwareID, DeviceKey: d.Key, Expiry: expiry,
			State: Allocated, Socket: d.Socket, Began: fromMillis(b.millis()), Results: d.Results,
		}
		if err := tx.Row("SELECT COALESCE(MAX(id), 0) + 1 FROM unit", nil, &u.ID); err != nil {
			return err
		}
		if err := b.insert(tx, &u, fingerprint); err != nil {
			return err
		}
		key, sealed, err := b.ring.Seal(serial.String(), plain)
		if err != nil {
			return err
		}
		if err := tx.ExecOne("INSERT INTO seed (unit, run, key, sealed) VALUES ($1, 0, $2, $3)", u.ID, key, sealed); err != nil {
			return err
		}
		return b.record(tx, u.ID, KindAllocate, struct {
			Order       string `json:"order"`
			Serial      string `json:"serial"`
			HardwareID  string `json:"hardware_id"`
			DeviceKey   string `json:"device_key"`
			Fingerprint string `json:"seed_fingerprint"`
			Port        string `json:"port"`
		}{b.order.ID, serial.String(), d.HardwareID.String(), fmt.Sprintf("%x", d.Key), fmt.Sprintf("%x", fingerprint), d.Socket})
	})
	if errors.Is(err, errNoBlock) {
		return Unit{}, err
	}
	if err != nil {
		return Unit{}, broken(explainExists(err, &u))
	}
	return u, nil
}

// explainExists returns an error for the key of a new unit that exists already. A serial number or seed that
// exists is a fault of the journal.
func explainExists(err error, u *Unit) error {
	var exists *sqldb.ExistsError
	if !errors.As(err, &exists) {
		return err
	}
	switch exists.Key {
	case "unit.device_key":
		return fmt.Errorf("%w: a unit has a device with the same key", ErrDevice)
	case "unit.hardware_id":
		return fmt.Errorf("%w: it has a unit already", ErrDevice)
	}
	return fmt.Errorf("unit %s: %w", u.Serial, err)
}

// fetchBlock gets serial numbers from the ledger.
func (b *Batch) fetchBlock(ctx context.Context) error {
	b.blocks.Lock()
	defer b.blocks.Unlock()
	after, left, void := int64(-1), int64(0), int64(0)
	err := b.read(ctx, func(tx *sqldb.Tx) error {
		if err := tx.Row("SELECT COALESCE(MAX(first), -1), COALESCE(SUM(count - next), 0) FROM block WHERE order_id = $1", []any{b.id}, &after, &left); err != nil {
			return err
		}
		return tx.Row("SELECT void FROM orders WHERE id = $1", []any{b.id}, &void)
	})
	if err != nil || left > 0 { // another worker has fetched one
		return err
	}
	block, err := b.ledger.Block(ctx, b.order.ID, b.station, after, void, BlockSize)
	if err != nil {
		return broken(err)
	}
	return b.write(ctx, "", func(tx *sqldb.Tx) error {
		n, err := tx.Exec("INSERT INTO block (order_id, first, count, next) VALUES ($1, $2, $3, 0) ON CONFLICT (order_id, first) DO NOTHING",
			b.id, block.First, block.Count)
		if err != nil || n == 0 { // another process has fetched the block
			return err
		}
		return b.record(tx, 0, KindBlock, struct {
			Order string `json:"order"`
			First int64  `json:"first"`
			Count int64  `json:"count"`
		}{b.order.ID, block.First, block.Count})
	})
}

// Refused records a device that was refused before it got a serial number.
func (b *Batch) Refused(ctx context.Context, id host.HardwareID, socket, reason string, bin Bin) error {
	return b.note(ctx, KindRefused, struct {
		Order      string          `json:"order"`
		HardwareID host.HardwareID `json:"hardware_id"`
		Port       string          `json:"port"`
		Reason     string          `json:"reason"`
		Bin        Bin             `json:"bin"`
	}{b.order.ID, id, socket, reason, bin})
}
