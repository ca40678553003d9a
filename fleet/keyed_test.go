// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/token/fleetkey"
	"github.com/d204ef64/fob/virtual"
)

// fleetKey is the first key of token/fleetkey/testdata/vectors.json.
func fleetKey(t testing.TB) fleetkey.Key {
	key, err := fleetkey.Parse([]byte("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"))
	require.NoError(t, err)
	return key
}

func keyedFleet(t testing.TB, worldSeed, first uint64, lots ...Lot) []Member {
	w, err := virtual.NewWorld(virtual.Config{Seed: worldSeed, At: then})
	require.NoError(t, err)
	f, err := New(w, Config{Lots: lots, Keyed: Keyed{fleetKey(t), first}})
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return members(f)
}

// TestKeyedVectors: tokens have the seeds of the vectors, which python3-cryptography has
// computed.
func TestKeyedVectors(t *testing.T) {
	for first, want := range map[uint64]string{
		1: "bc24c5de022d6c3e1dd89bfdf557073b5f42fe9a", 1000000: "94b08bb0e2a2196f44e1be250b138e7329336550", 1<<32 - 1: "4cb5a708755366e70b1dea6957bfdc8f55d19694",
	} {
		m := keyedFleet(t, 7, first, Lot{Ready: true})[0]
		seed, _ := m.Token.Secrets()
		require.Equal(t, want, seed.ExposeHex())
		serial, err := token.TestSerial(token.SerialOATH, first)
		require.NoError(t, err)
		require.Equal(t, serial, m.Look().Serial)
	}
}

// TestKeyedCrystals: the errors were recorded on amd64. They are the same on every
// architecture, because fleets on several machines share a key.
func TestKeyedCrystals(t *testing.T) {
	for first, want := range map[uint64]virtual.PPM{1: -3.581036057602996, 1<<32 - 1: -0.5029519182040075} {
		c := keyedFleet(t, 7, first, Lot{Ready: true})[0].Token.Crystal()
		require.Equal(t, want, c.Error(virtual.WorldTimeOf(then)), first)
	}
}

// TestKeyedRanges: fleets of other worlds make the same tokens from the same numbers, and
// tokens of disjoint ranges have nothing in common. The values that a lot draws follow
// the number too.
func TestKeyedRanges(t *testing.T) {
	lot := func(count int) Lot {
		return Lot{Count: LotCount(count), Ready: true, Age: "P1Y", AgeTo: "P3Y", Expiry: "2029-01-31", ExpiryTo: "2030-12-31", Crystal: CrystalC200}
	}
	one := keyedFleet(t, 7, 101, lot(60))
	two := keyedFleet(t, 8, 121, lot(10), Lot{Count: 10, Ready: true, Crystal: CrystalPerfect}, lot(70)) // 121 to 210
	read := func(m Member) [4]any {
		seed, _ := m.Token.Secrets()
		serial, expiry := m.Token.BackLabel()
		return [4]any{serial, seed.ExposeHex(), expiry, m.Token.Crystal()}
	}
	common := 0
	for i, m := range two {
		a := read(m)
		for j, n := range one {
			b := read(n)
			if 101+j != 121+i {
				require.NotEqual(t, a[0], b[0])
				require.NotEqual(t, a[1], b[1])
				require.NotEqual(t, a[3], b[3])
				continue
			}
			common++
			perfect := i >= 10 && i < 20
			require.Equal(t, a[:2], b[:2])
			require.Equal(t, !perfect, a[2] == b[2] && a[3] == b[3])
			require.NotEqual(t, m.Token.HardwareID(), n.Token.HardwareID())
		}
	}
	require.Equal(t, 40, common)
	perfect := two[10].Token.Crystal()
	require.Zero(t, perfect.Error(virtual.WorldEnd))
}

// TestKeyedLater: tokens that are made later have the next numbers. A range ends at the
// last serial number.
func TestKeyedLater(t *testing.T) {
	f := keyedFleet(t, 7, 1<<32-2, Lot{Ready: true})[0].fleet
	later, err := f.MakeLot(Lot{Ready: true})
	require.NoError(t, err)
	require.Equal(t, "ZZFBFFFFFFFF", later[0].Look().Serial.String())
	_, err = f.MakeLot(Lot{Ready: true})
	require.ErrorIs(t, err, ErrLot)
	require.ErrorContains(t, err, "4294967296 does not fit the 8 digits")
	blank, err := f.MakeLot(Lot{})
	require.NoError(t, err)
	require.Equal(t, serialproto.StateBlank, blank[0].Look().State)

	w, err := virtual.NewWorld(virtual.Config{})
	require.NoError(t, err)
	_, err = New(w, Config{Keyed: Keyed{First: 1}})
	require.ErrorIs(t, err, ErrKeyed)
}

// TestKeyedStore: a folder is continued only with the key and the first number with which
// it was begun.
func TestKeyedStore(t *testing.T) {
	dir, key := t.TempDir(), testKey(t)
	other, err := fleetkey.Parse([]byte(strings.Repeat("00", fleetkey.Size)))
	require.NoError(t, err)
	open := func(dir string, k Keyed) (*Fleet, error) {
		s, err := OpenStore(dir, key)
		require.NoError(t, err)
		var c virtual.Config
		_, err = s.Resume(&c, Given{}, time.Now())
		require.NoError(t, err)
		w, err := virtual.NewWorld(c)
		require.NoError(t, err)
		f, err := New(w, Config{Lots: []Lot{{Count: 2, Ready: true}}, Store: s, Keyed: k})
		t.Cleanup(func() { s.Close() })
		if err != nil {
			require.NoError(t, s.Close())
			return nil, err
		}
		t.Cleanup(func() { f.Close() })
		return f, nil
	}
	begun := Keyed{fleetKey(t), 5}
	f, err := open(dir, begun)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoError(t, f.store.Close())
	for want, k := range map[string]Keyed{
		"were made with one":      {},
		"were made with another":  {other, 5},
		"has the number 5, not 6": {fleetKey(t), 6},
	} {
		_, err = open(dir, k)
		require.ErrorIs(t, err, ErrKeyed)
		require.ErrorContains(t, err, want)
	}
	f, err = open(dir, begun)
	require.NoError(t, err)
	require.Len(t, members(f), 2)
	more, err := f.MakeLot(Lot{Ready: true})
	require.NoError(t, err)
	require.Equal(t, "ZZFB00000007", more[0].Look().Serial.String())
	require.NoError(t, f.Close())
	require.NoError(t, f.store.Close())

	unkeyed := t.TempDir()
	f, err = open(unkeyed, Keyed{})
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoError(t, f.store.Close())
	_, err = open(unkeyed, begun)
	require.ErrorContains(t, err, "were made without one: leave it out")
}

// TestLotExpiry: the default is five years after the date in Japan, as for fob seeds make.
// Japan is nine hours ahead of UTC.
func TestLotExpiry(t *testing.T) {
	for at, want := range map[string]string{"2026-03-31T14:59:59Z": "2031-03-31", "2026-03-31T15:00:00Z": "2031-04-01"} {
		now, err := time.Parse(time.RFC3339, at)
		require.NoError(t, err)
		from, to, err := Lot{}.expiries(now)
		require.NoError(t, err)
		require.Equal(t, want, from.String(), at)
		require.Equal(t, from, to)
	}
}
