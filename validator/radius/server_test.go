// SPDX-License-Identifier: Apache-2.0

package radius_test

import (
	"context"
	"crypto/hmac"
	"crypto/md5"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	wire "layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2869"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/radius"
)

const secret = "a shared secret of ours"

// patience is a time limit for answers that must arrive.
const patience = 5 * time.Minute

// front is a bank with alice, who has a token, and its RADIUS server.
type front struct {
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

func (f *front) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *front) wait(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

func options() radius.Options {
	return radius.Options{Clients: []radius.Client{{
		Name: "here", Network: netip.MustParsePrefix("127.0.0.1/32"), Secret: radius.Secret(secret),
	}}}
}

func newFront(t testing.TB, o radius.Options) *front { return newFrontOn(t, banktest.SQLite(t), o) }

func newFrontOn(t testing.TB, database string, o radius.Options) *front {
	d := banktest.New(t, database)
	d.Contract("c1")
	d.User("c1", "alice", validator.Master)
	d.User("c1", "bob", validator.PlainUser)
	f := &front{Harness: d, t: t, serial: d.Issued("c1"), now: time.Unix(1_000_000, 0)}
	d.Activate("alice", f.serial)
	f.serve(d.Bank, o)
	return f
}

func (f *front) serve(b radius.Bank, o radius.Options) { f.serveOn(b, o, "udp", "127.0.0.1:0") }

func (f *front) serveOn(b radius.Bank, o radius.Options, network, listen string) {
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
func (f *front) event() radius.Event {
	f.t.Helper()
	select {
	case e := <-f.events:
		return e
	case <-time.After(patience):
		require.FailNow(f.t, "no event")
	}
	panic("unreachable")
}

func (f *front) kind(want radius.Kind) {
	f.t.Helper()
	e := f.event()
	require.Equal(f.t, want, e.Kind, "%v %v", e.Kind, e.Err)
}

// gateway is a client's socket.
type gateway struct {
	f    *front
	conn net.Conn
}

func (f *front) gateway() *gateway {
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

// silence checks that no answer was sent: the next answer belongs to a later request.
func (g *gateway) silence() {
	g.f.t.Helper()
	p := wire.New(wire.CodeStatusServer, []byte(secret))
	require.Equal(g.f.t, wire.CodeAccessAccept, g.ask(p).Code)
	g.f.kind(radius.Status)
}

// TestOnce: a code is accepted once, even if another client sends it. A repeated
// request is not a second use.
func TestOnce(t *testing.T) {
	f := newFront(t, options())
	g, other := f.gateway(), f.gateway()
	code := f.Code(f.serial, 0)
	request := signed(t, pap(t, "alice", code))
	g.send(request)
	first := g.receive()
	require.Equal(t, wire.CodeAccessAccept, g.check(request, first).Code)
	f.kind(radius.Accepted)

	g.send(request)
	require.Equal(t, first, g.receive(), "sent again")
	f.kind(radius.Duplicate)

	require.Equal(t, wire.CodeAccessReject, g.ask(pap(t, "alice", code)).Code, "another request")
	f.kind(radius.Rejected)
	other.send(request)
	require.Equal(t, wire.CodeAccessReject, other.check(request, other.receive()).Code, "from another port")
	f.kind(radius.Rejected)
	f.wait(31 * time.Second)
	g.send(request)
	require.Equal(t, wire.CodeAccessReject, g.check(request, g.receive()).Code, "after the memory's time")
	f.kind(radius.Rejected)

	last := f.LastAudit(f.serial)
	require.Equal(t, "alice", last.User)
	require.Equal(t, "radius", last.Channel)
	require.Equal(t, "127.0.0.1", last.Source)
}

// TestSameAuthenticator: a client that repeats its authenticator does not get the
// answer to an earlier request.
func TestSameAuthenticator(t *testing.T) {
	f := newFront(t, options())
	g := f.gateway()
	p := pap(t, "alice", f.Code(f.serial, 0))
	require.Equal(t, wire.CodeAccessAccept, g.ask(p).Code)
	require.NoError(t, rfc2865.UserName_SetString(p, "bob"))
	require.Equal(t, wire.CodeAccessReject, g.ask(p).Code)
}

// TestRejectsAlike: the answer has the same attributes for every reason.
func TestRejectsAlike(t *testing.T) {
	f := newFront(t, options())
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
	f := newFront(t, options())
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
		f.kind(c.kind)
		if c.kind == radius.Accepted {
			g.receive()
		}
		g.silence()
	}
	row, err := f.Bank.Token(t.Context(), banktest.Clerk, f.serial)
	require.NoError(t, err)
	require.Zero(t, row.State.FailedAttempts)
}

func TestUnknownClient(t *testing.T) {
	o := options()
	o.Clients[0].Network = netip.MustParsePrefix("127.0.0.2/32")
	f := newFront(t, o)
	g := f.gateway()
	g.send(signed(t, pap(t, "alice", f.Code(f.serial, 0))))
	e := f.event()
	require.Equal(t, radius.UnknownClient, e.Kind)
	require.Equal(t, g.conn.LocalAddr().String(), e.Source.String())
}

// TestNarrowest: if two networks contain an address, the secret of the narrower one is
// used.
func TestNarrowest(t *testing.T) {
	o := options()
	o.Clients = append([]radius.Client{{Name: "wide", Network: netip.MustParsePrefix("127.0.0.0/8"), Secret: radius.Secret("x")}}, o.Clients...)
	f := newFront(t, o)
	require.Equal(t, wire.CodeAccessAccept, f.gateway().ask(pap(t, "alice", f.Code(f.serial, 0))).Code)
	require.Equal(t, "here", f.event().Client)
}

// TestChallenge: a token is five minutes ahead. The two codes that correct it do not
// log in. The third does, in the same conversation.
func TestChallenge(t *testing.T) {
	f := newFront(t, options())
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

// TestOneChallenge: a client that gives up at the second challenge can log in again.
func TestOneChallenge(t *testing.T) {
	f := newFront(t, options())
	g := f.gateway()
	f.Step(10)
	answer := g.ask(pap(t, "alice", f.Code(f.serial, 4)))
	f.Step(1)
	require.Equal(t, wire.CodeAccessChallenge, g.ask(pap(t, "alice", f.Code(f.serial, 4), rfc2865.State_Get(answer)...)).Code)
	f.Step(1)
	require.Equal(t, wire.CodeAccessAccept, g.ask(pap(t, "alice", f.Code(f.serial, 4))).Code)
}

// TestState: a State is valid only for its user and for a limited time and number of
// rounds.
func TestState(t *testing.T) {
	f := newFront(t, options())
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
	f.wait(180 * time.Second)
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
	f := newFront(t, o)
	g := f.gateway()
	answer := g.ask(pap(t, "alice", f.Code(f.serial, 5)))
	require.Contains(t, rfc2865.ReplyMessage_GetString(answer), "次のワンタイムパスワード")
	answer = g.ask(pap(t, "alice", ""))
	require.Contains(t, rfc2865.ReplyMessage_GetString(answer), "確認できませんでした")
}

// TestProxyState: proxies get their states back, in order (RFC 2865, section 5.33).
func TestProxyState(t *testing.T) {
	f := newFront(t, options())
	p := pap(t, "alice", f.Code(f.serial, 0))
	for _, state := range []string{"b", "a", "b"} {
		p.Add(rfc2865.ProxyState_Type, []byte(state))
	}
	answer := f.gateway().ask(p)
	got, err := rfc2865.ProxyState_GetStrings(answer)
	require.NoError(t, err)
	require.Equal(t, []string{"b", "a", "b"}, got)
}

// TestRateLimit: a source that has sent too many wrong codes gets a message about it,
// and its next code is not used up.
func TestRateLimit(t *testing.T) {
	o := options()
	o.WrongBurst, o.WrongPerMinute = 3, 6
	f := newFront(t, o)
	g := f.gateway()
	for range 3 {
		require.Equal(t, "The one-time password was refused.", rfc2865.ReplyMessage_GetString(g.ask(pap(t, "nobody", "123456"))))
		f.kind(radius.Rejected)
	}
	code := f.Code(f.serial, 0)
	answer := g.ask(pap(t, "alice", code))
	f.kind(radius.RateLimited)
	require.Equal(t, wire.CodeAccessReject, answer.Code)
	require.Contains(t, rfc2865.ReplyMessage_GetString(answer), "Too many")
	f.wait(10 * time.Second)
	require.Equal(t, wire.CodeAccessAccept, g.ask(pap(t, "alice", code)).Code)
}

// TestRateLimitOfACaller: if a gateway sends Calling-Station-Id, wrong codes block only
// their sender and not the gateway's other users. All of them together are limited too.
func TestRateLimitOfACaller(t *testing.T) {
	o := options()
	o.WrongBurst, o.WrongPerMinute = 3, 1
	f := newFront(t, o)
	g := f.gateway()
	from := func(station, user, code string) wire.Code {
		p := pap(t, user, code)
		require.NoError(t, rfc2865.CallingStationID_SetString(p, station))
		return g.ask(p).Code
	}
	for range 3 {
		require.Equal(t, wire.CodeAccessReject, from("198.51.100.7", "nobody", "123456"))
		f.kind(radius.Rejected)
	}
	from("198.51.100.7", "nobody", "123456")
	f.kind(radius.RateLimited)
	require.Equal(t, wire.CodeAccessAccept, from("192.0.2.77", "alice", f.Code(f.serial, 0)))
	f.kind(radius.Accepted)
	for i := range 57 {
		from(fmt.Sprint(i), "nobody", "123456")
		f.kind(radius.Rejected)
	}
	from("another", "nobody", "123456")
	f.kind(radius.RateLimited)
}

// slow is a bank whose checks wait for the test.
type slow struct {
	*bank.Bank
	door chan struct{}
}

func (s *slow) CheckUser(ctx context.Context, by bank.By, user, code string) (bank.Outcome, error) {
	select {
	case <-s.door:
		return s.Bank.CheckUser(ctx, by, user, code)
	case <-ctx.Done():
		return bank.Outcome{}, ctx.Err()
	}
}

// TestBusy: a request that is repeated during its check gets no second check, requests
// beyond the limit get no answer, and a shutdown answers requests that are being
// checked.
func TestBusy(t *testing.T) {
	o := options()
	o.Concurrency = 2
	f := newFront(t, options())
	door := make(chan struct{})
	f.serve(&slow{f.Bank, door}, o)
	g, other, third := f.gateway(), f.gateway(), f.gateway()
	request := signed(t, pap(t, "alice", f.Code(f.serial, 0)))
	g.send(request)
	g.send(request)
	f.kind(radius.InFlight)
	other.send(signed(t, pap(t, "alice", f.WrongCode(f.serial))))
	over := signed(t, pap(t, "bob", "123456"))
	for {
		third.send(over)
		if e := f.event(); e.Kind == radius.Overloaded {
			break
		} else {
			require.Equal(t, radius.InFlight, e.Kind)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- f.server.Shutdown(ctx) }()
	select {
	case err := <-done:
		require.FailNow(t, "shut down while requests are open", "%v", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(door)
	require.Equal(t, wire.CodeAccessAccept, g.check(request, g.receive()).Code)
	other.receive()
	require.NoError(t, <-done)
	require.ErrorIs(t, <-f.served, radius.ErrServerClosed)

	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	require.ErrorIs(t, f.server.Serve(conn), radius.ErrServerClosed)
}

// TestStoreGone: a bank that cannot check codes sends no answer, to make clients use
// another server, and does not store the request.
func TestStoreGone(t *testing.T) {
	f := newFront(t, options())
	g := f.gateway()
	require.NoError(t, f.DB.Close())
	request := signed(t, pap(t, "alice", f.Code(f.serial, 0)))
	for range 2 {
		g.send(request)
		f.kind(radius.Failed)
	}
	g.send(signed(t, wire.New(wire.CodeStatusServer, []byte(secret))))
	f.kind(radius.Failed)
}

// TestPostgresGone: the database is killed and restarted. In between nothing is
// answered. Afterwards the client's repeated request is accepted, once.
func TestPostgresGone(t *testing.T) {
	db := pgtest.Start(t)
	f := newFrontOn(t, db.Database(t), options())
	g := f.gateway()
	db.Kill(t)
	request := signed(t, pap(t, "alice", f.Code(f.serial, 0)))
	g.send(request)
	f.kind(radius.Failed)
	db.Restart(t)
	for try := 0; ; try++ {
		g.send(request)
		if e := f.event(); e.Kind == radius.Accepted {
			break
		} else {
			require.Equal(t, radius.Failed, e.Kind, "%v", e.Err)
			require.Less(t, try, 20, "%v", e.Err)
		}
	}
	require.Equal(t, wire.CodeAccessAccept, g.check(request, g.receive()).Code)
	require.Equal(t, wire.CodeAccessReject, g.ask(pap(t, "alice", f.Code(f.serial, 0))).Code)
}

// TestParallel: a code that is sent many times at once is accepted once.
func TestParallel(t *testing.T) {
	f := newFront(t, options())
	code := f.Code(f.serial, 0)
	gateways, requests := make([]*gateway, 32), make([][]byte, 32)
	for i := range gateways {
		gateways[i], requests[i] = f.gateway(), signed(t, pap(t, "alice", code))
	}
	for i, g := range gateways {
		g.send(requests[i])
	}
	got := map[wire.Code]int{}
	for i, g := range gateways {
		got[g.check(requests[i], g.receive()).Code]++
	}
	require.Equal(t, map[wire.Code]int{wire.CodeAccessAccept: 1, wire.CodeAccessReject: 31}, got)
}

func TestOptions(t *testing.T) {
	f := newFront(t, options())
	client := func(network, secret string) radius.Client {
		return radius.Client{Name: "x", Network: netip.MustParsePrefix(network), Secret: radius.Secret(secret)}
	}
	for name, change := range map[string]func(*radius.Options){
		"no clients":         func(o *radius.Options) { o.Clients = nil },
		"short secret":       func(o *radius.Options) { o.Clients[0] = client("192.0.2.0/24", "fifteen letters") },
		"more than loopback": func(o *radius.Options) { o.Clients[0] = client("0.0.0.0/0", "short") },
		"::/0":               func(o *radius.Options) { o.Clients[0] = client("::/0", "short") },
		"no secret":          func(o *radius.Options) { o.Clients[0].Secret = nil },
		"twice":              func(o *radius.Options) { o.Clients = append(o.Clients, o.Clients[0]) },
		"no network":         func(o *radius.Options) { o.Clients[0].Network = netip.Prefix{} },
		"language":           func(o *radius.Options) { o.Language = "fr" },
		"concurrency":        func(o *radius.Options) { o.Concurrency = -1 },
		"life":               func(o *radius.Options) { o.ChallengeLife = time.Millisecond },
		"burst":              func(o *radius.Options) { o.WrongBurst = -1 },
	} {
		o := options()
		change(&o)
		_, err := radius.New(f.Bank, o)
		require.ErrorIs(t, err, radius.ErrOptions, name)
	}
	for _, good := range []radius.Client{client("127.0.0.0/8", "short"), client("::1/128", "short"), client("192.0.2.0/24", "sixteen letters.")} {
		o := options()
		o.Clients[0] = good
		_, err := radius.New(f.Bank, o)
		require.NoError(t, err)
	}
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", options(), options(), options()), secret)
	for _, k := range radius.Kinds() {
		require.NotEmpty(t, k.String())
	}
}
