// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package token

import "time"

// UnixSecondsOf returns t in seconds, rounded down.
func UnixSecondsOf(t time.Time) UnixSeconds { return UnixSeconds(t.Unix()) }

// Time returns the instant m in UTC.
func (m UnixMilli) Time() time.Time { return time.UnixMilli(int64(m)).UTC() }

// Time returns the instant s in UTC.
func (s UnixSeconds) Time() time.Time { return time.Unix(int64(s), 0).UTC() }
