// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package serialproto

import "fmt"

// Format writes "[payload redacted]" for every verb and flag, because a payload holds
// the seed.
func (Payload) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[payload redacted]")) }
