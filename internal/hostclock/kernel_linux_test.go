// SPDX-License-Identifier: Apache-2.0

package hostclock

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestKernel checks the values of adjtimex(2): STA_UNSYNC or the state TIME_ERROR means
// that the clock is not synchronised, and maxerror counts microseconds.
func TestKernel(t *testing.T) {
	good := unix.Timex{Maxerror: 1500}
	s := fromTimex(&good, unix.TIME_OK)
	require.True(t, s.Synchronised && s.Known)
	require.Equal(t, 1500*time.Microsecond, s.Error)
	require.False(t, fromTimex(&good, unix.TIME_ERROR).Synchronised)
	bad := unix.Timex{Status: unix.STA_UNSYNC}
	require.False(t, fromTimex(&bad, unix.TIME_OK).Synchronised)
	require.ErrorContains(t, fromTimex(&bad, unix.TIME_OK).Check(0), "not synchronised, according to kernel: try sudo apt-get install chrony")
}
