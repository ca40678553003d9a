// SPDX-License-Identifier: Apache-2.0

package store

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/token"
)

// A backup consists of lines of JSON, compressed with gzip. The first is a
// [BackupHead]. For each table there is a line with its name and columns, followed by a
// list for each row. The last line has the number of rows, and a MAC over all lines
// before it. Both databases use the same format.

// ErrBackup is the error for a file that is not a backup, or for a backup that was
// truncated or changed.
var ErrBackup = errclass.New(errclass.Usage, "not a complete backup")

// backupFormat and backupVersion identify the format in the head of each backup.
const (
	backupFormat  = "fob bank backup"
	backupVersion = 1
)

// savedTables are the tables of a backup. Each comes after the tables to which its rows
// refer.
var savedTables = []string{
	"bank", "data_key", "contract", "token", "bank_user", "token_order", "notice", "bank_transaction",
	"clerk", "api_key", "audit_chain", "audit",
}

// unsavedTables are the other tables. Sessions end with a restoration, and the version
// of the tables is in the head.
var unsavedTables = []string{"session", versionsTable}

// BackupHead describes a backup. It is read before anything is authenticated.
type BackupHead struct {
	Format  string            `json:"format"`
	Version int               `json:"version"`
	Schema  int64             `json:"schema"` // version of the tables
	KDF     string            `json:"kdf"`    // parameters for deriving the master key from a passphrase; "" with a key file
	Made    token.UnixSeconds `json:"made"`
}

// A tableHead precedes the rows of a table.
type tableHead struct {
	Table   string   `json:"table"`
	Columns []string `json:"columns"`
}

// A backupEnd is the last line.
type backupEnd struct {
	Rows int64  `json:"rows"`
	MAC  []byte `json:"mac"`
}

// Backup writes a backup of one state of the database, and returns the number of rows.
// Others can read and write meanwhile. made is the time that is recorded in the backup.
// If progress is not nil, it is called with the number of rows written so far.
func (db *DB) Backup(ctx context.Context, w io.Writer, made token.UnixSeconds, progress func(rows int64)) (rows int64, err error) {
	err = db.LongView(ctx, func(tx *Tx) error {
		b := &backupWriter{lines: sha256.New(), progress: progress}
		packed := gzip.NewWriter(w)
		b.out = bufio.NewWriterSize(packed, 64<<10)
		mac, err := tx.mac()
		if err != nil {
			return err
		}
		if err := b.all(tx, made); err != nil {
			return err
		}
		rows = b.rows
		if err := b.line(backupEnd{rows, mac([]byte(backupFormat), b.lines.Sum(nil))}); err != nil {
			return err
		}
		return errors.Join(b.out.Flush(), packed.Close())
	})
	return rows, err
}

type backupWriter struct {
	out      *bufio.Writer
	lines    hash.Hash // of all lines so far
	rows     int64
	progress func(int64)
}

func (b *backupWriter) all(tx *Tx, made token.UnixSeconds) error {
	meta, err := tx.Meta()
	if err != nil {
		return err
	}
	head := BackupHead{Format: backupFormat, Version: backupVersion, KDF: meta.KDF, Made: made}
	if head.Schema, err = tx.sql.Version(); err != nil {
		return err
	}
	if err := b.line(head); err != nil {
		return err
	}
	have, err := tx.sql.Tables()
	if err != nil {
		return err
	}
	for _, table := range have {
		if !slices.Contains(savedTables, table) && !slices.Contains(unsavedTables, table) {
			return fmt.Errorf("store: the database has a table %q, which backups do not include: move it to another database", table)
		}
	}
	for _, table := range savedTables {
		if !slices.Contains(have, table) { // a database of an older program lacks this table
			continue
		}
		if err := b.table(tx, table); err != nil {
			return err
		}
	}
	return nil
}

func (b *backupWriter) table(tx *Tx, table string) error {
	columns, err := tx.sql.Columns(table)
	if err != nil {
		return err
	}
	if err := b.line(tableHead{table, columns}); err != nil {
		return err
	}
	values := make([]any, len(columns))
	dest := make([]any, len(columns))
	for i := range values {
		dest[i] = &values[i]
	}
	// Order by the key: two backups of the same state must be equal.
	return tx.sql.Rows("SELECT "+strings.Join(columns, ", ")+" FROM "+table+" ORDER BY "+columns[0]+", "+columns[min(1, len(columns)-1)], nil,
		func(s sqldb.Scanner) error {
			if err := s.Scan(dest...); err != nil {
				return err
			}
			row := make([]any, len(values))
			for i, v := range values {
				if row[i], err = backupValue(v); err != nil {
					return fmt.Errorf("store: saving %s.%s: %w", table, columns[i], err)
				}
			}
			b.rows++
			if b.progress != nil && b.rows%1000 == 0 {
				b.progress(b.rows)
			}
			return b.line(row)
		})
}

// blob is the JSON form of bytes in a backup.
type blob struct {
	Bytes []byte `json:"bytes"`
}

// backupValue converts a value of a row to its form in a backup.
func backupValue(v any) (any, error) {
	switch v := v.(type) {
	case nil, string, int64:
		return v, nil
	case []byte:
		return blob{v}, nil
	}
	return nil, fmt.Errorf("unsupported type %T", v)
}

func (b *backupWriter) line(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	text = append(text, '\n')
	b.lines.Write(text)
	_, err = b.out.Write(text)
	return err
}
