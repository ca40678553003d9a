// SPDX-License-Identifier: Apache-2.0

package export_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/line/export"
	"github.com/d204ef64/fob/line/export/exporttest"
	"github.com/d204ef64/fob/line/journal/journaltest"
	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/token"
)

// TestDialects converts the seeds of a delivery to each format that can be written, as the
// customer does. A format that can be read back has the same seeds, with the serial number,
// the expiry date and the time step as far as it keeps them.
func TestDialects(t *testing.T) {
	dir := t.TempDir()
	o, content := journaltest.Order(t)
	b := journaltest.Batch(t, dir, o, content)
	for n := range 3 {
		exporttest.Finish(t, b, n)
	}
	out := filepath.Join(dir, "out")
	_, err := export.Write(t.Context(), b.Journal, export.Options{Order: o.ID, Dir: out})
	require.NoError(t, err)
	key, err := hex.DecodeString(strings.TrimSpace(string(open(t, filepath.Join(out, "seeds-1.KEY.age")))))
	require.NoError(t, err)
	delivered := readAll(t, "pskc", read(t, out, "seeds-1.xml"), seedfile.ReadOptions{Keys: seedfile.Keys{Key: key}})
	require.Len(t, delivered, 3)
	for n, r := range delivered {
		require.Equal(t, exporttest.Seed(t, n).ExposeHex(), r.Seed.ExposeHex())
		require.Equal(t, "ZZFB0000000"+string(rune('1'+n)), r.Serial.String())
		require.EqualValues(t, 60, r.Step)
		require.EqualValues(t, 6, r.Digits)
		require.Zero(t, r.Drift) // the clock was set by the line, and PSKC counts whole steps
		// 2031-11-30 ends in Tokyo, nine hours ahead of UTC.
		require.Equal(t, "2031-11-30T14:59:59Z", r.Effective().Expiry.UTC().Format("2006-01-02T15:04:05Z"))
	}
	var written []string
	for _, f := range seedfile.Formats() {
		if !f.Writable() {
			continue
		}
		var file bytes.Buffer
		w, err := f.NewWriter(&file, seedfile.WriteOptions{OktaProfile: "factor1"})
		require.NoError(t, err, f.Name)
		if f.Name == "safenet-xml" {
			require.ErrorContains(t, w.Write(&delivered[0]), "the format supports only HOTP")
			continue
		}
		for _, r := range delivered {
			if f.Name == "okta" { // a request of the API is for a user
				require.ErrorContains(t, w.Write(&r), "user: bad value: missing")
				r.User = "user of " + r.Serial.String()
			}
			require.NoError(t, w.Write(&r), f.Name)
		}
		require.NoError(t, w.Close(), f.Name)
		written = append(written, f.Name)
		for _, r := range delivered {
			text, seed := file.String(), r.Seed.Bytes()
			found := strings.Contains(strings.ToLower(text), r.Seed.ExposeHex())
			for _, encoded := range []string{r.Seed.ExposeBase32(), base64.StdEncoding.EncodeToString(seed)} {
				found = found || strings.Contains(text, encoded)
			}
			require.True(t, found, "%s: %s", f.Name, text)
		}
		if !f.Readable() {
			continue
		}
		back := readAll(t, f.Name, file.Bytes(), seedfile.ReadOptions{Step: 60, Digits: 6, Algorithm: token.SHA1})
		require.Len(t, back, 3, f.Name)
		for i, r := range back {
			want := &delivered[i]
			require.True(t, want.Seed.Equal(r.Seed), f.Name)
			require.EqualValues(t, 60, r.Step, f.Name)
			lost := f.Lost(want)
			if lost&seedfile.FieldSerial == 0 {
				require.Equal(t, want.Serial, r.Serial, f.Name)
			}
			if lost&seedfile.FieldDeviceExpiry == 0 {
				require.Equal(t, want.Effective().Expiry, r.Effective().Expiry, f.Name)
			}
		}
	}
	require.Len(t, written, 14)
}

// readAll reads a seed file.
func readAll(t testing.TB, format string, text []byte, o seedfile.ReadOptions) (list []seedfile.Record) {
	t.Helper()
	f, err := seedfile.FormatByName(format)
	require.NoError(t, err)
	r, err := f.NewReader(bytes.NewReader(text), o)
	require.NoError(t, err, format)
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return list
		}
		require.NoError(t, err, format)
		list = append(list, record)
	}
}
