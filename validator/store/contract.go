// SPDX-License-Identifier: Apache-2.0

package store

import (
	"github.com/d204ef64/fob/internal/sqldb"
)

const contractColumns = "id, name, address, email, language, had_free, created"

func scanContract(s sqldb.Scanner) (c Contract, err error) {
	err = s.Scan(&c.ID, &c.Name, &c.Address, &c.Email, &c.Language, &c.HadFree, &c.Created)
	return c, err
}

// Contract returns a contract. In a transaction that writes, it locks the row. A
// transaction that concerns several rows of a contract must call it first.
func (tx *Tx) Contract(id string) (c Contract, err error) {
	return sqldb.QueryOne(tx.sql, scanContract, "SELECT "+contractColumns+" FROM contract WHERE id = $1"+tx.sql.Locked(), id)
}

// AddContract adds a contract.
func (tx *Tx) AddContract(c Contract) error {
	return tx.sql.ExecOne("INSERT INTO contract ("+contractColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7)",
		c.ID, c.Name, c.Address, c.Email, string(c.Language), c.HadFree, int64(c.Created))
}

// PutContract updates a contract.
func (tx *Tx) PutContract(c Contract) error {
	return tx.sql.ExecOne("UPDATE contract SET name = $2, address = $3, email = $4, language = $5, had_free = $6 WHERE id = $1",
		c.ID, c.Name, c.Address, c.Email, string(c.Language), c.HadFree)
}

// Contracts lists contracts by ID. It selects those with an ID that begins with find,
// or a name that contains it.
func (tx *Tx) Contracts(find string, p Page) ([]Contract, string, error) {
	var w sqldb.Where
	if find != "" {
		w.Add(`(id LIKE $ ESCAPE '\' OR name LIKE '%' || $ ESCAPE '\')`, sqldb.LikePrefix(find))
	}
	if p.After != "" {
		w.Add("id > $", p.After)
	}
	return sqldb.QueryPage(tx.sql, scanContract, func(c Contract) string { return c.ID }, p,
		"SELECT "+contractColumns+" FROM contract"+w.String()+" ORDER BY id", w.Args()...)
}
