// SPDX-License-Identifier: Apache-2.0

//go:build qemu

package board

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestInterpTimeout: TinyGo is told to be patient with a busy machine, whichever
// command builds. Its own limit is three minutes by the clock on the wall.
func TestInterpTimeout(t *testing.T) {
	t.Setenv("FOB_FIPS", "1") // no library is copied for a compiler that is not one
	for _, command := range []string{"build", "test"} {
		_, calls := fakeTinyGo(t, "0.39.0")
		out, err := tinygoSh(t, command, "-target=tools/tinygo/riscv-virt.json", "./firmware/board/virt")
		require.NoError(t, err, out)
		called, err := os.ReadFile(calls)
		require.NoError(t, err)
		require.Equal(t, command+" -interp-timeout=4h -target=tools/tinygo/riscv-virt.json ./firmware/board/virt\n", string(called))
	}
	_, calls := fakeTinyGo(t, "0.39.0")
	out, err := tinygoSh(t, "info", "-target=tools/tinygo/pico.json")
	require.NoError(t, err, out)
	called, err := os.ReadFile(calls)
	require.NoError(t, err)
	require.Equal(t, "info -target=tools/tinygo/pico.json\n", string(called), "a command that builds nothing knows no such flag")
}
