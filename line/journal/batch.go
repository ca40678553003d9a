// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/line/order"
)

// ErrOrder is the error of an order that the journal does not have, or has with other
// content.
var ErrOrder = errclass.New(errclass.Refused, "the order")

// Batch is the work of a station on one order. It is safe for concurrent use.
type Batch struct {
	*Journal
	order  *order.Order
	id     int64
	shared []byte // the ledger's key for fingerprints; nil: none

	// Guarded by the journal's mutex of blocks: when the ledger had no numbers for a device
	// that waited, and why.
	refused time.Time
	refusal error

	allDone atomic.Int64 // see [Batch.SharedDone]

	sealing sync.Mutex // guards the fields below
	made    bool       // runs exist for all recipients
	sealers []*sealer
}

// Batch begins an order, or goes on with it. Content is the order's file. The caller has
// checked its signatures. The error wraps [ErrOrder] if the journal has another order
// with the same id.
func (j *Journal) Batch(ctx context.Context, o *order.Order, content []byte, recipients []Recipient) (*Batch, error) {
	b := &Batch{Journal: j, order: o}
	digest := o.Digest()
	if sha256.Sum256(content) != digest {
		return nil, fmt.Errorf("%w: its content is not the file that was read", ErrOrder)
	}
	if err := CheckRecipients(recipients, j.now()); err != nil {
		return nil, err
	}
	var err error
	if b.sealers, err = newSealers(recipients); err != nil {
		return nil, err
	}
	if err := j.read(ctx, func(tx *sqldb.Tx) error { return apart(tx, o) }); err != nil {
		return nil, err // before the shared ledger hears of the order
	}
	uid, ref := "", OrderRef{Name: o.ID, Digest: digest, Wanted: int64(o.Count), Serials: int64(min(o.SerialCount(), maxSerials))}
	if s := j.share; s != nil {
		// A station whose ledger is away goes on with the numbers that it has.
		if uid, b.shared, err = j.join(ctx, ref); err != nil && !errors.Is(err, ErrLedger) {
			return nil, err
		}
	}
	away := err
	err = j.write(ctx, "", func(tx *sqldb.Tx) error {
		var ledger string
		b.id, err = j.orderID(tx, o.ID, digest[:])
		if err == nil {
			if err = tx.Row("SELECT ledger FROM orders WHERE id = $1", []any{b.id}, &ledger); err == nil {
				err = b.belongs(tx, ledger, uid)
			}
		}
		if !errors.Is(err, sqldb.ErrNotFound) {
			return err
		}
		if away != nil {
			return fmt.Errorf("beginning the order: %w", away)
		}
		if err := tx.Row("SELECT COALESCE(MAX(id), 0) + 1 FROM orders", nil, &b.id); err != nil {
			return err
		}
		err := tx.ExecOne("INSERT INTO orders (id, name, digest, content, wanted, serials, ledger, done, void, added) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, $8)",
			b.id, o.ID, digest[:], content, ref.Wanted, ref.Serials, uid, j.millis())
		if err != nil {
			return err
		}
		return j.record(tx, 0, KindOrder, struct {
			Order  string `json:"order"`
			SHA256 string `json:"sha256"`
			Count  int    `json:"count"`
		}{o.ID, fmt.Sprintf("%x", digest), o.Count})
	})
	return b, err
}

// belongs checks that an order goes on with the ledger with which it was begun: another
// one would hand out the same numbers again. Uid is "" while the ledger is away.
func (b *Batch) belongs(tx *sqldb.Tx, ledger, uid string) (err error) {
	switch {
	case ledger == "" && b.share != nil:
		return fmt.Errorf("%w: %s was begun without a shared ledger: end it without one", ErrOrder, b.order.ID)
	case ledger != "" && b.share == nil:
		return fmt.Errorf("%w: %s was begun with a shared ledger, which hands out its numbers: name the ledger (--db)", ErrOrder, b.order.ID)
	case uid != "" && ledger != uid:
		return fmt.Errorf("%w: %s was begun with another shared ledger", ErrOrder, b.order.ID)
	case ledger != "" && b.shared == nil:
		b.shared, err = b.sharedKey(tx, ledger)
	}
	return err
}

// apart checks that no order in the journal may use serial numbers of an order that is new.
func apart(tx *sqldb.Tx, o *order.Order) error {
	contents, err := sqldb.QueryAll(tx, func(s sqldb.Scanner) (b []byte, err error) {
		err = s.Scan(&b)
		return b, err
	}, "SELECT content FROM orders WHERE NOT EXISTS (SELECT 1 FROM orders WHERE name = $1) ORDER BY id", o.ID)
	if err != nil {
		return err
	}
	for _, content := range contents {
		other, err := order.Parse(content)
		if err != nil { // its form is of another version of the program
			continue
		}
		if first, last, ok := o.Overlap(other); ok {
			return fmt.Errorf("%w: %s and the order %s in the journal both have the serial numbers %s to %s: issue an order with other numbers",
				ErrOrder, o.ID, other.ID, first, last)
		}
	}
	return nil
}

// maxSerials keeps sums of serial numbers within 64 bits.
const maxSerials = 1 << 62

// orderID returns the number of an order. The error wraps [ErrOrder] if its content is
// another one. Digest may be nil.
func (j *Journal) orderID(tx *sqldb.Tx, name string, digest []byte) (id int64, err error) {
	var have []byte
	if err := tx.Row("SELECT id, digest FROM orders WHERE name = $1", []any{name}, &id, &have); err != nil {
		return 0, err
	}
	if digest != nil && string(digest) != string(have) {
		return 0, otherOrder(name)
	}
	return id, nil
}

// known is orderID for an order that must be in the journal.
func (j *Journal) known(tx *sqldb.Tx, name string) (int64, error) {
	id, err := j.orderID(tx, name, nil)
	if errors.Is(err, sqldb.ErrNotFound) {
		return 0, fmt.Errorf("%w: the journal has no order %s", ErrOrder, name)
	}
	return id, err
}

// Order returns the order.
func (b *Batch) Order() *order.Order { return b.order }

// Close overwrites the keys for the recipients. The journal stays open.
func (b *Batch) Close() {
	b.sealing.Lock()
	defer b.sealing.Unlock()
	for _, s := range b.sealers {
		s.seal.Destroy()
	}
}

// OrderInfo is an order in the journal.
type OrderInfo struct {
	Name    string
	Digest  [32]byte
	Content []byte // the signed file
	Added   time.Time
	Counts
}

// Counts are the numbers of units of an order.
type Counts struct {
	Wanted     int64 `json:"wanted"`
	Done       int64 `json:"done"`
	Void       int64 `json:"void"`
	Unfinished int64 `json:"unfinished"`
}

const orderColumns = `name, digest, content, added, wanted, done, void,
	(SELECT COUNT(*) FROM unit WHERE unit.order_id = orders.id AND unit.ended = 0)`

func scanOrder(s sqldb.Scanner) (o OrderInfo, err error) {
	var digest []byte
	var added int64
	err = s.Scan(&o.Name, &digest, &o.Content, &added, &o.Wanted, &o.Done, &o.Void, &o.Unfinished)
	copy(o.Digest[:], digest)
	o.Added = fromMillis(added)
	return o, err
}

// Orders returns the orders in the journal, the oldest first.
func (j *Journal) Orders(ctx context.Context) (list []OrderInfo, err error) {
	err = j.read(ctx, func(tx *sqldb.Tx) (err error) {
		list, err = sqldb.QueryAll(tx, scanOrder, "SELECT "+orderColumns+" FROM orders ORDER BY id")
		return err
	})
	return list, err
}

// OrderInfo returns an order. The error wraps [ErrOrder] if the journal does not have it.
func (j *Journal) OrderInfo(ctx context.Context, name string) (o OrderInfo, err error) {
	err = j.read(ctx, func(tx *sqldb.Tx) (err error) {
		o, err = sqldb.QueryOne(tx, scanOrder, "SELECT "+orderColumns+" FROM orders WHERE name = $1", name)
		if errors.Is(err, sqldb.ErrNotFound) {
			return fmt.Errorf("%w: the journal has no order %s", ErrOrder, name)
		}
		return err
	})
	return o, err
}

// Counts returns how many units of the order there are.
func (b *Batch) Counts(ctx context.Context) (Counts, error) {
	o, err := b.OrderInfo(ctx, b.order.ID)
	return o.Counts, err
}
