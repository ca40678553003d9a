// SPDX-License-Identifier: Apache-2.0

//go:build qemu

package board

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/host/hosttest"
)

// The layout of the board's flash, see firmware/board/virt/cfi.go.
const (
	blockSize  = 256 << 10
	atIdentity = 0 * blockSize
	atKey      = 1 * blockSize
	atClock    = 2 * blockSize
	atStore    = 4 * blockSize
	storeBytes = 4 * blockSize
)

// TestFlips changes single bits in the flash of a locked board while it is off. The
// board boots as the same locked token, with its clock. With two wrong bits in its
// record it is DEAD.
func TestFlips(t *testing.T) {
	config := Config{Image: image(t, "virt-rig"), Flash: newFlash(t)}
	m, c := startMachine(t, config)
	ctx := t.Context()
	order := hosttest.Order(t, "button-6", nil)
	require.NoError(t, c.Provision(ctx, host.InsecureTestStationKey(), order))
	require.NoError(t, c.Lock(ctx))
	display, err := c.RigDisplay(ctx)
	require.NoError(t, err)
	ahead := time.Until(display.Now)
	m.Kill()

	memory, err := os.ReadFile(config.Flash)
	require.NoError(t, err)
	record := atStore + bytes.Index(memory[atStore:][:storeBytes], []byte("fob1"))
	require.Greater(t, record, atStore, "the earlier record, in the first slot, must be all zeros")
	require.Equal(t, -1, bytes.Index(memory[record+4:][:storeBytes], []byte("fob1")), "there must be only one record")
	entry := atClock
	for bytes.Equal(memory[entry:][:20], make([]byte, 20)) {
		entry += 20
	}

	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	const state, seedAt, sum, mark = 8, 74, 176, 184
	places := []int{
		record, record + 4, record + state, record + seedAt, record + sum, record + mark,
		record - firmware.SlotSize, record + firmware.SlotSize,
		entry, entry + 4, entry + 8, entry + 16,
		atIdentity + 20, atKey + 20,
	}
	for range 8 {
		places = append(places, record+random.IntN(sum+4))
	}
	file, err := os.OpenFile(config.Flash, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer file.Close()
	// bootWith boots the board with some bits changed.
	bootWith := func(where string, change func(b []byte)) (*Machine, *host.Client, host.Info) {
		changed := bytes.Clone(memory[:8*blockSize]) // the rest is erased and stays erased
		change(changed)
		_, err := file.WriteAt(changed, 0)
		require.NoError(t, err)
		m, c := startMachine(t, config)
		info, err := c.Info(ctx)
		require.NoError(t, err, where)
		return m, c, info
	}
	for _, at := range places {
		bit := byte(1) << random.IntN(8)
		where := fmt.Sprintf("bit %#x of byte %#x", bit, at)
		m, c, info := bootWith(where, func(b []byte) { b[at] ^= bit })
		require.Equal(t, serialproto.StateLocked, info.State, where)
		require.Equal(t, order.Serial, info.Serial, where)
		require.ErrorIs(t, c.SetClock(ctx, time.Unix(4_000_000_000, 0)), serialproto.ErrLocked, where)
		_, err := c.Display(ctx)
		require.ErrorIs(t, err, serialproto.ErrLocked, where)
		display, err := c.LightUp(ctx)
		require.NoError(t, err)
		require.Equal(t, oathtool(t, display.Now), display.Text, where)
		require.InDelta(t, ahead.Seconds(), time.Until(display.Now).Seconds(), 60, where)
		m.Kill()
	}

	m, c, info := bootWith("two bits", func(b []byte) { b[record+state] ^= 3 })
	require.Equal(t, serialproto.StateDead, info.State)
	require.ErrorIs(t, c.SetClock(ctx, time.Unix(4_000_000_000, 0)), serialproto.ErrDead)
	_, err = c.Display(ctx)
	require.ErrorIs(t, err, serialproto.ErrDead)
	require.ErrorIs(t, c.Provision(ctx, host.InsecureTestStationKey(), order), serialproto.ErrFlash)
	m.Kill()

	// A clock that cannot be read is lost, and so is the token.
	m, _, info = bootWith("two bits of the clock", func(b []byte) { b[entry+8] ^= 3 })
	require.Equal(t, serialproto.StateDead, info.State)
	m.Kill()
}
