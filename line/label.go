// SPDX-License-Identifier: Apache-2.0

package line

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/line/label"
	"github.com/d204ef64/fob/line/order"
	"github.com/d204ef64/fob/line/printer"
)

// Printer prints the labels of units.
type Printer interface {
	// Print prints the label of a unit. It prints the number of the socket on the label:
	// labels of several sockets must not be confused.
	Print(ctx context.Context, u *journal.Unit, number int) error
	// String returns the name of the printer for the journal.
	String() string
}

// labelPrinter prints the label of an order.
type labelPrinter struct {
	printer.Printer
	template        *label.Template
	format          printer.Format
	zpl             label.ZPLOptions
	model, customer string
}

// NewPrinter returns a printer of the labels of an order, in ZPL or PDF.
func NewPrinter(o *order.Order, p printer.Printer, format printer.Format, options label.ZPLOptions) Printer {
	return &labelPrinter{p, o.LabelTemplate(), format, options, o.Model, o.Customer}
}

// Print implements [Printer].
func (p *labelPrinter) Print(ctx context.Context, u *journal.Unit, number int) (err error) {
	l := label.Label{Serial: u.Serial, Expiry: u.Expiry, Model: p.model, Customer: p.customer, Order: u.Order, Port: number}
	job := printer.Job{Name: u.Serial.String(), Format: p.format}
	if p.format == printer.PDF {
		job.Data, err = p.template.PDF([]label.Label{l}, label.PDFOptions{DPI: p.zpl.DPI, Created: time.Now()})
	} else {
		job.Data, err = p.template.ZPL(l, p.zpl)
	}
	if err != nil {
		return err
	}
	return p.Printer.Print(ctx, job)
}

var errPrinter = errclass.New(errclass.Unreachable, "the label was not printed")

// label prints the label of a locked unit.
func (w *work) label(ctx context.Context) error {
	j := w.station.journal
	if !w.station.prints() {
		return j.Advance(ctx, &w.unit, journal.Labelled)
	}
	w.step(StepLabel)
	if err := w.station.printer.Print(ctx, &w.unit, w.number); err != nil {
		return fmt.Errorf("%w: %w", errPrinter, err)
	}
	return j.Labelled(ctx, &w.unit, w.station.printer.String())
}

// prints reports whether units get a label.
func (s *Station) prints() bool { return s.printer != nil && s.job.Labels != LabelNone }

// printerAdvice returns the advice for a label that was not printed.
func printerAdvice(err error) string {
	var p *printer.Error
	if errors.As(err, &p) && p.Sent {
		return "look whether the label was printed, and throw it away; mend the printer, then plug the device in again"
	}
	return "mend the printer, then plug the device in again"
}

// Reprint prints the label of a unit again, which goes on record.
func (s *Station) Reprint(ctx context.Context, u *journal.Unit, number int) error {
	switch {
	case !s.prints():
		return fmt.Errorf("%w: the station has no printer", errPrinter)
	case u.State != journal.Locked && u.State != journal.Labelled && u.State != journal.Done:
		return fmt.Errorf("%w: unit %s is %s: a label is printed once the device is locked", errPrinter, u.Serial, u.State)
	}
	if err := s.printer.Print(ctx, u, number); err != nil {
		return fmt.Errorf("%w: %w", errPrinter, err)
	}
	return s.journal.Reprinted(ctx, u, s.printer.String())
}

// ErrNoLabel is the error of a label that no socket waits for.
var ErrNoLabel = errclass.New(errclass.Refused, "no port waits for this label")

// LabelTaken reports that the label of the unit in a socket was taken or
// scanned. Scanned is the serial number that a scanner read; with the policy
// [LabelTakenFirst] it may be empty. Number 0 is any socket. The error wraps [ErrNoLabel].
func (s *Station) LabelTaken(number int, scanned string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.order {
		serial := k.label
		switch {
		case serial == "", number != 0 && k.number != number, scanned != "" && scanned != serial, number == 0 && scanned == "":
			continue
		case scanned == "" && s.job.Labels == LabelScanned:
			return fmt.Errorf("%w: scan the label of port %d", ErrNoLabel, k.number)
		}
		k.label = ""
		k.taken <- struct{}{} // its one place is free: label was not empty
		return nil
	}
	if scanned != "" {
		return fmt.Errorf("%w: %s: check whether the label belongs to this port", ErrNoLabel, scanned)
	}
	return fmt.Errorf("%w: port %d", ErrNoLabel, number)
}

// awaitLabel makes the socket wait for the label of a finished unit, if the order requires
// it. The operator hears of the unit afterwards: a scanner may be faster than this program.
func (k *socket) awaitLabel(w *work) bool {
	s := k.station
	if p := s.labels(); p != LabelTakenFirst && p != LabelScanned {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k.label = w.unit.Serial.String()
	return true
}

// labelTaken waits until the label of a finished unit was taken.
func (k *socket) labelTaken(ctx context.Context, w *work) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-k.taken:
	}
	if err := k.station.journal.LabelTaken(ctx, &w.unit); err != nil {
		return err
	}
	w.report(Event{Result: Pass, Advice: "remove it", LabelTaken: true})
	return nil
}
