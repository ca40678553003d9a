// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto/host"
)

// wireLimit is the most that a complete provisioning may send in each direction, in
// bytes. At 9600 baud, 960 bytes take a second.
const wireLimit = 700

// wholeProvisioning runs all steps of a provisioning station.
func wholeProvisioning(ctx context.Context, c *host.Client, o host.Order) error {
	if err := c.Provision(ctx, host.InsecureTestStationKey(), o); err != nil { // info, begin, commit
		return err
	}
	if err := c.Verify(ctx, o); err != nil {
		return err
	}
	return c.Lock(ctx)
}

func TestWireBytes(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		w := newWorld(t)
		c := attach(t, newToken(t, w, "button-6"))
		require.NoError(t, wholeProvisioning(t.Context(), c, newOrder(t, w, "button-6")))
		s := c.Stats()
		require.LessOrEqual(t, s.Sent, wireLimit)
		require.LessOrEqual(t, s.Received, wireLimit)
		require.Zero(t, s.Repeats)
	})
}

func BenchmarkProvision(b *testing.B) {
	w := newWorld(b)
	o := newOrder(b, w, "button-6")
	k := newToken(b, w, "button-6")
	c := attach(b, k)
	blank := k.Snapshot()
	n := 0
	for b.Loop() {
		if err := wholeProvisioning(b.Context(), c, o); err != nil {
			b.Fatal(err)
		}
		if err := k.Restore(blank); err != nil {
			b.Fatal(err)
		}
		n++
	}
	s := c.Stats()
	b.ReportMetric(float64(s.Sent)/float64(n), "B-sent")
	b.ReportMetric(float64(s.Received)/float64(n), "B-received")
}
