// SPDX-License-Identifier: Apache-2.0

package chain

import (
	"errors"
	"fmt"

	"github.com/d204ef64/fob/internal/sqldb"
)

// A Log is a log whose heads are in a table of a database, with the columns id, seq, mac
// (the code) and seal. The records are in a table of the caller.
type Log struct {
	Name   string // for messages, such as "audit log"
	Advice string // for messages about a changed log, such as "run fob validator audit verify"
	Label  string // separates this log from others with the same keys, such as "fob audit"
	Heads  string // name of the table of the heads
	Chains int64  // number of chains; with SQLite, which has one writer, only the first is used
}

var errReadOnly = errors.New("chain: internal error: these keys cannot write a log")

// Create creates the heads of empty chains.
func (l *Log) Create(tx *sqldb.Tx, k Keys) error {
	if k.seal == nil {
		return errReadOnly
	}
	for id := int64(1); id <= l.Chains; id++ {
		h := l.Empty(k, id)
		l.Seal(k, &h)
		if err := tx.ExecOne("INSERT INTO "+l.Heads+" (id, seq, mac, seal) VALUES ($1, $2, $3, $4)", h.ID, h.Seq, h.Code, h.Seal); err != nil {
			return err
		}
	}
	return nil
}

// Lock returns the head of a chain that no other transaction holds, or waits for one. The
// transaction holds the chain until it ends. If the head was altered, Lock returns an
// error.
func (l *Log) Lock(tx *sqldb.Tx, k Keys) (*Head, error) {
	h := new(Head)
	err := tx.FirstFree("SELECT id, seq, mac, seal FROM "+l.Heads+" ORDER BY id LIMIT 1", nil, &h.ID, &h.Seq, &h.Code, &h.Seal)
	switch {
	case errors.Is(err, sqldb.ErrNotFound):
		return nil, fmt.Errorf("the %s was changed by another program: its chains are missing: %s", l.Name, l.Advice)
	case err != nil:
		return nil, err
	case !l.Intact(k, h):
		return nil, fmt.Errorf("the %s was changed by another program: the head of chain %d was altered: %s", l.Name, h.ID, l.Advice)
	}
	return h, nil
}

// Put seals a head to which records were appended, and writes it.
func (l *Log) Put(tx *sqldb.Tx, k Keys, h *Head) error {
	if k.seal == nil {
		return errReadOnly
	}
	l.Seal(k, h)
	return tx.ExecOne("UPDATE "+l.Heads+" SET seq = $2, mac = $3, seal = $4 WHERE id = $1", h.ID, h.Seq, h.Code, h.Seal)
}

// Verify follows all chains and reports records that were changed, added, removed, moved
// or cut off at the end. since is the Checkpoint of an earlier report, or "". query
// selects all records in the order of their chains and numbers, and scan reads one.
// progress, if not nil, is called with the number of records read so far.
func (l *Log) Verify(tx *sqldb.Tx, k Keys, since string, progress func(done int64),
	query string, scan func(sqldb.Scanner) (Record, error),
) (Report, error) {
	heads, err := l.heads(tx)
	if err != nil {
		return Report{}, err
	}
	v, err := l.Verifier(k, heads, since)
	if err != nil {
		return Report{}, err
	}
	err = tx.Rows(query, nil, func(s sqldb.Scanner) error {
		r, err := scan(s)
		if err != nil {
			return err
		}
		v.Add(r)
		if progress != nil && v.report.Records%1000 == 0 {
			progress(v.report.Records)
		}
		return nil
	})
	if err != nil {
		return Report{}, err
	}
	report := v.End()
	if progress != nil {
		progress(report.Records)
	}
	return report, nil
}

// heads reads the heads. A head whose values have other types than were written gets no
// seal.
func (l *Log) heads(tx *sqldb.Tx) (heads []Head, err error) {
	return sqldb.QueryAll(tx, func(s sqldb.Scanner) (h Head, err error) {
		proper, err := sqldb.ScanStrict(s, &h.ID, &h.Seq, &h.Code, &h.Seal)
		if !proper {
			h.Seal = nil
		}
		return h, err
	}, "SELECT id, seq, mac, seal FROM "+l.Heads+" ORDER BY id")
}
