// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"net/netip"
	"time"

	"layeh.com/radius/rfc2865"

	"github.com/d204ef64/fob/internal/ratelimit"
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
	rate    ratelimit.Rate
	callers *ratelimit.Limiter[caller]
}

func newLimits(burst, perMinute int) *limits {
	return &limits{
		rate:    ratelimit.Rate{PerSecond: float64(perMinute) / 60, Burst: burst},
		callers: ratelimit.New[caller](limitMost),
	}
}

// exceeded reports whether a caller has given too many wrong codes.
func (l *limits) exceeded(now time.Time, who caller) bool {
	who.at = ratelimit.Source(who.at)
	return l.callers.Wait(now, who, l.rate) > 0
}

// wrong counts a wrong code.
func (l *limits) wrong(now time.Time, who caller) {
	who.at = ratelimit.Source(who.at)
	l.callers.Take(now, who, l.rate)
}
