// SPDX-License-Identifier: Apache-2.0

package flashmap_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/firmware/board/factory"
	"github.com/d204ef64/fob/firmware/board/pico/flashmap"
	"github.com/d204ef64/fob/internal/uf2"
)

// TestMap checks that the map covers the last 32 KiB of 2 MiB at 0x10000000, in
// erasable pages.
func TestMap(t *testing.T) {
	require.Equal(t, uint32(0x101F8000), flashmap.Record(factory.RecordIdentity))
	require.Equal(t, uint32(0x101F9000), flashmap.Record(factory.RecordKey))
	first, ok := flashmap.Address(0, 0, flashmap.PageSize)
	require.True(t, ok)
	require.Equal(t, uint32(0x101FA000), first)
	last, ok := flashmap.Address(5, 4095, 1)
	require.True(t, ok)
	require.Equal(t, uint32(0x101FFFFF), last)
	require.Zero(t, flashmap.PageSize%firmware.SlotSize)
}

func TestOutside(t *testing.T) {
	const most = int(^uint(0) >> 1)
	for _, at := range [][3]int{
		{-1, 0, 0}, {6, 0, 0}, {0, -1, 1}, {0, 4096, 1}, {0, 4095, 2}, {0, 0, 4097}, {0, 0, -1}, {0, most, 1}, {0, 1, most},
	} {
		_, ok := flashmap.Address(at[0], at[1], at[2])
		require.False(t, ok, at)
	}
	_, ok := flashmap.Address(5, 4096, 0)
	require.True(t, ok, "an empty range at the end")
}

// TestLinkerScript checks that the linker keeps the program out of the data pages.
func TestLinkerScript(t *testing.T) {
	script, err := os.ReadFile("../../../../tools/tinygo/pico.ld")
	require.NoError(t, err)
	require.Regexp(t, regexp.MustCompile(`ASSERT\(__flash_data_start <= 0x10200000 - 8 \* 4K,`), string(script))
	require.Equal(t, 0x10200000-8*4096, flashmap.Factory)
	require.True(t, strings.Contains(string(script), "LENGTH = 2048K - 256"))
	require.Equal(t, 2048<<10, flashmap.Size)
}

// TestFactoryUF2 writes the file to a used chip as the boot loader does.
func TestFactoryUF2(t *testing.T) {
	id := factory.Identity{HardwareID: [8]byte{1}, Model: "button-6", Digits: 6, StationKey: [32]byte{7}}
	file, err := flashmap.FactoryUF2(&id)
	require.NoError(t, err)

	require.Len(t, file, uf2.BlockSize)
	chip := bytes.Repeat([]byte{0x5A}, flashmap.Size)
	erased := map[uint32]bool{}
	for len(file) > 0 {
		block := file[:512]
		file = file[512:]
		require.Equal(t, uint32(0xe48bff56), binary.LittleEndian.Uint32(block[28:]))
		address, number := binary.LittleEndian.Uint32(block[12:]), binary.LittleEndian.Uint32(block[20:])
		require.Equal(t, uint32(256), binary.LittleEndian.Uint32(block[16:]))
		at := address - flashmap.Base
		if sector := number * 256 / 4096; !erased[sector] { // like the RP2040's boot loader
			erased[sector] = true
			page := at &^ 4095
			copy(chip[page:page+4096], bytes.Repeat([]byte{0xFF}, 4096))
		}
		for i, b := range block[32:][:256] {
			chip[at+uint32(i)] &= b
		}
	}

	const start = 0x1F8000
	var back factory.Identity
	require.True(t, back.Parse(chip[start:]))
	require.Equal(t, id, back)
	require.Equal(t, bytes.Repeat([]byte{0xFF}, 4096-128), chip[start+128:start+4096])
	require.Equal(t, bytes.Repeat([]byte{0x5A}, start), chip[:start], "the program must not change")
	require.Equal(t, bytes.Repeat([]byte{0x5A}, 7*4096), chip[start+4096:], "the key and the log must not change")
}

func TestFactoryUF2Refuses(t *testing.T) {
	_, err := flashmap.FactoryUF2(&factory.Identity{HardwareID: [8]byte{1}, Model: "button-6", Digits: 7, StationKey: [32]byte{7}})
	require.ErrorIs(t, err, flashmap.ErrIdentity)
}
