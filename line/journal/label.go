// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/d204ef64/fob/internal/sqldb"
)

// Label is a label that was handed to a printer, or was about to be.
type Label struct {
	Number  int    // 1 is the first
	Socket  string // whose number is on it
	Printer string
	Reason  string // why it was printed again
	Began   time.Time
	Printed time.Time // zero: the station ended, or the printer failed, and the label may exist
	Waits   Wait
}

// Wait is the condition under which the next device may follow in a socket.
type Wait string

// The conditions.
const (
	NoWait      Wait = ""
	WaitTaken   Wait = "taken"   // the operator has confirmed that they took the label
	WaitScanned Wait = "scanned" // the label was scanned
)

// labelRecord is the content of a record of a label.
type labelRecord struct {
	Serial  string `json:"serial"`
	State   State  `json:"state"`
	Label   int    `json:"label"`
	Port    string `json:"port,omitempty"`
	Printer string `json:"printer,omitempty"`
	Reason  string `json:"reason,omitempty"`
	Waits   Wait   `json:"next_unit,omitempty"`
}

// checkLabel returns an error unless the unit may have a label.
func checkLabel(u *Unit) error {
	switch u.State {
	case Locked, Labelled, Done:
		return nil
	}
	return fmt.Errorf("%w %s is %s: a label is printed once the device is locked", ErrUnit, u.Serial, u.State)
}

// Printing records that a label of a unit is about to be handed to a printer, and returns
// its number. The number of the socket is on it. Reason is the cause of a reprint, and empty
// for the first label.
func (j *Journal) Printing(ctx context.Context, u *Unit, socket, printer, reason string) (number int, err error) {
	if err := checkLabel(u); err != nil {
		return 0, err
	}
	err = j.write(ctx, u.HardwareID.String(), func(tx *sqldb.Tx) error {
		var state State
		if err := tx.Row("SELECT state FROM unit WHERE id = $1"+tx.Locked(), []any{u.ID}, &state); err != nil {
			return err
		}
		if state != u.State { // another process has changed it
			return fmt.Errorf("%w %s is not %s any more", ErrUnit, u.Serial, u.State)
		}
		if err := tx.Row("SELECT COALESCE(MAX(number), 0) + 1 FROM label WHERE unit = $1", []any{u.ID}, &number); err != nil {
			return err
		}
		err := tx.ExecOne("INSERT INTO label (unit, number, socket, printer, reason, began, printed, waits) VALUES ($1, $2, $3, $4, $5, $6, 0, '')",
			u.ID, number, socket, printer, reason, j.millis())
		if err != nil {
			return err
		}
		return j.record(tx, u.ID, KindPrinting, labelRecord{
			Serial: u.Serial.String(), State: u.State, Label: number, Port: socket, Printer: printer, Reason: reason,
		})
	})
	return number, err
}

// printed records that the printer has a label.
func (j *Journal) printed(tx *sqldb.Tx, u *Unit, number int, waits Wait, kind Kind) error {
	if err := tx.ExecOne("UPDATE label SET printed = $3, waits = $4 WHERE unit = $1 AND number = $2", u.ID, number, j.millis(), string(waits)); err != nil {
		return err
	}
	return j.record(tx, u.ID, kind, labelRecord{Serial: u.Serial.String(), State: u.State, Label: number, Waits: waits})
}

// Labelled records that the printer has the label with a number that [Journal.Printing]
// returned, and makes the state Labelled.
func (b *Batch) Labelled(ctx context.Context, u *Unit, number int, waits Wait) error {
	next := *u
	next.State = Labelled
	return b.change(ctx, u, next, func(tx *sqldb.Tx, n *Unit) error { return b.printed(tx, n, number, waits, KindLabel) })
}

// Reprinted records that the printer has the label with a number that [Journal.Printing]
// returned. The state of the unit stays.
func (j *Journal) Reprinted(ctx context.Context, u *Unit, number int) error {
	return j.write(ctx, u.HardwareID.String(), func(tx *sqldb.Tx) error { return j.printed(tx, u, number, NoWait, KindReprint) })
}

// LabelTaken records that the operator took or scanned the label of a unit.
func (j *Journal) LabelTaken(ctx context.Context, u *Unit) error {
	return j.write(ctx, u.HardwareID.String(), func(tx *sqldb.Tx) error {
		if err := noLongerDue(tx, u); err != nil {
			return err
		}
		return j.record(tx, u.ID, KindTaken, stateRecord{Serial: u.Serial.String()})
	})
}

// noLongerDue ends the wait for the label of a unit.
func noLongerDue(tx *sqldb.Tx, u *Unit) error {
	_, err := tx.Exec("UPDATE label SET waits = '' WHERE unit = $1 AND waits <> ''", u.ID)
	return err
}

// DueLabel is a label for which a socket waits.
type DueLabel struct {
	Unit   Unit
	Socket string
	Waits  Wait
}

// DueLabels returns the labels that were printed and neither taken nor scanned since,
// although the next device in their socket must wait for that.
func (j *Journal) DueLabels(ctx context.Context) (list []DueLabel, err error) {
	err = j.read(ctx, func(tx *sqldb.Tx) error {
		units, err := sqldb.QueryAll(tx, scanUnit, selectUnit+" WHERE unit.id IN (SELECT unit FROM label WHERE waits <> '') ORDER BY unit.id")
		if err != nil {
			return err
		}
		for _, u := range units {
			d := DueLabel{Unit: u}
			if err := tx.Row("SELECT socket, waits FROM label WHERE unit = $1 AND waits <> ''", []any{u.ID}, &d.Socket, &d.Waits); err != nil {
				return err
			}
			list = append(list, d)
		}
		return nil
	})
	return list, err
}

// Waits returns the condition for the next device that the label of a unit still has.
func (j *Journal) Waits(ctx context.Context, u *Unit) (w Wait, err error) {
	err = j.read(ctx, func(tx *sqldb.Tx) error {
		err := tx.Row("SELECT waits FROM label WHERE unit = $1 AND waits <> ''", []any{u.ID}, &w)
		if errors.Is(err, sqldb.ErrNotFound) {
			return nil
		}
		return err
	})
	return w, err
}

// Labels returns the labels of a unit.
func (j *Journal) Labels(ctx context.Context, unit int64) (list []Label, err error) {
	err = j.read(ctx, func(tx *sqldb.Tx) (err error) {
		list, err = sqldb.QueryAll(tx, func(s sqldb.Scanner) (l Label, err error) {
			var began, printed int64
			err = s.Scan(&l.Number, &l.Socket, &l.Printer, &l.Reason, &began, &printed, &l.Waits)
			l.Began, l.Printed = fromMillis(began), fromMillis(printed)
			return l, err
		}, "SELECT number, socket, printer, reason, began, printed, waits FROM label WHERE unit = $1 ORDER BY number", unit)
		return err
	})
	return list, err
}
