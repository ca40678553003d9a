// SPDX-License-Identifier: Apache-2.0

package printer

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
)

// zebra is a label printer on a real TCP port. It reads ZPL and answers ~HS as Zebra's
// guide describes.
type zebra struct {
	listener net.Listener

	mu       sync.Mutex
	printed  string
	statuses []string // answers, one by one; the last one stays. Empty: no answer
	drop     bool     // closes a connection after its first byte of a label
}

func ready(formats, remaining int) string { return hostStatus("0", "0", formats, "0", "0", remaining) }
func paperOut() string                    { return hostStatus("1", "0", 0, "0", "0", 0) }
func hostStatus(paper, pause string, formats int, head, ribbon string, remaining int) string {
	return fmt.Sprintf("\x02030,%s,%s,1245,%03d,0,0,0,000,0,0,0\x03\r\n\x02001,0,%s,%s,1,2,6,0,%08d,1,000\x03\r\n\x021234,0\x03\r\n",
		paper, pause, formats, head, ribbon, remaining)
}

func startZebra(t *testing.T, statuses ...string) (*zebra, *tcpPrinter) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	z := &zebra{listener: l, statuses: statuses}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			z.serve(conn.(*net.TCPConn))
		}
	})
	t.Cleanup(func() { l.Close(); all.Wait() })
	p := open(t, "tcp:"+l.Addr().String()).(*tcpPrinter)
	// A slow machine must not make a printer look silent.
	p.answerLimit, p.writeLimit, p.printLimit, p.pollInterval = 5*time.Minute, 5*time.Minute, 5*time.Minute, time.Millisecond
	return z, p
}

func (z *zebra) serve(conn *net.TCPConn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for {
		c, err := r.ReadByte()
		if err != nil {
			return
		}
		z.mu.Lock()
		if next, _ := r.Peek(2); c == '~' && string(next) == "HS" {
			r.Discard(2)
			if len(z.statuses) > 0 {
				io.WriteString(conn, z.statuses[0])
				if len(z.statuses) > 1 {
					z.statuses = z.statuses[1:]
				}
			}
		} else {
			z.printed += string(c)
			if z.drop {
				conn.SetLinger(0)
				z.mu.Unlock()
				return
			}
		}
		z.mu.Unlock()
	}
}

func (z *zebra) output() string {
	z.mu.Lock()
	defer z.mu.Unlock()
	return z.printed
}

func (z *zebra) change(f func()) {
	z.mu.Lock()
	defer z.mu.Unlock()
	f()
}

// TestTCP prints on a printer that answers. The label is in the buffer first, then in
// print, then done; in peel-off mode it waits to be taken.
func TestTCP(t *testing.T) {
	tooltest.CheckLeaks(t, "printer.")
	waiting := strings.Replace(ready(0, 1), "1,2,6,0,", "1,1,6,1,", 1)
	z, p := startZebra(t, ready(0, 0), ready(1, 0), ready(0, 1), ready(0, 0), ready(0, 0), waiting)
	require.NoError(t, p.Print(context.Background(), label))
	require.Equal(t, string(label.Data), z.output())
	require.NoError(t, p.Print(context.Background(), label))
	require.Equal(t, strings.Repeat(string(label.Data), 2), z.output())
	z.change(func() { require.Equal(t, []string{waiting}, z.statuses) }) // all answers were read
}

// TestTCPNotReady checks that nothing is sent to a printer that cannot print, and that a
// problem afterwards is reported as such.
func TestTCPNotReady(t *testing.T) {
	tooltest.CheckLeaks(t, "printer.")
	for _, c := range []struct{ status, want string }{
		{paperOut(), "the printer is not ready: paper out"},
		{hostStatus("0", "1", 0, "0", "0", 0), "paused"},
		{hostStatus("0", "0", 0, "1", "1", 0), "ribbon out, head open"},
		{strings.Replace(ready(0, 0), "000,0,0,0,000,0,0,0", "000,1,0,0,000,0,1,1", 1), "too cold, too hot, buffer full"},
	} {
		z, p := startZebra(t, c.status)
		requireError(t, p.Print(context.Background(), label), ErrNotReady, false, c.want)
		require.Empty(t, z.output())
	}
	z, p := startZebra(t, ready(0, 0), ready(1, 0), paperOut())
	requireError(t, p.Print(context.Background(), label), ErrNotReady, true, "paper out")
	require.Equal(t, string(label.Data), z.output())

	z, p = startZebra(t, ready(0, 0), ready(1, 0))
	p.printLimit = 10 * time.Millisecond
	requireError(t, p.Print(context.Background(), label), ErrNotReady, true, "it did not finish in 10ms")
	require.Equal(t, string(label.Data), z.output())
}

// TestTCPSilent has a printer that never answers, which gets its labels, and one that no
// longer answers, which does not.
func TestTCPSilent(t *testing.T) {
	tooltest.CheckLeaks(t, "printer.")
	z, p := startZebra(t)
	p.answerLimit = 20 * time.Millisecond
	for range 2 {
		require.NoError(t, p.Print(context.Background(), label))
	}
	require.Equal(t, no, p.answers)
	require.Eventually(t, func() bool { return strings.Count(z.output(), string(label.Data)) == 2 }, 5*time.Minute, time.Millisecond)

	z, p = startZebra(t, ready(0, 0))
	require.NoError(t, p.Print(context.Background(), label))
	z.change(func() { z.statuses = nil })
	p.answerLimit = 20 * time.Millisecond
	requireError(t, p.Print(context.Background(), label), ErrNotReady, false, "it no longer answers")
	require.Equal(t, string(label.Data), z.output())
}

func TestTCPGone(t *testing.T) {
	tooltest.CheckLeaks(t, "printer.")
	z, p := startZebra(t, ready(0, 0))
	z.change(func() { z.drop = true })
	requireError(t, p.Print(context.Background(), label), ErrUnreachable, true, "the connection broke")

	z, p = startZebra(t)
	z.change(func() { z.drop = true })
	document := Job{Name: "x", Format: PDF, Data: []byte(strings.Repeat("%PDF-", 1000))}
	requireError(t, p.Print(context.Background(), document), ErrUnreachable, true, "the connection broke")

	z.listener.Close()
	requireError(t, p.Print(context.Background(), label), ErrUnreachable, false, "connection refused: check its address, cable and power")

	z, p = startZebra(t, "\x02not a status\x03")
	requireError(t, p.Print(context.Background(), label), ErrUnreachable, false, `"not a status" has 1 fields, want 12`)
	require.Empty(t, z.output())
}

// TestTCPCheck checks printers without printing.
func TestTCPCheck(t *testing.T) {
	tooltest.CheckLeaks(t, "printer.")
	z, p := startZebra(t, ready(0, 0), paperOut())
	require.NoError(t, p.Check(context.Background(), ZPL))
	err := p.Check(context.Background(), ZPL)
	require.ErrorIs(t, err, ErrNotReady)
	require.ErrorContains(t, err, "checking the printer "+p.String()+": the printer is not ready: paper out")
	require.NoError(t, p.Check(context.Background(), PDF), "it has no status")
	require.Empty(t, z.output())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, p.Check(ctx, ZPL), context.Canceled)
	z.listener.Close()
	require.ErrorIs(t, p.Check(context.Background(), PDF), ErrUnreachable)
}

// TestTCPCancel cancels while the printer is busy, and while it takes no data.
func TestTCPCancel(t *testing.T) {
	tooltest.CheckLeaks(t, "printer.")
	z, p := startZebra(t, ready(0, 0), ready(1, 0))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Print(ctx, label) }()
	for z.output() != string(label.Data) {
		time.Sleep(time.Millisecond)
	}
	cancel()
	requireError(t, <-done, context.Canceled, true, "context canceled")

	requireError(t, p.Print(ctx, label), context.Canceled, false, "context canceled")

	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts connections, and never reads
	require.NoError(t, err)
	defer l.Close()
	p = open(t, "tcp:"+l.Addr().String()).(*tcpPrinter)
	p.writeLimit = time.Second // enough to begin
	large := Job{Name: "large", Format: PDF, Data: make([]byte, 64<<20)}
	requireError(t, p.Print(context.Background(), large), ErrNotReady, true, "of 67108864 bytes in 1s")
}

// FuzzStatus checks that any answer is read or refused, and that junk before the first
// string is skipped.
func FuzzStatus(f *testing.F) {
	for _, s := range []string{ready(0, 0), ready(12, 345), paperOut(), "", "\x02\x03", "\x02,,,,,,,,,,,\x03", "\x021,2", strings.Repeat("\x02a,b\x03", 50), "\x02" + strings.Repeat("1", 200)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		s, err := readStatus(bufio.NewReader(strings.NewReader(answer)))
		again, err2 := readStatus(bufio.NewReader(strings.NewReader("junk\r\n\x03" + answer)))
		require.Equal(t, err == nil, err2 == nil)
		require.Equal(t, s, again)
		require.Equal(t, s.problem() == "", !(s.paperOut || s.ribbonOut || s.headOpen || s.paused || s.cold || s.hot || s.full))
	})
}
