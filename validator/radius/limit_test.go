// SPDX-License-Identifier: Apache-2.0

package radius_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	wire "layeh.com/radius"
	"layeh.com/radius/rfc2865"

	"github.com/d204ef64/fob/validator/radius"
)

// TestRateLimit: a source that has sent too many wrong codes gets a message about it,
// and its next code is not used up.
func TestRateLimit(t *testing.T) {
	o := options()
	o.WrongBurst, o.WrongPerMinute = 3, 6
	f := newTestServer(t, o)
	g := f.gateway()
	for range 3 {
		require.Equal(t, "The one-time password was refused.", rfc2865.ReplyMessage_GetString(g.ask(pap(t, "nobody", "123456"))))
		f.requireEvent(radius.Rejected)
	}
	code := f.Code(f.serial, 0)
	answer := g.ask(pap(t, "alice", code))
	f.requireEvent(radius.RateLimited)
	require.Equal(t, wire.CodeAccessReject, answer.Code)
	require.Contains(t, rfc2865.ReplyMessage_GetString(answer), "Too many")
	f.advance(10 * time.Second)
	require.Equal(t, wire.CodeAccessAccept, g.ask(pap(t, "alice", code)).Code)
}

// TestRateLimitPerCaller: if a gateway sends Calling-Station-Id, wrong codes block only
// their sender and not the gateway's other users. All of them together are limited too.
func TestRateLimitPerCaller(t *testing.T) {
	o := options()
	o.WrongBurst, o.WrongPerMinute = 3, 1
	f := newTestServer(t, o)
	g := f.gateway()
	from := func(station, user, code string) wire.Code {
		p := pap(t, user, code)
		require.NoError(t, rfc2865.CallingStationID_SetString(p, station))
		return g.ask(p).Code
	}
	for range 3 {
		require.Equal(t, wire.CodeAccessReject, from("198.51.100.7", "nobody", "123456"))
		f.requireEvent(radius.Rejected)
	}
	from("198.51.100.7", "nobody", "123456")
	f.requireEvent(radius.RateLimited)
	require.Equal(t, wire.CodeAccessAccept, from("192.0.2.77", "alice", f.Code(f.serial, 0)))
	f.requireEvent(radius.Accepted)
	for i := range 57 {
		from(fmt.Sprint(i), "nobody", "123456")
		f.requireEvent(radius.Rejected)
	}
	from("another", "nobody", "123456")
	f.requireEvent(radius.RateLimited)
}
