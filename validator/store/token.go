// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

// TokenRow is a token with its sealed seed.
type TokenRow struct {
	Token
	Sealed      []byte
	SealKey     int64
	Fingerprint []byte // of the seed; used only when a row is added
	Import      string // ID of its import; used only when a row is added
}

const tokenColumns = `serial, COALESCE(contract, ''), algorithm, digits, step, t0, seed, seed_key, manufacturer, model,
	starts, expiry, condition, imported, activated, noticed,
	next_step, drift_offset, drift_top, top_at, lower_since, drift_lower, shown, shown_at, wrong, suspended,
	pending, pending_step, pending_offset, pending_at`

// scanToken reads tokenColumns.
func scanToken(s sqldb.Scanner) (TokenRow, error) {
	var (
		t                            TokenRow
		serial                       string
		algorithm, digits, condition uint8
		expiry                       int32
		suspended, pending           bool
	)
	st := &t.State
	err := s.Scan(&serial, &t.Contract, &algorithm, &digits, &t.Profile.Step, &t.Profile.T0, &t.Sealed, &t.SealKey,
		&t.Manufacturer, &t.Model, &t.Start, &expiry, &condition, &t.Imported, &t.Activated, &t.Noticed,
		&st.Next, &st.Drift.Offset, &st.Drift.Top, &st.Drift.TopAt, &st.Drift.LowerSince, &st.Drift.Lower,
		&st.Drift.Shown, &st.Drift.ShownAt, &st.FailedAttempts, &suspended,
		&pending, &st.Pending.Step, &st.Pending.Offset, &st.Pending.At)
	if err != nil {
		return t, err
	}
	t.Profile.Algorithm, t.Profile.Digits = token.Algorithm(algorithm), digits
	t.Condition = validator.Condition(condition)
	st.Suspended, st.Pending.Set = suspended, pending
	if t.Serial, err = token.ParseSerial(serial); err != nil {
		return t, fmt.Errorf("store: token %q: %w", serial, err)
	}
	t.Expiry, err = dateFromDays(expiry)
	return t, err
}

// scanPlainToken reads tokenColumns without the seed.
func scanPlainToken(s sqldb.Scanner) (Token, error) {
	t, err := scanToken(s)
	return t.Token, err
}

// Token returns a token. In a transaction that writes, it locks the row.
func (tx *Tx) Token(serial token.Serial) (TokenRow, error) {
	var t TokenRow
	found := false
	err := tx.sql.Rows("SELECT "+tokenColumns+" FROM token WHERE serial = $1 AND condition > 0"+tx.sql.Locked(),
		[]any{serial.String()}, func(s sqldb.Scanner) (err error) {
			found = true
			t, err = scanToken(s)
			return err
		})
	if err == nil && !found {
		err = ErrNotFound
	}
	return t, err
}

// PutState updates the state of a token's codes.
func (tx *Tx) PutState(serial token.Serial, st validator.State) error {
	d := st.Drift
	return tx.sql.ExecOne(`UPDATE token SET next_step = $2, drift_offset = $3, drift_top = $4, top_at = $5, lower_since = $6,
		drift_lower = $7, shown = $8, shown_at = $9, wrong = $10, suspended = $11, pending = $12, pending_step = $13,
		pending_offset = $14, pending_at = $15 WHERE serial = $1`,
		serial.String(), st.Next, d.Offset, d.Top, int64(d.TopAt), int64(d.LowerSince), d.Lower, int64(d.Shown),
		int64(d.ShownAt), int64(st.FailedAttempts), st.Suspended, st.Pending.Set, st.Pending.Step, st.Pending.Offset,
		int64(st.Pending.At))
}

// PutToken updates the other data of a token: contract, condition, and the times of
// activation and notice.
func (tx *Tx) PutToken(t Token) error {
	return tx.sql.ExecOne("UPDATE token SET contract = $2, condition = $3, activated = $4, noticed = $5 WHERE serial = $1",
		t.Serial.String(), sqldb.NullIfEmpty(t.Contract), int64(t.Condition), int64(t.Activated), int64(t.Noticed))
}

// tokenValues is the number of values in a row of AddTokens.
const tokenValues = 21

// insertTokens returns an INSERT of n rows.
func insertTokens(n int) string {
	var b strings.Builder
	b.WriteString(`INSERT INTO token (serial, contract, algorithm, digits, step, t0, seed, seed_key, fingerprint,
		manufacturer, model, starts, expiry, condition, imported, import, activated, noticed, next_step,
		drift_offset, drift_top, top_at, wrong, suspended, pending, pending_step, pending_offset) VALUES `)
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("(")
		for v := range tokenValues {
			fmt.Fprintf(&b, "$%d, ", i*tokenValues+v+1)
		}
		b.WriteString("0, 0, 0, 0, 0, 0)")
	}
	return b.String()
}

// TokenRows is the number of rows that [Tx.AddTokens] writes with one statement.
// Passing as many each time lets the database prepare the statement once.
const TokenRows = 50

var insertMany = insertTokens(TokenRows)

// AddTokens adds tokens. The error wraps [ErrExists] if a serial number or seed is
// present already; see [Tx.TokenConflicts].
func (tx *Tx) AddTokens(rows []TokenRow) error {
	for len(rows) > 0 {
		n := min(len(rows), TokenRows)
		query := insertMany
		if n < TokenRows {
			query = insertTokens(n)
		}
		args := make([]any, 0, n*tokenValues)
		for i := range rows[:n] {
			t := &rows[i]
			args = append(args, t.Serial.String(), sqldb.NullIfEmpty(t.Contract), int64(t.Profile.Algorithm), int64(t.Profile.Digits),
				int64(t.Profile.Step), int64(t.Profile.T0), t.Sealed, t.SealKey, t.Fingerprint,
				t.Manufacturer, t.Model, int64(t.Start), int64(t.Expiry.Days()), int64(t.Condition), int64(t.Imported),
				t.Import, int64(t.Activated), int64(t.Noticed), t.State.Next,
				t.State.Drift.Offset, t.State.Drift.Top)
		}
		if _, err := tx.sql.Exec(query, args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// Conflicts lists the conflicts that prevent adding tokens.
type Conflicts struct {
	Serials  []string // that are present already
	SameSeed []string // pairs: "1234 and 5678"
	Imports  []string // unfinished imports, running or interrupted, that contain such tokens
}

// TokenConflicts returns the conflicts that prevent adding the rows.
func (tx *Tx) TokenConflicts(rows []TokenRow) (k Conflicts, err error) {
	for i := range rows {
		var other, by string
		var condition int64
		serial := rows[i].Serial.String()
		err := tx.sql.Row("SELECT serial, condition, import FROM token WHERE serial = $1 OR fingerprint = $2",
			[]any{serial, rows[i].Fingerprint}, &other, &condition, &by)
		switch {
		case errors.Is(err, ErrNotFound):
		case err != nil:
			return k, err
		case condition == 0:
			if !slices.Contains(k.Imports, by) {
				k.Imports = append(k.Imports, by)
			}
		case other == serial:
			k.Serials = append(k.Serials, serial)
		default:
			k.SameSeed = append(k.SameSeed, serial+" and "+other)
		}
	}
	return k, nil
}

// FinishImport makes all tokens of an import visible at once.
func (tx *Tx) FinishImport(id string) (int64, error) {
	return tx.sql.Exec("UPDATE token SET condition = $2 WHERE import = $1 AND condition = 0", id, int64(validator.InUse))
}

// DropImport deletes up to most tokens of an unfinished import, and returns the number
// deleted.
func (tx *Tx) DropImport(id string, most int) (int64, error) {
	return tx.sql.Exec(`DELETE FROM token WHERE serial IN
		(SELECT serial FROM token WHERE import = $1 AND condition = 0 LIMIT $2)`, id, int64(most))
}

// UnfinishedImports returns the IDs of the unfinished imports.
func (tx *Tx) UnfinishedImports() ([]string, error) {
	return sqldb.QueryAll(tx.sql, sqldb.ScanText, "SELECT DISTINCT import FROM token WHERE condition = 0")
}

// TokenUsers returns the IDs of the users who registered a token, in order.
func (tx *Tx) TokenUsers(serial token.Serial) ([]string, error) {
	return sqldb.QueryAll(tx.sql, sqldb.ScanText, "SELECT id FROM bank_user WHERE token = $1 ORDER BY id", serial.String())
}

// TokenFilter selects the tokens of a list; zero fields select all.
type TokenFilter struct {
	Contract  string
	Inventory bool                // those that are not issued
	Serial    string              // beginning of the serial number
	Condition validator.Condition // on Today; Expired is computed, never stored
	Today     token.Expiry        // for Condition; the zero date is before all others
	Suspended bool
	User      string // the user who uses the token
	Page
}

// Tokens lists tokens by serial number.
func (tx *Tx) Tokens(f TokenFilter) ([]Token, string, error) {
	var w sqldb.Where
	w.Add("condition > 0")
	if f.Contract != "" {
		w.Add("contract = $", f.Contract)
	}
	if f.Inventory {
		w.Add("contract IS NULL")
	}
	if f.Serial != "" {
		w.Add(`serial LIKE $ ESCAPE '\'`, sqldb.LikePrefix(f.Serial))
	}
	switch f.Condition {
	case 0:
	case validator.InUse:
		w.Add("condition = $", int64(validator.InUse))
		w.Add("(expiry = 0 OR expiry >= $)", int64(f.Today.Days()))
	case validator.Expired:
		w.Add("condition = $", int64(validator.InUse))
		w.Add("(expiry <> 0 AND expiry < $)", int64(f.Today.Days()))
	default:
		w.Add("condition = $", int64(f.Condition))
	}
	if f.Suspended {
		w.Add("suspended = 1")
	}
	if f.User != "" {
		w.Add("serial IN (SELECT token FROM bank_user WHERE id = $)", f.User)
	}
	if f.After != "" {
		w.Add("serial > $", f.After)
	}
	list, next, err := sqldb.QueryPage(tx.sql, scanPlainToken, func(t Token) string { return t.Serial.String() }, f.Page,
		"SELECT "+tokenColumns+" FROM token"+w.String()+" ORDER BY serial", w.Args()...)
	if err != nil {
		return nil, "", err
	}
	for i := range list {
		if list[i].Users, err = tx.TokenUsers(list[i].Serial); err != nil {
			return nil, "", err
		}
	}
	return list, next, nil
}

// TokensExpiring returns up to most tokens without a notice that a user has registered
// and still uses, and that expire on a day from from to to, both inclusive.
func (tx *Tx) TokensExpiring(from, to token.Expiry, most int) ([]Token, error) {
	return sqldb.QueryAll(tx.sql, scanPlainToken, fmt.Sprintf(`SELECT %s FROM token
		WHERE activated > 0 AND noticed = 0 AND expiry >= $1 AND expiry <= $2 AND condition = $3 AND contract IS NOT NULL
		AND EXISTS (SELECT 1 FROM bank_user u WHERE u.token = token.serial)
		ORDER BY expiry, serial LIMIT %d`, tokenColumns, most),
		int64(from.Days()), int64(to.Days()), int64(validator.InUse))
}

// SealedBefore returns up to most tokens with a seed that is sealed with a key older
// than the given one.
func (tx *Tx) SealedBefore(key int64, most int) ([]TokenRow, error) {
	return sqldb.QueryAll(tx.sql, scanToken, fmt.Sprintf("SELECT %s FROM token WHERE seed_key < $1 ORDER BY seed_key, serial LIMIT %d%s",
		tokenColumns, most, tx.sql.Locked()), key)
}

// LastSealed returns a token whose seed is sealed with the newest key in use, or
// [ErrNotFound] without any tokens.
func (tx *Tx) LastSealed() (row TokenRow, err error) {
	return sqldb.QueryOne(tx.sql, scanToken, "SELECT "+tokenColumns+" FROM token ORDER BY seed_key DESC, serial DESC LIMIT 1")
}

// PutSeal updates a token's sealed seed.
func (tx *Tx) PutSeal(serial token.Serial, key int64, sealed []byte) error {
	return tx.sql.ExecOne("UPDATE token SET seed_key = $2, seed = $3 WHERE serial = $1", serial.String(), key, sealed)
}

// CountTokens returns the number of tokens, and the number of those with a seed sealed
// with a key older than the given one.
func (tx *Tx) CountTokens(key int64) (all, older int64, err error) {
	if err = tx.sql.Row("SELECT COUNT(*) FROM token", nil, &all); err != nil {
		return 0, 0, err
	}
	err = tx.sql.Row("SELECT COUNT(*) FROM token WHERE seed_key < $1", []any{key}, &older)
	return all, older, err
}

// dateFromDays returns the date for a number of days; 0 means no date.
func dateFromDays(days int32) (token.Expiry, error) {
	if days == 0 {
		return token.Expiry{}, nil
	}
	e, err := token.ExpiryFromDays(days)
	if err != nil {
		return token.Expiry{}, fmt.Errorf("store: %w", err)
	}
	return e, nil
}

// TokenContract returns the contract to which a token is issued, or "" for inventory.
// It locks nothing.
func (tx *Tx) TokenContract(serial token.Serial) (contract string, err error) {
	err = tx.sql.Row("SELECT COALESCE(contract, '') FROM token WHERE serial = $1 AND condition > 0", []any{serial.String()}, &contract)
	return contract, err
}
