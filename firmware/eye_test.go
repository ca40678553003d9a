// SPDX-License-Identifier: Apache-2.0

package firmware_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/virtual"
)

// TestRigDisplaySeen checks that the rig of a virtual token reads the LCD as a person
// does: late in the cold, and blank below the temperature range.
func TestRigDisplaySeen(t *testing.T) {
	w, err := virtual.NewWorld(virtual.Config{Seed: 1, StationKey: host.InsecureTestStationKey().Public(), At: time.UnixMilli(int64(noon))})
	require.NoError(t, err)
	model, err := virtual.ModelByName("button-6")
	require.NoError(t, err)
	v := w.NewToken(model)
	require.NoError(t, v.Program(serial(t, testSerial), payload(profile(t, "button-6")), true))
	c, _ := connectToken(v)
	read := func() string {
		r, err := c.RigDisplay(t.Context())
		require.NoError(t, err)
		require.Equal(t, v.Display().Text, r.Text)
		return r.Text
	}
	require.NoError(t, c.Temperature(t.Context(), -20))
	require.NoError(t, c.Press(t.Context()))
	require.Equal(t, "      ", read(), "the segments appear slowly")
	w.Advance(5 * time.Second)
	require.Regexp(t, `^\d{6}$`, read())
	require.NoError(t, c.Temperature(t.Context(), -40))
	require.Equal(t, "      ", read(), "too cold to be read")
	require.NoError(t, c.Temperature(t.Context(), 25))
	require.Regexp(t, `^\d{6}$`, read())
}
