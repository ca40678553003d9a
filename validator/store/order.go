// SPDX-License-Identifier: Apache-2.0

package store

import (
	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

// An open order uses the address that is currently registered. A shipped order keeps
// the address to which it was sent.
const orderColumns = `id, contract, cause, returned, COALESCE(old_token, ''), COALESCE(new_token, ''), fee, rule, status,
	CASE WHEN status = 0 THEN (SELECT c.address FROM contract c WHERE c.id = token_order.contract) ELSE address END, applied, due_from, due_to, made_by`

func scanOrder(s sqldb.Scanner) (o Order, err error) {
	var old, sent string
	var cause, rule, status uint8
	var applied, from, to int32
	err = s.Scan(&o.ID, &o.Contract, &cause, &o.Returned, &old, &sent, &o.Fee, &rule, &status, &o.Address,
		&applied, &from, &to, &o.By)
	if err != nil {
		return o, err
	}
	o.Cause, o.Rule, o.Status = validator.Cause(cause), validator.Rule(rule), OrderStatus(status)
	if o.Old, err = serialOf(old); err != nil {
		return o, err
	}
	if o.New, err = serialOf(sent); err != nil {
		return o, err
	}
	if o.Applied, err = dateFromDays(applied); err != nil {
		return o, err
	}
	if o.From, err = dateFromDays(from); err != nil {
		return o, err
	}
	o.To, err = dateFromDays(to)
	return o, err
}

// Order returns an order. In a transaction that writes, it locks the row.
func (tx *Tx) Order(id string) (o Order, err error) {
	return sqldb.QueryOne(tx.sql, scanOrder, "SELECT "+orderColumns+" FROM token_order WHERE id = $1"+tx.sql.Locked(), id)
}

// AddOrder adds an order.
func (tx *Tx) AddOrder(o Order) error {
	return tx.sql.ExecOne(`INSERT INTO token_order (id, contract, cause, returned, old_token, new_token, fee, rule, status, address,
		applied, due_from, due_to, made_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		o.ID, o.Contract, int64(o.Cause), o.Returned, sqldb.NullIfEmpty(serialText(o.Old)), sqldb.NullIfEmpty(serialText(o.New)), int64(o.Fee),
		int64(o.Rule), int64(o.Status), o.Address, int64(o.Applied.Days()), int64(o.From.Days()), int64(o.To.Days()), o.By)
}

// PutOrder updates an order: its status, the token that was sent, and the address.
func (tx *Tx) PutOrder(o Order) error {
	return tx.sql.ExecOne("UPDATE token_order SET status = $2, new_token = $3, address = $4 WHERE id = $1",
		o.ID, int64(o.Status), sqldb.NullIfEmpty(serialText(o.New)), o.Address)
}

// Orders lists orders, oldest first, for one contract, or for all if contract is "". If
// open is set, it lists only open ones.
func (tx *Tx) Orders(contract string, open bool, p Page) ([]Order, string, error) {
	var w sqldb.Where
	if contract != "" {
		w.Add("contract = $", contract)
	}
	if open {
		w.Add("status = 0")
	}
	if p.After != "" {
		w.Add("id > $", p.After)
	}
	return sqldb.QueryPage(tx.sql, scanOrder, func(o Order) string { return o.ID }, p,
		"SELECT "+orderColumns+" FROM token_order"+w.String()+" ORDER BY id", w.Args()...)
}

// Replacement returns the ID of the open or shipped order that replaces a token. It may
// be a reissue, or the order for the token that is sent before the expiry date.
func (tx *Tx) Replacement(old token.Serial) (id string, err error) {
	err = tx.sql.Row("SELECT id FROM token_order WHERE old_token = $1 AND status <> $2 ORDER BY id LIMIT 1",
		[]any{old.String(), int64(OrderCancelled)}, &id)
	return id, err
}

// IssuedWithoutOrder reports whether a contract has, or had, a token that was not
// issued with an order.
func (tx *Tx) IssuedWithoutOrder(contract string) (bool, error) {
	var n int64
	err := tx.sql.Row(`SELECT COUNT(*) FROM token WHERE contract = $1 AND serial NOT IN
		(SELECT new_token FROM token_order WHERE contract = $1 AND new_token IS NOT NULL)`, []any{contract}, &n)
	return n > 0, err
}
