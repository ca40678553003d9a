// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/order"
	"github.com/d204ef64/fob/line/page"
)

func newLineRunCmd(a *app) *cobra.Command {
	var o stationFlags
	var file, allowed string
	var complete bool
	cmd := &cobra.Command{
		Use:   "run --order FILE --allowed-signers FILE",
		Short: "Program tokens on all ports at once",
		Long: `Check an order and its signatures, and program tokens until Ctrl-C. Insert a
token into any port, wait for PASS or FAIL, and remove it. On a terminal, fob
shows all ports; otherwise it prints a line for each token, or with --json each
event (docs/json.md).

--ports auto finds USB serial ports as they come and go. A list names addresses;
the path of a device, a pseudo-terminal or a Unix socket may be a pattern, such
as /dev/ttyACM*. No other port is opened. A port keeps its number, which is
also on the labels: mark the sockets with their numbers.

Several stations share an order in a PostgreSQL database, the ledger (--db or
--db-file). Each keeps some serial numbers in reserve and goes on while the
ledger is away. At its end it gives back the unused ones.

--listen serves the operator's page: open the link that is printed. It works
once; other browsers log in with the API key. Programs use the API under /v1 of
the same address (docs/line.md). Beyond loopback, HTTPS is required.

If the next token waits for the label of the one before, as the order requires,
scan the label, or for "after label taken" enter the number of the port. If the
line ended before, the port waits in the next run as well.

Everything is in the journal before a token is touched. If the line stops in the
middle of a token, insert the same token again, now or in the next run.`,
		Example: `  fob line run --order order.yaml --allowed-signers allowed_signers --printer tcp:10.0.0.9:9100
  fob line run --order order.yaml --allowed-signers allowed_signers --ports '/dev/ttyACM*' --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.lineRun(cmd.Context(), &o, file, allowed, complete)
		},
	}
	f := cmd.Flags()
	f.StringVar(&file, "order", "", "the order `FILE`; its signatures are beside it")
	f.StringVar(&allowed, "allowed-signers", "", "the people who may sign orders: `FILE` in the format of ssh-keygen")
	f.StringSliceVar(&o.ports, "ports", []string{"auto"}, "program the tokens on these `PORTS`: auto, or addresses and patterns with commas between them")
	o.add(cmd)
	f.BoolVar(&o.renumber, "renumber", false, "give the ports new numbers, in the order in which they appear")
	f.BoolVar(&complete, "until-complete", false, "end when the order is complete")
	cmd.MarkFlagRequired("order")
	cmd.MarkFlagRequired("allowed-signers")
	return cmd
}

func (a *app) lineRun(ctx context.Context, o *stationFlags, file, allowed string, complete bool) (err error) {
	checked, _, err := a.checkOrder(ctx, file, &orderFlags{allowed: allowed, at: "now"})
	if err != nil {
		return err
	}
	content, err := order.ReadFile(file)
	if err != nil {
		return err
	}
	if sha256.Sum256(content) != checked.Digest() {
		return usagef("reading the order: %s was changed while it was checked: run this again", plain(file))
	}
	if err := o.http.check(ctx, a); err != nil {
		return err
	}
	// The clock is checked again by the station. This is before the journal is made.
	if !o.unsynchronised && o.clockLimit > 0 {
		if err := line.CheckClock(ctx, o.clockLimit); err != nil {
			return adviseClock(err)
		}
	}
	w, err := a.equip(ctx, o, content, filepath.Dir(file))
	if err != nil {
		return err
	}
	j, err := a.openJournal(ctx, o, true, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	if o.renumber {
		if err := j.ForgetSockets(ctx); err != nil {
			return err
		}
	}
	if err := w.begin(ctx, j); err != nil {
		return err
	}
	defer w.batch.Close()
	return errors.Join(a.work(ctx, w, complete), j.giveBack(a))
}

// adviseClock adds the flag that allows a clock that is not synchronised.
func adviseClock(err error) error {
	if errors.Is(err, line.ErrClock) {
		return &advised{err, "; --allow-unsynchronised-clock works with it and records that"}
	}
	return err
}

// adviseKey adds the flag of the station's key.
func adviseKey(err error) error {
	if errors.Is(err, line.ErrStationKey) {
		return &advised{err, ": check --station-key; if the key is right, put this device aside. Its serial number stays with it: insert it again once the key is right"}
	}
	return err
}

// advised is an error with advice about a flag.
type advised struct {
	error
	advice string
}

func (e *advised) Error() string { return e.error.Error() + e.advice }
func (e *advised) Unwrap() error { return e.error }

// work runs a station until ctx ends, or until its order is complete.
func (a *app) work(ctx context.Context, w *lineWork, complete bool) error {
	done := func(v *line.View) bool {
		if w.journal.ledger != nil {
			return w.batch.SharedDone() >= int64(w.order.Count)
		}
		return v.Complete()
	}
	return a.workOn(ctx, w, func(v *line.View) bool { return complete && done(v) && !v.Busy() })
}

// workOn runs a station until ctx ends, or until over returns true.
func (a *app) workOn(ctx context.Context, w *lineWork, over func(*line.View) bool) (err error) {
	counts, err := w.batch.Counts(ctx)
	if err != nil {
		return err
	}
	config := w.view(counts)
	if w.journal.ledger != nil {
		config.OrderDone = w.batch.SharedDone
	}
	v := line.NewView(config)
	if over(v) {
		return a.lineSummary(v)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	show := a.lineDisplay(v, cancel)
	var late lateStation
	shown := page.NewStation(v, late.labelTaken)
	options := page.Options{Stations: []*page.Station{shown}}
	if w.journal.ledger != nil {
		options.Reports = w.journal.ledger.Stations
	}
	pages, err := a.servePages(ctx, w.http, options, cancel)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pages.close()) }()
	if pages != nil {
		if err := show.announce(pages); err != nil {
			return err
		}
	}
	reports := reportTo(ctx, w.journal.ledger, v, pages.address())
	defer reports.close()
	w.config.Report = func(e line.Event) {
		v.Add(e)
		shown.Add(e)
		reports.changed()
		show.event(e)
		if e.Result != line.Working && over(v) {
			cancel(nil)
		}
	}
	station := line.New(w.config)
	late.Store(station)
	due, err := w.batch.DueLabels(ctx)
	if err != nil {
		return err
	}
	if p := w.config.Job.Labels; len(due) > 0 || w.config.Printer != nil && (p == line.LabelTakenFirst || p == line.LabelScanned) {
		show.takeLabels(a.stdin, station.LabelTaken)
	}
	if err := show.start(); err != nil {
		return err
	}
	if w.journal.ledger != nil {
		w.journal.news.on(func(n news) {
			v.Notify(n.kind, n.detail)
			shown.Refresh()
			show.notice(n.text)
		})
		defer w.journal.news.on(nil)
		go w.watchComplete(ctx, func() bool {
			if over(v) {
				cancel(nil)
			}
			return ctx.Err() != nil
		})
	}
	err = station.Run(ctx)
	if cause := context.Cause(ctx); err == nil && cause != nil && !errors.Is(cause, context.Canceled) {
		err = cause // the output failed
	}
	if err = errors.Join(adviseKey(adviseClock(err)), show.stop()); err != nil {
		return err
	}
	if err := a.lineSummary(v); err != nil || a.json {
		return err
	}
	counts, err = w.batch.Counts(context.WithoutCancel(ctx))
	if err != nil || counts.Unfinished == 0 {
		return err
	}
	return a.print(nil, unfinishedNote(counts.Unfinished))
}

// unfinishedNote is the note for the operator about tokens that are not finished.
func unfinishedNote(n int64) string {
	if n == 1 {
		return "1 token is not finished: insert it again; fob line resume shows which one\n"
	}
	return fmt.Sprintf("%d tokens are not finished: insert them again; fob line resume lists them\n", n)
}

// refreshInterval is the shortest time between two frames of the display.
const refreshInterval = 100 * time.Millisecond
