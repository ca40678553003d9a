// SPDX-License-Identifier: Apache-2.0

package store

const contractColumns = "id, name, address, email, language, had_free, created"

func scanContract(s scanner) (c Contract, err error) {
	err = s.Scan(&c.ID, &c.Name, &c.Address, &c.Email, &c.Language, &c.HadFree, &c.Created)
	return c, err
}

// Contract returns a contract. In a transaction that writes, it locks the row. A
// transaction that concerns several rows of a contract must call it first.
func (tx *Tx) Contract(id string) (c Contract, err error) {
	return queryOne(tx, scanContract, "SELECT "+contractColumns+" FROM contract WHERE id = $1"+tx.locked(), id)
}

// AddContract adds a contract.
func (tx *Tx) AddContract(c Contract) error {
	return tx.execOne("INSERT INTO contract ("+contractColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7)",
		c.ID, c.Name, c.Address, c.Email, string(c.Language), c.HadFree, int64(c.Created))
}

// PutContract updates a contract.
func (tx *Tx) PutContract(c Contract) error {
	return tx.execOne("UPDATE contract SET name = $2, address = $3, email = $4, language = $5, had_free = $6 WHERE id = $1",
		c.ID, c.Name, c.Address, c.Email, string(c.Language), c.HadFree)
}

// Contracts lists contracts by ID. It selects those with an ID that begins with find,
// or a name that contains it.
func (tx *Tx) Contracts(find string, p Page) ([]Contract, string, error) {
	var w where
	if find != "" {
		w.add(`(id LIKE $ ESCAPE '\' OR name LIKE '%' || $ ESCAPE '\')`, likePrefix(find))
	}
	if p.After != "" {
		w.add("id > $", p.After)
	}
	return queryPage(tx, scanContract, func(c Contract) string { return c.ID }, p,
		"SELECT "+contractColumns+" FROM contract"+w.String()+" ORDER BY id", w.args...)
}
