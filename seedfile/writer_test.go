// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
)

// TestOneHeader checks that a DualShield file refuses tokens with another header, and
// that more tokens can follow.
func TestOneHeader(t *testing.T) {
	first := Record{
		Serial: testSerial(t, "1"), Seed: hexSeedOf(t, rfcSeed), Digits: 6, Step: 60, Manufacturer: "DN", Model: "ST",
	}
	var b strings.Builder
	w, err := mustFormat(t, "dualshield-xml").NewWriter(&b, WriteOptions{})
	require.NoError(t, err)
	require.NoError(t, w.Write(&first))
	for _, change := range []func(r *Record){
		func(r *Record) { r.Digits = 8 },
		func(r *Record) { r.Step = 30 },
		func(r *Record) { r.Algorithm = token.SHA256 },
		func(r *Record) { r.Manufacturer = "XX" },
		func(r *Record) { r.Model = "" },
	} {
		r := first
		change(&r)
		require.ErrorIs(t, w.Write(&r), ErrValue)
	}
	require.NoError(t, w.Write(&first))
	require.NoError(t, w.Close())
	got, err := readAll(mustFormat(t, "dualshield-xml"), b.String(), ReadOptions{})
	require.NoError(t, err, b.String())
	require.Len(t, got, 2)
	requireSame(t, first, got[1], b.String())

	// Another header requires another file.
	first.Digits = 8
	again, err := writeAll(mustFormat(t, "dualshield-xml"), first)
	require.NoError(t, err)
	require.Contains(t, again, "<digits>8</digits>")
}

// TestNoEncryption checks that every dialect refuses encryption instead of writing
// seeds in clear.
func TestNoEncryption(t *testing.T) {
	for _, d := range dialects {
		for _, o := range []WriteOptions{
			{Encrypt: &Encryption{Password: []byte("qwerty")}, OktaProfile: "f"},
			{Sign: &Signer{}, OktaProfile: "f"},
		} {
			_, err := mustFormat(t, d.name).NewWriter(io.Discard, o)
			require.ErrorIs(t, err, ErrUnsupported, d.name)
		}
	}
	_, err := mustFormat(t, "okta").NewWriter(io.Discard, WriteOptions{})
	requireRefused(t, err, ErrNoFactorProfile, "factorProfileId", "")
}

// TestStays checks that a reader does not continue after a bad record. Otherwise a
// caller that ignores the error would take the rest for the whole file.
func TestStays(t *testing.T) {
	r, err := mustFormat(t, "oath-csv").NewReader(strings.NewReader("?\n"+row), ReadOptions{})
	require.NoError(t, err)
	_, first := r.Read()
	require.ErrorIs(t, first, ErrSyntax)
	_, again := r.Read()
	require.Equal(t, first, again)
}

// TestTrouble checks that errors from outside the file are returned unchanged.
func TestTrouble(t *testing.T) {
	trouble := errors.New("the cable is out")
	for _, s := range samples() {
		text := readTestdata(t, s.file)
		f := mustFormat(t, s.formats[0])
		r, err := f.NewReader(io.MultiReader(strings.NewReader(text[:len(text)/3]), iotest.ErrReader(trouble)),
			ReadOptions{Step: 60})
		for err == nil {
			_, err = r.Read()
		}
		require.ErrorIs(t, err, trouble, s.file)
		var where *Error
		require.False(t, errors.As(err, &where), "%s: %v is not about the content", s.file, err)
	}
	for _, d := range dialects {
		w, err := mustFormat(t, d.name).NewWriter(failing{trouble}, writeOptions)
		require.NoError(t, err)
		r := Record{Serial: testSerial(t, "1"), Seed: hexSeedOf(t, rfcSeed), Digits: 6, Step: 60, User: "alice"}
		if d.name == "safenet-xml" {
			r.Type, r.Step = HOTP, 0
		}
		require.NoError(t, w.Write(&r), d.name) // to the buffer
		require.ErrorIs(t, w.Close(), trouble, d.name)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
