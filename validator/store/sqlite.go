// SPDX-License-Identifier: Apache-2.0

package store

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/d204ef64/fob/internal/errclass"
)

// readers is the number of connections that may read a file of SQLite at once.
const readers = 4

// openSQLite opens a file. With WAL, readers can read while the one writer writes. With
// synchronous FULL, each commit is on disk before it returns: an accepted code remains
// used even after a power failure.
func openSQLite(name string, create bool) (*DB, error) {
	if err := prepareFile(name, create); err != nil {
		return nil, err
	}
	dsn := func(pragmas ...string) string {
		q := url.Values{"_pragma": append([]string{
			"busy_timeout(10000)", "foreign_keys(1)", "journal_mode(WAL)", "synchronous(FULL)", "cache_size(-16384)",
		}, pragmas...)}
		return "file:" + (&url.URL{Path: name}).EscapedPath() + "?" + q.Encode()
	}
	// SQLite's temporary files would contain rows, so they are kept in memory.
	write, err := sql.Open("sqlite", dsn("temp_store(MEMORY)"))
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
	return &DB{
		dialect: dialect{
			begin: "BEGIN IMMEDIATE", classify: classifySQLite, wire: func(*sql.Conn) io.Closer { return nil },
		},
		read: read, write: write,
	}, nil
}

// prepareFile creates the file, for its owner only, or checks that it exists.
func prepareFile(name string, create bool) error {
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("database %s is a folder, %w: name a file", name, ErrNoDatabase)
	case err == nil:
		return nil
	case !errors.Is(err, os.ErrNotExist):
		return errclass.With(errclass.Usage, fmt.Errorf("opening the database: %w", err))
	case !create:
		return fmt.Errorf("database %s: %w, nor such a file: look at its name, or make one with init", name, ErrNoBank)
	}
	if dir := filepath.Dir(name); dir != "." {
		if _, err := os.Stat(dir); err != nil {
			return errclass.With(errclass.Usage, fmt.Errorf("making the database: %w", err))
		}
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return errclass.With(errclass.Usage, fmt.Errorf("making the database: %w", err))
	}
	return f.Close()
}

// noDatabase reports whether the error means that a file is not a database.
func noDatabase(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_NOTADB
}

// diskFailed reports whether the error means that the disk is full or broken.
func diskFailed(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	code := e.Code() & 0xff
	return code == sqlite3.SQLITE_FULL || code == sqlite3.SQLITE_IOERR
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
