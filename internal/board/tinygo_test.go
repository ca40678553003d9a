// SPDX-License-Identifier: Apache-2.0

//go:build qemu

package board

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestInterpTimeout checks that every TinyGo command that compiles gets a long time
// limit for busy machines. TinyGo's own limit is three minutes of wall time.
func TestInterpTimeout(t *testing.T) {
	t.Setenv("FOB_FIPS", "1") // prevents copying a library for the fake compiler
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
	require.Equal(t, "info -target=tools/tinygo/pico.json\n", string(called), "only commands that build accept the flag")
}
