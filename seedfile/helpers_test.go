// SPDX-License-Identifier: Apache-2.0

package seedfile_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/token"
)

// rfcSeed is the seed of RFC 4226 and RFC 6238 in hexadecimal.
const rfcSeed = "3132333435363738393031323334353637383930"

func mustFormat(t testing.TB, name string) *seedfile.Format {
	t.Helper()
	f, err := seedfile.FormatByName(name)
	require.NoError(t, err)
	return f
}

func mustSerial(t testing.TB, s string) token.Serial {
	t.Helper()
	v, err := token.ParseSerial(s)
	require.NoError(t, err)
	return v
}

func mustSeed(t testing.TB, s string) token.Seed {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	v, err := token.NewSeed(b)
	require.NoError(t, err)
	return v
}

// readAll reads a whole file.
func readAll(f *seedfile.Format, text string, o seedfile.ReadOptions) ([]seedfile.Record, error) {
	r, err := f.NewReader(strings.NewReader(text), o)
	if err != nil {
		return nil, err
	}
	var records []seedfile.Record
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return records, nil
		}
		if err != nil {
			return records, err
		}
		records = append(records, rec)
	}
}

// writeOptions has the options that some formats require.
var writeOptions = seedfile.WriteOptions{OktaProfile: "fpr20l2mDyaUGWGCa0g4"}

// writeAll writes a whole file.
func writeAll(f *seedfile.Format, records ...seedfile.Record) (string, error) {
	var b bytes.Buffer
	w, err := f.NewWriter(&b, writeOptions)
	if err != nil {
		return "", err
	}
	for i := range records {
		if err := w.Write(&records[i]); err != nil {
			return "", err
		}
	}
	err = w.Close()
	return b.String(), err
}

// same compares records field by field: a seed cannot be compared with ==, and times
// may be in different zones.
func same(a, b seedfile.Record) bool {
	for _, t := range [][2]time.Time{
		{a.Device.Start, b.Device.Start}, {a.Device.Expiry, b.Device.Expiry},
		{a.Policy.Start, b.Policy.Start}, {a.Policy.Expiry, b.Policy.Expiry},
	} {
		if !t[0].Equal(t[1]) {
			return false
		}
	}
	return a.Seed.Equal(b.Seed) && plain(a) == plain(b)
}

// plain returns the fields of a record that can be compared with == and printed.
func plain(r seedfile.Record) any {
	type fields struct {
		serial, kind, algorithm string
		digits                  uint8
		step, t0                token.UnixSeconds
		drift                   int64
		counter                 uint64
		texts                   string
	}
	if r.KeyID == r.Serial.String() {
		r.KeyID = "" // redundant: see Record.Fields
	}
	return fields{
		r.Serial.String(), r.Type.String(), r.Algorithm.String(), r.Digits, r.Step, r.T0, r.Drift, r.Counter,
		strings.Join([]string{r.Manufacturer, r.Model, r.IssueNo, r.Issuer, r.KeyID, r.FriendlyName, r.User}, "\x00"),
	}
}

func requireSame(t require.TestingT, want, got seedfile.Record, where string) {
	require.Equal(t, plain(want), plain(got), where)
	require.True(t, same(want, got), "seed or dates differ: %s", where)
}
