// SPDX-License-Identifier: Apache-2.0

package radius_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	wire "layeh.com/radius"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/radius"
)

// slowBank is a bank whose checks wait for the test.
type slowBank struct {
	*bank.Bank
	door chan struct{}
}

func (s *slowBank) CheckUser(ctx context.Context, by bank.By, user, code string) (bank.Outcome, error) {
	select {
	case <-s.door:
		return s.Bank.CheckUser(ctx, by, user, code)
	case <-ctx.Done():
		return bank.Outcome{}, ctx.Err()
	}
}

// TestConcurrencyAndShutdown: a request that is repeated during its check gets no second check, requests
// beyond the limit get no answer, and a shutdown answers requests that are being
// checked.
func TestConcurrencyAndShutdown(t *testing.T) {
	o := options()
	o.Concurrency = 2
	f := newTestServer(t, options())
	door := make(chan struct{})
	f.serve(&slowBank{f.Bank, door}, o)
	g, other, third := f.gateway(), f.gateway(), f.gateway()
	request := signed(t, pap(t, "alice", f.Code(f.serial, 0)))
	g.send(request)
	g.send(request)
	f.requireEvent(radius.InFlight)
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

// TestClosedDatabase: a bank that cannot check codes sends no answer, to make clients use
// another server, and does not store the request.
func TestClosedDatabase(t *testing.T) {
	f := newTestServer(t, options())
	g := f.gateway()
	require.NoError(t, f.DB.Close())
	request := signed(t, pap(t, "alice", f.Code(f.serial, 0)))
	for range 2 {
		g.send(request)
		f.requireEvent(radius.Failed)
	}
	g.send(signed(t, wire.New(wire.CodeStatusServer, []byte(secret))))
	f.requireEvent(radius.Failed)
}

// TestPostgresRestart: the database is killed and restarted. In between nothing is
// answered. Afterwards the client's repeated request is accepted, once.
func TestPostgresRestart(t *testing.T) {
	db := pgtest.Start(t)
	f := newTestServerOn(t, db.Database(t), options())
	g := f.gateway()
	db.Kill(t)
	request := signed(t, pap(t, "alice", f.Code(f.serial, 0)))
	g.send(request)
	f.requireEvent(radius.Failed)
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

// TestParallelUseOfACode: a code that is sent many times at once is accepted once.
func TestParallelUseOfACode(t *testing.T) {
	f := newTestServer(t, options())
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
