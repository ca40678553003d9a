// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"layeh.com/radius/rfc2865"
)

// limitMost is how many callers are remembered. Only clients' addresses are, with
// those who call them.
const limitMost = 4096

// gatewayTimes is how many times as many wrong codes a gateway may give as one of
// those who call it.
const gatewayTimes = 20

// A caller is who gives codes: a gateway's address, and where the gateway says so,
// the Calling-Station-Id of who has called it (RFC 2865, section 5.31). Else one
// who enters wrong codes at a gateway would shut it to all others.
type caller struct {
	at      netip.Addr
	station string
}

// callerOf returns who gives a code. What an unsigned request says of it counts
// for nothing.
func callerOf(q *request) caller {
	who := caller{at: q.from.Addr()}
	if !q.client.InsecureNoMessageAuthenticator {
		who.station = string(q.packet.Get(rfc2865.CallingStationID_Type))
	}
	return who
}

// limits counts the wrong codes of each caller.
type limits struct {
	every rate.Limit
	burst int

	mu       sync.Mutex
	bySource *aging[caller, *rate.Limiter]
}

func newLimits(burst, perMinute int) *limits {
	every := rate.Limit(float64(perMinute) / 60)
	// After the time that fills it a limiter is as good as a new one.
	life := time.Duration(float64(burst)/float64(every)*float64(time.Second)) + time.Second
	return &limits{every: every, burst: burst, bySource: newAging[caller, *rate.Limiter](life, limitMost)}
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

// exceeded reports whether a caller has given too many wrong codes.
func (l *limits) exceeded(now time.Time, who caller) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	who.at = source(who.at)
	lim := l.bySource.get(now, who)
	return lim != nil && (*lim).TokensAt(now) < 1
}

// wrong counts a wrong code.
func (l *limits) wrong(now time.Time, who caller) {
	l.mu.Lock()
	defer l.mu.Unlock()
	who.at = source(who.at)
	var lim *rate.Limiter
	if p := l.bySource.get(now, who); p != nil {
		lim = *p
	} else {
		lim = rate.NewLimiter(l.every, l.burst)
	}
	lim.AllowN(now, 1)
	l.bySource.put(now, who, lim)
}
