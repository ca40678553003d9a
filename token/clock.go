// SPDX-License-Identifier: Apache-2.0

package token

import "math"

// UnixMilli is an instant in milliseconds since 1970-01-01T00:00:00Z, without
// leap seconds. Negative values lie before 1970. Zero is a valid instant.
type UnixMilli int64

// UnixSeconds is an instant or a duration in seconds. An instant counts from
// 1970-01-01T00:00:00Z without leap seconds. Negative values lie before 1970.
type UnixSeconds int64

// Never is an instant later than all others.
const Never UnixSeconds = math.MaxInt64

// Epoch2000 is 2000-01-01T00:00:00Z, the T0 of the SafeNet time tokens.
const Epoch2000 UnixSeconds = 946684800

// TokyoOffset is the number of seconds that clocks in Japan are ahead of UTC. Japan has
// had no daylight saving time since 1951.
const TokyoOffset UnixSeconds = 9 * 3600

// Seconds returns the last full second at or before m. It rounds down before 1970 as
// well: -1 ms lies in second -1.
func (m UnixMilli) Seconds() UnixSeconds { return UnixSeconds(floorDiv(int64(m), 1000)) }

// Milli returns the first millisecond of s. More than about 292 million years from
// 1970, it returns the minimum or maximum value.
func (s UnixSeconds) Milli() UnixMilli {
	switch {
	case s > math.MaxInt64/1000:
		return math.MaxInt64
	case s < math.MinInt64/1000:
		return math.MinInt64
	}
	return UnixMilli(s) * 1000
}

// floorDiv divides and rounds down, unlike Go's /, which rounds towards zero. The
// divisor d must be positive.
func floorDiv(n, d int64) int64 {
	q := n / d
	if n%d < 0 {
		q--
	}
	return q
}
