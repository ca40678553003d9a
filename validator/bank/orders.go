// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/store"
)

// Order records an application for a token
// (ハードウェアトークン追加発行・再発行依頼書). It is for the contract's first and free token, an additional
// one (BK-11), or the replacement of one that was lost or broke (BK-10), which is
// recorded too. A token that the bank does not issue, or sends automatically at expiry,
// is refused in the outcome.
func (b *Bank) Order(ctx context.Context, by By, n NewOrder) (o Order, out Outcome, err error) {
	if err := by.requireBackOffice(); err != nil {
		return o, out, err
	}
	err = b.db.Update(ctx, func(tx *store.Tx) error {
		o, out = Order{}, Outcome{}
		now := b.Now()
		c, err := tx.Contract(n.Contract)
		if err != nil {
			return missing(err, "contract", n.Contract)
		}
		v := validator.Offers(n.Kind)
		if way, rule := validator.OrderWay(n.Cause); v.Way == validator.OnPaper && way == validator.NoWay {
			v = validator.Verdict{Way: validator.NoWay, Rule: rule, Reason: validator.ReasonNotOffered}
		}
		if v.Way != validator.OnPaper {
			tx.AddAudit(refused(by.note(now, validator.ActOrder, v.Rule, n.Old, n.Contract, n.Cause.String()), v.Reason))
			out.Verdict = v
			return nil
		}
		if _, err := validator.ShipTo(c.Address, n.Address); err != nil {
			return invalid("address", "%v", err)
		}
		if err := b.replaces(tx, by, n, c); err != nil {
			return err
		}
		o = b.Quote(c, n)
		o.ID, o.By = newID(), cmp.Or(by.Clerk, by.Channel)
		if o.Cause == validator.CauseFirst {
			c.HadFree = true
			if err := tx.PutContract(c); err != nil {
				return err
			}
		}
		tx.AddAudit(by.note(now, validator.ActOrder, o.Rule, o.Old, c.ID, fmt.Sprintf("%s, fee %d, order %s", o.Cause, o.Fee, o.ID)))
		out.Done = true
		return tx.AddOrder(o)
	})
	return o, out, err
}

// Quote returns the order that [Bank.Order] would create today for an application of a
// contract: its cause, its fee, and the date and address of the delivery.
func (b *Bank) Quote(c Contract, n NewOrder) Order {
	o := Order{Contract: c.ID, Cause: n.Cause, Returned: n.Returned, Old: n.Old, Address: c.Address}
	if o.Cause == validator.CauseFirst && c.HadFree {
		o.Cause = validator.CauseAdditional
	}
	o.Fee, o.Rule = validator.Fee(b.settings, validator.Order{Cause: o.Cause, Returned: o.Returned, HasToken: c.HadFree})
	o.Applied = validator.Today(b.Now())
	o.From, o.To = validator.Delivery(b.settings, o.Applied)
	return o
}

// replaces checks the token that an order replaces, and records its loss or breakage.
func (b *Bank) replaces(tx *store.Tx, by By, n NewOrder, c Contract) error {
	if err := n.Validate(); err != nil || n.Old.IsZero() {
		return err
	}
	t, err := tx.Token(n.Old)
	if err == nil && t.Contract != c.ID {
		err = store.ErrNotFound
	}
	if err != nil {
		return missing(err, "token of contract "+c.ID, n.Old.String())
	}
	// Only once: otherwise a broken token could bring any number of free replacements.
	switch before, err := tx.Replacement(n.Old); {
	case err == nil:
		return conflict("token %s is already being replaced, by order %s", n.Old, before)
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	if t.Condition != validator.InUse {
		return nil // reported earlier
	}
	return b.report(tx, by, t.Token, n.Cause.OldToken())
}

// Ship sends a token of the inventory for an order. It then belongs to the contract.
func (b *Bank) Ship(ctx context.Context, by By, order string, serial token.Serial) (Order, error) {
	return b.changeOrder(ctx, by, order, func(tx *store.Tx, o *Order) error {
		if err := b.issue(tx, o.Contract, serial); err != nil {
			return err
		}
		o.Status, o.New = OrderShipped, serial
		tx.AddAudit(by.note(b.Now(), validator.ActShip, o.Rule, serial, o.Contract, "order "+o.ID))
		return nil
	})
}

// CancelOrder cancels an open order. If it was for the free token, the contract may
// order that one again, unless it has been issued a token without an order meanwhile.
func (b *Bank) CancelOrder(ctx context.Context, by By, order string) (Order, error) {
	return b.changeOrder(ctx, by, order, func(tx *store.Tx, o *Order) error {
		o.Status = OrderCancelled
		if o.Cause == validator.CauseFirst {
			c, err := tx.Contract(o.Contract)
			if err != nil {
				return err
			}
			if c.HadFree, err = tx.IssuedWithoutOrder(o.Contract); err != nil {
				return err
			}
			if err := tx.PutContract(c); err != nil {
				return err
			}
		}
		tx.AddAudit(by.note(b.Now(), validator.ActCancelOrder, o.Rule, noSerial, o.Contract, "order "+o.ID))
		return nil
	})
}

func (b *Bank) changeOrder(ctx context.Context, by By, id string, change func(*store.Tx, *Order) error) (o Order, err error) {
	if err := by.requireBackOffice(); err != nil {
		return o, err
	}
	err = b.db.Update(ctx, func(tx *store.Tx) error {
		var err error
		if o, err = tx.Order(id); err != nil {
			return missing(err, "order", shorten(id))
		}
		if o.Status != OrderOpen {
			return conflict("order %s is already %s", id, o.Status)
		}
		if err := change(tx, &o); err != nil {
			return err
		}
		return tx.PutOrder(o)
	})
	return o, err
}

// OrderByID returns an order. Only clerks may read a single order.
func (b *Bank) OrderByID(ctx context.Context, by By, id string) (o Order, err error) {
	if err := by.requireBackOffice(); err != nil {
		return o, err
	}
	err = b.db.View(ctx, func(tx *store.Tx) error {
		o, err = tx.Order(id)
		return missing(err, "order", shorten(id))
	})
	return o, err
}

// Orders lists orders, oldest first; users see only the orders of their own contract.
func (b *Bank) Orders(ctx context.Context, by By, contract string, open bool, p Page) (list []Order, next string, err error) {
	err = b.db.View(ctx, func(tx *store.Tx) error {
		if err := by.confine(tx, &contract); err != nil {
			return err
		}
		see, err := b.sight(tx, by)
		if err != nil {
			return err
		}
		list, next, err = tx.Orders(contract, open, p)
		for i := range list {
			list[i].Old, list[i].New = see.serial(list[i].Old), see.serial(list[i].New)
		}
		return err
	})
	return list, next, err
}
