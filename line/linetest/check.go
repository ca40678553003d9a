// SPDX-License-Identifier: Apache-2.0

package linetest

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/line/audit"
	"github.com/d204ef64/fob/line/export"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/line/journal/journaltest"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/token"
)

// Final is a device after all stations have ended.
type Final struct {
	HardwareID host.HardwareID
	State      serialproto.State
	Serial     token.Serial
	Has        func(seed []byte) bool // reports whether its memory has a seed in clear
}

// Check checks all devices and the journal, after the last station has finished every
// device that was begun:
//
//   - each number up to the highest belongs to one unit, and each unit is done
//   - each unit is a locked device with its number, whose seed the customer gets
//   - all other devices are blank
//   - no file of the station has a seed in clear
//   - the records are complete, and the audit of an export agrees
//
// It returns the open batch.
func (r *Rig) Check(t testing.TB, devices []Final) *journal.Batch {
	t.Helper()
	b := journaltest.Batch(t, r.Dir, r.Order, r.Content)
	units := r.units(t, b)
	made := r.seedsMade(t)
	r.search(t, made)
	seeds := journaltest.Seeds(t, b)
	locked := map[string]host.HardwareID{}
	for _, d := range devices {
		if d.State == serialproto.StateBlank || d.State == serialproto.StateWiped {
			for _, s := range made {
				require.False(t, d.Has(s), "%s is %v and has a seed", d.HardwareID, d.State)
			}
			continue
		}
		serial := d.Serial.String()
		require.NotContains(t, locked, serial, "two devices have one number")
		locked[serial] = d.HardwareID
		u, ok := units[serial]
		require.True(t, ok, "%s is not in the journal", serial)
		require.Equal(t, d.HardwareID, u.HardwareID)
		require.Equal(t, serialproto.StateLocked, d.State)
		require.Contains(t, seeds, serial, "the customer does not get its seed")
		require.True(t, d.Has(seeds[serial].Bytes()), "the customer gets another seed for %s", serial)
	}
	require.Len(t, locked, len(units), "a unit has no device")
	t.Logf("%d units, %d devices, %d seeds made", len(units), len(devices), len(made))
	r.audit(t, b)
	return b
}

// units returns all units, by serial number.
func (r *Rig) units(t testing.TB, b *journal.Batch) map[string]journal.Unit {
	t.Helper()
	ctx := t.Context()
	units := map[string]journal.Unit{}
	numbers := map[int64]bool{}
	for page := (journal.UnitFilter{}); ; {
		list, next, err := b.Units(ctx, r.Order.ID, page)
		require.NoError(t, err)
		for _, u := range list {
			units[u.Serial.String()] = u
			numbers[u.Number] = true
			require.Equal(t, journal.Done, u.State, "%s: %s", u.Serial, u.Reason)
		}
		if next == "" {
			break
		}
		page.After = next
	}
	require.Len(t, numbers, len(units))
	for i := range int64(len(units)) {
		require.True(t, numbers[i], "number %d was used up without a unit", i)
	}
	c, err := b.Counts(ctx)
	require.NoError(t, err)
	require.EqualValues(t, len(units), c.Done)
	station, _, err := b.SeedsLeft(ctx, r.Order.ID)
	require.NoError(t, err)
	require.Zero(t, station, "the station keeps only the seeds that it needs")
	return units
}

// seedsMade returns all seeds that stations made.
func (r *Rig) seedsMade(t testing.TB) (list [][]byte) {
	t.Helper()
	all, err := os.ReadFile(r.seeds)
	require.NoError(t, err)
	for ; len(all) >= token.DefaultSeedLen; all = all[token.DefaultSeedLen:] {
		list = append(list, all[:token.DefaultSeedLen])
	}
	require.Empty(t, all)
	require.NotEmpty(t, list)
	return list
}

// search searches all files of the station for seeds in clear: as bytes, and as the text of
// hexadecimal, base32 and base64.
func (r *Rig) search(t testing.TB, seeds [][]byte) {
	t.Helper()
	var seedNeedles, textNeedles needles
	for _, s := range seeds {
		seedNeedles.add(s)
		textNeedles.add(bytes.ToUpper([]byte(hex.EncodeToString(s))))
		textNeedles.add([]byte(base32.StdEncoding.EncodeToString(s)[:32]))
		textNeedles.add(bytes.ToUpper([]byte(base64.StdEncoding.EncodeToString(s)[:26])))
	}
	require.True(t, seedNeedles.in(append([]byte("x"), seeds[0]...)), "the search finds a seed in clear")
	require.True(t, textNeedles.in(bytes.ToUpper(hex.AppendEncode([]byte("x"), seeds[0]))))
	var serials needles
	serials.add([]byte("ZZFB00000001"))
	found := 0
	require.NoError(t, filepath.WalkDir(r.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if seedNeedles.in(content) || textNeedles.in(bytes.ToUpper(content)) {
			t.Errorf("%s has a seed in clear", path)
		}
		if serials.in(content) {
			found++
		}
		return nil
	}))
	require.GreaterOrEqual(t, found, 3, "journal, label and events have a serial number")
}

// needles are byte strings that are searched for, by their first eight bytes.
type needles map[[8]byte][][]byte

func (n *needles) add(b []byte) {
	if *n == nil {
		*n = needles{}
	}
	head := [8]byte(b)
	(*n)[head] = append((*n)[head], b)
}

// in reports whether a text contains one of the needles.
func (n needles) in(text []byte) bool {
	for ; len(text) >= 8; text = text[1:] {
		for _, b := range n[[8]byte(text)] {
			if bytes.HasPrefix(text, b) {
				return true
			}
		}
	}
	return false
}

// audit checks the records, and audits the journal together with an export.
func (r *Rig) audit(t testing.TB, b *journal.Batch) {
	t.Helper()
	ctx := t.Context()
	records, err := b.Verify(ctx, "")
	require.NoError(t, err)
	require.Empty(t, records.Faults)
	delivery := filepath.Join(t.TempDir(), "delivery")
	_, err = export.Write(ctx, b.Journal, export.Options{Order: r.Order.ID, Dir: delivery})
	require.NoError(t, err)
	file := filepath.Join(r.Dir, "line.db")
	j, err := journal.OpenReader(ctx, file)
	require.NoError(t, err)
	defer j.Close()
	report, err := audit.Run(ctx, j, audit.Options{Database: file, Exports: []string{delivery}})
	require.NoError(t, err)
	require.Empty(t, report.Faults)
}
