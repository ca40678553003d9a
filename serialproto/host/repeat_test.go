// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// losing is a line that loses the next requests that are longer than longerThan.
type losing struct {
	port.Port
	lose, longerThan int
}

func (d *losing) Write(p []byte) (int, error) {
	if d.lose > 0 && len(p) > d.longerThan {
		d.lose--
		return len(p), nil
	}
	return d.Port.Write(p)
}

// TestRepeatedClock: a repeated request carries the time of its repetition. With the
// first time, the token's clock would be late by the wait.
func TestRepeatedClock(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		const wait = 500 * time.Millisecond
		station := host.InsecureTestStationKey()
		w, err := virtual.NewWorld(virtual.Config{Mode: virtual.Real, StationKey: station.Public()})
		require.NoError(t, err)
		k := newToken(t, w, "always-on-6")
		far, near := port.Pipe()
		serve(t, k, far)
		line := &losing{Port: near}
		c := host.New(line, host.WithTimeout(wait))
		delay := func() time.Duration {
			got, set, err := c.Clock(t.Context())
			require.NoError(t, err)
			require.True(t, set)
			return time.Since(got)
		}
		line.lose = 1
		require.NoError(t, c.SetClock(t.Context(), time.Now()))
		require.Zero(t, line.lose)
		require.Less(t, delay(), wait)

		seed, err := token.NewSeed(make([]byte, token.DefaultSeedLen))
		require.NoError(t, err)
		serial, err := token.ParseSerial("1000042")
		require.NoError(t, err)
		line.lose, line.longerThan = 1, 150 // the commit
		o := host.Order{Serial: serial, Profile: k.Model().Profile(), Seed: seed}
		require.NoError(t, c.Provision(t.Context(), station, o))
		require.Zero(t, line.lose)
		require.Less(t, delay(), wait)
	})
}
