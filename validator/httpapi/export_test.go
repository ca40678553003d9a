// SPDX-License-Identifier: Apache-2.0

package httpapi

import "time"

// WithNow returns options whose limits use another clock.
func WithNow(o Options, now func() time.Time) Options {
	o.now = now
	return o
}
