// SPDX-License-Identifier: Apache-2.0

package store

import (
	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/token"
)

// Clerk is a member of the bank's staff with a back office account.
type Clerk struct {
	ID       string
	Name     string
	Password string // argon2id
	Locked   bool
	Created  token.UnixSeconds
}

// AddClerk adds a clerk.
func (tx *Tx) AddClerk(c Clerk) error {
	return tx.sql.ExecOne("INSERT INTO clerk (id, name, password, locked, created) VALUES ($1, $2, $3, $4, $5)",
		c.ID, c.Name, c.Password, c.Locked, int64(c.Created))
}

// PutClerk updates a clerk.
func (tx *Tx) PutClerk(c Clerk) error {
	return tx.sql.ExecOne("UPDATE clerk SET name = $2, password = $3, locked = $4 WHERE id = $1", c.ID, c.Name, c.Password, c.Locked)
}

// Clerk returns a clerk. In a transaction that writes, it locks the row.
func (tx *Tx) Clerk(id string) (c Clerk, err error) {
	err = tx.sql.Row("SELECT id, name, password, locked, created FROM clerk WHERE id = $1"+tx.sql.Locked(), []any{id},
		&c.ID, &c.Name, &c.Password, &c.Locked, &c.Created)
	return c, err
}

// AddKey adds an API key by the hash of its secret.
func (tx *Tx) AddKey(k APIKey, hash []byte) error {
	return tx.sql.ExecOne("INSERT INTO api_key (id, hash, role, name, created, ended) VALUES ($1, $2, $3, $4, $5, $6)",
		k.ID, hash, string(k.Role), k.Name, int64(k.Created), int64(k.Ended))
}

const keyColumns = "id, role, name, created, ended"

// Key returns the API key for the hash of a secret.
func (tx *Tx) Key(hash []byte) (k APIKey, err error) {
	err = tx.sql.Row("SELECT "+keyColumns+" FROM api_key WHERE hash = $1", []any{hash}, &k.ID, &k.Role, &k.Name, &k.Created, &k.Ended)
	return k, err
}

// Keys lists all API keys.
func (tx *Tx) Keys() ([]APIKey, error) {
	var list []APIKey
	err := tx.sql.Rows("SELECT "+keyColumns+" FROM api_key ORDER BY id", nil, func(s sqldb.Scanner) error {
		var k APIKey
		err := s.Scan(&k.ID, &k.Role, &k.Name, &k.Created, &k.Ended)
		list = append(list, k)
		return err
	})
	return list, err
}

// EndKey ends an API key.
func (tx *Tx) EndKey(id string, now token.UnixSeconds) error {
	return tx.sql.ExecOne("UPDATE api_key SET ended = $2 WHERE id = $1 AND ended = 0", id, int64(now))
}

// SessionRow is a session as stored, under the hash of its secret.
type SessionRow struct {
	Session
	Seen token.UnixSeconds // time of the last use, to the minute
}

// AddSession adds a session, and deletes those that have ended.
func (tx *Tx) AddSession(s SessionRow, hash []byte) error {
	if _, err := tx.sql.Exec("DELETE FROM session WHERE ends < $1", int64(s.Started)); err != nil {
		return err
	}
	return tx.sql.ExecOne("INSERT INTO session (hash, user_id, clerk_id, started, seen, ends) VALUES ($1, $2, $3, $4, $5, $6)",
		hash, s.User, s.Clerk, int64(s.Started), int64(s.Seen), int64(s.Ends))
}

// Session returns the session for the hash of a secret.
func (tx *Tx) Session(hash []byte) (s SessionRow, err error) {
	err = tx.sql.Row("SELECT user_id, clerk_id, started, seen, ends FROM session WHERE hash = $1", []any{hash},
		&s.User, &s.Clerk, &s.Started, &s.Seen, &s.Ends)
	return s, err
}

// TouchSession updates the time of a session's last use.
func (tx *Tx) TouchSession(hash []byte, now token.UnixSeconds) error {
	_, err := tx.sql.Exec("UPDATE session SET seen = $2 WHERE hash = $1", hash, int64(now))
	return err
}

// DropSession ends a session.
func (tx *Tx) DropSession(hash []byte) error {
	_, err := tx.sql.Exec("DELETE FROM session WHERE hash = $1", hash)
	return err
}

// DropSessions ends all sessions of a user or clerk except the given one.
func (tx *Tx) DropSessions(user, clerk string, but []byte) error {
	if but == nil {
		but = []byte{} // in SQL no value differs from NULL, so no session would end
	}
	_, err := tx.sql.Exec("DELETE FROM session WHERE user_id = $1 AND clerk_id = $2 AND hash <> $3", user, clerk, but)
	return err
}
