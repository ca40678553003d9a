// SPDX-License-Identifier: Apache-2.0

package journal_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/line/journal"
)

// eachLedger runs a test with a ledger in each kind of database.
func eachLedger(t *testing.T, test func(t *testing.T, name string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "ledger.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, pgtest.Database(t)) })
}

// openLedger opens a ledger, and closes it when the test ends.
func openLedger(t *testing.T, name string) *journal.SharedLedger {
	t.Helper()
	l, err := journal.OpenLedger(t.Context(), name, true)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}

// TestStationReports replaces and reads the reports of stations.
func TestStationReports(t *testing.T) {
	eachLedger(t, func(t *testing.T, name string) {
		l := openLedger(t, name)
		none, err := l.Stations(t.Context())
		require.NoError(t, err)
		require.Empty(t, none)
		at := time.Date(2030, 3, 4, 5, 6, 7, 8e6, time.UTC)
		one := journal.StationReport{Name: "station-1", URL: "http://127.0.0.1:8086", Seen: at, Report: json.RawMessage(`{"done":1}`)}
		two := journal.StationReport{Name: "station-2", Seen: at}
		for _, r := range []journal.StationReport{two, one, two} {
			require.NoError(t, l.ReportStation(t.Context(), r))
		}
		one.Report, one.Seen = json.RawMessage(`{"done":2,"name":"ワンタイム"}`), at.Add(time.Second)
		require.NoError(t, l.ReportStation(t.Context(), one))
		list, err := openLedger(t, name).Stations(t.Context())
		require.NoError(t, err)
		require.Equal(t, []journal.StationReport{one, two}, list)

		require.ErrorIs(t, l.ReportStation(t.Context(), journal.StationReport{Seen: at}), journal.ErrReport)
		one.Report = json.RawMessage(`{`)
		require.ErrorIs(t, l.ReportStation(t.Context(), one), journal.ErrReport)
	})
}

// TestReportsOfLedgerAway checks that a ledger which was never there refuses reports, and
// takes them when it is back.
func TestReportsOfLedgerAway(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "away")
	for _, name := range []string{filepath.Join(folder, "ledger.db"), "postgres://u@127.0.0.1:1/x?sslmode=disable"} {
		l := journal.NewLedger(name)
		require.ErrorIs(t, l.ReportStation(t.Context(), journal.StationReport{Name: "station-1"}), journal.ErrLedger)
		_, err := l.Stations(t.Context())
		require.ErrorIs(t, err, journal.ErrLedger)
		require.NoError(t, l.Close())
		require.ErrorIs(t, l.ReportStation(t.Context(), journal.StationReport{Name: "station-1"}), journal.ErrLedger, "it is closed")
	}
	l := journal.NewLedger(filepath.Join(folder, "ledger.db"))
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	require.Error(t, l.ReportStation(t.Context(), journal.StationReport{Name: "station-1"}))
	require.NoError(t, os.Mkdir(folder, 0o700))
	require.NoError(t, l.ReportStation(t.Context(), journal.StationReport{Name: "station-1"}))
	list, err := l.Stations(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 1)
}

// TestReportTimes checks that times which JSON cannot have do not spoil the list. RFC 3339
// has the years 0 to 9999.
func TestReportTimes(t *testing.T) {
	eachLedger(t, func(t *testing.T, name string) {
		l := openLedger(t, name)
		raw := pgtest.Raw(t, name)
		for station, ms := range map[string]int64{"a": 9e15, "b": -9e15, "c": 1<<63 - 1, "d": 253402300800000, "e": 253402300799999} {
			pgtest.Exec(t, raw, "INSERT INTO ledger_report (station, url, seen, report) VALUES ($1, '', $2, '')", station, ms)
		}
		list, err := l.Stations(t.Context())
		require.NoError(t, err)
		require.Len(t, list, 5)
		_, err = json.Marshal(list)
		require.NoError(t, err)
		for _, one := range list[:4] {
			require.Zero(t, one.Seen)
		}
		require.Equal(t, "9999-12-31T23:59:59.999Z", list[4].Seen.Format(time.RFC3339Nano))
	})
}
