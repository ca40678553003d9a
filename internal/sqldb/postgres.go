// SPDX-License-Identifier: Apache-2.0

package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// connectTimeout is the time limit for connecting to the server, if the address has
// none.
const connectTimeout = 5 * time.Second

// connections is the maximum number of connections to PostgreSQL: those for the
// writers, and those for readers and single updates.
const connections = groupWriters + 12

// CheckAddress validates an address of PostgreSQL without connecting. The error wraps
// [ErrAddress] and does not contain the address.
func CheckAddress(address string) error {
	_, err := parseAddress(address)
	return err
}

func parseAddress(address string) (*pgx.ConnConfig, error) {
	// The errors of both parsers quote the address, which contains the password.
	if _, err := url.Parse(address); err != nil || strings.ContainsAny(address, " \t\r\n") {
		return nil, fmt.Errorf("%w: want postgres://USER@HOST:PORT/NAME", ErrAddress)
	}
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, fmt.Errorf("%w: check its port, its parameters such as sslmode, and the files that they name", ErrAddress)
	}
	return config, nil
}

// openPostgres opens an address. Transactions lock single rows (READ COMMITTED).
// Commits wait for the disk even if the server's default is different.
func (s *Schema) openPostgres(address string) (*DB, error) {
	config, err := parseAddress(address)
	if err != nil {
		return nil, err
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	config.RuntimeParams["application_name"] = s.Program
	config.RuntimeParams["synchronous_commit"] = "on"
	config.RuntimeParams["default_transaction_isolation"] = "read committed"
	// These limit how long a hanging program can keep its locks.
	config.RuntimeParams["idle_in_transaction_session_timeout"] = "20000"
	config.RuntimeParams["lock_timeout"] = "10000"
	config.RuntimeParams["statement_timeout"] = "600000"
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	return &DB{schema: s, dialect: &onPostgres, read: pool, write: pool}, nil
}

var onPostgres = dialect{
	system:          "PostgreSQL",
	text:            func(query string) string { return query },
	tables:          "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY table_name",
	goose:           goosePostgres,
	begin:           "BEGIN",
	view:            &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
	bound:           context.WithTimeout,
	lock:            " FOR NO KEY UPDATE",
	share:           " FOR SHARE",
	free:            []string{" FOR UPDATE SKIP LOCKED", " FOR UPDATE"},
	lockTable:       "LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE",
	tableLock:       &lockStatements{"SELECT pg_try_advisory_lock($1)", "SELECT pg_advisory_unlock($1)"},
	sharedTableLock: &lockStatements{"SELECT pg_try_advisory_lock_shared($1)", "SELECT pg_advisory_unlock_shared($1)"},
	writers:         groupWriters, connections: connections,
	classify: classifyPostgres,
	unique:   uniquePostgres,
	explain:  func(error) error { return nil },
	wire:     wirePostgres,
}

// goosePostgres returns a lock with it: two programs that start at the same time must
// not both migrate.
func goosePostgres() (goose.Dialect, []goose.ProviderOption, error) {
	locker, err := lock.NewPostgresSessionLocker()
	return goose.DialectPostgres, []goose.ProviderOption{goose.WithSessionLocker(locker)}, err
}

// wirePostgres returns the network connection that a connection to PostgreSQL uses.
func wirePostgres(conn *sql.Conn) (wire io.Closer) {
	_ = conn.Raw(func(c any) error {
		wire = c.(*stdlib.Conn).Conn().PgConn().Conn()
		return nil
	})
	return wire
}

// classifyPostgres uses the SQLSTATE; see appendix A of PostgreSQL's manual.
func classifyPostgres(err error) kind {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		switch {
		case e.Code == "23505":
			return kindExists
		case e.Code == "23503", e.Code == "22021": // a text with NUL, which matches no row
			return kindMissing
		case e.Code == "40001", e.Code == "40P01", e.Code == "55P03":
			return kindAgain
		case strings.HasPrefix(e.Code, "08"), strings.HasPrefix(e.Code, "53"), strings.HasPrefix(e.Code, "57"),
			strings.HasPrefix(e.Code, "58"), strings.HasPrefix(e.Code, "28"), strings.HasPrefix(e.Code, "3D"),
			e.Code == "25006": // a standby
			return kindUnavailable
		}
		return kindOther
	}
	var connect *pgconn.ConnectError
	var network net.Error
	if errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, net.ErrClosed) || strings.Contains(err.Error(), "conn closed") {
		return kindUnavailable
	}
	return kindOther
}

// uniquePostgres returns the columns in PostgreSQL's detail, which is "Key (id)=(c)
// already exists." in the language of the server.
func uniquePostgres(err error) string {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return ""
	}
	_, list, _ := strings.Cut(e.Detail, "(")
	list, _, ok := strings.Cut(list, ")=(")
	if !ok || strings.ContainsAny(list, "()") { // a function, or a value that looks like a list
		return e.ConstraintName
	}
	columns := strings.Split(list, ", ")
	for i, c := range columns {
		columns[i] = e.TableName + "." + c
	}
	return strings.Join(columns, ", ")
}
