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
func (b *Batch) Allocate(ctx context.Context, d Device, seed token.Seed) (Unit, error) {
	return b.begin(ctx, d, seed, false)
}

// Start is [Batch.Allocate] and [Batch.Begin] in one transaction: the state is Sent.
func (b *Batch) Start(ctx context.Context, d Device, seed token.Seed) (Unit, error) {
	return b.begin(ctx, d, seed, true)
}

func (b *Batch) begin(ctx context.Context, d Device, seed token.Seed, send bool) (u Unit, err error) {
	for {
		u, err = b.allocate(ctx, d, seed, send)
		if !errors.Is(err, errNoBlock) {
			return u, err
		}
		if err := b.fetchBlock(ctx, true); err != nil {
			return Unit{}, err
		}
	}
}

// allocate begins a unit with a number from a block of this station.
func (b *Batch) allocate(ctx context.Context, d Device, seed token.Seed, send bool) (u Unit, err error) {
	plain := seed.Bytes()
	defer clear(plain)
	mark := b.ring.Fingerprint(plain)
	expiry := b.order.ExpiryFor(b.now())
	shared := ""
	if b.shared != nil {
		shared = fingerprint(b.shared, plain)
	}
	err = b.write(ctx, d.HardwareID.String(), func(tx *sqldb.Tx) error {
		var block, first, next int64
		err := tx.Row("SELECT id, first, next FROM block WHERE order_id = $1 AND next < count ORDER BY id LIMIT 1"+tx.Locked(), []any{b.id}, &block, &first, &next)
		if errors.Is(err, sqldb.ErrNotFound) {
			return errNoBlock
		} else if err != nil {
			return err
		}
		serial, ok := b.order.Serial(uint64(first + next))
		if !ok {
			return fmt.Errorf("%w: number %d is not in the order", ErrNumbers, first+next)
		}
		if err := tx.ExecOne("UPDATE block SET next = next + 1 WHERE order_id = $1 AND id = $2", b.id, block); err != nil {
			return err
		}
		u = Unit{
			Order: b.order.ID, Number: first + next, Serial: serial, HardwareID: d.HardwareID, DeviceKey: d.Key, Expiry: expiry,
			State: Allocated, Socket: d.Socket, Began: fromMillis(b.millis()), Results: d.Results,
		}
		if send {
			u.State, u.Attempts = Sent, 1
		}
		if err := tx.Row("SELECT COALESCE(MAX(id), 0) + 1 FROM unit", nil, &u.ID); err != nil {
			return err
		}
		if err := b.insert(tx, &u, mark); err != nil {
			return err
		}
		key, sealed, err := b.ring.Seal(serial.String(), plain)
		if err != nil {
			return err
		}
		if err := tx.ExecOne("INSERT INTO seed (unit, run, key, sealed) VALUES ($1, 0, $2, $3)", u.ID, key, sealed); err != nil {
			return err
		}
		err = b.record(tx, u.ID, KindAllocate, struct {
			Order       string `json:"order"`
			Block       int64  `json:"block"`
			Number      int64  `json:"number"`
			Serial      string `json:"serial"`
			HardwareID  string `json:"hardware_id"`
			DeviceKey   string `json:"device_key"`
			Fingerprint string `json:"seed_fingerprint"`
			Shared      string `json:"shared_fingerprint,omitempty"`
			Port        string `json:"port"`
		}{b.order.ID, block, u.Number, serial.String(), d.HardwareID.String(), fmt.Sprintf("%x", d.Key), fmt.Sprintf("%x", mark), shared, d.Socket})
		if err == nil && send {
			err = b.recordAttempt(tx, &u)
		}
		return err
	})
	if errors.Is(err, errNoBlock) {
		return Unit{}, errNoBlock
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
	case "unit.serial":
		return fmt.Errorf("%w: its serial number %s belongs to a unit of another order: issue an order with other numbers", ErrOrder, u.Serial)
	}
	return fmt.Errorf("unit %s: %w", u.Serial, err)
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
