// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/internal/secretfile"
	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/line/label"
	"github.com/d204ef64/fob/line/order"
	"github.com/d204ef64/fob/line/printer"
)

// stationFlags are the flags of a station's equipment.
type stationFlags struct {
	ports          []string
	journal        journalFlag
	name           string
	key            string
	enrolled       string
	printer        string
	format         string
	dpi            int
	clockLimit     time.Duration
	unsynchronised bool
}

func (o *stationFlags) add(cmd *cobra.Command) {
	o.journal.add(cmd)
	f := cmd.Flags()
	f.StringVar(&o.name, "station", "", "`NAME` of the station in a new journal; default: the name of this machine")
	f.StringVar(&o.key, "station-key", "", "`FILE` with the station's private key; default: the published insecure test key")
	f.StringVar(&o.enrolled, "enrolled", "", "program only the devices in `FILE`: lines with a hardware id and a public key")
	f.StringVar(&o.printer, "printer", "", "print labels at `ADDR`: file:DIR, tcp:HOST:PORT or cups:QUEUE")
	f.StringVar(&o.format, "label-format", "zpl", "`LANGUAGE` of the printer: zpl or pdf")
	f.IntVar(&o.dpi, "label-dpi", 203, "dots per inch of the printer: 203, 300 or 600")
	f.DurationVar(&o.clockLimit, "clock-limit", 50*time.Millisecond, "refuse to work if this machine's clock may be off by more than `TIME`")
	f.BoolVar(&o.unsynchronised, "allow-unsynchronised-clock", false, "work although this machine's clock is not synchronised; the journal records it")
}

// finder finds the ports of --ports: auto, or addresses.
func (o *stationFlags) finder() (line.Finder, error) {
	if len(o.ports) == 1 && o.ports[0] == "auto" {
		return line.Auto, nil
	}
	return line.Ports(o.ports...)
}

// openJournal opens the station's journal. A new one gets the name of the station.
func (o *stationFlags) openJournal(ctx context.Context, create bool) (*journal.Journal, error) {
	path, err := o.journal.path()
	if err != nil {
		return nil, err
	}
	if create && o.journal.file == "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, usagef("making the folder of the journal: %w", err)
		}
	}
	c := journal.Config{Database: path, Create: create, Station: o.name}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && create && c.Station == "" {
		if c.Station, err = os.Hostname(); err != nil {
			return nil, usagef("finding the name of this machine: %w: name the station with --station", err)
		}
	}
	return journal.OpenFile(ctx, c)
}

// lineWork is an order and the equipment of the station that works on it. The caller must
// close the batch and the journal.
type lineWork struct {
	order   *order.Order
	journal *journal.Journal
	batch   *journal.Batch
	config  line.Config
	testKey bool // the station's key is published
}

// equip prepares a station for an order. Dir is the folder of the files that the order
// names. The journal stays open if there is an error.
func (a *app) equip(ctx context.Context, o *stationFlags, j *journal.Journal, content []byte, dir string) (*lineWork, error) {
	w := &lineWork{journal: j}
	var err error
	if w.order, err = order.Parse(content); err != nil {
		return nil, err
	}
	c := &w.config
	if c.Find, err = o.finder(); err != nil {
		return nil, err
	}
	if c.Key, err = a.stationKey(ctx, o.key); err != nil {
		return nil, err
	}
	if o.enrolled != "" {
		text, err := a.readPublic(ctx, "enrolment list", o.enrolled)
		if err != nil {
			return nil, err
		}
		if c.Enrolment, err = line.ParseEnrolment(bytes.NewReader(text)); err != nil {
			return nil, fmt.Errorf("reading %s: %w", source(o.enrolled), err)
		}
	}
	if c.Printer, err = o.labels(w.order); err != nil {
		return nil, err
	}
	if o.clockLimit <= 0 {
		return nil, usagef("--clock-limit %v: want more than 0", o.clockLimit)
	}
	recipients, err := journal.Recipients(w.order, func(r *order.Recipient) ([]byte, error) { return recipientFile(r, dir) })
	if err != nil {
		return nil, err
	}
	if w.batch, err = j.Batch(ctx, w.order, content, recipients); err != nil {
		return nil, err
	}
	c.Job, c.Journal = line.JobOf(w.order), w.batch
	c.HostClock, c.Unsynchronised = line.HostClock(o.clockLimit), o.unsynchronised
	if w.testKey = o.key == ""; w.testKey {
		a.warnf("the station key is the published test key: everyone can program the devices that accept it (--station-key)")
	}
	if c.Printer == nil {
		a.warnf("no labels are printed (--printer)")
	}
	return w, nil
}

// view describes the station for displays.
func (w *lineWork) view(counts journal.Counts) line.ViewConfig {
	c := line.ViewConfig{
		Station: w.journal.Station(), Order: w.order.ID, Customer: w.order.Customer, Model: w.order.Model,
		Labels: line.LabelNone, Counts: counts,
	}
	if w.config.Printer != nil {
		c.Labels = w.config.Job.Labels
	}
	if w.testKey {
		c.Warnings = append(c.Warnings, line.WarnTestKey)
	}
	if w.config.Unsynchronised {
		c.Warnings = append(c.Warnings, line.WarnUnsynchronised)
	}
	return c
}

// labels returns the printer of an order's labels, or nil. It checks that a label fits.
func (o *stationFlags) labels(ord *order.Order) (line.Printer, error) {
	format := printer.ZPL
	switch o.format {
	case "zpl":
	case "pdf":
		format = printer.PDF
	default:
		return nil, usagef("--label-format %s: want zpl or pdf", o.format)
	}
	if o.printer == "" {
		return nil, nil
	}
	p, err := printer.Open(o.printer)
	if err != nil {
		return nil, err
	}
	last, _ := ord.Serial(ord.SerialCount() - 1)
	longest := label.Label{Serial: last, Expiry: ord.ExpiryFor(time.Now()), Model: ord.Model, Customer: ord.Customer, Order: ord.ID, Port: 99}
	if err := ord.LabelTemplate().Check(longest, o.dpi); err != nil {
		return nil, usagef("the label does not fit a printer with %d dots per inch: %w", o.dpi, err)
	}
	return line.NewPrinter(ord, p, format, label.ZPLOptions{DPI: o.dpi}), nil
}

// recipientFile reads a file that an order names: a certificate beside it, or a key.
func recipientFile(r *order.Recipient, dir string) ([]byte, error) {
	path := r.CertificateFile
	read := os.ReadFile
	if path == "" {
		path, read = r.KeyFile, secretfile.Read
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	return read(path)
}
