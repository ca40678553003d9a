// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// rfcSeed is the seed of RFC 4226, appendix D.
const rfcSeed = "12345678901234567890"

// day0 is the time at which a manual world starts: the beginning of a step.
var day0 = virtual.WorldTimeOf(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))

func newWorld(t testing.TB, seed uint64) *virtual.World {
	t.Helper()
	w, err := virtual.NewWorld(virtual.Config{Seed: seed})
	require.NoError(t, err)
	return w
}

func modelOf(t testing.TB, name string) *virtual.Model {
	t.Helper()
	m, err := virtual.ModelByName(name)
	require.NoError(t, err)
	return m
}

func serialNumber(t testing.TB, text string) token.Serial {
	t.Helper()
	s, err := token.ParseSerial(text)
	require.NoError(t, err)
	return s
}

// payloadFor returns the payload with which the tokens of these tests are programmed.
func payloadFor(w *virtual.World, m *virtual.Model) *serialproto.Payload {
	return &serialproto.Payload{Seed: []byte(rfcSeed), Profile: m.Profile(), Clock: w.Now().Milli()}
}

// expiringPayload is like payloadFor, with an expiry date in Japan.
func expiringPayload(t testing.TB, w *virtual.World, m *virtual.Model, year, month, day int) *serialproto.Payload {
	t.Helper()
	p := payloadFor(w, m)
	var err error
	p.Expiry, err = token.NewExpiry(year, month, day)
	require.NoError(t, err)
	p.Ends = p.Expiry.EndsAt(token.TokyoOffset)
	return p
}

// newLockedToken returns a token that has been programmed and locked.
func newLockedToken(t testing.TB, w *virtual.World, model string, opts ...virtual.Option) *virtual.Token {
	t.Helper()
	m := modelOf(t, model)
	k := w.NewToken(m, opts...)
	require.NoError(t, k.Program(serialNumber(t, "1000042"), payloadFor(w, m), true))
	return k
}

// codeAt returns the code of the test seed at a time.
func codeAt(t testing.TB, p token.Profile, at virtual.WorldTime) string {
	t.Helper()
	seed, err := token.NewSeed([]byte(rfcSeed))
	require.NoError(t, err)
	code, err := p.Code(seed, p.StepAtMilli(at.Milli()))
	require.NoError(t, err)
	return code.String()
}

// snapshotBytes returns a token's snapshot in its storage format.
func snapshotBytes(t testing.TB, k *virtual.Token) []byte {
	t.Helper()
	b, err := k.Snapshot().MarshalBinary()
	require.NoError(t, err)
	return b
}

// parseSnapshot parses the result of snapshotBytes.
func parseSnapshot(t testing.TB, b []byte) virtual.Snapshot {
	t.Helper()
	var s virtual.Snapshot
	require.NoError(t, s.UnmarshalBinary(b))
	return s
}
