// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package firmware

import "fmt"

// Format writes "[firmware]" for every verb and flag, because a core holds the seed.
func (*Core) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[firmware]")) }

// Key returns a copy of the token's secret key, nil if it has none. It exists for the
// export of test tokens, and no device has it.
func (c *Core) Key() []byte {
	if c.rec.seedLen == 0 {
		return nil
	}
	return append([]byte(nil), c.rec.key()...)
}
