// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

// TestLoginDelays: wrong passwords make their source wait, but do not block the owner's
// login from another source.
func TestLoginDelays(t *testing.T) {
	l := logins{cost: cheap}
	l.once.Do(l.init)
	at := func(source string) attempt { return attemptOf(By{User: "alice", Source: source}) }
	const (
		now token.UnixSeconds = 1_000_000

		// DESIGN.md, "Why does a wrong password make its source wait?"
		free    = 5
		longest = 15 * 60
	)

	l.tried(at("192.0.2.1"), true, now)
	for i := range 100 {
		l.tried(at("198.51.100.7"), false, now)
		require.Equal(t, i >= free, l.waits(at("198.51.100.7"), now), "wrong password %d", i+1)
	}
	require.False(t, l.waits(at("192.0.2.1"), now), "the owner's")
	require.False(t, l.waits(at("192.0.2.2"), now), "a new one of the owner's")

	// With wrong passwords from very many sources, only sources of earlier logins do
	// not wait.
	for i := range free {
		l.tried(at(fmt.Sprintf("203.0.113.%d", i)), false, now)
	}
	require.True(t, l.waits(at("192.0.2.2"), now))
	require.False(t, l.waits(at("192.0.2.1"), now))
	require.False(t, l.waits(at("192.0.2.2"), now+longest), "not for ever")

	require.NotEqual(t, at("::ffff:192.0.2.1"), at("::ffff:198.51.100.7"), "IPv4 in IPv6 is no /64")

	// A /64 belongs to one customer and counts as one source.
	for i := range free + 1 {
		l.tried(attemptOf(By{Clerk: "bob", Source: fmt.Sprintf("2001:db8::%d", i)}), false, now)
	}
	require.True(t, l.waits(attemptOf(By{Clerk: "bob", Source: "2001:db8::99"}), now))
	require.False(t, l.waits(attemptOf(By{User: "bob", Source: "2001:db8::99"}), now), "the user bob is not the clerk bob")

	for i := range 2 * mostWatched {
		l.tried(attemptOf(By{User: fmt.Sprint(i), Source: "192.0.2.1"}), false, now)
	}
	require.LessOrEqual(t, len(l.failed), mostWatched)
}

// TestWaitsAfterAClockThatJumped: a wrong password entered while the clock is years
// ahead does not block the login until then.
func TestWaitsAfterAClockThatJumped(t *testing.T) {
	l := logins{cost: cheap}
	l.once.Do(l.init)
	const now = token.UnixSeconds(1_900_000_000)
	a := attemptOf(By{User: "alice", Source: "192.0.2.1"})
	for i := range 40 {
		l.tried(a, false, now+10*365*86400+token.UnixSeconds(i))
	}
	require.True(t, l.waits(a, now+10*365*86400+39), "now it waits")
	require.False(t, l.waits(a, now), "the clock is right again")
	l.tried(a, false, now)
	require.True(t, l.waits(a, now), "and waits work as before")
	require.False(t, l.waits(a, now+longestWait))
}

// TestRecordKeepsNoCode: a code that was typed as a serial number is not kept. The
// longest codes of a seed file have 9 digits.
func TestRecordKeepsNoCode(t *testing.T) {
	for typed, kept := range map[string]string{"123456": "", "12345678": "", "123456789": "", "1234567890": "1234567890", "1234567A": "1234567A"} {
		serial, err := token.ParseSerial(typed)
		require.NoError(t, err)
		r := By{User: "alice"}.record(validator.Audit{User: "alice", Serial: serial, Reason: validator.ReasonUnknown})
		require.Equal(t, kept, r.Serial, typed)
		r = By{User: "alice"}.record(validator.Audit{User: "alice", Serial: serial, Reason: validator.ReasonWrong})
		require.Equal(t, typed, r.Serial, "of a token that is there")
	}
}
