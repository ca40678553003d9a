// SPDX-License-Identifier: Apache-2.0

package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/d204ef64/fob/internal/chain"
	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/token"
)

// Chains is the number of hash chains in the audit log. A transaction holds one until
// it is on disk. SQLite, which has one writer, uses only the first.
const Chains = 16

const auditColumns = "chain, seq, at, user_id, clerk_id, contract, act, serial, rule, reason, done, front, source, note, mac"

// auditValues is the number of values in a record.
const auditValues = 15

// AddAudit adds a record to the audit log. It gets its place in a chain at the end of
// the transaction.
func (tx *Tx) AddAudit(r Record) {
	if mark := tx.db.observer.Load().Mark; mark != nil {
		mark(&r)
	}
	tx.records = append(tx.records, r)
}

// auditLog is the log in the tables audit and audit_chain.
var auditLog = chain.Log{
	Name: "audit log", Advice: "run fob validator audit verify", Label: "fob audit", Heads: "audit_chain", Chains: Chains,
}

// MakeChains creates the chains, empty.
func (tx *Tx) MakeChains() error {
	mac, err := tx.mac()
	if err != nil {
		return err
	}
	return auditLog.Create(tx.sql, chain.WithMAC(mac))
}

func (tx *Tx) mac() (chain.MAC, error) {
	p := tx.db.mac.Load()
	if p == nil {
		return nil, errors.New("store: internal error: no key for the audit log")
	}
	return *p, nil
}

// appendAudit appends the transaction's records to a chain that no other transaction
// holds.
func (tx *Tx) appendAudit() error {
	if len(tx.records) == 0 {
		return nil
	}
	mac, err := tx.mac()
	if err != nil {
		return err
	}
	keys := chain.WithMAC(mac)
	h, err := auditLog.Lock(tx.sql, keys)
	if err != nil {
		return err
	}
	for records := range slices.Chunk(tx.records, auditRows) {
		args := make([]any, 0, len(records)*auditValues)
		for i := range records {
			r := &records[i]
			code := h.Append(keys, r.canonicalAt)
			args = append(args, r.Chain, r.Seq, int64(r.At), r.User, r.Clerk, r.Contract, r.Act, r.Serial, r.Rule, r.Reason,
				r.Done, r.Channel, r.Source, r.Note, code)
		}
		if _, err := tx.sql.Exec(insertAudit(len(records)), args...); err != nil {
			return err
		}
	}
	return auditLog.Put(tx.sql, keys, h)
}

// auditRows is the maximum number of records in one statement.
const auditRows = 64

var auditInserts = func() (texts [auditRows + 1]string) {
	row := func(i int) string {
		var b strings.Builder
		for v := range auditValues {
			if v > 0 {
				b.WriteString(", ")
			}
			b.WriteString("$" + strconv.Itoa(i*auditValues+v+1))
		}
		return "(" + b.String() + ")"
	}
	var values []string
	for n := 1; n <= auditRows; n++ {
		values = append(values, row(n-1))
		texts[n] = "INSERT INTO audit (" + auditColumns + ") VALUES " + strings.Join(values, ", ")
	}
	return texts
}()

func insertAudit(n int) string { return auditInserts[n] }

// canonicalAt gives a record its place, and returns its canonical bytes.
func (r *Record) canonicalAt(chain, seq int64) []byte {
	r.Chain, r.Seq = chain, seq
	return r.canonical()
}

// canonical returns the bytes of a record that the chain authenticates. Each text is
// preceded by its length.
func (r *Record) canonical() []byte {
	b := make([]byte, 0, 256)
	for _, n := range []int64{r.Chain, r.Seq, int64(r.At)} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	done := byte(0)
	if r.Done {
		done = 1
	}
	b = append(b, done)
	for _, s := range []string{r.User, r.Clerk, r.Contract, r.Act, r.Serial, r.Rule, r.Reason, r.Channel, r.Source, r.Note} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}

func scanAudit(s sqldb.Scanner) (r Record, err error) {
	var mac []byte
	err = s.Scan(&r.Chain, &r.Seq, &r.At, &r.User, &r.Clerk, &r.Contract, &r.Act, &r.Serial, &r.Rule, &r.Reason, &r.Done,
		&r.Channel, &r.Source, &r.Note, &mac)
	return r, err
}

// AuditFilter selects the records of a list; zero fields select all. The newest come
// first.
type AuditFilter struct {
	User, Clerk, Contract, Serial, Act, Rule string

	From, To token.UnixSeconds // both inclusive
	Page
}

// Audit lists records of the audit log.
func (tx *Tx) Audit(f AuditFilter) ([]Record, string, error) {
	var w sqldb.Where
	for _, c := range []struct{ condition, value string }{
		{"user_id = $", f.User},
		{"clerk_id = $", f.Clerk},
		{"contract = $", f.Contract},
		{"serial = $", f.Serial},
		{"act = $", f.Act},
		{"rule = $", f.Rule},
	} {
		if c.value != "" {
			w.Add(c.condition, c.value)
		}
	}
	if f.From != 0 {
		w.Add("at >= $", int64(f.From))
	}
	if f.To != 0 {
		w.Add("at <= $", int64(f.To))
	}
	if f.After != "" {
		var at, chain, seq int64
		if n, err := fmt.Sscanf(f.After, "%d.%d.%d", &at, &chain, &seq); err != nil || n != 3 {
			return nil, "", fmt.Errorf("%w: there is no page after %q", ErrNotFound, f.After)
		}
		// Both databases compare row values from left to right.
		w.Add("(at, chain, seq) < ($, $, $)", at, chain, seq)
	}
	return sqldb.QueryPage(tx.sql, scanAudit, func(r Record) string { return fmt.Sprintf("%d.%d.%d", r.At, r.Chain, r.Seq) }, f.Page,
		"SELECT "+auditColumns+" FROM audit"+w.String()+" ORDER BY at DESC, chain DESC, seq DESC", w.Args()...)
}

// EachAudit calls fn with all records, chain by chain, until fn returns an error. It
// does not verify them.
func (tx *Tx) EachAudit(fn func(Record) error) error {
	return tx.sql.Rows("SELECT "+auditColumns+" FROM audit ORDER BY chain, seq", nil, func(s sqldb.Scanner) error {
		r, err := scanAudit(s)
		if err != nil {
			return err
		}
		return fn(r)
	})
}

// AuditReport is the result of checking the audit log.
type AuditReport = chain.Report

// ErrCheckpoint is the error for a text that is not an [AuditReport.Checkpoint].
var ErrCheckpoint = chain.ErrCheckpoint

// VerifyAudit follows all chains and reports records that were changed, added, removed,
// moved or cut off at the end. since is the Checkpoint of an earlier report, or "".
func (tx *Tx) VerifyAudit(since string, progress func(done int64)) (AuditReport, error) {
	mac, err := tx.mac()
	if err != nil {
		return AuditReport{}, err
	}
	return auditLog.Verify(tx.sql, chain.WithMAC(mac), since, progress,
		"SELECT "+auditColumns+" FROM audit ORDER BY chain, seq", scanStrictly)
}

// scanStrictly reads a record, and checks that its values have the types that were
// written.
func scanStrictly(s sqldb.Scanner) (c chain.Record, err error) {
	var r Record
	var at, done int64
	proper, err := sqldb.ScanStrict(s, &r.Chain, &r.Seq, &at, &r.User, &r.Clerk, &r.Contract, &r.Act, &r.Serial, &r.Rule, &r.Reason,
		&done, &r.Channel, &r.Source, &r.Note, &c.Code)
	r.At, r.Done = token.UnixSeconds(at), done == 1
	c.Chain, c.Seq, c.Bytes, c.Improper = r.Chain, r.Seq, r.canonical(), !proper || done != 0 && done != 1
	return c, err
}
