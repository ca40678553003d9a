// SPDX-License-Identifier: Apache-2.0

package store

import (
	"encoding/json"
	"fmt"

	"github.com/d204ef64/fob/validator"
)

// AddTransaction adds a transaction.
func (tx *Tx) AddTransaction(t Transaction) error {
	details, err := json.Marshal(t.Details)
	if err != nil {
		return fmt.Errorf("store: details of a transaction: %w", err)
	}
	return tx.must(`INSERT INTO bank_transaction (id, at, contract, user_id, operation, serial, details)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		t.ID, int64(t.At), t.Contract, t.User, int64(t.Operation), serialText(t.Serial), string(details))
}

// Transactions lists transactions, the newest first, of one contract or, with "",
// of all.
func (tx *Tx) Transactions(contract string, p Page) ([]Transaction, string, error) {
	var w where
	if contract != "" {
		w.add("contract = $", contract)
	}
	if p.After != "" {
		w.add("id < $", p.After)
	}
	var list []Transaction
	err := tx.rows(fmt.Sprintf(`SELECT id, at, contract, user_id, operation, serial, details FROM bank_transaction%s
		ORDER BY id DESC LIMIT %d`, w.String(), p.limit()+1), w.args, func(s scanner) error {
		var t Transaction
		var operation uint8
		var serial, details string
		err := s.Scan(&t.ID, &t.At, &t.Contract, &t.User, &operation, &serial, &details)
		if err != nil {
			return err
		}
		t.Operation = validator.Operation(operation)
		if t.Serial, err = serialOf(serial); err != nil {
			return err
		}
		list = append(list, t)
		return json.Unmarshal([]byte(details), &list[len(list)-1].Details)
	})
	if err != nil {
		return nil, "", err
	}
	list, next := cut(list, p, func(t Transaction) string { return t.ID })
	return list, next, nil
}
