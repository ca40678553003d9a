// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
)

// TestMeasureCrystalLate: a first answer that takes 2 s does not make the measurement longer.
// With it alone, a limit of 1000 ppm would be decided after 2 s / 1000 ppm, which is more than
// half an hour. The other readings, with their whole milliseconds, need a few seconds.
func TestMeasureCrystalLate(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		start, readings := time.Now(), 0
		c := device(t, func(h serialproto.Header, _ []byte) []byte {
			answer := uptimeAnswer(h, time.Since(start).Milliseconds())
			if readings++; readings == 1 {
				time.Sleep(2 * time.Second)
			}
			return answer
		}, host.WithTimeout(time.Minute))
		r, err := c.MeasureCrystal(t.Context(), 1000, time.Minute)
		require.NoError(t, err)
		require.True(t, r.Within(1000), r)
		require.LessOrEqual(t, r.Low, 0.0) // the device counts this test's time
		require.GreaterOrEqual(t, r.High, 0.0)
		require.Less(t, r.Elapsed, 30*time.Second)
	})
}
