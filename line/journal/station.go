// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/sqldb"
)

// StationReport is the newest status that a station sent to the ledger.
type StationReport struct {
	Name   string          `json:"name"`             // of the station
	URL    string          `json:"url,omitempty"`    // of its page; "": it has none
	Seen   time.Time       `json:"seen"`             // when it was sent, by the station's clock
	Report json.RawMessage `json:"report,omitempty"` // JSON, for displays
}

// ErrReport is the error of a report that the ledger does not accept.
var ErrReport = errclass.New(errclass.Usage, "the report of the station")

// ReportStation replaces the report of a station. The error wraps [ErrReport] or
// [ErrLedger].
func (l *SharedLedger) ReportStation(ctx context.Context, r StationReport) error {
	switch {
	case r.Name == "":
		return fmt.Errorf("%w: the station has no name", ErrReport)
	case len(r.Report) > 0 && !json.Valid(r.Report):
		return fmt.Errorf("%w: it is not JSON", ErrReport)
	}
	return l.update(ctx, func(tx *sqldb.Tx) error {
		return tx.ExecOne(`INSERT INTO ledger_report (station, url, seen, report) VALUES ($1, $2, $3, $4)
			ON CONFLICT (station) DO UPDATE SET url = excluded.url, seen = excluded.seen, report = excluded.report`,
			r.Name, r.URL, r.Seen.UnixMilli(), string(r.Report))
	})
}

// Stations returns the reports of all stations, in the order of their names. The error
// wraps [ErrLedger].
func (l *SharedLedger) Stations(ctx context.Context) (list []StationReport, err error) {
	err = l.view(ctx, func(tx *sqldb.Tx) (err error) {
		list, err = sqldb.QueryAll(tx, func(s sqldb.Scanner) (r StationReport, err error) {
			var seen int64
			var report string
			err = s.Scan(&r.Name, &r.URL, &seen, &report)
			r.Seen = fromMillis(seen)
			if report != "" {
				r.Report = json.RawMessage(report)
			}
			return r, err
		}, "SELECT station, url, seen, report FROM ledger_report ORDER BY station")
		return err
	})
	return list, err
}
