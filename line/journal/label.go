// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"fmt"
	"time"

	"github.com/d204ef64/fob/internal/sqldb"
)

// Label is a label that was handed to a printer.
type Label struct {
	Number  int // 1 is the first; later ones are reprints
	Printer string
	Printed time.Time
}

// addLabel adds a label of a unit and its record.
func (j *Journal) addLabel(tx *sqldb.Tx, u *Unit, printer string) error {
	var number int64
	if err := tx.Row("SELECT COALESCE(MAX(number), 0) + 1 FROM label WHERE unit = $1", []any{u.ID}, &number); err != nil {
		return err
	}
	if err := tx.ExecOne("INSERT INTO label (unit, number, printer, printed) VALUES ($1, $2, $3, $4)", u.ID, number, printer, j.millis()); err != nil {
		return err
	}
	what := KindLabel
	if number > 1 {
		what = KindReprint
	}
	return j.record(tx, u.ID, what, stateRecord{Serial: u.Serial.String(), State: u.State, Printer: printer})
}

// Reprinted records that the label of a unit was printed again.
func (j *Journal) Reprinted(ctx context.Context, u *Unit, printer string) error {
	switch u.State {
	case Locked, Labelled, Done:
	default:
		return fmt.Errorf("%w %s is %s: a label is printed once the device is locked", ErrUnit, u.Serial, u.State)
	}
	return j.write(ctx, u.HardwareID.String(), func(tx *sqldb.Tx) error { return j.addLabel(tx, u, printer) })
}

// LabelTaken records that the operator took or scanned the label of a unit.
func (j *Journal) LabelTaken(ctx context.Context, u *Unit) error {
	return j.write(ctx, u.HardwareID.String(), func(tx *sqldb.Tx) error {
		return j.record(tx, u.ID, KindTaken, stateRecord{Serial: u.Serial.String()})
	})
}

// Labels returns the labels of a unit.
func (j *Journal) Labels(ctx context.Context, unit int64) (list []Label, err error) {
	err = j.read(ctx, func(tx *sqldb.Tx) (err error) {
		list, err = sqldb.QueryAll(tx, func(s sqldb.Scanner) (l Label, err error) {
			var printed int64
			err = s.Scan(&l.Number, &l.Printer, &printed)
			l.Printed = fromMillis(printed)
			return l, err
		}, "SELECT number, printer, printed FROM label WHERE unit = $1 ORDER BY number", unit)
		return err
	})
	return list, err
}
