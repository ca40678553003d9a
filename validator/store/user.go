// SPDX-License-Identifier: Apache-2.0

package store

import (
	"fmt"
	"strings"

	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

const userColumns = "id, contract, role, name, email, language, COALESCE(token, ''), activated, revoked, locked, refused, refused_at, left_suspended, created, password"

// UserRow is a user with the hash of the password.
type UserRow struct {
	User
	Password string // argon2id in its usual text format
}

func scanUser(s sqldb.Scanner) (u UserRow, err error) {
	var role uint8
	var serial, left string
	err = s.Scan(&u.ID, &u.Contract, &role, &u.Name, &u.Email, &u.Language, &serial, &u.Activated, &u.RevokedAt,
		&u.Locked, &u.Refused.Count, &u.Refused.Last, &left, &u.Created, &u.Password)
	if err != nil {
		return u, err
	}
	u.Role = validator.Role(role)
	for _, text := range strings.Fields(left) {
		serial, err := token.ParseSerial(text)
		if err != nil {
			return u, fmt.Errorf("store: user %q: %w", u.ID, err)
		}
		u.LeftSuspended = append(u.LeftSuspended, serial)
	}
	if serial != "" {
		if u.Token, err = token.ParseSerial(serial); err != nil {
			return u, fmt.Errorf("store: user %q: %w", u.ID, err)
		}
	}
	return u, nil
}

// User returns a user. The row is not locked.
func (tx *Tx) User(id string) (u UserRow, err error) {
	return sqldb.QueryOne(tx.sql, scanUser, "SELECT "+userColumns+" FROM bank_user WHERE id = $1", id)
}

// AddUser adds a user. The error wraps [ErrExists] if the ID is taken, or if the
// contract already has a master.
func (tx *Tx) AddUser(u UserRow) error {
	return tx.sql.ExecOne(`INSERT INTO bank_user (id, contract, role, name, email, language, token, activated, revoked, locked,
		refused, refused_at, left_suspended, created, password) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		u.ID, u.Contract, int64(u.Role), u.Name, u.Email, string(u.Language), sqldb.NullIfEmpty(serialText(u.Token)),
		int64(u.Activated), int64(u.RevokedAt), u.Locked, int64(u.Refused.Count), int64(u.Refused.Last), serialTexts(u.LeftSuspended), int64(u.Created), u.Password)
}

// PutUser updates a user.
func (tx *Tx) PutUser(u UserRow) error {
	return tx.sql.ExecOne(`UPDATE bank_user SET role = $2, name = $3, email = $4, language = $5, token = $6, activated = $7,
		revoked = $8, locked = $9, password = $10, refused = $11, refused_at = $12,
		left_suspended = $13 WHERE id = $1`,
		u.ID, int64(u.Role), u.Name, u.Email, string(u.Language), sqldb.NullIfEmpty(serialText(u.Token)), int64(u.Activated),
		int64(u.RevokedAt), u.Locked, u.Password, int64(u.Refused.Count), int64(u.Refused.Last), serialTexts(u.LeftSuspended))
}

// ContractUsers returns all users of a contract, ordered by ID.
func (tx *Tx) ContractUsers(contract string) ([]UserRow, error) {
	return sqldb.QueryAll(tx.sql, scanUser, "SELECT "+userColumns+" FROM bank_user WHERE contract = $1 ORDER BY id", contract)
}

// Users lists users by ID, for one contract, or for all if contract is "".
func (tx *Tx) Users(contract string, p Page) ([]User, string, error) {
	var w sqldb.Where
	if contract != "" {
		w.Add("contract = $", contract)
	}
	if p.After != "" {
		w.Add("id > $", p.After)
	}
	return sqldb.QueryPage(tx.sql, func(s sqldb.Scanner) (User, error) {
		u, err := scanUser(s)
		return u.User, err
	}, func(u User) string { return u.ID }, p,
		"SELECT "+userColumns+" FROM bank_user"+w.String()+" ORDER BY id", w.Args()...)
}

// serialText returns a serial number, or "" if there is none.
func serialText(s token.Serial) string {
	if s.IsZero() {
		return ""
	}
	return s.String()
}

// serialTexts joins serial numbers with spaces, which they cannot contain.
func serialTexts(list []token.Serial) string {
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = s.String()
	}
	return strings.Join(texts, " ")
}

// serialOf is the reverse of serialText.
func serialOf(text string) (token.Serial, error) {
	if text == "" {
		return token.Serial{}, nil
	}
	s, err := token.ParseSerial(text)
	if err != nil {
		return s, fmt.Errorf("store: serial number %q: %w", text, err)
	}
	return s, nil
}
