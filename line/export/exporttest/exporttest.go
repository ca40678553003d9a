// SPDX-License-Identifier: Apache-2.0

// Package exporttest brings units to their end in a journal, for tests.
package exporttest

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/token"
)

// Seed returns the n-th seed for tests.
func Seed(t testing.TB, n int) token.Seed {
	t.Helper()
	sum := sha256.Sum256([]byte{'s', byte(n >> 8), byte(n)})
	s, err := token.NewSeed(sum[:20])
	require.NoError(t, err)
	return s
}

// Allocate begins the unit of the n-th device.
func Allocate(t testing.TB, b *journal.Batch, n int) journal.Unit {
	t.Helper()
	return Clone(t, b, n, n)
}

// Clone begins the unit of the n-th device with another seed.
func Clone(t testing.TB, b *journal.Batch, n, seed int) journal.Unit {
	t.Helper()
	var id host.HardwareID
	binary.BigEndian.PutUint64(id[:], uint64(n+1))
	low, high := -20.0, 20.0
	d := journal.Device{
		HardwareID: id, Key: sha256.Sum256(id[:]), Socket: "usb-1." + string(rune('1'+n%4)),
		Results: journal.Results{
			Model: "button-6", Firmware: "0.1.0", Enrolled: true, Codes: 1, Read: "device", Cycle: 2.5,
			Drift: &journal.Measurement{Value: float64(n), Spread: 0.5, Low: &low, High: &high},
		},
	}
	u, err := b.Allocate(t.Context(), d, Seed(t, seed))
	require.NoError(t, err)
	return u
}

// Verified brings the unit of the n-th device to the state Verified.
func Verified(t testing.TB, b *journal.Batch, n int) journal.Unit {
	t.Helper()
	u := Allocate(t, b, n)
	verify(t, b, &u)
	return u
}

func verify(t testing.TB, b *journal.Batch, u *journal.Unit) {
	t.Helper()
	require.NoError(t, b.Begin(t.Context(), u, u.Socket))
	require.NoError(t, b.Advance(t.Context(), u, journal.Confirmed))
	seed, err := b.Seed(t.Context(), u)
	require.NoError(t, err)
	require.NoError(t, b.Verified(t.Context(), u, seed))
}

// Finish brings the unit of the n-th device to the state Done.
func Finish(t testing.TB, b *journal.Batch, n int) journal.Unit {
	t.Helper()
	u := Allocate(t, b, n)
	Complete(t, b, &u)
	return u
}

// Complete brings a unit from the state Allocated to Done.
func Complete(t testing.TB, b *journal.Batch, u *journal.Unit) {
	t.Helper()
	verify(t, b, u)
	require.NoError(t, b.Advance(t.Context(), u, journal.Locking))
	require.NoError(t, b.Advance(t.Context(), u, journal.Locked))
	Label(t, b, u)
	require.NoError(t, b.Advance(t.Context(), u, journal.Done))
}

// Label prints the label of a unit, which no socket waits for.
func Label(t testing.TB, b *journal.Batch, u *journal.Unit) {
	t.Helper()
	number, err := b.Printing(t.Context(), u, u.Socket, "file:labels", "")
	require.NoError(t, err)
	require.NoError(t, b.Labelled(t.Context(), u, number, journal.NoWait))
}

// Void gives the unit of the n-th device up.
func Void(t testing.TB, b *journal.Batch, n int, reason string, bin journal.Bin) {
	t.Helper()
	u := Verified(t, b, n)
	require.NoError(t, b.Void(t.Context(), &u, reason, bin))
}
