// SPDX-License-Identifier: Apache-2.0

package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// querier runs the statements of a transaction.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Tx is a transaction. It is valid until the function that received it returns, and
// must be used by one goroutine only.
type Tx struct {
	// Shared may hold data of the caller. The functions of [DB.Grouped] that share a
	// transaction receive the same Tx, one after another. It is nil for the first one.
	Shared any

	ctx    context.Context
	db     *DB
	q      querier
	writes bool
	before []func() error
	after  []func()
	failed error // the first error of the database, after which nothing is committed
}

// errText is the error for writing a text that PostgreSQL cannot store.
var errText = errors.New("sqldb: a text that is not UTF-8, or has a zero byte, cannot be stored")

// readingTx runs the queries of a transaction that reads.
type readingTx struct {
	*sql.Tx
	dialect *dialect
}

func (t readingTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return t.Tx.ExecContext(ctx, t.dialect.text(query), args...)
}

func (t readingTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return t.Tx.QueryContext(ctx, t.dialect.text(query), args...)
}

// Before registers a function to be called before the transaction is committed, once all
// functions that share it have run. If it returns an error, nothing is committed.
func (tx *Tx) Before(fn func() error) { tx.before = append(tx.before, fn) }

// After registers a function to be called once the transaction is on disk. It must not
// block.
func (tx *Tx) After(fn func()) { tx.after = append(tx.after, fn) }

// Exec runs a statement and returns the number of affected rows.
func (tx *Tx) Exec(query string, args ...any) (int64, error) {
	if !tx.writes {
		return 0, errors.New("sqldb: internal error: a view cannot write")
	}
	if !storable(args) {
		return 0, errText
	}
	r, err := tx.q.ExecContext(tx.ctx, query, boolsToInts(args)...)
	if err != nil {
		return 0, tx.fail(err)
	}
	return r.RowsAffected()
}

// ExecOne runs a statement that must affect exactly one row.
func (tx *Tx) ExecOne(query string, args ...any) error {
	n, err := tx.Exec(query, args...)
	switch {
	case err != nil:
		return err
	case n == 0:
		return ErrNotFound
	case n > 1:
		return fmt.Errorf("sqldb: internal error: %d rows written instead of one", n)
	}
	return nil
}

// fail remembers the first error of the database.
func (tx *Tx) fail(err error) error {
	if tx.failed == nil {
		tx.failed = err
	}
	return err
}

// storable reports whether all storable among the values can be stored.
func storable(args []any) bool {
	for _, a := range args {
		if s, is := a.(string); is && (!utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0) {
			return false
		}
	}
	return true
}

// Rows runs a query and passes each row to scan. A query for a text that cannot be
// stored has no rows: PostgreSQL would return an error.
func (tx *Tx) Rows(query string, args []any, scan func(Scanner) error) error {
	if !storable(args) {
		return nil
	}
	r, err := tx.q.QueryContext(tx.ctx, query, boolsToInts(args)...)
	if err != nil {
		return tx.fail(err)
	}
	defer func() { _ = r.Close() }()
	for r.Next() {
		if err := scan(r); err != nil {
			return err
		}
	}
	if err := r.Err(); err != nil {
		return tx.fail(err)
	}
	return nil
}

// Row runs a query of one row. It returns [ErrNotFound] if there is none.
func (tx *Tx) Row(query string, args []any, dest ...any) error {
	_, err := QueryOne(tx, func(s Scanner) (any, error) { return nil, s.Scan(dest...) }, query, args...)
	return err
}

// QueryOne returns the row of a query, or [ErrNotFound] if there is none.
func QueryOne[T any](tx *Tx, scan func(Scanner) (T, error), query string, args ...any) (v T, err error) {
	found := false
	err = tx.Rows(query, args, func(s Scanner) (err error) {
		found = true
		v, err = scan(s)
		return err
	})
	if err == nil && !found {
		err = ErrNotFound
	}
	return v, err
}

// QueryAll returns all rows of a query.
func QueryAll[T any](tx *Tx, scan func(Scanner) (T, error), query string, args ...any) (list []T, err error) {
	err = tx.Rows(query, args, func(s Scanner) error {
		v, err := scan(s)
		list = append(list, v)
		return err
	})
	return list, err
}

// QueryPage returns a page of the rows that a query selects, and the key of its last row
// if another page follows. The query has no LIMIT: QueryPage reads one row more than the
// page holds.
func QueryPage[T any](tx *Tx, scan func(Scanner) (T, error), key func(T) string, p Page, query string, args ...any) ([]T, string, error) {
	list, err := QueryAll(tx, scan, fmt.Sprintf("%s LIMIT %d", query, p.limit()+1), args...)
	if err != nil {
		return nil, "", err
	}
	if n := p.limit(); len(list) > n {
		return list[:n], key(list[n-1]), nil
	}
	return list, "", nil
}

// FirstFree is [Tx.Row] for the first row of a query that no other transaction has
// locked, and locks it. If all are locked, it waits for one. The query ends with ORDER BY
// … LIMIT 1.
func (tx *Tx) FirstFree(query string, args []any, dest ...any) (err error) {
	for _, lock := range tx.db.dialect.free {
		if err = tx.Row(query+lock, args, dest...); !errors.Is(err, ErrNotFound) {
			break
		}
	}
	return err
}

// LockTable keeps other transactions from writing to a table until this one ends.
func (tx *Tx) LockTable(table string) error {
	if tx.db.dialect.lockTable == "" {
		return nil
	}
	_, err := tx.Exec(fmt.Sprintf(tx.db.dialect.lockTable, table))
	return err
}

// Tables returns the names of the tables.
func (tx *Tx) Tables() ([]string, error) {
	return QueryAll(tx, ScanText, tx.db.dialect.tables)
}

// Columns returns the columns of a table in the table's order.
func (tx *Tx) Columns(table string) ([]string, error) {
	r, err := tx.q.QueryContext(tx.ctx, "SELECT * FROM "+table+" LIMIT 0")
	if err != nil {
		return nil, tx.fail(err)
	}
	defer func() { _ = r.Close() }()
	return r.Columns()
}

// Version returns the version of the tables.
func (tx *Tx) Version() (version int64, err error) {
	err = tx.Row("SELECT COALESCE(MAX(version_id), 0) FROM "+tx.db.schema.Versions+" WHERE is_applied", nil, &version)
	return version, err
}

// Share returns the suffix of a SELECT of rows that must not be deleted before the end
// of the transaction.
func (tx *Tx) Share() string { return tx.db.dialect.share }

// Locked returns the suffix of a SELECT of rows that are then written. It is "" in a
// transaction that only reads.
func (tx *Tx) Locked() string {
	if !tx.writes {
		return ""
	}
	return tx.db.dialect.lock
}

// A Scanner is a row of a result.
type Scanner interface{ Scan(dest ...any) error }

// ScanText reads a column of texts.
func ScanText(s Scanner) (text string, err error) {
	err = s.Scan(&text)
	return text, err
}

// ScanStrict reads a row and reports whether each value has the type of its destination:
// *int64, *string or *[]byte. A column of SQLite can hold values of any type. A text that
// was changed to a blob reads the same, but queries no longer find it.
func ScanStrict(s Scanner, dest ...any) (proper bool, err error) {
	values := make([]any, len(dest))
	to := make([]any, len(dest))
	for i := range values {
		to[i] = &values[i]
	}
	if err := s.Scan(to...); err != nil {
		return false, err
	}
	proper = true
	for i, v := range values {
		ok := false
		switch d := dest[i].(type) {
		case *int64:
			*d, ok = v.(int64)
		case *string:
			*d, ok = v.(string)
		case *[]byte:
			*d, ok = v.([]byte)
		default:
			return false, fmt.Errorf("sqldb: internal error: destination of type %T", d)
		}
		proper = proper && ok
	}
	return proper, nil
}

// boolsToInts converts booleans to numbers, as in the tables. database/sql handles named
// types of numbers and texts according to their kind.
func boolsToInts(args []any) []any {
	for i, a := range args {
		switch v := a.(type) {
		case bool:
			args[i] = int64(0)
			if v {
				args[i] = int64(1)
			}
		case driver.Valuer:
			args[i] = v
		}
	}
	return args
}
