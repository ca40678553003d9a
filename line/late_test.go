// SPDX-License-Identifier: Apache-2.0

package line_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// piece is a part of a conversation on its way.
type piece struct {
	due  time.Time
	data []byte
}

// late serves a token on a line that takes some time in each direction.
func (b *bench) late(m fleet.Member, socket string, there, back time.Duration) {
	b.t.Helper()
	l, err := port.Listen("pty:" + b.sockets + "/" + socket)
	require.NoError(b.t, err)
	b.t.Cleanup(func() { _ = l.Close() })
	p, err := l.Accept(b.t.Context())
	require.NoError(b.t, err)
	requests, answers := make(chan piece, 1000), make(chan piece, 1000)
	go func() {
		defer close(requests)
		for {
			data := make([]byte, 256)
			n, err := p.Read(data)
			if err != nil {
				return
			}
			requests <- piece{time.Now().Add(there), data[:n]}
		}
	}()
	go func() {
		defer close(answers)
		conn := m.Token.Connect(nil)
		for r := range requests {
			time.Sleep(time.Until(r.due))
			answers <- piece{time.Now().Add(back), conn.Exchange(nil, r.data)}
		}
	}()
	go func() {
		for a := range answers {
			time.Sleep(time.Until(a.due))
			_, _ = p.Write(a.data)
		}
	}()
}

// TestLateLine programs devices on lines that are always slow, as on a loaded machine. Their
// clocks are as exact as such a line allows, and the record has the spread.
func TestLateLine(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct{ there, back time.Duration }{
		"200 ms":      {200 * ms, 200 * ms},
		"400 ms":      {400 * ms, 400 * ms},
		"only there":  {400 * ms, 0},
		"only back":   {0, 400 * ms},
		"within 50ms": {10 * ms, 10 * ms},
	} {
		t.Run(name, func(t *testing.T) {
			b := newFast(t)
			m := b.device()
			b.start()
			b.late(m, "s01", c.there, c.back)
			e, _ := b.result(0, 1)
			require.Equal(t, line.Pass, e.Result, e.Reason)
			require.Equal(t, 1, e.Attempt)
			serial, err := token.ParseSerial(e.Serial)
			require.NoError(t, err)
			u, err := b.batch.Unit(t.Context(), serial)
			require.NoError(t, err)
			require.Equal(t, journal.Done, u.State)
			r := u.Results.ClockError
			require.NotNil(t, r)
			require.GreaterOrEqual(t, r.Spread, float64((c.there+c.back)/2/ms), "what a line hides")
			require.LessOrEqual(t, max(r.Value, -r.Value)+r.Spread, *r.High)
			require.Equal(t, -*r.Low, *r.High)
			b.check()
		})
	}
}

// TestLateSelfTest delays the answers to the self-test until its light is over: the test is
// repeated, and an LCD is faulty only if it certainly was dark in time.
func TestLateSelfTest(t *testing.T) {
	const pause = 2500 * time.Millisecond // the light takes 2 s (PROTOCOL.md section 7.5)
	for _, c := range []struct {
		late int // number of answers that are late
		dead bool
		want line.Result
	}{
		{1, false, line.Pass},
		{1, true, line.Fail},
		{100, false, line.Pass},
	} {
		t.Run(fmt.Sprintf("%d late, dead %v", c.late, c.dead), func(t *testing.T) {
			b := newFast(t)
			m := b.device()
			if c.dead {
				dead, err := virtual.ParseSegments("d3.g")
				require.NoError(t, err)
				m.Token.Break(dead, virtual.Segments{})
			}
			tests := 0 // only one goroutine counts
			b.liar(m, 1, func(h serialproto.Header, ask func() []byte) []byte {
				answer := ask()
				if is(h, serialproto.OpWrite, serialproto.CmdTokenSelfTest) {
					if tests++; tests <= c.late {
						time.Sleep(pause)
					}
				}
				return answer
			})
			b.start()
			e, _ := b.result(0, 1)
			require.Equal(t, c.want, e.Result, e.Reason)
			if c.dead {
				require.Contains(t, e.Reason, "the self-test did not light up all segments")
			}
		})
	}
}
