// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto/host"
)

// TestLightUp: the code of a button-6 disappears when its minute ends. If that happens
// between the press and the reading, the answer must not be empty.
func TestLightUp(t *testing.T) {
	w := newWorld(t)
	k := newToken(t, w, "button-6")
	c, line := attachWire(t, k)
	require.NoError(t, c.Provision(t.Context(), host.InsecureTestStationKey(), newOrder(t, w, "button-6")))
	firstRequest := len(line.sentSoFar()) + 1
	for requests := range 3 { // before the first reading, the press, and the second reading
		line.before = func(n int) {
			if n == firstRequest+requests {
				now := w.Now().Time()
				w.Advance(now.Truncate(time.Minute).Add(time.Minute).Sub(now))
			}
		}
		got, err := c.LightUp(t.Context())
		require.NoError(t, err)
		require.False(t, got.Dark(), requests)
		require.Equal(t, k.Display().Text, got.Text)
		w.Advance(time.Minute)
		firstRequest = len(line.sentSoFar()) + 1
	}
	require.EqualValues(t, 4, k.Display().Presses, "one for each call, and a second one if the step ended after the first")
}

// TestLightUpDark: if the display stays dark, the button is pressed only once.
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
