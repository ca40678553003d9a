// SPDX-License-Identifier: Apache-2.0

package chain

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/d204ef64/fob/internal/errclass"
)

// Report is the result of verifying a log.
type Report struct {
	Records int64 `json:"records"`

	// Checkpoint is the state of all chains, to be stored elsewhere. A log that was reset
	// to an earlier state, including the heads of its chains, is consistent in itself.
	// Only a later checkpoint reveals the change. In a log of [Signed], it contains the
	// signatures of the heads.
	Checkpoint string `json:"heads"`

	// Faults lists the places where the log differs from the written one, at most 100.
	// It is empty if the log is intact.
	Faults []string `json:"faults"`

	// Broken is the first record that was changed, added or removed. It is nil if there
	// is none: the heads may still have faults.
	Broken *Place `json:"-"`
}

// A Place is the chain and the number of a record.
type Place struct{ Chain, Seq int64 }

// String returns for example "chain 1, record 42".
func (p Place) String() string { return fmt.Sprintf("chain %d, record %d", p.Chain, p.Seq) }

// ErrCheckpoint is the error for a text that is not a [Report.Checkpoint] of the log.
var ErrCheckpoint = errclass.New(errclass.Usage, "not a checkpoint: want the one that an earlier verification printed: chain:record:code,…")

// maxFaults is the maximum number of faults in a report.
const maxFaults = 100

func (r *Report) fault(format string, args ...any) {
	if len(r.Faults) < maxFaults {
		r.Faults = append(r.Faults, fmt.Sprintf(format, args...))
	}
}

func (r *Report) brokenAt(chain, seq int64, format string, args ...any) {
	if r.Broken == nil {
		r.Broken = &Place{chain, seq}
	}
	r.fault(format, args...)
}

// A Record is a record as it was read.
type Record struct {
	Chain, Seq int64
	Bytes      []byte // as given to [Head.Append]
	Code       []byte
	Improper   bool // a value has another type than was written
}

// A Verifier follows the chains of a log.
type Verifier struct {
	log    *Log
	keys   Keys
	chains map[int64]*walk
	report Report
}

// A walk follows one chain.
type walk struct {
	head   Head // current position
	wanted Head // required end
	since  *Head
}

// Verifier returns a verifier of a log with these heads, for a caller that reads the
// records from elsewhere than a database. The error is [ErrCheckpoint] if since is
// neither "" nor a checkpoint.
func (l *Log) Verifier(k Keys, heads []Head, since string) (*Verifier, error) {
	v := &Verifier{log: l, keys: k, chains: map[int64]*walk{}}
	earlier, err := v.parseCheckpoint(since)
	if err != nil {
		return nil, err
	}
	for i := range heads {
		h := &heads[i]
		if !l.Intact(k, h) {
			v.report.fault("chain %d: its head was changed", h.ID)
		}
		if h.ID < 1 || h.ID > l.Chains {
			v.report.fault("chain %d: there is no such chain", h.ID)
			continue
		}
		v.chains[h.ID] = &walk{head: l.Empty(k, h.ID), wanted: *h}
	}
	for id := int64(1); id <= l.Chains; id++ {
		if v.chains[id] == nil {
			v.report.fault("chain %d: its head is missing", id)
		}
	}
	for id, h := range earlier {
		if w := v.chains[id]; w != nil {
			w.since = &h
			v.compareWithCheckpoint(w)
		}
	}
	return v, nil
}

// Add checks the next record, in the order of the chains and numbers.
func (v *Verifier) Add(r Record) {
	v.report.Records++
	w := v.chains[r.Chain]
	if w == nil {
		v.report.brokenAt(r.Chain, r.Seq, "chain %d, record %d: there is no such chain", r.Chain, r.Seq)
		return
	}
	if r.Seq != w.head.Seq+1 {
		missing := min(r.Seq, w.head.Seq+1)
		v.report.brokenAt(r.Chain, missing, "chain %d: record %d follows record %d", r.Chain, r.Seq, w.head.Seq)
	}
	if want := v.keys.link(w.head.Code, r.Bytes); r.Improper || !bytes.Equal(want, r.Code) {
		v.report.brokenAt(r.Chain, r.Seq, "chain %d, record %d: the record was changed", r.Chain, r.Seq)
	}
	w.head.Seq, w.head.Code = r.Seq, r.Code // continue from this record, so one edit gives one fault
	v.compareWithCheckpoint(w)
}

// End checks the ends of the chains and returns the report.
func (v *Verifier) End() Report {
	for id := int64(1); id <= v.log.Chains; id++ {
		w := v.chains[id]
		if w == nil {
			continue
		}
		switch {
		case w.head.Seq < w.wanted.Seq:
			v.report.brokenAt(id, w.head.Seq+1, "chain %d ends with record %d, its head is at record %d", id, w.head.Seq, w.wanted.Seq)
		case w.head.Seq > w.wanted.Seq:
			v.report.brokenAt(id, w.wanted.Seq+1, "chain %d ends with record %d, its head is at record %d", id, w.head.Seq, w.wanted.Seq)
		case !bytes.Equal(w.head.Code, w.wanted.Code):
			v.report.fault("chain %d: its last record does not match its head", id)
		}
		if w.since != nil && w.since.Seq > w.head.Seq {
			v.report.brokenAt(id, w.head.Seq+1, "chain %d ends with record %d, but the checkpoint has record %d: records were removed", id, w.head.Seq, w.since.Seq)
		}
	}
	v.report.Checkpoint = v.checkpoint()
	return v.report
}

// compareWithCheckpoint checks that the chain agrees with an earlier report at its current position.
func (v *Verifier) compareWithCheckpoint(w *walk) {
	if w.since != nil && w.head.Seq == w.since.Seq && !bytes.Equal(w.head.Code, w.since.Code) {
		v.report.brokenAt(w.head.ID, w.head.Seq, "chain %d, record %d: differs from the checkpoint", w.head.ID, w.head.Seq)
	}
}

// checkpoint writes the ends of chains: "1:42:…,2:7:…". With public seals, each end is
// followed by its seal. An end that does not match its head has none, and is left out.
func (v *Verifier) checkpoint() string {
	var parts []string
	for id := int64(1); id <= v.log.Chains; id++ {
		w := v.chains[id]
		if w == nil || w.head.Seq <= 0 {
			continue
		}
		part := fmt.Sprintf("%d:%d:%s", id, w.head.Seq, base64.RawURLEncoding.EncodeToString(w.head.Code))
		if v.keys.public {
			w.head.Seal = w.wanted.Seal
			if !v.log.Intact(v.keys, &w.head) {
				continue
			}
			part += ":" + base64.RawURLEncoding.EncodeToString(w.head.Seal)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ",")
}

// parseCheckpoint is the reverse of checkpoint.
func (v *Verifier) parseCheckpoint(text string) (map[int64]Head, error) {
	heads := map[int64]Head{}
	if text = strings.TrimSpace(text); text == "" {
		return heads, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		h, ok := v.parseHead(strings.Split(part, ":"))
		if !ok {
			return nil, ErrCheckpoint // without the text: it may be another file's content, such as a key
		}
		heads[h.ID] = h
	}
	return heads, nil
}

func (v *Verifier) parseHead(fields []string) (h Head, ok bool) {
	want := 3
	if v.keys.public {
		want = 4
	}
	if len(fields) != want {
		return h, false
	}
	_, err1 := fmt.Sscan(fields[0], &h.ID)
	_, err2 := fmt.Sscan(fields[1], &h.Seq)
	var err3 error
	h.Code, err3 = base64.RawURLEncoding.DecodeString(fields[2])
	if err1 != nil || err2 != nil || err3 != nil || h.ID < 1 || h.ID > v.log.Chains || h.Seq <= 0 {
		return h, false
	}
	if v.keys.public {
		seal, err := base64.RawURLEncoding.DecodeString(fields[3])
		h.Seal = seal
		return h, err == nil && v.log.Intact(v.keys, &h)
	}
	return h, true
}
