// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/internal/sshsig"
	"github.com/d204ef64/fob/seedfile"
)

// ErrExport is the error of an export that the journal does not have.
var ErrExport = errclass.New(errclass.Refused, "the export")

// Export is a delivery of the seeds of all units that were done when it was made.
type Export struct {
	ID           int64
	Order        string
	Through      int64  // it has the units whose Finished is 1 to Through
	Digest       string // of its manifest, in hexadecimal digits
	Made         time.Time
	Acknowledged time.Time // zero: not yet
}

// SealedUnit is a unit that is done, and its seed, which only a recipient can decrypt.
type SealedUnit struct {
	Unit
	Seed seedfile.SealedSeed
}

// Done returns how many units of an order are done: an export that begins now has all of
// them.
func (j *Journal) Done(ctx context.Context, name string) (through int64, err error) {
	o, err := j.OrderInfo(ctx, name)
	return o.Done, err
}

// Sealed calls fn with the units of a run that are done, up to the unit whose Finished is
// through, until fn returns an error. A unit whose seed was deleted is left out.
func (j *Journal) Sealed(ctx context.Context, run, through int64, fn func(SealedUnit) error) error {
	after := int64(0)
	for {
		var list []SealedUnit
		err := j.read(ctx, func(tx *sqldb.Tx) (err error) {
			var text []byte
			list, err = sqldb.QueryAll(tx, func(s sqldb.Scanner) (u SealedUnit, err error) {
				if u.Unit, err = scanUnit(extraScanner{s, []any{&text}}); err == nil {
					err = json.Unmarshal(text, &u.Seed)
				}
				return u, err
			}, selectSealed, run, after, through)
			return err
		})
		if err != nil || len(list) == 0 {
			return err
		}
		for _, u := range list {
			if err := fn(u); err != nil {
				return err
			}
			after = u.ID
		}
	}
}

var selectSealed = `SELECT unit.id, orders.name, unit.number, unit.serial, unit.hardware_id, unit.device_key, unit.expiry, unit.state, unit.attempts,
	unit.failures, unit.socket, unit.began, unit.ended, unit.finished, unit.reason, unit.bin, unit.results, seed.sealed
	FROM seed JOIN unit ON unit.id = seed.unit JOIN orders ON orders.id = unit.order_id
	WHERE seed.run = $1 AND seed.unit > $2 AND unit.finished > 0 AND unit.finished <= $3 ORDER BY seed.run, seed.unit LIMIT 1000`

// extraScanner scans additional columns at the end of a row.
type extraScanner struct {
	sqldb.Scanner
	extra []any
}

func (s extraScanner) Scan(dest ...any) error { return s.Scanner.Scan(append(dest, s.extra...)...) }

// Exported records an export that was written completely. Digest identifies it, as the
// SHA-256 of its manifest does.
func (j *Journal) Exported(ctx context.Context, name string, through int64, digest string) (e Export, err error) {
	err = j.write(ctx, "", func(tx *sqldb.Tx) error {
		id, err := j.known(tx, name)
		if err != nil {
			return err
		}
		e = Export{Order: name, Through: through, Digest: digest, Made: fromMillis(j.millis())}
		if err := tx.Row("SELECT COALESCE(MAX(id), 0) + 1 FROM export", nil, &e.ID); err != nil {
			return err
		}
		if err := tx.ExecOne("INSERT INTO export (id, order_id, through, digest, made, acknowledged) VALUES ($1, $2, $3, $4, $5, 0)",
			e.ID, id, through, digest, e.Made.UnixMilli()); err != nil {
			return err
		}
		return j.record(tx, 0, KindExport, exportRecord{name, digest, through, 0})
	})
	return e, err
}

type exportRecord struct {
	Order   string `json:"order"`
	Digest  string `json:"digest"`
	Units   int64  `json:"units"`
	Deleted int64  `json:"deleted_seeds,omitempty"`
}

// Exports returns the exports of an order, the oldest first.
func (j *Journal) Exports(ctx context.Context, name string) (list []Export, err error) {
	err = j.read(ctx, func(tx *sqldb.Tx) error {
		id, err := j.known(tx, name)
		if err != nil {
			return err
		}
		list, err = sqldb.QueryAll(tx, func(s sqldb.Scanner) (Export, error) {
			e := Export{Order: name}
			var made, acknowledged int64
			err := s.Scan(&e.ID, &e.Through, &e.Digest, &made, &acknowledged)
			e.Made, e.Acknowledged = fromMillis(made), fromMillis(acknowledged)
			return e, err
		}, "SELECT id, through, digest, made, acknowledged FROM export WHERE order_id = $1 ORDER BY id", id)
		return err
	})
	return list, err
}

// Acknowledge records that the recipients have an export, and deletes the seeds of its
// units. It returns how many copies were deleted. The error wraps [ErrExport] if the
// journal has no export of the order with that digest.
func (j *Journal) Acknowledge(ctx context.Context, name, digest string) (deleted int64, err error) {
	err = j.db.Long(ctx, func(tx *sqldb.Tx) error {
		id, err := j.known(tx, name)
		if err != nil {
			return err
		}
		var export, through, acknowledged int64
		err = tx.Row("SELECT id, through, acknowledged FROM export WHERE order_id = $1 AND digest = $2 ORDER BY id DESC LIMIT 1", []any{id, digest},
			&export, &through, &acknowledged)
		switch {
		case errors.Is(err, sqldb.ErrNotFound):
			return fmt.Errorf("%w: order %s has no export with the digest %s", ErrExport, name, digest)
		case err != nil:
			return err
		case acknowledged != 0: // a second time changes nothing
			return nil
		}
		if deleted, err = tx.Exec(`DELETE FROM seed WHERE unit IN (SELECT id FROM unit WHERE order_id = $1 AND finished > 0 AND finished <= $2)`,
			id, through); err != nil {
			return err
		}
		if err := tx.ExecOne("UPDATE export SET acknowledged = $2 WHERE id = $1", export, j.millis()); err != nil {
			return err
		}
		return j.record(tx, 0, KindAcknowledge, exportRecord{name, digest, through, deleted})
	})
	return deleted, broken(err)
}

// SeedsLeft returns how many copies of seeds of an order there are, whether encrypted
// with the station's key or to a recipient.
func (j *Journal) SeedsLeft(ctx context.Context, name string) (station, recipients int64, err error) {
	err = j.db.LongView(ctx, func(tx *sqldb.Tx) error {
		id, err := j.known(tx, name)
		if err != nil {
			return err
		}
		return tx.Row(`SELECT COALESCE(SUM(CASE seed.run WHEN 0 THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE seed.run WHEN 0 THEN 0 ELSE 1 END), 0)
			FROM seed JOIN unit ON unit.id = seed.unit WHERE unit.order_id = $1`, []any{id}, &station, &recipients)
	})
	return station, recipients, broken(err)
}

// HeadNamespace is the purpose of the signatures of heads: ssh-keygen -Y verify -n
// fob-line-head.
const HeadNamespace = "fob-line-head"

// SignedHead is the head of the record chain, signed for a batch.
type SignedHead struct {
	Seq       int64  // of the last record
	Content   []byte // JSON
	Signature []byte // as ssh-keygen -Y sign writes it
	Made      time.Time
}

// SignHead signs the present head of the record chain for an order.
func (j *Journal) SignHead(ctx context.Context, name string) (h SignedHead, err error) {
	signer, err := sshsig.NewSigner(j.key)
	if err != nil {
		return h, err
	}
	err = j.write(ctx, "", func(tx *sqldb.Tx) error {
		id, err := j.known(tx, name)
		if err != nil {
			return err
		}
		head, err := records.Lock(tx, j.keys)
		if err != nil {
			return err
		}
		counts, err := sqldb.QueryOne(tx, scanOrder, "SELECT "+orderColumns+" FROM orders WHERE id = $1", id)
		if err != nil {
			return err
		}
		h = SignedHead{Seq: head.Seq, Made: fromMillis(j.millis())}
		h.Content, err = json.Marshal(struct {
			Station string    `json:"station"`
			Order   string    `json:"order"`
			SHA256  string    `json:"order_sha256"`
			Records int64     `json:"records"`
			Head    string    `json:"head"`
			Time    time.Time `json:"time"`
			Counts
		}{j.station, name, fmt.Sprintf("%x", counts.Digest), head.Seq, fmt.Sprintf("%x", head.Code), h.Made, counts.Counts})
		if err != nil {
			return err
		}
		h.Content = append(h.Content, '\n')
		signature, err := sshsig.Sign(h.Content, signer, HeadNamespace)
		if err != nil {
			return err
		}
		h.Signature = signature.Armor()
		if _, err := tx.Exec("DELETE FROM head WHERE order_id = $1 AND seq = $2", id, h.Seq); err != nil {
			return err
		}
		return tx.ExecOne("INSERT INTO head (order_id, seq, content, signature, made) VALUES ($1, $2, $3, $4, $5)",
			id, h.Seq, string(h.Content), string(h.Signature), h.Made.UnixMilli())
	})
	return h, err
}

// Heads returns the heads that were signed for an order, the oldest first.
func (j *Journal) Heads(ctx context.Context, name string) (list []SignedHead, err error) {
	err = j.read(ctx, func(tx *sqldb.Tx) error {
		id, err := j.known(tx, name)
		if err != nil {
			return err
		}
		list, err = sqldb.QueryAll(tx, func(s sqldb.Scanner) (h SignedHead, err error) {
			var content, signature string
			var made int64
			err = s.Scan(&h.Seq, &content, &signature, &made)
			h.Content, h.Signature, h.Made = []byte(content), []byte(signature), fromMillis(made)
			return h, err
		}, "SELECT seq, content, signature, made FROM head WHERE order_id = $1 ORDER BY seq", id)
		return err
	})
	return list, err
}
