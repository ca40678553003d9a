// SPDX-License-Identifier: Apache-2.0

package server

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The expected milliseconds are calculated by hand. A duration was once logged with the
// rounding error of a float. A test that searched the log for a secret code found the
// code in those digits.
func TestDurationAttr(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                        "took_ms=0",
		999:                      "took_ms=0",
		406060 * time.Nanosecond: "took_ms=0.406",
		4059886:                  "took_ms=4.059",
		486504625:                "took_ms=486.504",
		90 * time.Second:         "took_ms=90000",
	} {
		require.Equal(t, want, DurationAttr(d).String())
	}
}
