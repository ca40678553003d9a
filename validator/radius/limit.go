// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limitMost is how many sources are remembered. Only clients' addresses are.
const limitMost = 4096

// limits counts the wrong codes of each source.
type limits struct {
	every rate.Limit
	burst int

	mu       sync.Mutex
	bySource *aging[netip.Addr, *rate.Limiter]
}

func newLimits(burst, perMinute int) *limits {
	every := rate.Limit(float64(perMinute) / 60)
	// After the time that fills it a limiter is as good as a new one.
	life := time.Duration(float64(burst)/float64(every)*float64(time.Second)) + time.Second
	return &limits{every: every, burst: burst, bySource: newAging[netip.Addr, *rate.Limiter](life, limitMost)}
}

// source is what is counted as one: an IPv6 host has a whole /64.
func source(a netip.Addr) netip.Addr {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil && !a.IsLoopback() {
			return p.Addr()
		}
	}
	return a
}

// exceeded reports whether a source has given too many wrong codes.
func (l *limits) exceeded(now time.Time, a netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	lim := l.bySource.get(now, source(a))
	return lim != nil && (*lim).TokensAt(now) < 1
}

// wrong counts a wrong code.
func (l *limits) wrong(now time.Time, a netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var lim *rate.Limiter
	if p := l.bySource.get(now, source(a)); p != nil {
		lim = *p
	} else {
		lim = rate.NewLimiter(l.every, l.burst)
	}
	lim.AllowN(now, 1)
	l.bySource.put(now, source(a), lim)
}
