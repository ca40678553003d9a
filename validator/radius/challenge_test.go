// SPDX-License-Identifier: Apache-2.0

package radius_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	wire "layeh.com/radius"
	"layeh.com/radius/rfc2865"

	"github.com/d204ef64/fob/validator/bank"
)

// TestChallenge: a token is five minutes ahead. The two codes that correct it do not
// log in. The third does, in the same conversation.
func TestChallenge(t *testing.T) {
	f := newTestServer(t, options())
	g := f.gateway()
	const ahead = 5
	answer := g.ask(pap(t, "alice", f.Code(f.serial, ahead)))
	require.Equal(t, wire.CodeAccessChallenge, answer.Code)
	require.Contains(t, rfc2865.ReplyMessage_GetString(answer), "next code")
	require.EqualValues(t, 180, rfc2865.SessionTimeout_Get(answer))
	first := rfc2865.State_Get(answer)

	f.Step(1)
	answer = g.ask(pap(t, "alice", f.Code(f.serial, ahead), first...))
	require.Equal(t, wire.CodeAccessChallenge, answer.Code)
	require.Contains(t, rfc2865.ReplyMessage_GetString(answer), "was corrected")
	second := rfc2865.State_Get(answer)
	require.NotEqual(t, first, second)
	require.Equal(t, "corrected", f.LastAudit(f.serial).Reason)

	f.Step(1)
	code := f.Code(f.serial, ahead)
	require.Equal(t, wire.CodeAccessReject, g.ask(pap(t, "alice", code, first...)).Code, "a state is good once")
	require.Equal(t, wire.CodeAccessAccept, g.ask(pap(t, "alice", code, second...)).Code)
	require.Equal(t, wire.CodeAccessReject, g.ask(pap(t, "alice", code, second...)).Code)
}

// TestLoginAfterOneChallenge: a client that gives up at the second challenge can log in again.
func TestLoginAfterOneChallenge(t *testing.T) {
	f := newTestServer(t, options())
	g := f.gateway()
	f.Step(10)
	answer := g.ask(pap(t, "alice", f.Code(f.serial, 4)))
	f.Step(1)
	require.Equal(t, wire.CodeAccessChallenge, g.ask(pap(t, "alice", f.Code(f.serial, 4), rfc2865.State_Get(answer)...)).Code)
	f.Step(1)
	require.Equal(t, wire.CodeAccessAccept, g.ask(pap(t, "alice", f.Code(f.serial, 4))).Code)
}

// TestStateLimits: a State is valid only for its user and for a limited time and number of
// rounds.
func TestStateLimits(t *testing.T) {
	f := newTestServer(t, options())
	g := f.gateway()
	challenge := func() []byte {
		answer := g.ask(pap(t, "alice", f.Code(f.serial, 5)))
		require.Equal(t, wire.CodeAccessChallenge, answer.Code)
		return rfc2865.State_Get(answer)
	}
	state := challenge()
	require.Equal(t, wire.CodeAccessReject, g.ask(pap(t, "bob", f.Code(f.serial, 0), state...)).Code, "of another user")
	require.Equal(t, wire.CodeAccessReject, g.ask(pap(t, "alice", f.Code(f.serial, 0), state...)).Code, "used")
	state = challenge()
	f.advance(180 * time.Second)
	require.Equal(t, wire.CodeAccessReject, g.ask(pap(t, "alice", f.Code(f.serial, 0), state...)).Code, "too old")
	state = challenge()
	for _, ahead := range []int{7, 5} {
		answer := g.ask(pap(t, "alice", f.Code(f.serial, ahead), state...))
		require.Equal(t, wire.CodeAccessChallenge, answer.Code)
		state = rfc2865.State_Get(answer)
	}
	require.Equal(t, wire.CodeAccessReject, g.ask(pap(t, "alice", f.Code(f.serial, 8), state...)).Code, "the fourth code")
	require.Equal(t, wire.CodeAccessAccept, g.ask(pap(t, "alice", f.Code(f.serial, 0))).Code, "none of it used up the code that is good")
}

func TestJapanese(t *testing.T) {
	o := options()
	o.Language = bank.Japanese
	f := newTestServer(t, o)
	g := f.gateway()
	answer := g.ask(pap(t, "alice", f.Code(f.serial, 5)))
	require.Contains(t, rfc2865.ReplyMessage_GetString(answer), "次のワンタイムパスワード")
	answer = g.ask(pap(t, "alice", ""))
	require.Contains(t, rfc2865.ReplyMessage_GetString(answer), "確認できませんでした")
}
