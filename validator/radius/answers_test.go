// SPDX-License-Identifier: Apache-2.0

package radius_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	wire "layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2869"

	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/radius"
)

// TestCodeIsAcceptedOnce: a code is accepted once, even if another client sends it. A repeated
// request is not a second use.
func TestCodeIsAcceptedOnce(t *testing.T) {
	f := newTestServer(t, options())
	g, other := f.gateway(), f.gateway()
	code := f.Code(f.serial, 0)
	request := signed(t, pap(t, "alice", code))
	g.send(request)
	first := g.receive()
	require.Equal(t, wire.CodeAccessAccept, g.check(request, first).Code)
	f.requireEvent(radius.Accepted)

	g.send(request)
	require.Equal(t, first, g.receive(), "sent again")
	f.requireEvent(radius.Duplicate)

	require.Equal(t, wire.CodeAccessReject, g.ask(pap(t, "alice", code)).Code, "another request")
	f.requireEvent(radius.Rejected)
	other.send(request)
	require.Equal(t, wire.CodeAccessReject, other.check(request, other.receive()).Code, "from another port")
	f.requireEvent(radius.Rejected)
	f.advance(31 * time.Second)
	g.send(request)
	require.Equal(t, wire.CodeAccessReject, g.check(request, g.receive()).Code, "after the memory's time")
	f.requireEvent(radius.Rejected)

	last := f.LastAudit(f.serial)
	require.Equal(t, "alice", last.User)
	require.Equal(t, "radius", last.Channel)
	require.Equal(t, "127.0.0.1", last.Source)
}

// TestRepeatedAuthenticator: a client that repeats its authenticator does not get the
// answer to an earlier request.
func TestRepeatedAuthenticator(t *testing.T) {
	f := newTestServer(t, options())
	g := f.gateway()
	p := pap(t, "alice", f.Code(f.serial, 0))
	require.Equal(t, wire.CodeAccessAccept, g.ask(p).Code)
	require.NoError(t, rfc2865.UserName_SetString(p, "bob"))
	require.Equal(t, wire.CodeAccessReject, g.ask(p).Code)
}

// TestRejectsHaveEqualAttributes: the answer has the same attributes for every reason.
func TestRejectsHaveEqualAttributes(t *testing.T) {
	f := newTestServer(t, options())
	g := f.gateway()
	used := f.Code(f.serial, 0)
	require.Equal(t, wire.CodeAccessAccept, g.ask(pap(t, "alice", used)).Code)
	wrong := f.WrongCode(f.serial)
	chap := pap(t, "alice", used)
	chap.Del(rfc2865.UserPassword_Type)
	chap.Add(rfc2865.CHAPPassword_Type, make([]byte, 17))
	unnamed := pap(t, "alice", used)
	unnamed.Del(rfc2865.UserName_Type)
	for name, p := range map[string]*wire.Packet{
		"used": pap(t, "alice", used), "wrong": pap(t, "alice", wrong), "no code": pap(t, "alice", ""),
		"letters": pap(t, "alice", "' or 1=1 --"), "space": pap(t, "alice", " "+f.Code(f.serial, 1)),
		"full-width": pap(t, "alice", "\uff11\uff12\uff13\uff14\uff15\uff16"), "unknown": pap(t, "nobody", wrong), "no token": pap(t, "bob", wrong),
		"no user": pap(t, "\x00", wrong), "no UTF-8": pap(t, "\xff\xfe", wrong), "long": pap(t, string(make([]byte, 253)), wrong),
		"no such state": pap(t, "alice", f.Code(f.serial, 1), []byte("0123456789abcdef")...),
		"chap":          chap, "no name": unnamed,
	} {
		answer := g.ask(p)
		require.Equal(t, wire.CodeAccessReject, answer.Code, name)
		require.Len(t, answer.Attributes, 2, name)
		require.Equal(t, "The one-time password was refused.", rfc2865.ReplyMessage_GetString(answer), name)
	}
	// The current code was not used up by any of them.
	f.Step(1)
	require.Equal(t, wire.CodeAccessAccept, g.ask(pap(t, "alice", f.Code(f.serial, 0))).Code)

	f.Step(1)
	f.Suspend("alice", f.serial)
	answer := g.ask(pap(t, "alice", f.Code(f.serial, 0)))
	require.Equal(t, wire.CodeAccessReject, answer.Code)
	require.Equal(t, "The one-time password was refused.", rfc2865.ReplyMessage_GetString(answer))
	require.Equal(t, "suspended", f.LastAudit(f.serial).Reason)
}

// TestNoAnswer: a packet that could be a forgery gets no answer, and does not change
// the token.
func TestNoAnswer(t *testing.T) {
	f := newTestServer(t, options())
	g := f.gateway()
	good := signed(t, pap(t, "alice", f.Code(f.serial, 0)))
	altered := append([]byte{}, good...)
	altered[22] ^= 1 // a byte of the user name
	bare, err := pap(t, "alice", f.Code(f.serial, 0)).Encode()
	require.NoError(t, err)
	twice := wire.New(wire.CodeAccessRequest, []byte(secret))
	twice.Add(rfc2869.MessageAuthenticator_Type, make([]byte, 16))
	doubled, err := twice.Encode()
	require.NoError(t, err)
	doubled = append(doubled, doubled[20:]...)
	doubled[3] = byte(len(doubled))
	account := append([]byte{4}, good[1:]...)
	for _, c := range []struct {
		raw  []byte
		kind radius.Kind
	}{
		{bare, radius.NoAuthenticator}, {altered, radius.WrongAuthenticator}, {doubled, radius.Malformed},
		{good[:30], radius.Malformed}, {nil, radius.Malformed}, {account, radius.UnknownCode},
		{append(append([]byte{}, good...), make([]byte, 5000)...)[:4097], radius.Accepted}, // padding, RFC 2865, section 3
	} {
		g.send(c.raw)
		f.requireEvent(c.kind)
		if c.kind == radius.Accepted {
			g.receive()
		}
		g.requireNoAnswer()
	}
	row, err := f.Bank.Token(t.Context(), banktest.Clerk, f.serial)
	require.NoError(t, err)
	require.Zero(t, row.State.FailedAttempts)
}

func TestUnknownClient(t *testing.T) {
	o := options()
	o.Clients[0].Network = netip.MustParsePrefix("127.0.0.2/32")
	f := newTestServer(t, o)
	g := f.gateway()
	g.send(signed(t, pap(t, "alice", f.Code(f.serial, 0))))
	e := f.event()
	require.Equal(t, radius.UnknownClient, e.Kind)
	require.Equal(t, g.conn.LocalAddr().String(), e.Source.String())
}

// TestNarrowestNetworkWins: if two networks contain an address, the secret of the narrower one is
// used.
func TestNarrowestNetworkWins(t *testing.T) {
	o := options()
	o.Clients = append([]radius.Client{{Name: "wide", Network: netip.MustParsePrefix("127.0.0.0/8"), Secret: radius.Secret("x")}}, o.Clients...)
	f := newTestServer(t, o)
	require.Equal(t, wire.CodeAccessAccept, f.gateway().ask(pap(t, "alice", f.Code(f.serial, 0))).Code)
	require.Equal(t, "here", f.event().Client)
}

// TestProxyState: proxies get their states back, in order (RFC 2865, section 5.33).
func TestProxyState(t *testing.T) {
	f := newTestServer(t, options())
	p := pap(t, "alice", f.Code(f.serial, 0))
	for _, state := range []string{"b", "a", "b"} {
		p.Add(rfc2865.ProxyState_Type, []byte(state))
	}
	answer := f.gateway().ask(p)
	got, err := rfc2865.ProxyState_GetStrings(answer)
	require.NoError(t, err)
	require.Equal(t, []string{"b", "a", "b"}, got)
}
