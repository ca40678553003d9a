// SPDX-License-Identifier: Apache-2.0

package httpapi

import "time"

// WithNow returns options whose limits see another time.
func WithNow(o Options, now func() time.Time) Options {
	o.now = now
	return o
}
