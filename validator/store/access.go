// SPDX-License-Identifier: Apache-2.0

package store

import (
	"github.com/d204ef64/fob/token"
)

// Clerk is somebody of the bank.
type Clerk struct {
	ID       string
	Name     string
	Password string // argon2id
	Locked   bool
	Created  token.UnixSeconds
}

// AddClerk adds a clerk.
func (tx *Tx) AddClerk(c Clerk) error {
	return tx.must("INSERT INTO clerk (id, name, password, locked, created) VALUES ($1, $2, $3, $4, $5)",
		c.ID, c.Name, c.Password, c.Locked, int64(c.Created))
}

// PutClerk writes what changes of a clerk.
func (tx *Tx) PutClerk(c Clerk) error {
	return tx.must("UPDATE clerk SET name = $2, password = $3, locked = $4 WHERE id = $1", c.ID, c.Name, c.Password, c.Locked)
}

// Clerk returns a clerk, and locks the row where the transaction writes.
func (tx *Tx) Clerk(id string) (c Clerk, err error) {
	err = tx.row("SELECT id, name, password, locked, created FROM clerk WHERE id = $1"+tx.locked(), []any{id},
		&c.ID, &c.Name, &c.Password, &c.Locked, &c.Created)
	return c, err
}

// AddKey adds an API key by the hash of its secret.
func (tx *Tx) AddKey(k APIKey, hash []byte) error {
	return tx.must("INSERT INTO api_key (id, hash, role, name, created, ended) VALUES ($1, $2, $3, $4, $5, $6)",
		k.ID, hash, string(k.Role), k.Name, int64(k.Created), int64(k.Ended))
}

const keyColumns = "id, role, name, created, ended"

// Key returns the API key whose secret has a hash.
func (tx *Tx) Key(hash []byte) (k APIKey, err error) {
	err = tx.row("SELECT "+keyColumns+" FROM api_key WHERE hash = $1", []any{hash}, &k.ID, &k.Role, &k.Name, &k.Created, &k.Ended)
	return k, err
}

// Keys lists all API keys.
func (tx *Tx) Keys() ([]APIKey, error) {
	var list []APIKey
	err := tx.rows("SELECT "+keyColumns+" FROM api_key ORDER BY id", nil, func(s scanner) error {
		var k APIKey
		err := s.Scan(&k.ID, &k.Role, &k.Name, &k.Created, &k.Ended)
		list = append(list, k)
		return err
	})
	return list, err
}

// EndKey ends an API key.
func (tx *Tx) EndKey(id string, now token.UnixSeconds) error {
	return tx.must("UPDATE api_key SET ended = $2 WHERE id = $1 AND ended = 0", id, int64(now))
}

// SessionRow is a session by the hash of its secret.
type SessionRow struct {
	Session
	Seen token.UnixSeconds // when it was last used, to the minute
}

// AddSession adds a session, and forgets those that are over.
func (tx *Tx) AddSession(s SessionRow, hash []byte) error {
	if _, err := tx.exec("DELETE FROM session WHERE ends < $1", int64(s.Started)); err != nil {
		return err
	}
	return tx.must("INSERT INTO session (hash, user_id, clerk_id, started, seen, ends) VALUES ($1, $2, $3, $4, $5, $6)",
		hash, s.User, s.Clerk, int64(s.Started), int64(s.Seen), int64(s.Ends))
}

// Session returns the session whose secret has a hash.
func (tx *Tx) Session(hash []byte) (s SessionRow, err error) {
	err = tx.row("SELECT user_id, clerk_id, started, seen, ends FROM session WHERE hash = $1", []any{hash},
		&s.User, &s.Clerk, &s.Started, &s.Seen, &s.Ends)
	return s, err
}

// TouchSession writes when a session was last used.
func (tx *Tx) TouchSession(hash []byte, now token.UnixSeconds) error {
	_, err := tx.exec("UPDATE session SET seen = $2 WHERE hash = $1", hash, int64(now))
	return err
}

// DropSession ends a session.
func (tx *Tx) DropSession(hash []byte) error {
	_, err := tx.exec("DELETE FROM session WHERE hash = $1", hash)
	return err
}

// DropSessions ends all sessions of a user but the one given.
func (tx *Tx) DropSessions(user, clerk string, but []byte) error {
	if but == nil {
		but = []byte{} // nothing is unlike NULL in SQL, so that none would end
	}
	_, err := tx.exec("DELETE FROM session WHERE user_id = $1 AND clerk_id = $2 AND hash <> $3", user, clerk, but)
	return err
}
