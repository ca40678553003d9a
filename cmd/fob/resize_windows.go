// SPDX-License-Identifier: Apache-2.0

package main

import "os"

// onResize returns a channel that never receives: Windows has no signal for it. The next
// key shows the new size.
func onResize() (resized <-chan os.Signal, stop func()) { return nil, func() {} }
