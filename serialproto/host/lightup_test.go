// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto/host"
)

// TestLightUp: the code of a button-6 goes with its minute. One that ends between the
// press and the look is no reason for an empty answer.
func TestLightUp(t *testing.T) {
	w := newWorld(t)
	k := newToken(t, w, "button-6")
	c, line := attachWire(t, k)
	require.NoError(t, c.Provision(t.Context(), host.InsecureTestStationKey(), newOrder(t, w, "button-6")))
	looked := len(line.sentSoFar()) + 1
	for requests := range 3 { // before the first look, the press, the second look
		line.before = func(n int) {
			if n == looked+requests {
				now := w.Now().Time()
				w.Advance(now.Truncate(time.Minute).Add(time.Minute).Sub(now))
			}
		}
		got, err := c.LightUp(t.Context())
		require.NoError(t, err)
		require.False(t, got.Dark(), requests)
		require.Equal(t, k.Display().Text, got.Text)
		w.Advance(time.Minute)
		looked = len(line.sentSoFar()) + 1
	}
	require.EqualValues(t, 4, k.Display().Presses, "one each, and a second where the step ended after the first")
}

// TestLightUpDark: what cannot be lit is pressed once.
func TestLightUpDark(t *testing.T) {
	w := newWorld(t)
	k := newToken(t, w, "button-6")
	c := attach(t, k)
	got, err := c.LightUp(t.Context())
	require.NoError(t, err)
	require.True(t, got.Dark(), "blank")

	require.NoError(t, c.Provision(t.Context(), host.InsecureTestStationKey(), newOrder(t, w, "button-6")))
	require.NoError(t, c.Temperature(t.Context(), -10))
	require.NoError(t, c.Supply(t.Context(), 2400))
	got, err = c.LightUp(t.Context())
	require.NoError(t, err)
	require.True(t, got.Dark(), "too faint to read")
	require.EqualValues(t, 1, k.Display().Presses)
}
