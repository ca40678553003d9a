// SPDX-License-Identifier: Apache-2.0

package store

import (
	"encoding/json"
	"fmt"

	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/validator"
)

// AddTransaction adds a transaction.
func (tx *Tx) AddTransaction(t Transaction) error {
	details, err := json.Marshal(t.Details)
	if err != nil {
		return fmt.Errorf("store: encoding the details of a transaction: %w", err)
	}
	return tx.sql.ExecOne(`INSERT INTO bank_transaction (id, at, contract, user_id, operation, serial, details, receipt)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		t.ID, int64(t.At), t.Contract, t.User, int64(t.Operation), serialText(t.Serial), string(details), t.Receipt)
}

const transactionColumns = `id, at, contract, user_id, operation, serial, details, receipt`

func scanTransaction(s sqldb.Scanner) (t Transaction, err error) {
	var operation uint8
	var serial, details string
	if err := s.Scan(&t.ID, &t.At, &t.Contract, &t.User, &operation, &serial, &details, &t.Receipt); err != nil {
		return t, err
	}
	t.Operation = validator.Operation(operation)
	if t.Serial, err = serialOf(serial); err != nil {
		return t, err
	}
	return t, json.Unmarshal([]byte(details), &t.Details)
}

// Transaction returns the transaction with a receipt number or ID. The error wraps
// [ErrNotFound] if there is none.
func (tx *Tx) Transaction(receipt string) (t Transaction, err error) {
	if receipt == "" {
		return t, ErrNotFound
	}
	return sqldb.QueryOne(tx.sql, scanTransaction, `SELECT `+transactionColumns+` FROM bank_transaction WHERE receipt = $1
		UNION SELECT `+transactionColumns+` FROM bank_transaction WHERE id = $1`, receipt)
}

// Transactions lists transactions, newest first, for one contract, or for all if
// contract is "".
func (tx *Tx) Transactions(contract string, p Page) ([]Transaction, string, error) {
	var w sqldb.Where
	if contract != "" {
		w.Add("contract = $", contract)
	}
	if p.After != "" {
		w.Add("id < $", p.After)
	}
	return sqldb.QueryPage(tx.sql, scanTransaction, func(t Transaction) string { return t.ID }, p,
		"SELECT "+transactionColumns+" FROM bank_transaction"+w.String()+" ORDER BY id DESC", w.Args()...)
}
