// SPDX-License-Identifier: Apache-2.0

package uf2_test

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/uf2"
)

// TestEncode compares two blocks with the table of the specification, written out by
// hand: little-endian words, the payload at 32, and the last magic number at 508.
func TestEncode(t *testing.T) {
	data := make([]byte, 512)
	for i := range data {
		data[i] = byte(i / 256 * 0x40)
	}
	data[0], data[255], data[256] = 0xA0, 0xA1, 0xA2
	file, err := uf2.Encode(uf2.RP2040, 0x101f8000, data)
	require.NoError(t, err)
	require.Len(t, file, 1024)
	head := func(b []byte) string { return hex.EncodeToString(b[:32]) }
	require.Equal(t, "5546320a"+"57515d9e"+"00200000"+"00801f10"+"00010000"+"00000000"+"02000000"+"56ff8be4", head(file))
	require.Equal(t, "5546320a"+"57515d9e"+"00200000"+"00811f10"+"00010000"+"01000000"+"02000000"+"56ff8be4", head(file[512:]))
	require.Equal(t, data[:256], file[32:288])
	require.Equal(t, data[256:], file[544:800])
	for _, block := range [][]byte{file[:512], file[512:]} {
		require.Equal(t, make([]byte, 220), block[288:508])
		require.Equal(t, "306fb10a", hex.EncodeToString(block[508:]))
	}
}

func TestAligned(t *testing.T) {
	for _, tt := range []struct {
		address uint32
		size    int
	}{{1, 256}, {0x10000080, 256}, {0x10000000, 255}, {0x10000000, 0}} {
		_, err := uf2.Encode(uf2.RP2040, tt.address, make([]byte, tt.size))
		require.ErrorIs(t, err, uf2.ErrAligned)
	}
}
