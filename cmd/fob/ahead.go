// SPDX-License-Identifier: Apache-2.0

package main

import "fmt"

// ahead formats a difference between two clocks in units that suit its size. ms is in
// milliseconds, because a time.Duration ends at 292 years.
func ahead(ms int64) string {
	const second, minute, hour, day = 1000, 60_000, 3_600_000, 86_400_000
	sign := "+"
	size := uint64(ms)
	if ms < 0 {
		sign, size = "-", -uint64(ms)
	}
	switch {
	case size < 10*second:
		return fmt.Sprintf("%s%d ms", sign, size)
	case size < 2*minute:
		return fmt.Sprintf("%s%d.%d s", sign, size/second, size%second/100)
	case size < 2*hour:
		return fmt.Sprintf("%s%d min %d s", sign, size/minute, size%minute/second)
	case size < 2*day:
		return fmt.Sprintf("%s%d h %d min", sign, size/hour, size%hour/minute)
	default:
		return fmt.Sprintf("%s%d days %d h", sign, size/day, size%day/hour)
	}
}
