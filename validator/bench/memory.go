// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bytes"
	"os"
	"strconv"
)

// resident returns the resident memory of the process in bytes, or 0 if the system does
// not report it. VmRSS in /proc/self/status (proc(5)) exists only on Linux.
func resident() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(status) {
		if rest, ok := bytes.CutPrefix(line, []byte("VmRSS:")); ok {
			fields := bytes.Fields(rest)
			if len(fields) > 0 {
				kb, _ := strconv.ParseInt(string(fields[0]), 10, 64)
				return kb * 1024
			}
		}
	}
	return 0
}
