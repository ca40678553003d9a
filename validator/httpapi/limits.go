// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"math"
	"time"

	"github.com/d204ef64/fob/internal/ratelimit"
)

// Rate is a budget. The zero value is the default of its place, a negative PerSecond
// no limit.
type Rate = ratelimit.Rate

// Limits are how much a source may ask for. A source is an IPv4 address, or the
// /64 of an IPv6 one, since that is what one customer has.
//
// Who has an API key is known and trusted to ask: the front of an internet bank
// sends thousands of checks a second from one address. So a key's requests have a
// wide budget of their own, and what is scarce is wrong answers: a refused code, a
// refused login and an unknown secret cost one of them, anything right costs none.
// It is taken before the code is looked at and given back when it was right, so
// that no more than Burst guesses are on their way at once.
//
// Whoever is over a budget gets 429 with Retry-After, and no code is looked at.
type Limits struct {
	Requests    Rate // of a source, but those with a good API key: 20 a second, 200 at once
	Wrong       Rate // of a source, but those with a good API key: one in 5 s, 30 at once
	KeyRequests Rate // of an API key: 20,000 a second, 20,000 at once
	KeyWrong    Rate // of an API key from one source: 20 a second, 1,000 at once

	// Sources is how many budgets are remembered; 0 is 65,536. When there are
	// more, the one that was not used for longest is forgotten, and is full again.
	Sources int
}

// budget is one of Limits.
type budget uint8

const (
	budgetRequests budget = iota
	budgetWrong
	budgetKeyRequests
	budgetKeyWrong
	budgets
)

func (b budget) String() string {
	return [...]string{"requests", "wrong", "key_requests", "key_wrong"}[b]
}

// words say which budget is empty.
func (b budget) words() string {
	return [...]string{
		"too many requests from this address",
		"too many wrong codes or logins from this address",
		"too many requests with this key",
		"too many wrong codes with this key from this address",
	}[b]
}

// limiter has the buckets of all budgets.
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
			budgetWrong:       or(l.Wrong, Rate{PerSecond: 0.2, Burst: 30}),
			budgetKeyRequests: or(l.KeyRequests, Rate{PerSecond: 20000, Burst: 20000}),
			budgetKeyWrong:    or(l.KeyWrong, Rate{PerSecond: 20, Burst: 1000}),
		},
		now:     now,
		buckets: ratelimit.New[bucketName](l.Sources),
	}
}

// take takes one from a budget. If there is none, it returns false, and after how
// many seconds there is: 1 to 3600.
func (l *limiter) take(b budget, who string) (retry int, ok bool) {
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

// give gives back what take took.
func (l *limiter) give(b budget, who string) {
	if rate := l.rates[b]; rate.PerSecond >= 0 {
		l.buckets.Give(l.now(), bucketName{b, who}, rate)
	}
}
