// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/d204ef64/fob/internal/sqldb"
)

// blockRecord is the content of a record of a block.
type blockRecord struct {
	Order string `json:"order"`
	Block int64  `json:"block"`
	First int64  `json:"first"`
	Count int64  `json:"count"`
}

// numbers is the state of an order's blocks at this station.
type numbers struct {
	last, size int64 // the newest block; 0: none
	left       int64 // unused numbers in all blocks
	handed     int64 // numbers in all blocks
}

// numbersOf reads the state of an order's blocks.
func numbersOf(tx *sqldb.Tx, order int64) (n numbers, err error) {
	if err := tx.Row("SELECT COALESCE(MAX(id), 0), COALESCE(SUM(count), 0) FROM block WHERE order_id = $1", []any{order}, &n.last, &n.handed); err != nil {
		return n, err
	}
	if err := tx.Row("SELECT COALESCE(SUM(count - next), 0) FROM block WHERE order_id = $1 AND next < count", []any{order}, &n.left); err != nil || n.last == 0 {
		return n, err
	}
	return n, tx.Row("SELECT count FROM block WHERE order_id = $1 AND id = $2", []any{order, n.last}, &n.size)
}

// fetchBlock gets serial numbers. Urgent is set if there are none left, and a device waits.
func (b *Batch) fetchBlock(ctx context.Context, urgent bool) error {
	began := time.Now()
	b.blocks.Lock()
	defer b.blocks.Unlock()
	var have numbers
	err := b.read(ctx, func(tx *sqldb.Tx) (err error) {
		have, err = numbersOf(tx, b.id)
		return err
	})
	if err != nil || urgent && have.left > 0 || !urgent && 2*have.left >= have.size { // another worker has fetched one
		return err
	}
	if b.share == nil {
		return b.write(ctx, "", b.ownBlock)
	}
	if b.refused.After(began) {
		return b.refusal // the device of another port waited meanwhile
	}
	block, err := b.share.block(ctx, b.order.ID, have.last, urgent)
	if errors.Is(err, ErrElsewhere) && urgent {
		b.refused, b.refusal = time.Now(), err
	}
	if err != nil {
		return broken(err)
	}
	return b.write(ctx, "", func(tx *sqldb.Tx) error { return b.addBlock(tx, block) })
}

// ownBlock takes the next numbers of an order that no other station shares.
func (b *Batch) ownBlock(tx *sqldb.Tx) error {
	n, err := numbersOf(tx, b.id)
	if err != nil || n.left > 0 {
		return err
	}
	var wanted, serials, void int64
	if err := tx.Row("SELECT wanted, serials, void FROM orders WHERE id = $1", []any{b.id}, &wanted, &serials, &void); err != nil {
		return err
	}
	switch missing := wanted - (n.handed - void); {
	case missing <= 0:
		return ErrComplete
	case n.handed >= serials:
		return fmt.Errorf("%w: %d were used up, and %d tokens are missing: issue an order for them", ErrNumbers, n.handed, missing)
	default:
		return b.addBlock(tx, Block{n.last + 1, n.handed, min(BlockSize, missing, serials-n.handed)})
	}
}

// addBlock adds a block, unless another process has added it.
func (b *Batch) addBlock(tx *sqldb.Tx, block Block) error {
	n, err := tx.Exec("INSERT INTO block (order_id, id, first, count, next, told) VALUES ($1, $2, $3, $4, 0, $4) ON CONFLICT (order_id, id) DO NOTHING",
		b.id, block.ID, block.First, block.Count)
	if err != nil || n == 0 {
		return err
	}
	return b.record(tx, 0, KindBlock, blockRecord{b.order.ID, block.ID, block.First, block.Count})
}

// cut gives up to most unused numbers of an order back, from the ends of its blocks. The
// ledger hears of it later; this station cannot use them any more.
func (j *Journal) cut(ctx context.Context, name string, most int64) error {
	return j.write(ctx, "", func(tx *sqldb.Tx) error {
		id, err := j.known(tx, name)
		if err != nil {
			return err
		}
		type block struct{ id, first, count, next int64 }
		list, err := sqldb.QueryAll(tx, func(s sqldb.Scanner) (b block, err error) {
			err = s.Scan(&b.id, &b.first, &b.count, &b.next)
			return b, err
		}, "SELECT id, first, count, next FROM block WHERE order_id = $1 AND next < count ORDER BY id DESC", id)
		if err != nil {
			return err
		}
		left := most
		for _, b := range list {
			n := min(left, b.count-b.next)
			if n == 0 {
				break
			}
			left -= n
			if err := tx.ExecOne("UPDATE block SET count = count - $3 WHERE order_id = $1 AND id = $2", id, b.id, n); err != nil {
				return err
			}
			if err := j.record(tx, 0, KindReturn, blockRecord{name, b.id, b.first + b.count - n, n}); err != nil {
				return err
			}
		}
		return nil
	})
}

// left returns the unused numbers of an order.
func (j *Journal) left(ctx context.Context, name string) (n numbers, err error) {
	err = j.read(ctx, func(tx *sqldb.Tx) error {
		id, err := j.known(tx, name)
		if err != nil {
			return err
		}
		n, err = numbersOf(tx, id)
		return err
	})
	return n, err
}

// everything is more than the numbers of any order.
const everything = 1 << 62

// GiveBack gives the unused numbers of all orders back to the shared ledger, for other
// stations. If the ledger is away, it hears of it later. The error wraps [ErrLedger] then.
func (j *Journal) GiveBack(ctx context.Context) (count int64, err error) {
	if j.share == nil {
		return 0, nil
	}
	orders, err := j.sharedOrders(ctx)
	if err != nil {
		return 0, err
	}
	j.share.forget()
	// First the records, and second the numbers: the ledger checks them by the records.
	if err := j.Sync(ctx); err != nil && !errors.Is(err, ErrLedger) {
		return 0, err
	}
	j.blocks.Lock()
	defer j.blocks.Unlock()
	for _, name := range orders {
		n, err := j.left(ctx, name)
		if err != nil {
			return count, err
		}
		if err := j.cut(ctx, name, everything); err != nil {
			return count, err
		}
		count += n.left
	}
	return count, j.Sync(ctx)
}

// sharedOrders returns the orders whose numbers come from the shared ledger.
func (j *Journal) sharedOrders(ctx context.Context) (list []string, err error) {
	err = j.read(ctx, func(tx *sqldb.Tx) (err error) {
		list, err = sqldb.QueryAll(tx, sqldb.ScanText, "SELECT name FROM orders WHERE ledger <> '' ORDER BY id")
		return err
	})
	return list, err
}
