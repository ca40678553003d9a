// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package fleet

import "time"

// cpuTime returns 0 where the time is not measured.
func cpuTime() time.Duration { return 0 }
