// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"context"
	"errors"

	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/store"
)

func checkContract(c *Contract) error {
	return errors.Join(
		text("name", c.Name, 1, 100),
		text("address", c.Address, 1, 200),
		checkEmail("email", c.Email, true),
		checkLanguage(&c.Language),
	)
}

// AddContract adds a contract. It uses ID, Name, Address, Email and Language.
func (b *Bank) AddContract(ctx context.Context, by By, c Contract) (Contract, error) {
	if err := by.requireBackOffice(); err != nil {
		return Contract{}, err
	}
	if err := firstOf(checkContractID(c.ID), checkContract(&c)); err != nil {
		return Contract{}, err
	}
	c.HadFree, c.Created = false, b.Now()
	err := b.db.Update(ctx, func(tx *store.Tx) error {
		tx.AddAudit(by.note(c.Created, validator.ActAddContract, 0, noSerial, c.ID, ""))
		return tx.AddContract(c)
	})
	if errors.Is(err, store.ErrExists) {
		err = conflict("contract %q already exists", c.ID)
	}
	return c, err
}

// ChangeContract changes Name, Address, Email and Language of a contract.
func (b *Bank) ChangeContract(ctx context.Context, by By, c Contract) (Contract, error) {
	if err := by.requireBackOffice(); err != nil {
		return Contract{}, err
	}
	if err := checkContract(&c); err != nil {
		return Contract{}, firstOf(err)
	}
	err := b.db.Update(ctx, func(tx *store.Tx) error {
		old, err := tx.Contract(c.ID)
		if err != nil {
			return missing(err, "contract", c.ID)
		}
		c.HadFree, c.Created = old.HadFree, old.Created
		tx.AddAudit(by.note(b.Now(), validator.ActChangeContract, 0, noSerial, c.ID, ""))
		return tx.PutContract(c)
	})
	return c, err
}

// Contract returns a contract; a user sees only their own.
func (b *Bank) Contract(ctx context.Context, by By, id string) (c Contract, err error) {
	err = b.db.View(ctx, func(tx *store.Tx) error {
		own, err := by.contract(tx)
		if err == nil && own != "" && own != id {
			err = store.ErrNotFound
		}
		if err == nil {
			c, err = tx.Contract(id)
		}
		return missing(err, "contract", id)
	})
	return c, err
}

// Contracts lists contracts whose ID begins with find or whose name contains it.
func (b *Bank) Contracts(ctx context.Context, by By, find string, p Page) (list []Contract, next string, err error) {
	if err := by.requireBackOffice(); err != nil {
		return nil, "", err
	}
	err = b.db.View(ctx, func(tx *store.Tx) error {
		list, next, err = tx.Contracts(find, p)
		return err
	})
	return list, next, err
}

// Transaction returns the transaction with a receipt number, in any spelling that
// [ParseReceipt] accepts, or with an ID. A user sees only transactions of their
// contract.
func (b *Bank) Transaction(ctx context.Context, by By, receipt string) (t Transaction, err error) {
	key := receipt
	if number, ok := ParseReceipt(receipt); ok {
		key = number
	}
	err = b.db.View(ctx, func(tx *store.Tx) error {
		own, err := by.contract(tx)
		if err != nil {
			return err
		}
		t, err = tx.Transaction(key)
		if err == nil && own != "" && t.Contract != own {
			err = store.ErrNotFound
		}
		if err == nil {
			see, err := b.sight(tx, by)
			if err != nil {
				return err
			}
			t.Serial = see.serial(t.Serial)
		}
		return missing(err, "transaction", shorten(receipt))
	})
	if err != nil {
		t = Transaction{}
	}
	return t, err
}

// Transactions lists transactions, newest first; users see only the transactions of their
// own contract.
func (b *Bank) Transactions(ctx context.Context, by By, contract string, p Page) (list []Transaction, next string, err error) {
	err = b.db.View(ctx, func(tx *store.Tx) error {
		if err := by.confine(tx, &contract); err != nil {
			return err
		}
		see, err := b.sight(tx, by)
		if err != nil {
			return err
		}
		list, next, err = tx.Transactions(contract, p)
		for i := range list {
			list[i].Serial = see.serial(list[i].Serial)
		}
		return err
	})
	return list, next, err
}
