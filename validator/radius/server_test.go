// SPDX-License-Identifier: Apache-2.0

package radius_test

import (
	"context"
	"crypto/hmac"
	"crypto/md5"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	wire "layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2869"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/radius"
)

const secret = "a shared secret of ours"

// patience is a time limit for answers that must arrive.
const patience = 5 * time.Minute

// testServer is a bank with alice, who has a token, and its RADIUS server.
type testServer struct {
	*banktest.Harness
	t      testing.TB
	server *radius.Server
	addr   *net.UDPAddr
	serial token.Serial
	events chan radius.Event
	served chan error

	mu  sync.Mutex
	now time.Time // the server's own clock
}

func (f *testServer) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *testServer) advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

func options() radius.Options {
	return radius.Options{Timeout: patience, Clients: []radius.Client{{
		Name: "here", Network: netip.MustParsePrefix("127.0.0.1/32"), Secret: radius.Secret(secret),
	}}}
}

func newTestServer(t testing.TB, o radius.Options) *testServer {
	return newTestServerOn(t, banktest.SQLite(t), o)
}

func newTestServerOn(t testing.TB, database string, o radius.Options) *testServer {
	d := banktest.New(t, database)
	d.Contract("c1")
	d.User("c1", "alice", validator.Master)
	d.User("c1", "bob", validator.PlainUser)
	f := &testServer{Harness: d, t: t, serial: d.Issued("c1"), now: time.Unix(1_000_000, 0)}
	d.Activate("alice", f.serial)
	f.serve(d.Bank, o)
	return f
}

func (f *testServer) serve(b radius.Bank, o radius.Options) { f.serveOn(b, o, "udp", "127.0.0.1:0") }

func (f *testServer) serveOn(b radius.Bank, o radius.Options, network, listen string) {
	f.events = make(chan radius.Event, 1000)
	o.Event = func(e radius.Event) { f.events <- e }
	o.Now = f.clock
	server, err := radius.New(b, o)
	require.NoError(f.t, err)
	f.server = server
	conn, err := net.ListenPacket(network, listen)
	require.NoError(f.t, err)
	f.addr = conn.LocalAddr().(*net.UDPAddr)
	served := make(chan error, 1)
	f.served = served
	go func() { served <- server.Serve(conn) }()
	f.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(f.t, server.Shutdown(ctx))
	})
}

// event waits for the next event.
func (f *testServer) event() radius.Event {
	f.t.Helper()
	select {
	case e := <-f.events:
		return e
	case <-time.After(patience):
		require.FailNow(f.t, "no event")
	}
	panic("unreachable")
}

func (f *testServer) requireEvent(want radius.Kind) {
	f.t.Helper()
	e := f.event()
	require.Equal(f.t, want, e.Kind, "%v %v", e.Kind, e.Err)
}

// gateway is a client's socket.
type gateway struct {
	f    *testServer
	conn net.Conn
}

func (f *testServer) gateway() *gateway {
	conn, err := net.Dial("udp", f.addr.String())
	require.NoError(f.t, err)
	f.t.Cleanup(func() { _ = conn.Close() })
	return &gateway{f, conn}
}

// pap returns an unsigned request with a user and a code.
func pap(t testing.TB, user, code string, state ...byte) *wire.Packet {
	p := wire.New(wire.CodeAccessRequest, []byte(secret))
	require.NoError(t, rfc2865.UserName_SetString(p, user))
	require.NoError(t, rfc2865.UserPassword_SetString(p, code))
	if len(state) > 0 {
		require.NoError(t, rfc2865.State_Set(p, state))
	}
	return p
}

// mac computes the Message-Authenticator of RFC 2869, section 5.14: HMAC-MD5 over the
// packet with a zero value. For an answer, the packet has the request's authenticator.
func mac(t testing.TB, p *wire.Packet) []byte {
	raw, err := p.MarshalBinary()
	require.NoError(t, err)
	h := hmac.New(md5.New, []byte(secret))
	h.Write(raw)
	return h.Sum(nil)
}

// signed returns the encoded packet, with Message-Authenticator.
func signed(t testing.TB, p *wire.Packet) []byte {
	p.Set(rfc2869.MessageAuthenticator_Type, make([]byte, 16))
	p.Set(rfc2869.MessageAuthenticator_Type, mac(t, p))
	raw, err := p.Encode()
	require.NoError(t, err)
	return raw
}

func (g *gateway) send(raw []byte) {
	g.f.t.Helper()
	_, err := g.conn.Write(raw)
	require.NoError(g.f.t, err)
}

func (g *gateway) receive() []byte {
	g.f.t.Helper()
	buf := make([]byte, 5000)
	require.NoError(g.f.t, g.conn.SetReadDeadline(time.Now().Add(patience)))
	n, err := g.conn.Read(buf)
	require.NoError(g.f.t, err)
	return buf[:n]
}

// ask sends a request, and returns the answer after checking it with the secret: its
// authenticator, and the Message-Authenticator as the first attribute.
func (g *gateway) ask(p *wire.Packet) *wire.Packet {
	g.f.t.Helper()
	request := signed(g.f.t, p)
	g.send(request)
	return g.check(request, g.receive())
}

func (g *gateway) check(request, answer []byte) *wire.Packet {
	t := g.f.t
	t.Helper()
	require.True(t, wire.IsAuthenticResponse(answer, request, []byte(secret)))
	p, err := wire.Parse(answer, []byte(secret))
	require.NoError(t, err)
	require.Equal(t, request[1], p.Identifier)
	require.Equal(t, rfc2869.MessageAuthenticator_Type, p.Attributes[0].Type, "first, against CVE-2024-3596")
	given := p.Attributes[0].Attribute
	copy(p.Authenticator[:], request[4:20])
	p.Attributes[0].Attribute = make([]byte, 16)
	require.Equal(t, mac(t, p), []byte(given))
	return p
}

// requireNoAnswer checks that no answer was sent: the next answer belongs to a later request.
func (g *gateway) requireNoAnswer() {
	g.f.t.Helper()
	p := wire.New(wire.CodeStatusServer, []byte(secret))
	require.Equal(g.f.t, wire.CodeAccessAccept, g.ask(p).Code)
	g.f.requireEvent(radius.Status)
}
