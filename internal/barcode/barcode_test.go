// SPDX-License-Identifier: Apache-2.0

package barcode

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCode128 checks the number of modules. By ISO/IEC 15417, a character has 11, the
// stop 13, and there is a start and a check character. Subset C holds two digits in a
// character. TestPDFCodes in line/label reads the codes.
func TestCode128(t *testing.T) {
	for _, c := range []struct {
		text       string
		characters int
	}{
		{"A", 1},
		{"ABC", 3},
		{"12", 2},                    // too few digits for subset C
		{"1234", 2},                  // C
		{"2600124800001", 8},         // C: 6 pairs, shift to B, 1 digit
		{"260012480002", 6},          // C: 6 pairs
		{"AB1234", 5},                // B: 2, shift to C, 2 pairs
		{"AB123456CD", 9},            // B: 2, C: shift and 3 pairs, B: shift and 2
		{"abcdefghijklmnopqrst", 20}, // B
		{strings.Repeat("0", 80), 40},
	} {
		modules, err := Code128(c.text)
		require.NoError(t, err, c.text)
		require.Len(t, modules, Code128Quiet+11*(c.characters+2)+13+Code128Quiet, c.text)
		for i := range Code128Quiet {
			require.False(t, modules[i], c.text)
			require.False(t, modules[len(modules)-1-i], c.text)
		}
		require.True(t, modules[Code128Quiet], c.text)
		require.True(t, modules[len(modules)-1-Code128Quiet], c.text)
	}
}

// TestQR checks the size: version 1 has 21 modules, and at level M holds 34 digits, 20
// letters or 14 bytes; version 2 has 25 (ISO/IEC 18004, table 7).
func TestQR(t *testing.T) {
	for _, c := range []struct {
		text string
		size int
	}{
		{strings.Repeat("1", 34), 21}, {strings.Repeat("1", 35), 25},
		{strings.Repeat("A", 20), 21}, {strings.Repeat("A", 21), 25},
		{strings.Repeat("a", 14), 21}, {strings.Repeat("a", 15), 25},
	} {
		modules, err := QR(c.text)
		require.NoError(t, err)
		require.Len(t, modules, c.size+2*QRQuiet, c.text)
		for i, row := range modules {
			require.Len(t, row, len(modules))
			if i < QRQuiet || i >= len(modules)-QRQuiet {
				require.NotContains(t, row, true)
			}
			require.NotContains(t, row[:QRQuiet], true)
			require.NotContains(t, row[len(row)-QRQuiet:], true)
		}
	}
}

// TestErrors checks that an error does not show the text, which may be a seed.
func TestErrors(t *testing.T) {
	for _, text := range []string{"", "secret\u4e09", strings.Repeat("secret", 20)} {
		_, err := Code128(text)
		require.ErrorIs(t, err, ErrText)
		require.NotContains(t, err.Error(), "secret")
	}
	_, err := QR(strings.Repeat("secret", 1000))
	require.ErrorIs(t, err, ErrText)
	require.NotContains(t, err.Error(), "secret")
}
