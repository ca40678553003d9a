// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"math"
	"time"

	"github.com/d204ef64/fob/internal/ratelimit"
)

// Rate is a budget. The zero value means the default of its field. A negative PerSecond
// means no limit.
type Rate = ratelimit.Rate

// Limits are the rate limits of the sources of requests. A source is an IPv4 address,
// or the /64 prefix of an IPv6 address, which is the range that one customer gets.
//
// The holder of an API key is known and trusted: an internet banking system sends
// thousands of checks a second from one address. Therefore the requests of a key have a
// large budget of their own. The scarce budget is for failed attempts. A refused code,
// a refused login and an unknown secret each cost one unit. A correct attempt costs
// nothing: its unit is taken before the code is checked and returned afterwards. This
// limits the guesses in progress to Burst.
//
// A request over a budget is answered 429 with Retry-After, and no code is checked.
type Limits struct {
	Requests          Rate // of a source, except with a valid API key: 20 a second, 200 at once
	FailedAttempts    Rate // of a source, except with a valid API key: one in 5 s, 30 at once
	KeyRequests       Rate // of an API key: 20,000 a second, 20,000 at once
	KeyFailedAttempts Rate // of an API key from one source: 20 a second, 1,000 at once

	// Sources is the maximum number of budgets in memory; 0 means 65,536. Beyond it,
	// the least recently used budget is dropped, and starts full when it is next used.
	Sources int
}

// budget is one of the four budgets in Limits.
type budget uint8

const (
	budgetRequests budget = iota
	budgetFailed
	budgetKeyRequests
	budgetKeyFailed
	budgets
)

func (b budget) String() string {
	return [...]string{"requests", "wrong", "key_requests", "key_wrong"}[b]
}

// text describes an empty budget.
func (b budget) text() string {
	return [...]string{
		"too many requests from this address",
		"too many wrong codes or logins from this address",
		"too many requests with this key",
		"too many wrong codes with this key from this address",
	}[b]
}

// limiter holds the token buckets of all budgets.
type limiter struct {
	rates   [budgets]Rate
	now     func() time.Time
	buckets *ratelimit.Limiter[bucketName]
}

type bucketName struct {
	budget budget
	who    string
}

func newLimiter(l Limits, now func() time.Time) *limiter {
	or := func(r, def Rate) Rate {
		if r == (Rate{}) {
			return def
		}
		r.Burst = max(r.Burst, 1)
		return r
	}
	if l.Sources <= 0 {
		l.Sources = ratelimit.Capacity
	}
	return &limiter{
		rates: [budgets]Rate{
			budgetRequests:    or(l.Requests, Rate{PerSecond: 20, Burst: 200}),
			budgetFailed:      or(l.FailedAttempts, Rate{PerSecond: 0.2, Burst: 30}),
			budgetKeyRequests: or(l.KeyRequests, Rate{PerSecond: 20000, Burst: 20000}),
			budgetKeyFailed:   or(l.KeyFailedAttempts, Rate{PerSecond: 20, Burst: 1000}),
		},
		now:     now,
		buckets: ratelimit.New[bucketName](l.Sources),
	}
}

// spend takes one unit from a budget. If the budget is empty, it returns false and the
// number of seconds until the next unit, 1 to 3600.
func (l *limiter) spend(b budget, who string) (retry int, ok bool) {
	rate := l.rates[b]
	if rate.PerSecond < 0 {
		return 0, true
	}
	wait := l.buckets.Take(l.now(), bucketName{b, who}, rate)
	if wait == 0 {
		return 0, true
	}
	return int(math.Ceil(min(max(wait.Seconds(), 1), 3600))), false
}

// refund returns a unit that spend took.
func (l *limiter) refund(b budget, who string) {
	if rate := l.rates[b]; rate.PerSecond >= 0 {
		l.buckets.Give(l.now(), bucketName{b, who}, rate)
	}
}
