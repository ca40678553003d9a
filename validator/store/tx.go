// SPDX-License-Identifier: Apache-2.0

package store

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
	ctx     context.Context
	db      *DB
	q       querier
	writes  bool
	records []Record
	after   []func()
	failed  error // the first error of the database, after which nothing is committed
}

// errText is the error for writing a text that PostgreSQL cannot store.
var errText = errors.New("store: a text that is not UTF-8, or has a zero byte, cannot be stored")

// sqlTx is a transaction that reads.
type sqlTx struct {
	*sql.Tx
	dialect *dialect
}

func (t sqlTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return t.Tx.ExecContext(ctx, t.dialect.text(query), args...)
}

func (t sqlTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return t.Tx.QueryContext(ctx, t.dialect.text(query), args...)
}

// exec runs a statement and returns the number of affected rows.
func (tx *Tx) exec(query string, args ...any) (int64, error) {
	if !tx.writes {
		return 0, errors.New("store: internal error: a view cannot write")
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

// execOne runs a statement that must affect exactly one row.
func (tx *Tx) execOne(query string, args ...any) error {
	n, err := tx.exec(query, args...)
	switch {
	case err != nil:
		return err
	case n == 0:
		return ErrNotFound
	case n > 1:
		return fmt.Errorf("store: internal error: %d rows written instead of one", n)
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

// rows runs a query and passes each row to scan. A query for a text that cannot be
// stored has no rows: PostgreSQL would return an error.
func (tx *Tx) rows(query string, args []any, scan func(scanner) error) error {
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

// row runs a query of one row. It returns [ErrNotFound] if there is none.
func (tx *Tx) row(query string, args []any, dest ...any) error {
	_, err := queryOne(tx, func(s scanner) (any, error) { return nil, s.Scan(dest...) }, query, args...)
	return err
}

// queryOne returns the row of a query, or [ErrNotFound] if there is none.
func queryOne[T any](tx *Tx, scan func(scanner) (T, error), query string, args ...any) (v T, err error) {
	found := false
	err = tx.rows(query, args, func(s scanner) (err error) {
		found = true
		v, err = scan(s)
		return err
	})
	if err == nil && !found {
		err = ErrNotFound
	}
	return v, err
}

// queryAll returns all rows of a query.
func queryAll[T any](tx *Tx, scan func(scanner) (T, error), query string, args ...any) (list []T, err error) {
	err = tx.rows(query, args, func(s scanner) error {
		v, err := scan(s)
		list = append(list, v)
		return err
	})
	return list, err
}

// queryPage returns a page of the rows that a query selects, and the key of its last row
// if another page follows. The query has no LIMIT: queryPage reads one row more than the
// page holds.
func queryPage[T any](tx *Tx, scan func(scanner) (T, error), key func(T) string, p Page, query string, args ...any) ([]T, string, error) {
	list, err := queryAll(tx, scan, fmt.Sprintf("%s LIMIT %d", query, p.limit()+1), args...)
	if err != nil {
		return nil, "", err
	}
	if n := p.limit(); len(list) > n {
		return list[:n], key(list[n-1]), nil
	}
	return list, "", nil
}

// locked returns the suffix of a SELECT of rows that are then written.
func (tx *Tx) locked() string {
	if !tx.writes {
		return ""
	}
	return tx.db.dialect.lock
}

type scanner interface{ Scan(dest ...any) error }

// scanText reads a column of texts.
func scanText(s scanner) (text string, err error) {
	err = s.Scan(&text)
	return text, err
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

// nullIfEmpty returns a text, or NULL if it is empty.
func nullIfEmpty(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// A where collects conditions and their values.
type where struct {
	parts []string
	args  []any
}

// add adds a condition in which $ is replaced by the value's parameter.
func (w *where) add(condition string, v any) {
	w.args = append(w.args, v)
	w.parts = append(w.parts, strings.ReplaceAll(condition, "$", fmt.Sprintf("$%d", len(w.args))))
}

// boolsToInts adds a condition without a value.
func (w *where) addPlain(condition string) { w.parts = append(w.parts, condition) }

// String returns "" or " WHERE …".
func (w *where) String() string {
	if len(w.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.parts, " AND ")
}

// limit returns the maximum number of lines on a page. Lists read one more, to detect
// another page.
func (p Page) limit() int {
	switch {
	case p.Limit <= 0:
		return 100
	case p.Limit > 1000:
		return 1000
	}
	return p.Limit
}

// likePrefix returns a pattern for LIKE … ESCAPE '\' that matches texts that begin with s.
func likePrefix(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s) + "%"
}
