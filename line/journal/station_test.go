// SPDX-License-Identifier: Apache-2.0

package journal_test

import (
	"encoding/json"
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
