// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
)

// TestParseLotsErrors checks that an error names the line and no Go type.
func TestParseLotsErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "there is no lot under lots",
		"lots:\n- count: many\n":          "line 2: text `many` is given, want a whole number",
		"lots:\n- {}\n- colour: red\n":    "line 3: unknown field colour",
		"lots:\n- {}\n---\nlots:\n- {}\n": "it has a second document after ---",
	} {
		_, err := fleet.ParseLots([]byte(text))
		require.ErrorIs(t, err, fleet.ErrLot, text)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "fleet.")
	}
}
