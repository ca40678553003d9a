// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"net/netip"
	"time"

	"layeh.com/radius/rfc2865"

	"github.com/d204ef64/fob/internal/ratelimit"
)

// limitMost is the number of callers that are counted. Only callers at the addresses of
// known clients are counted.
const limitMost = 4096

// gatewayTimes is the ratio of the limit of a gateway to the limit of one of its
// callers.
const gatewayTimes = 20

// A caller is a source of codes: a gateway's address, and the Calling-Station-Id of the
// user's device if the gateway sends it (RFC 2865, section 5.31). Without the latter,
// one user who enters wrong codes would block the gateway's other users.
type caller struct {
	at      netip.Addr
	station string
}

// callerOf returns the source of a request. It ignores the Calling-Station-Id of
// clients whose requests may be unsigned.
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

// exceeded reports whether a caller has sent too many wrong codes.
func (l *limits) exceeded(now time.Time, who caller) bool {
	who.at = ratelimit.Source(who.at)
	return l.callers.Wait(now, who, l.rate) > 0
}

// countFailed counts a wrong code of a caller.
func (l *limits) countFailed(now time.Time, who caller) {
	who.at = ratelimit.Source(who.at)
	l.callers.Take(now, who, l.rate)
}
