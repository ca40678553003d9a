// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/journal"
)

// ledgerNews shows news about the shared ledger: as warnings, or on the display of a
// station.
type ledgerNews struct {
	app *app

	mu   sync.Mutex
	show func(news) // nil: as warnings
}

// news is a notice of the shared ledger for people.
type news struct {
	kind   line.NoticeKind
	detail string // of the page; "": the condition has ended
	text   string // of the terminal
}

// on sets the display.
func (n *ledgerNews) on(show func(news)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.show = show
}

// add shows a notice.
func (n *ledgerNews) add(notice journal.Notice) {
	var now news
	switch {
	case notice.Halt != nil:
		now = news{line.NoticeHalt, notice.Halt.Error(), fmt.Sprintf("the station stops: %v", notice.Halt)}
	case notice.Conflict != nil:
		now = news{line.NoticeConflict, notice.Conflict.String(), fmt.Sprintf("%v: keep both devices apart, and call the supervisor", notice.Conflict)}
	case notice.Away != nil:
		now = news{line.NoticeAway, notice.Away.Error(), fmt.Sprintf("%v: the line goes on with the serial numbers that it has", notice.Away)}
	default:
		now = news{kind: line.NoticeAway, text: "the shared ledger can be reached again"}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.show != nil {
		n.show(now)
	} else {
		n.app.warnf("%s", now.text)
	}
}

// lastWords is the time for the last exchange with the ledger.
const lastWords = 15 * time.Second

// giveBack gives the unused serial numbers to the other stations, at the end of a run.
func (j *stationJournal) giveBack(a *app) error {
	if j.ledger == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), lastWords)
	defer cancel()
	n, err := j.GiveBack(ctx)
	switch {
	case errors.Is(err, journal.ErrLedger), errors.Is(err, context.DeadlineExceeded):
		a.warnf("%v: the next run, or fob line release, copies the records and gives %d serial numbers back", err, n)
		return nil
	case errors.Is(err, journal.ErrJournal): // the run has reported it
		return nil
	}
	return err
}

// watchComplete calls over from time to time once the order is complete, by all of its
// stations, until it returns true.
func (w *lineWork) watchComplete(ctx context.Context, over func() bool) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if w.batch.SharedDone() >= int64(w.order.Count) && over() {
				return
			}
		}
	}
}

func newLineReleaseCmd(a *app) *cobra.Command {
	var jf journalFlag
	var ledger databaseFlags
	var station string
	cmd := &cobra.Command{
		Use:   "release --db DB [--station NAME]",
		Short: "Give unused serial numbers back to the other stations",
		Long: `Give the unused serial numbers of a station back to the shared ledger, for the
other stations of its orders, and copy its records to the ledger. A line does
that when it ends. Use this after a crash, or if the ledger was away then.

With --station, write off a station that will not come back, without its
journal. Other numbers replace the ones that it has left, and more tokens its
unfinished ones. Its numbers are not used by others, because it may have used
them. If the station comes back after all, it gives the unused ones back.`,
		Example: `  fob line release --journal line.db --db postgres://line@db/line
  fob line release --station station-3 --db postgres://line@db/line`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			name, err := ledger.name(ctx, a)
			if err != nil {
				return err
			}
			if station != "" {
				return a.writeOff(ctx, name, station)
			}
			return a.releaseNumbers(ctx, &jf, name)
		},
	}
	jf.add(cmd)
	f := cmd.Flags()
	ledger.add(f, "the shared ledger `DB`: postgres://USER@HOST/NAME")
	f.StringVar(&station, "station", "", "write off the station `NAME`, without its journal")
	cmd.MarkFlagsMutuallyExclusive("station", "journal")
	return cmd
}

// lineReleaseResult is the result of fob line release.
type lineReleaseResult struct {
	Station    string `json:"station"`
	Serials    int64  `json:"serial_numbers"`
	WrittenOff bool   `json:"written_off"`
}

func (a *app) writeOff(ctx context.Context, name, station string) (err error) {
	l, err := journal.OpenLedger(ctx, name, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	n, err := l.WriteOff(ctx, station)
	if err != nil {
		return err
	}
	return a.print(lineReleaseResult{station, n, true}, fmt.Sprintf("station %s was written off, with %d serial numbers\n", plain(station), n))
}

// shareJournal calls use with the journal and its keys, and with a shared ledger.
func (a *app) shareJournal(ctx context.Context, jf *journalFlag, name string, use func(*journal.Journal) error) (err error) {
	path, err := jf.path()
	if err != nil {
		return err
	}
	l, err := journal.OpenLedger(ctx, name, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	news := &ledgerNews{app: a}
	j, err := journal.OpenFile(ctx, journal.Config{Database: path, Ledger: l, Notify: news.add})
	return useJournal(j, err, use)
}

func (a *app) releaseNumbers(ctx context.Context, jf *journalFlag, name string) error {
	return a.shareJournal(ctx, jf, name, func(j *journal.Journal) error {
		n, err := j.GiveBack(ctx)
		if err != nil {
			return err
		}
		return a.print(lineReleaseResult{j.Station(), n, false}, fmt.Sprintf("station %s gave %d serial numbers back; its records are copied\n", plain(j.Station()), n))
	})
}
