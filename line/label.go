// SPDX-License-Identifier: Apache-2.0

package line

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/line/label"
	"github.com/d204ef64/fob/line/order"
	"github.com/d204ef64/fob/line/printer"
	"github.com/d204ef64/fob/token"
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
	options         LabelOptions
	model, customer string
}

// LabelOptions describe a printer of labels.
type LabelOptions struct {
	Format      printer.Format
	DPI         int    // dots per inch: 203, 300 or 600
	Font        []byte // for PDF: a TrueType font file, for text that Helvetica lacks
	PrinterFont string // for ZPL: a font in the printer, for text that font 0 lacks
}

// NewPrinter returns a printer of the labels of an order.
func NewPrinter(o *order.Order, p printer.Printer, options LabelOptions) Printer {
	return &labelPrinter{p, o.LabelTemplate(), options, o.Model, o.Customer}
}

// CheckLabels checks that the labels of an order fit a printer, and that its font has all
// characters.
func CheckLabels(o *order.Order, options LabelOptions) error {
	longest := o.LongestLabel()
	if options.Format == printer.ZPL {
		return o.LabelTemplate().CheckZPL(longest, options.zpl())
	}
	_, err := options.document(o.LabelTemplate(), longest)
	return err
}

func (o *LabelOptions) zpl() label.ZPLOptions {
	return label.ZPLOptions{DPI: o.DPI, Font: o.PrinterFont}
}

// document returns a label as a PDF document.
func (o *LabelOptions) document(t *label.Template, l label.Label) ([]byte, error) {
	return t.PDF([]label.Label{l}, label.PDFOptions{DPI: o.DPI, Created: time.Now(), Font: o.Font})
}

// Print implements [Printer].
func (p *labelPrinter) Print(ctx context.Context, u *journal.Unit, number int) (err error) {
	l := label.Label{Serial: u.Serial, Expiry: u.Expiry, Model: p.model, Customer: p.customer, Order: u.Order, Port: number}
	job := printer.Job{Name: u.Serial.String(), Format: p.options.Format}
	if p.options.Format == printer.PDF {
		job.Data, err = p.options.document(p.template, l)
	} else {
		job.Data, err = p.template.ZPL(l, p.options.zpl())
	}
	if err != nil {
		return err
	}
	return p.Printer.Print(ctx, job)
}

var errPrinter = errclass.New(errclass.Unreachable, "the label was not printed")

// label prints the label of a locked unit, if units get one.
func (w *work) label(ctx context.Context) error {
	if !w.station.prints() {
		return nil
	}
	j := w.station.journal
	w.step(StepLabel)
	printer := w.station.printer
	label, err := j.Printing(ctx, &w.unit, w.socket, printer.String(), "")
	if err != nil {
		return err
	}
	if err := printer.Print(ctx, &w.unit, w.number); err != nil {
		return fmt.Errorf("%w: %w", errPrinter, err)
	}
	w.timed()
	return j.Labelled(ctx, &w.unit, label, w.station.job.Labels.wait())
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

// Reprint prints the label of a unit again, with the number of the socket on the label
// before. The journal records the reason. The error wraps [journal.ErrUnit] if the unit may
// not have a label.
func Reprint(ctx context.Context, j *journal.Journal, p Printer, u *journal.Unit, reason string) (label int, err error) {
	before, err := j.Labels(ctx, u.ID)
	if err != nil {
		return 0, err
	}
	socket := u.Socket
	if len(before) > 0 {
		socket = before[len(before)-1].Socket
	}
	number, err := j.SocketNumber(ctx, socket)
	if err != nil {
		return 0, err
	}
	if label, err = j.Printing(ctx, u, socket, p.String(), reason); err != nil {
		return 0, err
	}
	if err := p.Print(ctx, u, number); err != nil {
		return 0, fmt.Errorf("%w: %w", errPrinter, err)
	}
	return label, j.Reprinted(ctx, u, label)
}

// ErrNoLabel is the error of a label that no socket waits for.
var ErrNoLabel = errclass.New(errclass.Refused, "no port waits for this label")

// LabelTaken reports that the label of the unit in a socket was taken or
// scanned. Scanned is the serial number that a scanner read, in capitals or not; with the
// policy [LabelTakenFirst] it may be empty. Number 0 is any socket. The error wraps [ErrNoLabel].
func (s *Station) LabelTaken(number int, scanned string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	equal := func(serial string) bool { return serial == scanned }
	if !slices.ContainsFunc(s.order, func(k *socket) bool { return equal(k.label) }) { // some scanners change capitals
		equal = func(serial string) bool { return strings.EqualFold(serial, scanned) }
	}
	var waiting []int
	for _, k := range s.order {
		serial := k.label
		if serial != "" {
			waiting = append(waiting, k.number)
		}
		switch {
		case serial == "", number != 0 && k.number != number, scanned != "" && !equal(serial), number == 0 && scanned == "":
			continue
		case scanned == "" && k.waits == journal.WaitScanned:
			return fmt.Errorf("%w: scan the label of port %d", ErrNoLabel, k.number)
		}
		k.label = ""
		k.taken <- struct{}{} // its one place is free: label was not empty
		return nil
	}
	what := scanned
	if scanned == "" {
		what = fmt.Sprintf("port %d", number)
	}
	if len(waiting) == 0 {
		return fmt.Errorf("%w: %s: no label is due now", ErrNoLabel, what)
	}
	return fmt.Errorf("%w: %s: take the label of a port that waits (%s)", ErrNoLabel, what, listNumbers(waiting))
}

// listNumbers lists the numbers of sockets in ascending order. A station has its sockets in the
// order in which their ports appeared.
func listNumbers(numbers []int) string {
	var list []string
	for _, n := range slices.Sorted(slices.Values(numbers)) {
		list = append(list, strconv.Itoa(n))
	}
	return strings.Join(list, ", ")
}

// portDigits is the largest number of digits of a port: a serial number has more.
const portDigits = 4

// ParseLabel returns the number of a port that a person typed, or the serial number that
// they scanned. Of an empty text, both are empty.
func ParseLabel(text string) (number int, scanned string) {
	text = strings.TrimSpace(text)
	if n, err := strconv.Atoi(text); err == nil && n > 0 && len(text) <= portDigits {
		return n, ""
	}
	if serial, err := token.ParseSerial(text); err == nil {
		return 0, serial.String()
	}
	return 0, text
}

// wait returns the condition under which the next device may follow.
func (p LabelPolicy) wait() journal.Wait {
	switch p {
	case LabelTakenFirst:
		return journal.WaitTaken
	case LabelScanned:
		return journal.WaitScanned
	}
	return journal.NoWait
}

// labelAdvice returns the advice to take a label.
func labelAdvice(w journal.Wait) string {
	if w == journal.WaitScanned {
		return "scan the label"
	}
	return "take the label"
}

// owed makes the sockets wait whose label was due when the run before ended. They wait
// although no device may be plugged in.
func (s *Station) owed(ctx context.Context) error {
	list, err := s.journal.DueLabels(ctx)
	if err != nil {
		return err
	}
	for _, due := range list {
		if _, err := s.socket(ctx, due.Socket); err != nil {
			return err
		}
		k := s.sockets[due.Socket]
		k.owed = append(k.owed, due)
	}
	return nil
}

// owes waits for a label of the run before.
func (k *socket) owes(ctx context.Context, due journal.DueLabel) error {
	u := &due.Unit
	if !k.expect(u, due.Waits) {
		return nil
	}
	e := Event{
		Result: Known, Serial: u.Serial.String(), HardwareID: u.HardwareID, State: u.State, Attempt: u.Attempts, Before: true, Label: true,
		Reason: "the label of the device before was not taken yet", Advice: labelAdvice(due.Waits),
	}
	k.emit(e)
	if err := k.labelTaken(ctx, u); err != nil {
		return err
	}
	e.Label, e.LabelTaken, e.Reason, e.Advice = false, true, "", ""
	k.emit(e)
	return nil
}

// expect makes LabelTaken accept the label of a unit for this socket. It returns false if
// another socket waits for it. Operators hear of the label afterwards: a scanner may be
// faster than this program.
func (k *socket) expect(u *journal.Unit, waits journal.Wait) bool {
	s, serial := k.station, u.Serial.String()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, other := range s.order {
		if other.label == serial {
			return false
		}
	}
	k.label, k.waits = serial, waits
	return true
}

// labelTaken waits until the label of a unit was taken.
func (k *socket) labelTaken(ctx context.Context, u *journal.Unit) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-k.taken:
	}
	return k.station.journal.LabelTaken(ctx, u)
}
