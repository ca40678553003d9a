// SPDX-License-Identifier: Apache-2.0

package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/d204ef64/fob/internal/errclass"
)

// readers is the number of connections that may read a file of SQLite at once.
const readers = 4

// openSQLite opens a file. With WAL, readers can read while the one writer writes. With
// synchronous FULL, each commit is on disk before it returns: a change that was
// confirmed remains even after a power failure.
func (s *Schema) openSQLite(name string, create bool) (*DB, error) {
	if err := s.prepareFile(name, create); err != nil {
		return nil, err
	}
	dsn := func(pragmas ...string) string {
		q := url.Values{"_pragma": append([]string{
			"busy_timeout(10000)", "foreign_keys(1)", "synchronous(FULL)", "cache_size(-16384)",
		}, pragmas...)}
		if create { // otherwise the file may be another program's: it changes the file
			q.Add("_pragma", "journal_mode(WAL)")
		}
		return "file:" + (&url.URL{Path: name}).EscapedPath() + "?" + q.Encode()
	}
	// SQLite's temporary files would contain rows, so they are kept in memory.
	pragmas := []string{"temp_store(MEMORY)"}
	if s.Erase {
		pragmas = append(pragmas, "secure_delete(1)")
	}
	write, err := sql.Open("sqlite", dsn(pragmas...))
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", name, err)
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", dsn("temp_store(MEMORY)", "query_only(1)"))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening %s: %w", name, err), write.Close())
	}
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	return &DB{schema: s, dialect: &onSQLite, label: "database " + name + ": ", read: read, write: write}, nil
}

var onSQLite = dialect{
	system:  "SQLite",
	text:    textSQLite,
	prepare: true,
	tables:  "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
	goose:   func() (goose.Dialect, []goose.ProviderOption, error) { return goose.DialectSQLite3, nil, nil },
	begin:   "BEGIN IMMEDIATE",
	bound: func(ctx context.Context, _ time.Duration) (context.Context, context.CancelFunc) {
		return ctx, func() {}
	},
	free:    []string{""},
	writers: 1, connections: 1,
	opened:    "PRAGMA journal_mode = WAL",
	connected: "PRAGMA busy_timeout = 0", // the writer does the waiting
	busyWait:  busyWait,
	classify:  classifySQLite,
	unique:    uniqueSQLite,
	explain:   explainSQLite,
	wire:      func(*sql.Conn) io.Closer { return nil },
}

// textSQLite converts a statement to SQLite's syntax. In this package and in
// PostgreSQL, parameters are $1, $2, … In SQLite they are ?1, ?2, …, or plain ? if they
// occur in order and once each: its driver looks up each parameter by name, which takes
// time that grows with their number.
func textSQLite(query string) string {
	parts := strings.Split(query, "$")
	var b strings.Builder
	b.WriteString(parts[0])
	for i, part := range parts[1:] {
		digits := len(part) - len(strings.TrimLeft(part, "0123456789"))
		if part[:digits] != strconv.Itoa(i+1) {
			return strings.ReplaceAll(query, "$", "?")
		}
		b.WriteString("?" + part[digits:])
	}
	return b.String()
}

// prepareFile creates the file, for its owner only, or checks that it exists.
func (s *Schema) prepareFile(name string, create bool) error {
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("database %s: %w: it is a folder: name a file", name, ErrNoDatabase)
	case err == nil:
		return nil
	case !errors.Is(err, os.ErrNotExist):
		return errclass.With(errclass.Usage, fmt.Errorf("opening the database: %w", err))
	case !create:
		return fmt.Errorf("database %s: %w: the file does not exist: check its name, or create the %s with %s", name, s.ErrNone, s.Thing, s.initCommand())
	}
	if dir := filepath.Dir(name); dir != "." {
		if _, err := os.Stat(dir); err != nil {
			return errclass.With(errclass.Usage, fmt.Errorf("creating the database: %w", err))
		}
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return errclass.With(errclass.Usage, fmt.Errorf("creating the database: %w", err))
	}
	return f.Close()
}

// explainSQLite explains a file that is not a database, and a disk that is full or
// broken, for which waiting or reconnecting would not help.
func explainSQLite(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return nil
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_NOTADB:
		return ErrNoDatabase
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR:
		return errclass.With(errclass.Failed, fmt.Errorf("%w: %v: is the disk full?", ErrUnavailable, oneLine(err)))
	}
	return nil
}

func classifySQLite(err error) kind {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return kindOther
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return kindExists
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return kindMissing
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return kindAgain
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM:
		return kindUnavailable
	}
	return kindOther
}

// uniqueSQLite returns the columns in the text of SQLite, which is "constraint failed:
// UNIQUE constraint failed: item.id (2067)", or the index in "UNIQUE constraint failed:
// index 'item_name'".
func uniqueSQLite(err error) string {
	_, key, _ := strings.Cut(oneLine(err), "UNIQUE constraint failed: ")
	key, _, _ = strings.Cut(key, " (")
	if index, ok := strings.CutPrefix(key, "index '"); ok {
		return strings.TrimSuffix(index, "'")
	}
	return key
}
