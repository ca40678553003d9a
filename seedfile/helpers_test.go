// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
)

// rfcSeed is the seed of RFC 4226 and RFC 6238 in hexadecimal.
const rfcSeed = "3132333435363738393031323334353637383930"

func mustFormat(t testing.TB, name string) *Format {
	t.Helper()
	f, err := FormatByName(name)
	require.NoError(t, err)
	return f
}

// hexSeedOf returns a seed that is given in hexadecimal.
func hexSeedOf(t testing.TB, s string) token.Seed {
	t.Helper()
	return testSeed(t, string(fromHex(t, s)))
}

// readAll reads a whole file.
func readAll(f *Format, text string, o ReadOptions) ([]Record, error) {
	r, err := f.NewReader(strings.NewReader(text), o)
	if err != nil {
		return nil, err
	}
	var records []Record
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
var writeOptions = WriteOptions{OktaProfile: "fpr20l2mDyaUGWGCa0g4"}

// writeAll writes a whole file.
func writeAll(f *Format, records ...Record) (string, error) {
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

// plain returns a record without its seed, for comparing and printing. Times are in UTC.
func plain(r Record) Record {
	if r.KeyID == r.Serial.String() {
		r.KeyID = "" // redundant: see Record.Fields
	}
	for _, at := range []*time.Time{&r.Device.Start, &r.Device.Expiry, &r.Policy.Start, &r.Policy.Expiry} {
		*at = at.UTC()
	}
	r.Seed = token.Seed{}
	return r
}

func requireSame(t require.TestingT, want, got Record, where string) {
	require.True(t, want.Seed.Equal(got.Seed), "the seeds differ: %s", where)
	require.Equal(t, plain(want), plain(got), where)
}

// requireRefused checks that an error is of a kind and contains a text.
func requireRefused(t require.TestingT, err, kind error, says, name string) {
	require.ErrorIs(t, err, kind, name)
	require.ErrorContains(t, err, says, name)
}
