// SPDX-License-Identifier: Apache-2.0

package line_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host/hosttest"
	"github.com/d204ef64/fob/serialproto/port"
)

// fixture serves the token that lies in a fixture. Its port stays when there is none.
func (b *bench) fixture(socket string) *atomic.Pointer[fleet.Member] {
	return b.watched(socket, func(serialproto.Header) {})
}

// watched is fixture, and calls seen with the header of each request.
func (b *bench) watched(socket string, seen func(serialproto.Header)) *atomic.Pointer[fleet.Member] {
	b.t.Helper()
	l, err := port.Listen("pty:" + b.sockets + "/" + socket)
	require.NoError(b.t, err)
	b.t.Cleanup(func() { _ = l.Close() })
	p, err := l.Accept(b.t.Context())
	require.NoError(b.t, err)
	var in atomic.Pointer[fleet.Member]
	go func() {
		buf := make([]byte, 256)
		var requests serialproto.Deframer
		for {
			n, err := p.Read(buf)
			if err != nil {
				return
			}
			for _, c := range buf[:n] {
				request := requests.Feed(c, 0)
				m := in.Load()
				h, ok := serialproto.ParseHeader(request)
				if request == nil || m == nil || !ok {
					continue
				}
				seen(h)
				answer := m.Token.Connect(nil).Exchange(nil, hosttest.Frame(h, request[serialproto.HeaderSize:]))
				if _, err := p.Write(answer); err != nil {
					return
				}
			}
		}
	}()
	return &in
}

// TestFixture puts devices into a fixture whose port stays. The station sees by their
// answers that they come and go.
func TestFixture(t *testing.T) {
	b := newFast(t)
	in := b.fixture("s01")
	var taken atomic.Pointer[fleet.Member] // when its codes are compared
	b.config.Report = func(e line.Event) {
		if m := taken.Load(); m != nil && e.Step == line.StepCodes {
			taken.Store(nil)
			in.Store(nil)
		}
		b.report(e)
	}
	b.start()
	first := b.device()
	in.Store(&first)
	e, n := b.result(0, 1)
	require.Equal(t, line.Pass, e.Result)

	second := b.device() // in one move
	in.Store(&second)
	again, n := b.result(n, 1)
	require.Equal(t, line.Pass, again.Result)
	require.NotEqual(t, e.Serial, again.Serial)

	in.Store(nil)
	_, n = b.wait(n, "empty", func(e line.Event) bool { return e.Result == line.Waiting })
	in.Store(&second) // the same again
	known, n := b.result(n, 1)
	require.Equal(t, line.Known, known.Result)

	third := b.device() // is taken out while it is programmed
	taken.Store(&third)
	in.Store(&third)
	gone, n := b.result(n, 1)
	require.Equal(t, line.Fail, gone.Result)
	require.Equal(t, "the device does not answer any more", gone.Reason)
	in.Store(&third)
	e, _ = b.result(n, 1)
	require.Equal(t, line.Pass, e.Result)
	require.Equal(t, gone.Serial, e.Serial)
	b.check()
}

// TestTCP has a port that the station always looks for, at which devices appear.
func TestTCP(t *testing.T) {
	b := newFast(t)
	addr := "tcp:" + tooltest.FreeAddress(t)
	find, err := line.Ports(addr)
	require.NoError(t, err)
	b.config.Find = find
	b.start()
	n := 0
	for range 2 {
		var e line.Event
		p, err := b.fleet.Attach(b.device(), addr)
		require.NoError(t, err)
		e, n = b.wait(n, "result", func(e line.Event) bool { return e.Result == line.Pass || e.Result == line.Fail })
		require.Equal(t, line.Pass, e.Result, e)
		b.pull(p)
	}
	require.NoError(t, b.stop())
	b.check()
}

// TestSilent plugs in something that does not answer, which is a failure of a port that
// has just come, and nothing else.
func TestSilent(t *testing.T) {
	b := newFast(t)
	b.plug(b.device(), 1)
	b.start()
	b.result(0, 1) // the station has looked for devices
	b.fixture("s02")
	e, _ := b.result(0, 2)
	require.Equal(t, line.Fail, e.Result)
	require.Equal(t, "the device does not answer", e.Reason)
}

// TestStopped ends a station while it waits for things.
func TestStopped(t *testing.T) {
	b := newFast(t)
	b.config.Job.Labels = line.LabelScanned
	b.config.Printer = &testPrinter{print: func() error { return nil }}
	b.plug(b.device(), 1)
	b.fixture("s02")
	b.start()
	e, _ := b.result(0, 1)
	require.Equal(t, line.Pass, e.Result)
	require.NoError(t, b.stop())

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, line.New(b.config).Run(ctx))
}
