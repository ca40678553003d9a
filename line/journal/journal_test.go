// SPDX-License-Identifier: Apache-2.0

package journal_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/internal/vault"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/line/journal/journaltest"
	"github.com/d204ef64/fob/line/order"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/token"
)

// device returns a device with a number.
func device(n int) journal.Device {
	d := journal.Device{HardwareID: host.HardwareID{7: byte(n), 6: byte(n >> 8)}, Socket: "usb 1-1"}
	d.Key[0], d.Key[1], d.Key[2] = 1, byte(n), byte(n>>8)
	return d
}

// seed returns the seed of device n: 20 bytes that are easy to search for.
func seed(t testing.TB, n int) token.Seed {
	s, err := token.NewSeed([]byte(fmt.Sprintf("SEED-IN-CLEAR-%06d", n)))
	require.NoError(t, err)
	return s
}

// finish takes a unit through all states.
func finish(t testing.TB, b *journal.Batch, n int) journal.Unit {
	u, err := b.Allocate(t.Context(), device(n), seed(t, n))
	require.NoError(t, err)
	complete(t, b, &u)
	return u
}

// complete takes a unit through all states after Allocated.
func complete(t testing.TB, b *journal.Batch, u *journal.Unit) {
	ctx := t.Context()
	require.NoError(t, b.Begin(ctx, u, "usb 1-2"))
	require.NoError(t, b.Advance(ctx, u, journal.Confirmed))
	s, err := b.Seed(ctx, u)
	require.NoError(t, err)
	require.NoError(t, b.Verified(ctx, u, s))
	require.NoError(t, b.Advance(ctx, u, journal.Locking))
	require.NoError(t, b.Advance(ctx, u, journal.Locked))
	number, err := b.Printing(ctx, u, "usb 1-2", "file:labels", "")
	require.NoError(t, err)
	require.NoError(t, b.Labelled(ctx, u, number, journal.NoWait))
	require.NoError(t, b.Advance(ctx, u, journal.Done))
}

// TestSocketNumber gives each socket a number for good, until all are forgotten.
func TestSocketNumber(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	for range 2 {
		j, err := journal.Open(ctx, journaltest.Config(t, dir, journaltest.Master()))
		require.NoError(t, err)
		for i, name := range []string{"usb 1-4", "usb 1-2", "usb 1-3"} {
			n, err := j.SocketNumber(ctx, name)
			require.NoError(t, err)
			require.Equal(t, i+1, n)
		}
		require.NoError(t, j.Close())
	}
	j, err := journal.Open(ctx, journaltest.Config(t, dir, journaltest.Master()))
	require.NoError(t, err)
	require.NoError(t, j.ForgetSockets(ctx))
	n, err := j.SocketNumber(ctx, "usb 1-3")
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.NoError(t, j.Close())
}

// TestLabelRefused prints no label of a unit that is not locked, or that another process has
// given up meanwhile. The label of a void unit is not due.
func TestLabelRefused(t *testing.T) {
	ctx := t.Context()
	o, content := journaltest.Order(t)
	b := journaltest.Batch(t, t.TempDir(), o, content)
	u, err := b.Allocate(ctx, device(1), seed(t, 1))
	require.NoError(t, err)
	_, err = b.Printing(ctx, &u, "usb 1-2", "file:x", "")
	require.ErrorIs(t, err, journal.ErrUnit)
	require.EqualError(t, err, "the unit ZZFB00000001 is allocated: a label is printed once the device is locked")
	require.NoError(t, b.Advance(ctx, &u, journal.Locked))
	label, err := b.Printing(ctx, &u, "usb 1-2", "file:x", "")
	require.NoError(t, err)
	require.NoError(t, b.Labelled(ctx, &u, label, journal.WaitTaken))
	stale := u
	require.NoError(t, b.Void(ctx, &u, "the device did not come back", journal.BinSuspect))
	due, err := b.DueLabels(ctx)
	require.NoError(t, err)
	require.Empty(t, due)
	_, err = b.Printing(ctx, &stale, "usb 1-2", "file:x", "damaged")
	require.EqualError(t, err, "the unit ZZFB00000001 is not labelled any more")
}

// TestUnit takes a unit through all states, with the journal closed and opened after each.
// The serial numbers are those that the order names.
func TestUnit(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	o, content := journaltest.Order(t, "count: 10", "count: 2")
	var u journal.Unit
	step := func(f func(b *journal.Batch) error) {
		t.Helper()
		j, err := journal.Open(ctx, journaltest.Config(t, dir, journaltest.Master()))
		require.NoError(t, err)
		b := journaltest.Begin(t, j, o, content)
		if u.ID != 0 {
			found, ok, err := b.Find(ctx, u.HardwareID)
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, u, found)
		}
		require.NoError(t, f(b))
		require.NoError(t, j.Close())
	}
	step(func(b *journal.Batch) (err error) {
		u, err = b.Allocate(ctx, device(1), seed(t, 1))
		require.Equal(t, "ZZFB00000001", u.Serial.String())
		require.Equal(t, "2031-11-30", u.Expiry.String())
		return err
	})
	step(func(b *journal.Batch) error { return b.Begin(ctx, &u, "usb 1-2") })
	step(func(b *journal.Batch) error { return b.Failed(ctx, &u, "no answer") })
	step(func(b *journal.Batch) error { return b.Begin(ctx, &u, "usb 1-3") })
	step(func(b *journal.Batch) error {
		s, err := b.Seed(ctx, &u)
		require.NoError(t, err)
		require.True(t, s.Equal(seed(t, 1)))
		return b.Advance(ctx, &u, journal.Confirmed)
	})
	step(func(b *journal.Batch) error { return b.Verified(ctx, &u, seed(t, 1)) })
	step(func(b *journal.Batch) error {
		_, err := b.Seed(ctx, &u)
		require.ErrorContains(t, err, "no seed of the station")
		return b.Advance(ctx, &u, journal.Locking)
	})
	step(func(b *journal.Batch) error { return b.Advance(ctx, &u, journal.Locked) })
	var label int
	step(func(b *journal.Batch) (err error) {
		label, err = b.Printing(ctx, &u, "usb 1-3", "file:x", "")
		require.Equal(t, 1, label)
		return err
	})
	step(func(b *journal.Batch) error { return b.Labelled(ctx, &u, label, journal.WaitScanned) })
	step(func(b *journal.Batch) error { return b.Advance(ctx, &u, journal.Done) })
	require.Equal(t, int64(1), u.Finished)
	require.Equal(t, 2, u.Attempts)
	require.Equal(t, 1, u.Failures)
	step(func(b *journal.Batch) error {
		label, err := b.Printing(ctx, &u, "usb 1-3", "tcp:x", "damaged")
		require.NoError(t, err)
		return b.Reprinted(ctx, &u, label)
	})
	step(func(b *journal.Batch) error {
		due, err := b.DueLabels(ctx)
		require.NoError(t, err)
		require.Equal(t, []journal.DueLabel{{Unit: u, Socket: "usb 1-3", Waits: journal.WaitScanned}}, due)
		waits, err := b.Waits(ctx, &u)
		require.NoError(t, err)
		require.Equal(t, journal.WaitScanned, waits)
		return b.LabelTaken(ctx, &u)
	})
	step(func(b *journal.Batch) error {
		due, err := b.DueLabels(ctx)
		require.NoError(t, err)
		require.Empty(t, due)
		labels, err := b.Labels(ctx, u.ID)
		require.NoError(t, err)
		require.Len(t, labels, 2)
		require.Equal(t, "file:x", labels[0].Printer)
		require.Equal(t, "tcp:x", labels[1].Printer)
		require.Equal(t, "damaged", labels[1].Reason)
		require.False(t, labels[1].Printed.IsZero())

		var whats []journal.Kind
		require.NoError(t, b.Records(ctx, u.ID, func(r journal.Record) error {
			whats = append(whats, r.Kind)
			return nil
		}))
		require.Equal(t, []journal.Kind{
			"allocate", "state", "failure", "state", "state", "state", "state", "state", "printing", "label", "state", "printing", "reprint", "label-taken",
		}, whats)
		report, err := b.Verify(ctx, "")
		require.NoError(t, err)
		require.Empty(t, report.Faults)

		// The next unit gets the next number, and then the order is complete.
		finish(t, b, 2)
		_, err = b.Allocate(ctx, device(3), seed(t, 3))
		require.ErrorIs(t, err, journal.ErrComplete)
		c, err := b.Counts(ctx)
		require.NoError(t, err)
		require.Equal(t, journal.Counts{Wanted: 2, Done: 2}, c)
		return nil
	})
}

// TestUnique checks that the database refuses a second unit for a device, a key or a seed.
// After a unit was given up, its device may be used again, but its number and its seed are
// used up.
func TestUnique(t *testing.T) {
	ctx := t.Context()
	o, content := journaltest.Order(t)
	b := journaltest.Batch(t, t.TempDir(), o, content)
	u, err := b.Allocate(ctx, device(1), seed(t, 1))
	require.NoError(t, err)
	_, err = b.Allocate(ctx, device(1), seed(t, 2))
	require.ErrorIs(t, err, journal.ErrDevice)
	clone := device(2)
	clone.Key = device(1).Key
	_, err = b.Allocate(ctx, clone, seed(t, 2))
	require.ErrorIs(t, err, journal.ErrDevice)
	_, err = b.Allocate(ctx, device(2), seed(t, 1))
	require.ErrorIs(t, err, journal.ErrJournal)
	require.NoError(t, b.Void(ctx, &u, "broken", journal.BinRepair))
	_, err = b.Allocate(ctx, device(2), seed(t, 1))
	require.ErrorIs(t, err, journal.ErrJournal)
	second, err := b.Allocate(ctx, device(1), seed(t, 3))
	require.NoError(t, err)
	require.Equal(t, "ZZFB00000002", second.Serial.String())
	_, err = b.Seed(ctx, &u)
	require.Error(t, err, "the seed of a void unit was deleted")
	require.ErrorIs(t, b.Advance(ctx, &u, journal.Done), journal.ErrUnit)

	// A stale copy of a unit changes nothing.
	stale := second
	require.NoError(t, b.Begin(ctx, &second, "x"))
	require.ErrorIs(t, b.Void(ctx, &stale, "", ""), journal.ErrUnit)
	list, err := b.Unfinished(ctx, o.ID)
	require.NoError(t, err)
	require.Equal(t, []journal.Unit{second}, list)
	voids, err := b.Voids(ctx, o.ID)
	require.NoError(t, err)
	require.Equal(t, []journal.Voids{{Reason: "broken", Bin: journal.BinRepair, Count: 1}}, voids)
}

// TestNumbersRunOut checks that void units are replaced until the range is used up.
func TestNumbersRunOut(t *testing.T) {
	ctx := t.Context()
	o, content := journaltest.Order(t) // 10 of 12 numbers
	b := journaltest.Batch(t, t.TempDir(), o, content)
	for n := range 3 {
		u, err := b.Allocate(ctx, device(n), seed(t, n))
		require.NoError(t, err)
		require.NoError(t, b.Void(ctx, &u, "x", journal.BinRepair))
	}
	for n := 3; n < 12; n++ {
		u := finish(t, b, n)
		require.EqualValues(t, n, u.Number)
	}
	_, err := b.Allocate(ctx, device(12), seed(t, 12))
	require.ErrorIs(t, err, journal.ErrNumbers)
	require.ErrorContains(t, err, "12 were used up, and 1 tokens are missing")
	c, err := b.Counts(ctx)
	require.NoError(t, err)
	require.Equal(t, journal.Counts{Wanted: 10, Done: 9, Void: 3}, c)
}

// TestWorkers checks that many workers get different numbers, without gaps.
func TestWorkers(t *testing.T) {
	const units = 300
	o, content := journaltest.Order(t, "count: 10", "count: 300", "ZZFB00000012", "ZZFB00000400")
	b := journaltest.Batch(t, t.TempDir(), o, content)
	var workers sync.WaitGroup
	for w := range 30 {
		workers.Go(func() {
			for n := w; n < units; n += 30 {
				finish(t, b, n)
			}
		})
	}
	workers.Wait()
	seen := map[int64]bool{}
	finished := map[int64]bool{}
	page := journal.UnitFilter{}
	for {
		list, next, err := b.Units(t.Context(), o.ID, page)
		require.NoError(t, err)
		for _, u := range list {
			seen[u.Number], finished[u.Finished] = true, true
		}
		if next == "" {
			break
		}
		page.After = next
	}
	require.Len(t, seen, units)
	require.Len(t, finished, units)
	for i := range int64(units) {
		require.True(t, seen[i] && finished[i+1])
	}
	report, err := b.Verify(t.Context(), "")
	require.NoError(t, err)
	require.Empty(t, report.Faults)
}

// TestExport decrypts the seeds of an order as a customer does: with age and seedfile's
// reader, which is tested with the figures of RFC 6030. Acknowledging deletes the seeds.
func TestExport(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	o, content := journaltest.Order(t)
	for run := range 2 { // two runs of the station, with two keys
		j, err := journal.Open(ctx, journaltest.Config(t, dir, journaltest.Master()))
		require.NoError(t, err)
		b := journaltest.Begin(t, j, o, content)
		for n := range 3 {
			finish(t, b, 3*run+n)
		}
		require.NoError(t, j.Close())
	}
	b := journaltest.Batch(t, dir, o, content)
	through, err := b.Done(ctx, o.ID)
	require.NoError(t, err)
	require.EqualValues(t, 6, through)
	runs, err := b.Runs(ctx, o.ID)
	require.NoError(t, err)
	require.Len(t, runs, 2)
	n := 0
	for _, run := range runs {
		for _, r := range journaltest.Decrypt(t, b, run, through) {
			require.True(t, r.Seed.Equal(seed(t, n)))
			require.Equal(t, fmt.Sprintf("ZZFB%08d", n+1), r.Serial.String())
			n++
		}
	}
	require.Equal(t, 6, n)

	_, err = b.Exported(ctx, o.ID, through, "digest")
	require.NoError(t, err)
	last := finish(t, b, 6)
	_, err = b.Acknowledge(ctx, o.ID, "another")
	require.ErrorIs(t, err, journal.ErrExport)
	deleted, err := b.Acknowledge(ctx, o.ID, "digest")
	require.NoError(t, err)
	require.EqualValues(t, 6, deleted)
	deleted, err = b.Acknowledge(ctx, o.ID, "digest")
	require.NoError(t, err)
	require.Zero(t, deleted)
	station, left, err := b.SeedsLeft(ctx, o.ID)
	require.NoError(t, err)
	require.Zero(t, station)
	require.EqualValues(t, 1, left, "of the unit %s that was not in the export", last.Serial)
	exports, err := b.Exports(ctx, o.ID)
	require.NoError(t, err)
	require.Len(t, exports, 1)
	require.False(t, exports[0].Acknowledged.IsZero())
}

// TestNoSeedInClear searches all files of the journal for the bytes of the seeds, in the
// usual encodings.
func TestNoSeedInClear(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	o, content := journaltest.Order(t)
	b := journaltest.Batch(t, dir, o, content)
	for n := range 3 {
		finish(t, b, n)
	}
	_, err := b.Allocate(ctx, device(3), seed(t, 3))
	require.NoError(t, err)
	for n := range 4 {
		for _, text := range []string{string(seed(t, n).Bytes()), seed(t, n).ExposeHex(), seed(t, n).ExposeBase32()} {
			require.Empty(t, containing(t, dir, text))
		}
	}
	require.NotEmpty(t, containing(t, dir, "ZZFB00000004"), "the search finds what is there")
}

// TestErased checks that the file of a closed journal has no copy of a seed for the
// station any more, once it was verified: not even an encrypted one in a free page.
func TestErased(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	o, content := journaltest.Order(t)
	j, err := journal.Open(ctx, journaltest.Config(t, dir, journaltest.Master()))
	require.NoError(t, err)
	b := journaltest.Begin(t, j, o, content)
	u, err := b.Allocate(ctx, device(1), seed(t, 1))
	require.NoError(t, err)
	out, err := exec.CommandContext(ctx, tooltest.Find(t, "sqlite3"), filepath.Join(dir, "line.db"), "SELECT hex(sealed) FROM seed").Output()
	require.NoError(t, err)
	sealed, err := hex.DecodeString(strings.TrimSpace(string(out)))
	require.NoError(t, err)
	require.NotEmpty(t, containing(t, dir, string(sealed[10:])))
	require.NoError(t, b.Begin(ctx, &u, "x"))
	require.NoError(t, b.Advance(ctx, &u, journal.Confirmed))
	require.NoError(t, b.Verified(ctx, &u, seed(t, 1)))
	require.NoError(t, j.Close())
	require.Empty(t, containing(t, dir, string(sealed[10:])))
}

// containing returns the files in a folder that contain a text, in upper or lower case.
func containing(t testing.TB, dir, text string) (names []string) {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.NotEmpty(t, entries)
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		if bytes.Contains(b, []byte(text)) || bytes.Contains(bytes.ToUpper(b), bytes.ToUpper([]byte(text))) {
			names = append(names, e.Name())
		}
	}
	return names
}

// TestOpenRefused opens a journal with the keys and orders of another one.
func TestOpenRefused(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	o, content := journaltest.Order(t)
	none := journaltest.Config(t, t.TempDir(), journaltest.Master())
	none.Create = false
	_, err := journal.Open(ctx, none)
	require.ErrorIs(t, err, journal.ErrNone)

	b := journaltest.Batch(t, dir, o, content)
	finish(t, b, 1)
	c := journaltest.Config(t, dir, journaltest.Master())
	c.Station = "station-2"
	_, err = journal.Open(ctx, c)
	require.ErrorIs(t, err, journal.ErrStation)
	c = journaltest.Config(t, dir, journaltest.Master())
	_, c.Key, _ = ed25519.GenerateKey(nil)
	_, err = journal.Open(ctx, c)
	require.ErrorIs(t, err, journal.ErrStation)
	m, err := journal.Realm.NewMaster()
	require.NoError(t, err)
	_, err = journal.Open(ctx, journaltest.Config(t, dir, m.Text()))
	require.ErrorIs(t, err, vault.ErrWrongKey)

	other, otherContent := journaltest.Order(t, "count: 10", "count: 9")
	recipients, err := journal.Recipients(other, nil)
	require.NoError(t, err)
	_, err = b.Batch(ctx, other, otherContent, recipients)
	require.ErrorIs(t, err, journal.ErrOrder)
	_, err = b.Batch(ctx, o, otherContent, recipients)
	require.ErrorIs(t, err, journal.ErrOrder)
	_, err = b.Batch(ctx, o, content, nil)
	require.ErrorIs(t, err, journal.ErrRecipient)
}

// TestOverlappingOrders checks that a journal refuses an order with the serial numbers of
// another one, and goes on with the first.
func TestOverlappingOrders(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	j, err := journal.Open(ctx, journaltest.Config(t, dir, journaltest.Master()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, j.Close()) })
	o, content := journaltest.Order(t)
	journaltest.Begin(t, j, o, content)
	other, otherContent := journaltest.Order(t, "ORD-2026-0001", "ORD-2026-0002", "ZZFB00000001", "ZZFB00000012", "last: \"ZZFB00000012\"", "last: \"ZZFB00000030\"")
	recipients, err := journal.Recipients(other, nil)
	require.NoError(t, err)
	_, err = j.Batch(ctx, other, otherContent, recipients)
	require.ErrorIs(t, err, journal.ErrOrder)
	require.ErrorContains(t, err, "ORD-2026-0001")
	require.ErrorContains(t, err, "ZZFB00000012 to ZZFB00000012")
	list, err := j.Orders(ctx)
	require.NoError(t, err)
	require.Len(t, list, 1)
	journaltest.Begin(t, j, o, content) // goes on
	next, nextContent := journaltest.Order(t, "ORD-2026-0001", "ORD-2026-0003", "ZZFB00000012", "ZZFB00000030", "ZZFB00000001", "ZZFB00000013")
	journaltest.Begin(t, j, next, nextContent)
}

// TestSignedHead has ssh-keygen check the signature of a head.
func TestSignedHead(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	o, content := journaltest.Order(t)
	b := journaltest.Batch(t, dir, o, content)
	finish(t, b, 1)
	h, err := b.SignHead(ctx, o.ID)
	require.NoError(t, err)
	list, err := b.Heads(ctx, o.ID)
	require.NoError(t, err)
	require.Equal(t, []journal.SignedHead{h}, list)
	require.Contains(t, string(h.Content), `"done":1`)

	public, err := ssh.NewPublicKey(journaltest.Key().Public())
	require.NoError(t, err)
	sig, allowed := filepath.Join(dir, "head.sig"), filepath.Join(dir, "allowed")
	require.NoError(t, os.WriteFile(sig, h.Signature, 0o600))
	require.NoError(t, os.WriteFile(allowed, append([]byte("station-1 "), ssh.MarshalAuthorizedKey(public)...), 0o600))
	check := func(text []byte) error {
		cmd := exec.CommandContext(ctx, tooltest.Find(t, "ssh-keygen"), "-Y", "verify", "-f", allowed, "-I", "station-1", "-n", journal.HeadNamespace, "-s", sig)
		cmd.Stdin = bytes.NewReader(text)
		return cmd.Run()
	}
	require.NoError(t, check(h.Content))
	require.Error(t, check(append(h.Content, ' ')))
}

// TestChangedRecord changes a record with SQL.
func TestChangedRecord(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	o, content := journaltest.Order(t)
	b := journaltest.Batch(t, dir, o, content)
	finish(t, b, 1)
	require.NoError(t, b.UnsynchronisedClock(ctx, "test"))
	for _, change := range []string{
		"UPDATE record SET data = replace(data, 'ZZFB00000001', 'ZZFB00000002') WHERE kind = 'allocate'",
		"DELETE FROM record WHERE seq = (SELECT MAX(seq) FROM record)",
		"UPDATE record SET at = at + 1 WHERE seq = 3",
	} {
		copied := t.TempDir()
		require.NoError(t, os.CopyFS(copied, os.DirFS(dir)))
		out, err := exec.CommandContext(ctx, tooltest.Find(t, "sqlite3"), filepath.Join(copied, "line.db"), change).CombinedOutput()
		require.NoError(t, err, string(out))
		j, err := journal.Open(ctx, journaltest.Config(t, copied, journaltest.Master()))
		require.NoError(t, err)
		report, err := j.Verify(ctx, "")
		require.NoError(t, err)
		require.NotEmpty(t, report.Faults, change)
		require.NoError(t, j.Close())
	}
}

// TestRecipients seals to a pre-shared key and to a certificate as well.
func TestRecipients(t *testing.T) {
	pem, err := os.ReadFile(filepath.Join("..", "order", "testdata", "bank.pem"))
	require.NoError(t, err)
	inline := "certificate: |\n    " + strings.ReplaceAll(strings.TrimSpace(string(pem)), "\n", "\n    ")
	// The SHA-256 of the bytes 00 to 0f, by sha256sum.
	key := "key_file: bank.key\n  key_name: bank\n  sha256: be45cb2605bf36bebde684841a28f0fd43c69850a3dce5fedba69928ee3a8991"
	o, content := journaltest.Order(t, "- age: ", "- "+inline+"\n- "+key+"\n- age: ")
	recipients, err := journal.Recipients(o, func(*order.Recipient) ([]byte, error) { return []byte("000102030405060708090a0b0c0d0e0f\n"), nil })
	require.NoError(t, err)
	require.Len(t, recipients, 3)
	_, err = journal.Recipients(o, func(*order.Recipient) ([]byte, error) { return []byte("000102030405060708090a0b0c0d0e0e\n"), nil })
	require.ErrorIs(t, err, journal.ErrRecipient)
	for _, text := range []string{"geheim", "00", strings.Repeat("00", 20), ""} {
		_, err = journal.Recipients(o, func(*order.Recipient) ([]byte, error) { return []byte(text), nil })
		require.ErrorIs(t, err, journal.ErrRecipient)
		require.ErrorContains(t, err, ": want an AES key: 32, 48 or 64 hexadecimal digits")
		require.NotContains(t, err.Error(), "geheim")
	}

	// The certificate expires in 2046, by openssl x509 -enddate.
	require.NoError(t, journal.CheckRecipients(recipients, time.Now()))
	late := journaltest.Config(t, t.TempDir(), journaltest.Master())
	late.Now = func() time.Time { return time.Date(2046, 11, 25, 0, 0, 0, 0, time.UTC) }
	j, err := journal.Open(t.Context(), late)
	require.NoError(t, err)
	_, err = j.Batch(t.Context(), o, content, recipients)
	require.ErrorIs(t, err, journal.ErrRecipient)
	require.ErrorContains(t, err, "the certificate expired at 2046-11-24T")
	require.NoError(t, j.Close())

	j, err = journal.Open(t.Context(), journaltest.Config(t, t.TempDir(), journaltest.Master()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, j.Close()) })
	b, err := j.Batch(t.Context(), o, content, recipients)
	require.NoError(t, err)
	defer b.Close()
	finish(t, b, 1)
	runs, err := b.Runs(t.Context(), o.ID)
	require.NoError(t, err)
	require.Len(t, runs, 3)
	for i, run := range runs {
		copies := 0
		require.NoError(t, b.Sealed(t.Context(), run.ID, 1, func(u journal.SealedUnit) error {
			copies++
			return nil
		}))
		require.Equal(t, 1, copies)
		require.Equal(t, i == 2, len(run.KeyAge) > 0)
	}
	require.True(t, journaltest.Decrypt(t, b, runs[2], 1)[0].Seed.Equal(seed(t, 1)))
}

func BenchmarkUnit(b *testing.B) {
	o, content := journaltest.Order(b, "count: 10", "count: 100000", "ZZFB00000012", "ZZFB00100000")
	batch := journaltest.Batch(b, b.TempDir(), o, content)
	n := 0
	for b.Loop() {
		n++
		finish(b, batch, n)
	}
}

// TestLock has one process that works with a journal.
func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "line.db")
	release, err := journal.Lock(path)
	require.NoError(t, err)
	_, err = journal.Lock(path)
	require.ErrorIs(t, err, journal.ErrInUse)
	require.NoError(t, release())
	release, err = journal.Lock(path)
	require.NoError(t, err)
	require.NoError(t, release())
	_, err = journal.Lock(filepath.Join(path, "none"))
	require.ErrorContains(t, err, "locking the journal: ")
}
