// SPDX-License-Identifier: Apache-2.0

package store

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/d204ef64/fob/internal/atomicfile"
	"github.com/d204ef64/fob/internal/chain"
	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/token"
)

// maxBackupLine limits a line of a backup: the longest row holds a few kilobytes.
const maxBackupLine = 1 << 20

// A BackupReader reads a backup.
type BackupReader struct {
	BackupHead

	in    *bufio.Reader
	lines hash.Hash // of all lines so far
	n     int       // number of the last line
}

// ReadBackup reads the head of a backup. The error wraps [ErrBackup]. The backup is
// authenticated only when [BackupReader.Restore] has returned.
func ReadBackup(r io.Reader) (*BackupReader, error) {
	packed, err := gzip.NewReader(bufio.NewReader(r))
	if err != nil {
		return nil, fmt.Errorf("%w: it is not compressed with gzip, unlike a file from fob validator backup", ErrBackup)
	}
	b := &BackupReader{in: bufio.NewReaderSize(packed, 64<<10), lines: sha256.New()}
	line, err := b.line()
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(line, &b.BackupHead) != nil || b.Format != backupFormat {
		return nil, fmt.Errorf("%w: its first line is not the head of a backup", ErrBackup)
	}
	if b.Schema < 1 {
		return nil, fmt.Errorf("%w: its first line has no version of the tables", ErrBackup)
	}
	if b.Version != backupVersion {
		return nil, fmt.Errorf("%w: it has version %d, this program reads version %d", ErrBackup, b.Version, backupVersion)
	}
	return b, nil
}

// line returns the next line, and adds it to the hash.
func (b *BackupReader) line() ([]byte, error) {
	line, err := b.rawLine()
	if err == nil {
		b.lines.Write(line)
	}
	return line, err
}

func (b *BackupReader) rawLine() ([]byte, error) {
	b.n++
	var line []byte
	for {
		part, err := b.in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return line, nil
		case errors.Is(err, bufio.ErrBufferFull) && len(line) <= maxBackupLine:
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, fmt.Errorf("%w: line %d is too long", ErrBackup, b.n)
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil, fmt.Errorf("%w: it ends early, at line %d", ErrBackup, b.n)
		default:
			return nil, fmt.Errorf("%w: line %d: %w", ErrBackup, b.n, err)
		}
	}
}

// Restore creates the database name from the backup: a new file of SQLite, or a bank in
// a database of PostgreSQL that has none. Once all rows are in the tables, open must
// return the MAC of their bank, which authenticates the backup. Restore then brings the
// tables up to date, and calls after in the transaction that turns the rows into a
// bank. If it returns an error or is killed, it leaves no bank behind. The error wraps
// [ErrBackup] if the backup is incomplete or was changed, [ErrExists] if there is a bank
// already, and [ErrBusy] while another restoration into the database runs.
func (b *BackupReader) Restore(ctx context.Context, name string, open func(*Tx) (chain.MAC, error), after func(*Tx) error,
	progress func(rows int64),
) (rows int64, err error) {
	at := name
	if !sqldb.IsPostgres(name) {
		if _, err := os.Lstat(name); err == nil {
			return 0, fmt.Errorf("database %s %w: name a new file", name, ErrExists)
		}
		// The file is created in a folder beside its path, so an interrupted restoration
		// leaves no database.
		folder, err := atomicfile.NewTempFolder(filepath.Dir(name))
		if err != nil {
			return 0, fmt.Errorf("database %s: %w", name, err)
		}
		defer folder.Remove()
		at = filepath.Join(folder.Path, "bank.db")
	} else {
		release, err := schema.LockTables(ctx, name, func(sql *sqldb.DB) error { return b.prepareTables(ctx, sql) })
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, release()) }()
	}
	if rows, err = b.restoreAt(ctx, at, open, after, progress); err != nil {
		return 0, err
	}
	if at != name {
		if err := placeDatabase(at, name); err != nil {
			return 0, err
		}
	}
	return rows, nil
}

func (b *BackupReader) restoreAt(ctx context.Context, name string, open func(*Tx) (chain.MAC, error), after func(*Tx) error,
	progress func(rows int64),
) (rows int64, err error) {
	var mac chain.MAC
	unfinished := unfinishedID()
	// With the tables in the version of the backup.
	err = schema.UseAt(ctx, name, b.Schema, func(sql *sqldb.DB) error {
		return newDB(sql).Long(ctx, func(tx *Tx) error {
			if err := tx.removeUnfinished(); err != nil {
				return err
			}
			end, err := b.load(tx, progress)
			if err != nil {
				return err
			}
			rows = end.Rows
			if mac, err = open(tx); err != nil {
				return err
			}
			if !hmac.Equal(end.MAC, mac([]byte(backupFormat), b.lines.Sum(nil))) {
				return fmt.Errorf("%w: a line was changed after it was written", ErrBackup)
			}
			return tx.sql.ExecOne("UPDATE bank SET id = $1 WHERE id = 1", unfinished)
		})
	})
	if err != nil {
		return 0, err
	}
	// With the tables in the current version.
	return rows, schema.UseAt(ctx, name, 0, func(sql *sqldb.DB) error {
		db := newDB(sql)
		db.SetAuditMAC(mac)
		return db.Long(ctx, func(tx *Tx) error {
			err := tx.sql.ExecOne("UPDATE bank SET id = 1 WHERE id = $1", unfinished)
			if errors.Is(err, ErrNotFound) {
				return fmt.Errorf("%w: it has removed the rows restored here", ErrBusy)
			}
			if err != nil {
				return err
			}
			return after(tx)
		})
	})
}

// load reads all rows into the tables.
func (b *BackupReader) load(tx *Tx, progress func(int64)) (end backupEnd, err error) {
	var batch *rowBatch
	rows := int64(0)
	for next := 0; ; {
		// The MAC does not cover the last line.
		line, err := b.rawLine()
		if err != nil {
			return end, err
		}
		switch {
		case line[0] == '[':
			if batch == nil {
				return end, fmt.Errorf("%w: line %d: a row without a table", ErrBackup, b.n)
			}
			row, err := parseRow(line)
			if err != nil || len(row) != len(batch.columns) {
				return end, fmt.Errorf("%w: line %d is not a row of table %s", ErrBackup, b.n, batch.table)
			}
			if err := batch.add(tx, row); err != nil {
				return end, fmt.Errorf("restoring line %d: %w", b.n, err)
			}
			rows++
			if progress != nil && rows%1000 == 0 {
				progress(rows)
			}
		case bytes.HasPrefix(line, []byte(`{"table":`)):
			if err := batch.flush(tx); err != nil {
				return end, fmt.Errorf("restoring line %d: %w", b.n, err)
			}
			var head tableHead
			if json.Unmarshal(line, &head) != nil {
				return end, fmt.Errorf("%w: line %d is not the head of a table", ErrBackup, b.n)
			}
			at := slices.Index(savedTables[next:], head.Table)
			if at < 0 {
				return end, fmt.Errorf("%w: line %d: the table is unknown or out of order", ErrBackup, b.n)
			}
			next += at + 1
			// Names become part of SQL, so they must be the table's.
			have, err := tx.sql.Columns(head.Table)
			if err != nil {
				return end, err
			}
			if !slices.Equal(have, head.Columns) {
				return end, fmt.Errorf("%w: line %d: table %s has other columns in version %d of the tables", ErrBackup, b.n, head.Table, b.Schema)
			}
			batch = &rowBatch{table: head.Table, columns: have}
		default:
			if err := batch.flush(tx); err != nil {
				return end, fmt.Errorf("restoring line %d: %w", b.n, err)
			}
			if json.Unmarshal(line, &end) != nil || end.Rows != rows {
				return end, fmt.Errorf("%w: line %d is not a valid last line", ErrBackup, b.n)
			}
			if _, err := b.in.ReadByte(); !errors.Is(err, io.EOF) {
				return end, fmt.Errorf("%w: there is data after its last line", ErrBackup)
			}
			return end, nil
		}
		b.lines.Write(line)
	}
}

// parseRow reads a row in the form of [saved].
func parseRow(line []byte) ([]any, error) {
	var parts []json.RawMessage
	if err := json.Unmarshal(line, &parts); err != nil {
		return nil, err
	}
	row := make([]any, len(parts))
	for i, part := range parts {
		var err error
		switch part[0] {
		case 'n':
		case '"':
			var text string
			err = json.Unmarshal(part, &text)
			row[i] = text
		case '{':
			var b blob
			err = json.Unmarshal(part, &b)
			if b.Bytes == nil {
				b.Bytes = []byte{}
			}
			row[i] = b.Bytes
		default:
			var number int64
			err = json.Unmarshal(part, &number)
			row[i] = number
		}
		if err != nil {
			return nil, err
		}
	}
	return row, nil
}

// A rowBatch writes several rows of a table with each statement.
type rowBatch struct {
	table   string
	columns []string
	args    []any
}

const rowsAtOnce = 50

func (b *rowBatch) add(tx *Tx, row []any) error {
	b.args = append(b.args, row...)
	if len(b.args) < rowsAtOnce*len(b.columns) {
		return nil
	}
	return b.flush(tx)
}

func (b *rowBatch) flush(tx *Tx) error {
	if b == nil || len(b.args) == 0 {
		return nil
	}
	var query strings.Builder
	fmt.Fprintf(&query, "INSERT INTO %s (%s) VALUES ", b.table, strings.Join(b.columns, ", "))
	for i := range b.args {
		switch {
		case i == 0:
			query.WriteString("(")
		case i%len(b.columns) == 0:
			query.WriteString("), (")
		default:
			query.WriteString(", ")
		}
		fmt.Fprintf(&query, "$%d", i+1)
	}
	query.WriteString(")")
	_, err := tx.sql.Exec(query.String(), b.args...)
	b.args = b.args[:0]
	return err
}

// SpendCodes makes every code that was accepted up to an instant count as used, and
// forgets the first codes of pairs. A token may run ahead of the highest step that is
// expected of it by some steps.
func (tx *Tx) SpendCodes(now token.UnixSeconds, ahead int64) error {
	_, err := tx.sql.Exec(`UPDATE token SET pending = 0, pending_step = 0, pending_offset = 0,
		next_step = CASE WHEN next_step > ($1 - t0) / step + drift_top + $2 + 1 THEN next_step
			ELSE ($1 - t0) / step + drift_top + $2 + 1 END
		WHERE t0 <= $1`, int64(now), ahead)
	return err
}

// MarkNoticesDoubtful marks the notices that were not sent as doubtful, for a clerk to decide.
func (tx *Tx) MarkNoticesDoubtful(problem string) error {
	_, err := tx.sql.Exec("UPDATE notice SET status = $1, problem = $2 WHERE status = $3 OR status = $4",
		int64(NoticeDoubtful), problem, int64(NoticeDue), int64(NoticeSending))
	return err
}
