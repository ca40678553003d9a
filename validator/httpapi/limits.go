// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"container/list"
	"math"
	"sync"
	"time"
)

// Rate is a budget: Burst at once, and PerSecond coming back. The zero value is
// the default of its place, a negative PerSecond no limit.
type Rate struct {
	PerSecond float64
	Burst     int
}

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

// limiter has token buckets in a bounded map. golang.org/x/time/rate is not used
// because its buckets do not take back what was taken a while ago.
type limiter struct {
	rates [budgets]Rate
	most  int
	now   func() time.Time

	mu     sync.Mutex
	byName map[bucketName]*list.Element
	used   *list.List // of *bucket, the one used last in front
}

type bucketName struct {
	budget budget
	who    string
}

type bucket struct {
	name bucketName
	left float64
	at   time.Time // when left was right
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
		l.Sources = 65536
	}
	return &limiter{
		rates: [budgets]Rate{
			budgetRequests:    or(l.Requests, Rate{20, 200}),
			budgetWrong:       or(l.Wrong, Rate{0.2, 30}),
			budgetKeyRequests: or(l.KeyRequests, Rate{20000, 20000}),
			budgetKeyWrong:    or(l.KeyWrong, Rate{20, 1000}),
		},
		most:   l.Sources,
		now:    now,
		byName: map[bucketName]*list.Element{},
		used:   list.New(),
	}
}

// take takes one from a budget. Where there is none it returns false, and after
// how many seconds there is, at least 1.
func (l *limiter) take(b budget, who string) (retry int, ok bool) {
	rate := l.rates[b]
	if rate.PerSecond < 0 {
		return 0, true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.bucketLocked(bucketName{b, who}, rate)
	if at.left < 1 {
		wait := 3600.0 // a rate of 0 does not come back
		if rate.PerSecond > 0 {
			wait = math.Ceil((1 - at.left) / rate.PerSecond)
		}
		return int(min(max(wait, 1), 3600)), false
	}
	at.left--
	return 0, true
}

// give gives back what take took.
func (l *limiter) give(b budget, who string) {
	rate := l.rates[b]
	if rate.PerSecond < 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.bucketLocked(bucketName{b, who}, rate)
	at.left = min(at.left+1, float64(rate.Burst))
}

// bucketLocked returns a bucket as it is now. mu is held.
func (l *limiter) bucketLocked(name bucketName, rate Rate) *bucket {
	now := l.now()
	if e, ok := l.byName[name]; ok {
		l.used.MoveToFront(e)
		b := e.Value.(*bucket)
		if passed := now.Sub(b.at).Seconds(); passed > 0 {
			b.left = min(b.left+passed*rate.PerSecond, float64(rate.Burst))
			b.at = now
		}
		return b
	}
	if l.used.Len() >= l.most {
		last := l.used.Back()
		delete(l.byName, last.Value.(*bucket).name)
		l.used.Remove(last)
	}
	b := &bucket{name: name, left: float64(rate.Burst), at: now}
	l.byName[name] = l.used.PushFront(b)
	return b
}
