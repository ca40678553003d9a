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
	"github.com/d204ef64/fob/line/order"
)

// stationFlags are the flags of a station's equipment.
type stationFlags struct {
	ports          []string
	journal        journalFlag
	ledger         databaseFlags
	name           string
	key            string
	enrolled       string
	printer        printerFlags
	clockLimit     time.Duration
	unsynchronised bool
	renumber       bool
	http           httpFlags
}

func (o *stationFlags) add(cmd *cobra.Command) {
	o.journal.add(cmd)
	o.http.addLine(cmd.Flags())
	f := cmd.Flags()
	o.ledger.add(f, "share the order with other stations, in the ledger `DB`: postgres://USER@HOST/NAME")
	f.StringVar(&o.name, "station", "", "`NAME` of the station in a new journal; default: the name of this machine")
	f.StringVar(&o.key, "station-key", "", "`FILE` with the station's private key; default: the published insecure test key")
	f.StringVar(&o.enrolled, "enrolled", "", "program only the devices in `FILE`: lines with a hardware id and a public key")
	o.printer.add(cmd)
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

// stationJournal is the journal of a station, and the ledger that it shares.
type stationJournal struct {
	*journal.Journal
	ledger *journal.SharedLedger // nil: no other station shares the order
	news   *ledgerNews
	unlock func() error
}

// Close closes the journal and the ledger.
func (j *stationJournal) Close() error {
	err := j.Journal.Close()
	if j.ledger != nil {
		err = errors.Join(err, j.ledger.Close())
	}
	return errors.Join(err, j.unlock())
}

// openJournal opens the station's journal. A new one gets the name of the station. With
// work, no other station can work with it until it is closed.
func (a *app) openJournal(ctx context.Context, o *stationFlags, create, work bool) (_ *stationJournal, err error) {
	path, err := o.journal.path()
	if err != nil {
		return nil, err
	}
	j := &stationJournal{news: &ledgerNews{app: a}, unlock: func() error { return nil }}
	defer func() {
		if err != nil {
			err = errors.Join(err, j.unlock())
		}
	}()
	if o.ledger.given() {
		name, err := o.ledger.name(ctx, a)
		if err != nil {
			return nil, err
		}
		j.ledger = journal.NewLedger(name)
	}
	if create && o.journal.file == "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, usagef("making the folder of the journal: %w", err)
		}
	}
	if _, fail := os.Stat(path); work && (create || fail == nil) {
		release, err := journal.Lock(path)
		if err != nil {
			return nil, err
		}
		j.unlock = release
	}
	c := journal.Config{Database: path, Create: create, Station: o.name, Ledger: j.ledger, Notify: j.news.add}
	if _, fail := os.Stat(path); errors.Is(fail, fs.ErrNotExist) && create && c.Station == "" {
		if c.Station, err = os.Hostname(); err != nil {
			return nil, usagef("finding the name of this machine: %w: name the station with --station", err)
		}
	}
	if j.Journal, err = journal.OpenFile(ctx, c); err != nil {
		return nil, err
	}
	return j, nil
}

// lineWork is an order and the equipment of the station that works on it. The caller must
// close the batch and the journal.
type lineWork struct {
	order      *order.Order
	content    []byte // the order's file
	recipients []journal.Recipient
	journal    *stationJournal
	batch      *journal.Batch
	config     line.Config
	testKey    bool // the station's key is published
	http       *httpFlags
}

// equip prepares a station for an order, without a journal. Dir is the folder of the files
// that the order names.
func (a *app) equip(ctx context.Context, o *stationFlags, content []byte, dir string) (*lineWork, error) {
	w := &lineWork{content: content, http: &o.http}
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
	if c.Printer, err = o.printer.open(ctx, w.order, true); err != nil {
		return nil, err
	}
	if o.clockLimit <= 0 {
		return nil, usagef("--clock-limit %v: want more than 0", o.clockLimit)
	}
	if w.recipients, err = orderRecipients(w.order, dir); err != nil {
		return nil, err
	}
	c.Job = line.JobOf(w.order)
	c.HostClock, c.Unsynchronised = line.HostClock(o.clockLimit), o.unsynchronised
	if w.testKey = o.key == ""; w.testKey {
		a.warnf("the station key is the published test key: everyone can program the devices that accept it (--station-key)")
	}
	if c.Printer == nil {
		text := "no labels are printed (--printer)"
		if p := c.Job.Labels; p == line.LabelTakenFirst || p == line.LabelScanned {
			text += fmt.Sprintf(", so no port waits until its label was %s, as the order requires", p)
		}
		a.warnf("%s", text)
	}
	for _, path := range line.Missing(o.ports...) {
		a.warnf("nothing is at %s: the line waits for it", plain(path))
	}
	return w, nil
}

// begin begins the order in the journal, or goes on with it. The journal stays open if
// there is an error.
func (w *lineWork) begin(ctx context.Context, j *stationJournal) (err error) {
	w.journal = j
	w.batch, err = j.Batch(ctx, w.order, w.content, w.recipients)
	w.config.Journal = w.batch
	return err
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

// orderRecipients returns the recipients of an order. Dir is the folder of the files that
// the order names.
func orderRecipients(o *order.Order, dir string) ([]journal.Recipient, error) {
	list, err := journal.Recipients(o, func(r *order.Recipient) ([]byte, error) { return recipientFile(r, dir) })
	if err != nil {
		return nil, err
	}
	return list, journal.CheckRecipients(list, time.Now())
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
