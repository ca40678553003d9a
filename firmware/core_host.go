// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package firmware

import "fmt"

// Format writes "[firmware]" for every verb and flag, because a core holds the seed.
func (*Core) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[firmware]")) }
