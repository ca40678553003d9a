// SPDX-License-Identifier: Apache-2.0

package store

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/token"
)

// AuditReport is the result of checking the audit log.
type AuditReport struct {
	Records int64 `json:"records"`

	// Checkpoint is the state of all chains, to be stored elsewhere. A log that was reset
	// to an earlier state, including the heads of its chains, is consistent in itself.
	// Only a later checkpoint reveals the change.
	Checkpoint string `json:"heads"`

	// Faults lists the places where the log differs from the written one, at most 100.
	// It is empty if the log is intact.
	Faults []string `json:"faults"`
}

// ErrCheckpoint is the error for a text that is not an [AuditReport.Checkpoint].
var ErrCheckpoint = errclass.New(errclass.Usage, "not a checkpoint: want the one that an earlier verification printed: chain:record:code,…")

// maxFaults is the maximum number of faults in a report.
const maxFaults = 100

func (r *AuditReport) fault(format string, args ...any) {
	if len(r.Faults) < maxFaults {
		r.Faults = append(r.Faults, fmt.Sprintf(format, args...))
	}
}

// A walk follows one chain.
type walk struct {
	head   chainHead // current position
	wanted chainHead // required end
	since  *chainHead
}

// VerifyAudit follows all chains and reports records that were changed, added, removed,
// moved or cut off at the end. since is the Checkpoint of an earlier report, or "".
func (tx *Tx) VerifyAudit(since string, progress func(done int64)) (AuditReport, error) {
	report := AuditReport{}
	mac, err := tx.mac()
	if err != nil {
		return report, err
	}
	earlier, err := parseCheckpoint(since)
	if err != nil {
		return report, err
	}
	chains, err := tx.chains(mac, &report)
	if err != nil {
		return report, err
	}
	for id, h := range earlier {
		if w := chains[id]; w != nil {
			w.since = &h
			w.compareWithCheckpoint(&report)
		}
	}
	err = tx.rows("SELECT "+auditColumns+" FROM audit ORDER BY chain, seq", nil, func(s scanner) error {
		r, got, proper, err := scanStrictly(s)
		if err != nil {
			return err
		}
		report.Records++
		if progress != nil && report.Records%1000 == 0 {
			progress(report.Records)
		}
		w := chains[r.Chain]
		if w == nil {
			report.fault("chain %d, record %d: there is no such chain", r.Chain, r.Seq)
			return nil
		}
		if r.Seq != w.head.seq+1 {
			report.fault("chain %d: record %d follows record %d", r.Chain, r.Seq, w.head.seq)
		}
		if want := mac(w.head.mac, r.canonical()); !proper || !bytes.Equal(want, got) {
			report.fault("chain %d, record %d: the record was changed", r.Chain, r.Seq)
		}
		w.head.seq, w.head.mac = r.Seq, got // continue from this record, so one edit gives one fault
		w.compareWithCheckpoint(&report)
		return nil
	})
	if err != nil {
		return report, err
	}
	for id := int64(1); id <= Chains; id++ {
		w := chains[id]
		if w == nil {
			continue
		}
		switch {
		case w.head.seq != w.wanted.seq:
			report.fault("chain %d ends with record %d, its head is at record %d", id, w.head.seq, w.wanted.seq)
		case !bytes.Equal(w.head.mac, w.wanted.mac):
			report.fault("chain %d: its last record does not match its head", id)
		}
		if w.since != nil && w.since.seq > w.head.seq {
			report.fault("chain %d ends with record %d, but the checkpoint has record %d: records were removed", id, w.head.seq, w.since.seq)
		}
	}
	report.Checkpoint = formatCheckpoint(chains)
	if progress != nil {
		progress(report.Records)
	}
	return report, nil
}

// scanStrictly reads a record, and reports whether its values have the types that were
// written. A column of SQLite can hold values of any type. A text that was changed to a
// blob reads the same, but queries no longer find it.
func scanStrictly(s scanner) (r Record, mac []byte, proper bool, err error) {
	var v [auditValues]any
	var dest [auditValues]any
	for i := range v {
		dest[i] = &v[i]
	}
	if err := s.Scan(dest[:]...); err != nil {
		return r, nil, false, err
	}
	var at, done int64
	proper = true
	for i, d := range []any{
		&r.Chain, &r.Seq, &at, &r.User, &r.Clerk, &r.Contract, &r.Act, &r.Serial, &r.Rule, &r.Reason, &done,
		&r.Channel, &r.Source, &r.Note, &mac,
	} {
		proper = assignColumn(v[i], d) && proper
	}
	r.At, r.Done = token.UnixSeconds(at), done == 1
	return r, mac, proper && (done == 0 || done == 1), nil
}

// assignColumn stores a value in dest, and reports whether it has the type of dest.
func assignColumn(v, dest any) (ok bool) {
	switch d := dest.(type) {
	case *int64:
		*d, ok = v.(int64)
	case *string:
		*d, ok = v.(string)
	case *[]byte:
		*d, ok = v.([]byte)
	}
	return ok
}

// compareWithCheckpoint checks that the chain agrees with an earlier report at its current position.
func (w *walk) compareWithCheckpoint(report *AuditReport) {
	if w.since != nil && w.head.seq == w.since.seq && !bytes.Equal(w.head.mac, w.since.mac) {
		report.fault("chain %d, record %d: differs from the checkpoint", w.head.id, w.head.seq)
	}
}

// chains reads the heads, and returns for each chain a walk that starts at its
// beginning.
func (tx *Tx) chains(mac MAC, report *AuditReport) (map[int64]*walk, error) {
	chains := map[int64]*walk{}
	err := tx.rows("SELECT id, seq, mac, seal FROM audit_chain ORDER BY id", nil, func(s scanner) error {
		var v [4]any
		if err := s.Scan(&v[0], &v[1], &v[2], &v[3]); err != nil {
			return err
		}
		var h chainHead
		proper := assignColumn(v[0], &h.id) && assignColumn(v[1], &h.seq)
		proper = proper && assignColumn(v[2], &h.mac) && assignColumn(v[3], &h.seal)
		if !proper || !bytes.Equal(h.seal, h.sealed(mac)) {
			report.fault("chain %d: its head was changed", h.id)
		}
		if h.id < 1 || h.id > Chains {
			report.fault("chain %d: there is no such chain", h.id)
			return nil
		}
		chains[h.id] = &walk{head: chainHead{id: h.id, mac: mac([]byte("fob audit chain"), number(h.id))}, wanted: h}
		return nil
	})
	for id := int64(1); id <= Chains && err == nil; id++ {
		if chains[id] == nil {
			report.fault("chain %d: its head is missing", id)
		}
	}
	return chains, err
}

// formatCheckpoint writes the ends of chains: "1:42:…,2:7:…".
func formatCheckpoint(chains map[int64]*walk) string {
	var parts []string
	for id := int64(1); id <= Chains; id++ {
		if w := chains[id]; w != nil && w.head.seq > 0 {
			parts = append(parts, fmt.Sprintf("%d:%d:%s", id, w.head.seq, base64.RawURLEncoding.EncodeToString(w.head.mac)))
		}
	}
	return strings.Join(parts, ",")
}

// parseCheckpoint is the reverse of formatCheckpoint.
func parseCheckpoint(text string) (map[int64]chainHead, error) {
	heads := map[int64]chainHead{}
	if text = strings.TrimSpace(text); text == "" {
		return heads, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		var h chainHead
		fields := strings.Split(part, ":")
		if len(fields) == 3 {
			_, err1 := fmt.Sscan(fields[0], &h.id)
			_, err2 := fmt.Sscan(fields[1], &h.seq)
			mac, err3 := base64.RawURLEncoding.DecodeString(fields[2])
			if err1 == nil && err2 == nil && err3 == nil && h.id >= 1 && h.id <= Chains && h.seq > 0 {
				h.mac = mac
				heads[h.id] = h
				continue
			}
		}
		return nil, ErrCheckpoint // without the text: it may be another file's content, such as a key
	}
	return heads, nil
}
