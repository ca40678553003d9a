// SPDX-License-Identifier: Apache-2.0

package tooltest

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// CheckLeaks fails the test if a goroutine that runs code of a package outlives it. The
// package is given as in a stack trace, for example "host." for package host. The
// goroutines of tests do not count.
func CheckLeaks(t testing.TB, pkg string) {
	t.Cleanup(func() {
		var left string
		for end := time.Now().Add(5 * time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
			left = ""
			buf := make([]byte, 1<<20)
			for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
				if strings.Contains(stack, pkg) && !strings.Contains(stack, "testing.tRunner") {
					left += stack + "\n\n"
				}
			}
			if left == "" {
				return
			}
		}
		t.Errorf("goroutines left:\n%s", left)
	})
}
