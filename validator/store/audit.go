// SPDX-License-Identifier: Apache-2.0

package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

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

// chainHead is the end of a chain.
type chainHead struct {
	id, seq   int64
	mac, seal []byte
}

// MakeChains creates the chains, empty.
func (tx *Tx) MakeChains() error {
	mac, err := tx.mac()
	if err != nil {
		return err
	}
	for id := range int64(Chains) {
		h := chainHead{id: id + 1, mac: mac([]byte("fob audit chain"), number(id+1))}
		if err := tx.execOne("INSERT INTO audit_chain (id, seq, mac, seal) VALUES ($1, $2, $3, $4)",
			h.id, h.seq, h.mac, h.sealed(mac)); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) mac() (MAC, error) {
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
	h, err := tx.lockChain()
	if err != nil {
		return err
	}
	if !bytes.Equal(h.seal, h.sealed(mac)) {
		return fmt.Errorf("the audit log was changed by another program: the head of chain %d was altered: run fob validator audit verify", h.id)
	}
	for records := range slices.Chunk(tx.records, auditRows) {
		args := make([]any, 0, len(records)*auditValues)
		for i := range records {
			r := &records[i]
			h.seq++
			r.Chain, r.Seq = h.id, h.seq
			h.mac = mac(h.mac, r.canonical())
			args = append(args, r.Chain, r.Seq, int64(r.At), r.User, r.Clerk, r.Contract, r.Act, r.Serial, r.Rule, r.Reason,
				r.Done, r.Channel, r.Source, r.Note, h.mac)
		}
		if _, err := tx.exec(insertAudit(len(records)), args...); err != nil {
			return err
		}
	}
	return tx.execOne("UPDATE audit_chain SET seq = $2, mac = $3, seal = $4 WHERE id = $1", h.id, h.seq, h.mac, h.sealed(mac))
}

// lockChain locks a chain until the transaction ends. It takes a free chain, or waits
// for one if none is free.
func (tx *Tx) lockChain() (h chainHead, err error) {
	const query = "SELECT id, seq, mac, seal FROM audit_chain ORDER BY id LIMIT 1"
	for _, lock := range tx.db.dialect.free {
		if err = tx.row(query+lock, nil, &h.id, &h.seq, &h.mac, &h.seal); !errors.Is(err, ErrNotFound) {
			break
		}
	}
	if errors.Is(err, ErrNotFound) {
		err = errors.New("the audit log was changed by another program: its chains are missing: run fob validator audit verify")
	}
	return h, err
}

// sealed returns the seal of a head. The seal prevents the continuation of a chain from
// a head that was put back by hand.
func (h chainHead) sealed(mac MAC) []byte {
	return mac([]byte("fob audit head"), number(h.id), number(h.seq), h.mac)
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

func number(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

func scanAudit(s scanner) (r Record, err error) {
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
	var w where
	for _, c := range []struct{ condition, value string }{
		{"user_id = $", f.User},
		{"clerk_id = $", f.Clerk},
		{"contract = $", f.Contract},
		{"serial = $", f.Serial},
		{"act = $", f.Act},
		{"rule = $", f.Rule},
	} {
		if c.value != "" {
			w.add(c.condition, c.value)
		}
	}
	if f.From != 0 {
		w.add("at >= $", int64(f.From))
	}
	if f.To != 0 {
		w.add("at <= $", int64(f.To))
	}
	if f.After != "" {
		var at, chain, seq int64
		if n, err := fmt.Sscanf(f.After, "%d.%d.%d", &at, &chain, &seq); err != nil || n != 3 {
			return nil, "", fmt.Errorf("%w: there is no page after %q", ErrNotFound, f.After)
		}
		// Both databases compare row values from left to right.
		w.args = append(w.args, at, chain, seq)
		n := len(w.args)
		w.addPlain(fmt.Sprintf("(at, chain, seq) < ($%d, $%d, $%d)", n-2, n-1, n))
	}
	return queryPage(tx, scanAudit, func(r Record) string { return fmt.Sprintf("%d.%d.%d", r.At, r.Chain, r.Seq) }, f.Page,
		"SELECT "+auditColumns+" FROM audit"+w.String()+" ORDER BY at DESC, chain DESC, seq DESC", w.args...)
}

// EachAudit calls fn with all records, chain by chain, until fn returns an error. It
// does not verify them.
func (tx *Tx) EachAudit(fn func(Record) error) error {
	return tx.rows("SELECT "+auditColumns+" FROM audit ORDER BY chain, seq", nil, func(s scanner) error {
		r, err := scanAudit(s)
		if err != nil {
			return err
		}
		return fn(r)
	})
}
