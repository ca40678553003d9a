// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// TestFaithful checks that a fleet, which runs a token's firmware only when something
// happens, gives the same readings and the same log as a token whose firmware runs all
// the time. It also checks them against a token that has just been booted from the bytes
// of its flash.
func TestFaithful(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		profiles := token.Profiles()
		lot := Lot{
			Count: 2, Ready: rapid.Bool().Draw(t, "ready"), Expiry: "2027-03-31",
			Profile: profiles[rapid.IntRange(0, len(profiles)-1).Draw(t, "profile")].Name,
			Crystal: CrystalUntrimmed,
		}
		if !lot.Ready {
			lot.Expiry = ""
		}
		seed := rapid.Uint64Min(1).Draw(t, "seed")
		coarse, fine := lotFleet(t, seed, lot), lotFleet(t, seed, lot)
		jump := func(d time.Duration) {
			coarse.World().Advance(d)
			for _, piece := range pieces(t, d) {
				fine.World().Advance(piece)
				for m := range fine.All(0) {
					m.Token.Display()
				}
			}
		}
		op := func(f func(*virtual.Token)) func(*rapid.T) {
			return func(t *rapid.T) {
				tag := rapid.Uint32Range(0, 1).Draw(t, "token")
				for _, w := range []*Fleet{coarse, fine} {
					_, err := memberAfter(w, tag).Do(f)
					require.NoError(t, err)
				}
			}
		}
		number := func(name string, least, most int64) int64 { return rapid.Int64Range(least, most).Draw(t, name) }
		t.Repeat(map[string]func(*rapid.T){
			"press": op((*virtual.Token).Press),
			"hold": func(t *rapid.T) {
				d := time.Duration(number("ms", 1, 60_000)) * time.Millisecond
				op(func(k *virtual.Token) { k.Hold(d) })(t)
			},
			"skew": func(t *rapid.T) {
				d := time.Duration(number("ms", -300_000, 300_000)) * time.Millisecond
				op(func(k *virtual.Token) { k.Skew(d) })(t)
			},
			"age": func(t *rapid.T) {
				d, c := time.Duration(number("ns", 0, int64(2*virtual.Year))), virtual.Celsius(number("c", -10, 60))
				op(func(k *virtual.Token) { k.AgeAt(d, c) })(t)
			},
			"temperature": func(t *rapid.T) {
				c := virtual.Celsius(number("c", -35, 85))
				op(func(k *virtual.Token) { k.SetTemperature(c) })(t)
			},
			"trim": func(t *rapid.T) {
				ppm := virtual.PPM(number("ppm", -50, 50))
				op(func(k *virtual.Token) { k.SetTrim(ppm) })(t)
			},
			"battery out": op((*virtual.Token).RemoveBattery),
			"battery in":  op((*virtual.Token).InsertBattery),
			"battery new": op((*virtual.Token).ReplaceBattery),
			"drop":        op((*virtual.Token).Drop),
			"fail flash":  op((*virtual.Token).FailFlash),
			"mend":        op((*virtual.Token).Mend),
			"cut power": func(t *rapid.T) {
				n := uint32(number("n", 1, 9))
				op(func(k *virtual.Token) { k.CutPower(n) })(t)
			},
			"break": func(t *rapid.T) {
				dead := virtual.Segments{Digits: [8]uint8{uint8(number("dead", 0, 0x7F))}}
				op(func(k *virtual.Token) { k.Break(dead, virtual.Segments{Bars: 1}) })(t)
			},
			"seconds": func(*rapid.T) { jump(time.Duration(number("ms", 0, 100_000)) * time.Millisecond) },
			"days":    func(*rapid.T) { jump(time.Duration(number("ns", 0, int64(100*24*time.Hour)))) },
			"years":   func(*rapid.T) { jump(time.Duration(number("ns", 0, int64(4*virtual.Year)))) },
			"": func(t *rapid.T) {
				for m := range coarse.All(0) {
					other := memberAfter(fine, m.Tag()-1)
					got, want := m.Token.Display(), other.Token.Display()
					require.Equal(t, want, got)
					again := booted(t, other.Token).Display()
					// A boot may write to the flash, which uses up these faults.
					again.Faults.FlashFail, again.Faults.PowerCutAt = want.Faults.FlashFail, want.Faults.PowerCutAt
					require.Equal(t, want, again)
				}
				require.Equal(t, happened(fine), happened(coarse))
			},
		})
	})
}

// lotFleet returns the fleet of a lot.
func lotFleet(t require.TestingT, seed uint64, l Lot) *Fleet {
	w, err := virtual.NewWorld(virtual.Config{Seed: seed})
	require.NoError(t, err)
	f, err := New(w, Config{Lots: []Lot{l}})
	require.NoError(t, err)
	return f
}

// memberAfter returns the first token after a tag.
func memberAfter(f *Fleet, tag uint32) (m Member) {
	for m = range f.All(tag) {
		break
	}
	return m
}

// booted returns a token with the same state whose firmware has just booted, in a world
// of its own.
func booted(t require.TestingT, k *virtual.Token) *virtual.Token {
	b, err := k.Snapshot().MarshalBinary()
	require.NoError(t, err)
	var s virtual.Snapshot
	require.NoError(t, s.UnmarshalBinary(b))
	w, err := virtual.NewWorld(virtual.Config{Seed: 1, At: k.Display().World.Time()})
	require.NoError(t, err)
	fresh, err := w.Restore(s)
	require.NoError(t, err)
	return fresh
}

// pieces divides a time into pieces that are at most 250 ms, or 40 of random lengths.
func pieces(t *rapid.T, d time.Duration) []time.Duration {
	const short = 250 * time.Millisecond
	var all []time.Duration
	if d <= 100*time.Second {
		for ; d > short; d -= short {
			all = append(all, short)
		}
		return append(all, d)
	}
	for range 39 {
		piece := time.Duration(rapid.Int64Range(0, int64(d)/20).Draw(t, "piece"))
		all = append(all, piece)
		d -= piece
	}
	return append(all, d)
}

// happened returns the log of a fleet without the movements of the clock, which differ,
// in the order of their times.
func happened(f *Fleet) []Entry {
	var g gatherer
	for _, e := range f.Log().After(nil, 0, DefaultLogSize) {
		if e.Tag != 0 {
			g.add([]Entry{e})
		}
	}
	g.sort()
	for i := range g.kept {
		g.kept[i].Seq = 0
	}
	return g.kept
}
