// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"syscall"
	"time"
)

// cpuTime returns the time that the process has used on all processors.
func cpuTime() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
