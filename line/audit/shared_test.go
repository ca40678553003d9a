// SPDX-License-Identifier: Apache-2.0

package audit_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/line/audit"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/line/journal/journaltest"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/token"
)

// unit begins a unit, and takes it up to Done if done is set.
func unit(t *testing.T, b *journal.Batch, n byte, done bool) journal.Unit {
	t.Helper()
	ctx := t.Context()
	seed, err := token.NewSeed([]byte(strings.Repeat(string(rune('a'+n)), 20)))
	require.NoError(t, err)
	u, err := b.Allocate(ctx, journal.Device{HardwareID: host.HardwareID{7: n}, Key: [32]byte{0: n, 1: 9}, Socket: "usb 1-1"}, seed)
	require.NoError(t, err)
	if done {
		require.NoError(t, b.Begin(ctx, &u, "usb 1-1"))
		require.NoError(t, b.Advance(ctx, &u, journal.Confirmed))
		require.NoError(t, b.Verified(ctx, &u, seed))
		for _, s := range []journal.State{journal.Locking, journal.Locked, journal.Labelled, journal.Done} {
			require.NoError(t, b.Advance(ctx, &u, s))
		}
	}
	return u
}

// shared makes a ledger with two stations. The first gives numbers back, and both have
// units that are void or unfinished.
func shared(t *testing.T) (ledger string, stations []string) {
	t.Helper()
	dir := t.TempDir()
	ledger = filepath.Join(dir, "line.db")
	l, err := journal.OpenLedger(t.Context(), ledger, true)
	require.NoError(t, err)
	o, content := journaltest.Order(t)
	var batches []*journal.Batch
	for _, name := range []string{"station-1", "station-2"} {
		c := journaltest.Config(t, t.TempDir(), journaltest.Master())
		seed := sha256.Sum256([]byte(name))
		c.Station, c.Ledger, c.Key = name, l, ed25519.NewKeyFromSeed(seed[:])
		j, err := journal.Open(t.Context(), c)
		require.NoError(t, err)
		batches = append(batches, journaltest.Begin(t, j, o, content))
		stations = append(stations, c.Database)
	}
	one, two := batches[0], batches[1]
	unit(t, one, 1, true)
	void := unit(t, one, 2, false)
	require.NoError(t, one.Void(t.Context(), &void, "broken", journal.BinRepair))
	unit(t, two, 3, true)
	unit(t, two, 4, false)
	_, err = one.GiveBack(t.Context())
	require.NoError(t, err)
	for _, b := range batches {
		require.NoError(t, b.Journal.Close())
	}
	require.NoError(t, l.Close())
	return ledger, stations
}

func runShared(t *testing.T, ledger string) audit.SharedReport {
	t.Helper()
	l, err := journal.OpenLedger(t.Context(), ledger, false)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	r, err := audit.RunShared(t.Context(), l)
	require.NoError(t, err)
	return r
}

// TestShared audits the journals and the ledger of two stations.
func TestShared(t *testing.T) {
	ledger, stations := shared(t)
	r := runShared(t, ledger)
	require.Empty(t, r.Faults)
	require.Equal(t, []audit.SharedOrder{{Name: "ORD-2026-0001", Allocated: 4, Done: 2, Void: 1, Unfinished: 1, Free: 1}}, r.Orders)
	require.Len(t, r.Stations, 2)
	for i, database := range stations {
		j, err := journal.OpenReader(t.Context(), database)
		require.NoError(t, err)
		own, err := audit.Run(t.Context(), j, audit.Options{Database: database})
		require.NoError(t, err)
		require.NoError(t, j.Close())
		require.Empty(t, own.Faults)
		require.Equal(t, own.Signer, r.Stations[i].Signer)
		require.Equal(t, own.Records, r.Stations[i].Records)
		require.EqualValues(t, []int64{1, 0}[i], own.Orders[0].Returned)
	}
}

// TestSharedFaults changes the ledger by hand. Each change has a fault that names it.
func TestSharedFaults(t *testing.T) {
	original, _ := shared(t)
	for _, c := range []struct{ change, says string }{
		{"UPDATE ledger_record SET data = replace(data, 'ZZFB00000001', 'ZZFB00000009') WHERE kind = 'allocate'", "station-1: chain 1, record "},
		{"DELETE FROM ledger_record WHERE station = 'station-2' AND seq > 4", "station-2: chain 1 ends with record 4"},
		{"UPDATE ledger_station SET seal = x'00' WHERE name = 'station-1'", "station-1: chain 1: its head was changed"},
		{"UPDATE ledger_free SET first = first - 1", "was handed out twice"},
		{"UPDATE ledger_free SET first = first + 1", "are missing in the ledger"},
		{"UPDATE ledger_order SET next = 9", "9 numbers were handed out, and the ledger accounts for 5"},
		{"UPDATE ledger_block SET first = first + 1 WHERE id = 2", "block 2 of station-2 has other numbers than the ledger handed out"},
		{"DELETE FROM ledger_block WHERE id = 1", "station-1 has block 1, which the ledger did not hand out"},
		{"UPDATE ledger_block SET void = 0", "block 1 counts 2 used, 1 done and 0 void numbers"},
		{"UPDATE ledger_unit SET state = 'done' WHERE state = 'void'", "unit ZZFB00000002 at station-1 differs from the records"},
		{"DELETE FROM ledger_unit WHERE station = 'station-2'", "station-2 has 2 units in the records, and 0 in the ledger"},
		{"INSERT INTO ledger_conflict VALUES (1, 'device key', 'x', 'station-2', 1, 'station-1', 1, 1, 0)", "conflict: device key x was used twice"},
	} {
		dir := copied(t, filepath.Dir(original))
		cmd := exec.CommandContext(t.Context(), tooltest.Find(t, "sqlite3"), "-bail", filepath.Join(dir, "line.db"))
		cmd.Stdin = strings.NewReader(c.change)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s: %s", c.change, out)
		require.Contains(t, strings.Join(runShared(t, filepath.Join(dir, "line.db")).Faults, "\n"), c.says, c.change)
	}
}

// TestSharedTwice has two stations use one serial number, device and seed in their records.
// The audit finds that from the copies alone.
func TestSharedTwice(t *testing.T) {
	dir := t.TempDir()
	ledger := filepath.Join(dir, "line.db")
	l, err := journal.OpenLedger(t.Context(), ledger, true)
	require.NoError(t, err)
	o, content := journaltest.Order(t)
	for _, name := range []string{"station-1", "station-2"} {
		c := journaltest.Config(t, t.TempDir(), journaltest.Master())
		c.Station, c.Ledger = name, l
		j, err := journal.Open(t.Context(), c)
		require.NoError(t, err)
		unit(t, journaltest.Begin(t, j, o, content), 1, true)
		require.NoError(t, j.Close())
	}
	require.NoError(t, l.Close())
	cmd := exec.CommandContext(t.Context(), tooltest.Find(t, "sqlite3"), "-bail", ledger)
	cmd.Stdin = strings.NewReader("DELETE FROM ledger_conflict")
	require.NoError(t, cmd.Run())
	faults := strings.Join(runShared(t, ledger).Faults, "\n")
	for _, says := range []string{"a seed was used twice: for ", "device key 0109", "hardware id 0000000000000001 was used twice"} {
		require.Contains(t, faults, says)
	}
}
