// SPDX-License-Identifier: Apache-2.0

package bank

import "context"

// HoldLogins blocks all password comparisons until the returned function is called.
func (b *Bank) HoldLogins() (release func()) {
	var all []func()
	for range hashesAtOnce {
		done, err := b.logins.slot(context.Background())
		if err != nil {
			panic(err)
		}
		all = append(all, done)
	}
	return func() {
		for _, done := range all {
			done()
		}
	}
}
