// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/virtual"
)

const (
	flashPages    = 3
	flashPageSize = 1024
	flashSlot     = 256
)

func newFlash() *virtual.Flash {
	return virtual.NewFlash(flashPages, flashPageSize, virtual.Endurance10k)
}

func isErased(b []byte) bool { return bytes.Count(b, []byte{0xFF}) == len(b) }

// sameBytes fails with the first byte in which two memories differ.
func sameBytes(t require.TestingT, want, got []byte, why string) {
	require.Len(t, got, len(want))
	for i := range want {
		if want[i] != got[i] {
			require.Failf(t, why, "byte %d is %#02x, not %#02x", i, got[i], want[i])
		}
	}
}

func drawSlot(t *rapid.T) []byte {
	b := rapid.SliceOfN(rapid.Byte(), 0, flashSlot).Draw(t, "slot")
	return append(b, bytes.Repeat([]byte{0xFF}, flashSlot-len(b))...)
}

// TestFlashLikeNOR performs random operations on the memory and on a plain array.
func TestFlashLikeNOR(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		f := newFlash()
		want := bytes.Repeat([]byte{0xFF}, flashPages*flashPageSize)
		for range rapid.IntRange(1, 20).Draw(t, "n") {
			page := rapid.IntRange(0, flashPages-1).Draw(t, "page")
			if rapid.IntRange(0, 4).Draw(t, "op") == 0 {
				require.NoError(t, f.Erase(page))
				copy(want[page*flashPageSize:], bytes.Repeat([]byte{0xFF}, flashPageSize))
			} else {
				off := rapid.IntRange(0, flashPageSize/flashSlot-1).Draw(t, "slot") * flashSlot
				p := drawSlot(t)
				require.NoError(t, f.Program(page, off, p))
				for i, b := range p {
					want[page*flashPageSize+off+i] &= b
				}
			}
			sameBytes(t, want, f.Image(), "image")
			got := make([]byte, 100)
			require.NoError(t, f.Read(page, 200, got))
			sameBytes(t, want[page*flashPageSize+200:][:100], got, "read")
		}
		require.LessOrEqual(t, f.Resident(), flashPages*flashPageSize)
	})
}

func TestFlashIsSparse(t *testing.T) {
	f := newFlash()
	require.Zero(t, f.Resident())
	slot := bytes.Repeat([]byte{0xFF}, flashSlot)
	slot[9] = 0
	require.NoError(t, f.Program(1, 0, slot))
	require.Equal(t, 10, f.Resident())
	require.NoError(t, f.Program(1, 768, bytes.Repeat([]byte{0xFF}, flashSlot)))
	require.Equal(t, 10, f.Resident())
	require.NoError(t, f.Erase(1))
	require.Zero(t, f.Resident())
	require.Equal(t, uint32(1), f.Erases(1))
	require.Zero(t, f.Erases(0))
	require.Zero(t, f.Erases(-1))
	require.Equal(t, uint64(3), f.Ops())
}

func TestFlashRange(t *testing.T) {
	f := newFlash()
	for _, c := range []struct{ page, off, n int }{
		{-1, 0, 1}, {flashPages, 0, 1}, {0, -1, 1}, {0, flashPageSize, 1}, {0, 1000, 25}, {0, flashPageSize + 1, 0},
	} {
		require.ErrorIs(t, f.Read(c.page, c.off, make([]byte, c.n)), virtual.ErrFlashRange, "%v", c)
		require.ErrorIs(t, f.Program(c.page, c.off, make([]byte, c.n)), virtual.ErrFlashRange, "%v", c)
	}
	require.ErrorIs(t, f.Erase(-1), virtual.ErrFlashRange)
	require.ErrorIs(t, f.Erase(flashPages), virtual.ErrFlashRange)
	require.NoError(t, f.Read(0, flashPageSize, nil))
	require.Zero(t, f.Ops())
	require.ErrorIs(t, f.LoadImage(make([]byte, 5)), virtual.ErrFlashRange)
	require.Panics(t, func() { virtual.NewFlash(1, 256, 0) })
	require.Panics(t, func() { virtual.NewFlash(2, 300, 0) })
}

// TestFlashPowerCut: the power fails during the n-th operation. Bytes outside the
// operation do not change, an interrupted program clears only bits that it was told to
// clear, and the same seed leaves the same bytes.
func TestFlashPowerCut(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		f := newFlash()
		old, p := drawSlot(t), drawSlot(t)
		require.NoError(t, f.Program(0, 256, old))
		require.NoError(t, f.Program(0, 512, old))
		require.NoError(t, f.Program(1, 0, old))
		n := rapid.Uint32Range(1, 4).Draw(t, "n")
		seed := rapid.Uint64().Draw(t, "seed")
		erase := rapid.Bool().Draw(t, "erase")
		f.CutAt(n, seed)
		for range n - 1 {
			require.NoError(t, f.Program(2, 0, p))
		}
		twin, err := virtual.NewFlashFrom(f.State())
		require.NoError(t, err)
		before := f.Image()

		op := func(f *virtual.Flash) error {
			if erase {
				return f.Erase(0)
			}
			return f.Program(0, 256, p)
		}
		require.ErrorIs(t, op(f), virtual.ErrPowerCut)
		require.False(t, f.Powered())
		require.ErrorIs(t, f.Read(0, 0, make([]byte, 1)), virtual.ErrPowerCut)
		require.ErrorIs(t, f.Erase(1), virtual.ErrPowerCut)
		require.ErrorIs(t, f.Program(1, 0, p), virtual.ErrPowerCut)

		after := f.Image()
		sameBytes(t, before[flashPageSize:], after[flashPageSize:], "other pages")
		if !erase {
			sameBytes(t, before[:256], after[:256], "bytes before")
			sameBytes(t, before[512:], after[512:], "bytes after")
			for i, b := range p {
				was, is := before[256+i], after[256+i]
				require.Equal(t, was&b, is&b&was, "a bit was cleared that should stay")
				require.Zero(t, is&^was, "a bit was set")
			}
		}
		require.ErrorIs(t, op(twin), virtual.ErrPowerCut)
		sameBytes(t, after, twin.Image(), "the same seed must give the same result")

		f.PowerOn()
		require.NoError(t, f.Erase(0))
		require.NoError(t, f.Program(0, 256, p))
		sameBytes(t, p, f.Image()[256:512], "programmed")
	})
}

// TestFlashTornStates: over many seeds an interrupted operation leaves the old state,
// the new state, and states in between.
func TestFlashTornStates(t *testing.T) {
	old, p := bytes.Repeat([]byte{0xA5}, flashPageSize), bytes.Repeat([]byte{0x01}, flashSlot)
	var prefix, half, mixed int
	for seed := range uint64(200) {
		f := newFlash()
		f.CutAt(1, seed)
		require.Error(t, f.Program(0, 0, p))
		image := f.Image()
		at := 0
		for at < flashSlot && image[at] == 1 {
			at++
		}
		if at > 0 && at < flashSlot {
			prefix++
			if image[at] != 0xFF {
				half++
			}
			require.True(t, isErased(image[at+1:]), "bytes after the torn byte stay erased")
		}
		g := newFlash()
		require.NoError(t, g.Program(0, 0, old))
		g.CutAt(1, seed)
		require.Error(t, g.Erase(0))
		page := g.Image()[:flashPageSize]
		if was := bytes.Count(page, []byte{0xA5}); was > 0 && bytes.Count(page, []byte{0xFF}) > 0 {
			mixed++
		}
		require.Equal(t, uint32(1), g.Erases(0))
	}
	require.Greater(t, prefix, 150)
	require.Greater(t, half, 100)
	require.Greater(t, mixed, 150)
}

func TestFlashWriteFault(t *testing.T) {
	f := newFlash()
	p := bytes.Repeat([]byte{0x55}, flashSlot)
	f.FailNext(7)
	require.ErrorIs(t, f.Program(0, 0, p), virtual.ErrWriteFault)
	require.True(t, f.Powered())
	require.NoError(t, f.Program(0, 0, p), "FailNext affects one operation")
	sameBytes(t, p, f.Image()[:flashSlot], "programmed")
}

func TestFlashEndurance(t *testing.T) {
	f := virtual.NewFlash(2, 256, virtual.Endurance10k)
	f.Wear(virtual.Endurance10k - 1)
	p := make([]byte, flashSlot)
	require.NoError(t, f.Erase(0), "the last allowed cycle")
	require.NoError(t, f.Program(0, 0, p))
	require.ErrorIs(t, f.Erase(0), virtual.ErrWornOut)
	sameBytes(t, p, f.Image()[:flashSlot], "programmed")
	require.ErrorIs(t, f.Erase(0), virtual.ErrWornOut)
	require.ErrorIs(t, f.Program(0, 0, p), virtual.ErrWornOut)
	require.NoError(t, f.Erase(1), "the other page")

	g := virtual.NewFlash(2, 256, 0)
	g.Wear(1 << 31)
	require.NoError(t, g.Erase(0), "no limit")
}

func TestFlashSnapshot(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		f := newFlash()
		require.NoError(t, f.Program(1, 256, drawSlot(t)))
		require.NoError(t, f.Erase(2))
		f.CutAt(rapid.Uint32Range(0, 3).Draw(t, "cut"), rapid.Uint64().Draw(t, "seed"))
		b, err := json.Marshal(f.State())
		require.NoError(t, err)
		var s virtual.FlashState
		require.NoError(t, json.Unmarshal(b, &s))
		g, err := virtual.NewFlashFrom(s)
		require.NoError(t, err)
		require.Equal(t, f, g)

		h := newFlash()
		require.NoError(t, h.LoadImage(f.Image()))
		sameBytes(t, f.Image(), h.Image(), "image")
		require.Equal(t, f.Resident(), h.Resident())
	})
	for _, s := range []virtual.FlashState{
		{}, {Pages: make([]virtual.FlashPage, 2), PageSize: 100},
		{Pages: []virtual.FlashPage{{Data: make([]byte, 257)}, {}}, PageSize: 256},
	} {
		_, err := virtual.NewFlashFrom(s)
		require.Error(t, err)
	}
}
