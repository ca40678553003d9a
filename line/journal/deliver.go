// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"errors"
	"fmt"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/sqldb"
)

// ErrTwice is the error of a unit that must not be delivered, because another unit has the
// same serial number, seed or device.
var ErrTwice = errclass.New(errclass.Refused, "a unit must not be delivered")

// Deliverable checks that the units of an order that are done may be delivered. It copies
// the records of this station to the shared ledger of the order, which decides which of two
// units with the same serial number, seed or device is delivered: the first one that it got.
// The error wraps [ErrTwice] if this station has the other one, [ErrLedger] if the ledger is
// away, and [ErrOrder] if the order has another ledger.
func (j *Journal) Deliverable(ctx context.Context, name string) error {
	var ledger string
	err := j.read(ctx, func(tx *sqldb.Tx) error {
		id, err := j.known(tx, name)
		if err != nil {
			return err
		}
		return tx.Row("SELECT ledger FROM orders WHERE id = $1", []any{id}, &ledger)
	})
	if err != nil || ledger == "" {
		return err
	}
	if j.share == nil {
		return fmt.Errorf("%w: %s was begun with a shared ledger, which knows the units of all stations: name the ledger (--db)", ErrOrder, name)
	}
	shared := j.share.ledger
	if _, err := shared.database(ctx); err != nil {
		return shared.wrap(err)
	}
	if uid, _ := shared.identity(); uid != ledger {
		return fmt.Errorf("%w: %s was begun with another shared ledger", ErrOrder, name)
	}
	if err := j.Sync(ctx); err != nil {
		return err
	}
	list, err := shared.Conflicts(ctx)
	for _, c := range list {
		if !c.Settled && c.Order == name && c.Second.Station == j.station && c.Second.State == Done {
			err = errors.Join(err, fmt.Errorf("%w: %s: %s", ErrTwice, c.Second.Serial, c))
		}
	}
	return err
}
