// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/journal"
)

const (
	reportEvery = 5 * time.Second // between two reports of a station in which nothing changes
	reportPause = time.Second     // at least between two reports
)

// ledgerReports sends the state of a station to the ledger that it shares with others.
// A ledger that is away gets the next report.
type ledgerReports struct {
	ledger *journal.SharedLedger
	view   *line.View
	url    string
	change chan struct{} // has a value after a change
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// reportTo starts to send reports. Without a ledger it returns nil.
func reportTo(ctx context.Context, ledger *journal.SharedLedger, v *line.View, url string) *ledgerReports {
	if ledger == nil {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &ledgerReports{ledger: ledger, view: v, url: url, change: make(chan struct{}, 1), cancel: cancel}
	r.done.Go(func() { r.run(ctx) })
	return r
}

// changed notes that the next report has something new.
func (r *ledgerReports) changed() {
	if r == nil {
		return
	}
	select {
	case r.change <- struct{}{}:
	default:
	}
}

func (r *ledgerReports) run(ctx context.Context) {
	for {
		r.send(ctx)
		select {
		case <-ctx.Done():
			return
		case <-time.After(reportPause):
		}
		select {
		case <-ctx.Done():
			return
		case <-r.change:
		case <-time.After(reportEvery - reportPause):
		}
	}
}

// send sends a report. An error means that the supervisor sees the station as stale.
func (r *ledgerReports) send(ctx context.Context) {
	status := r.view.Status()
	text, err := json.Marshal(status)
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, reportEvery)
	defer cancel()
	_ = r.ledger.ReportStation(ctx, journal.StationReport{Name: status.Station, URL: r.url, Seen: time.Now(), Report: text})
}

// close sends no more reports.
func (r *ledgerReports) close() {
	if r != nil {
		r.cancel()
		r.done.Wait()
	}
}
