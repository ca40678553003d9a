// SPDX-License-Identifier: Apache-2.0

package port

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/internal/tooltest"
)

// Data is unchanged after encoding and decoding, however the stream is divided and
// whichever commands are in between.
func TestTelnetDecodesAnySplit(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		var wire, want []byte
		var wantSubs, subs [][]byte
		for range rapid.IntRange(1, 6).Draw(t, "parts") {
			data := rapid.SliceOf(rapid.SampledFrom([]byte{0, 'a', '\r', telSE, telSB, telIAC})).Draw(t, "data")
			want = append(want, data...)
			wire = append(wire, escapeIAC(data)...)
			switch rapid.IntRange(0, 3).Draw(t, "command") {
			case 1:
				wire = append(wire, telIAC, 241) // NOP
			case 2:
				wire = append(wire, telIAC, telDO, optBinary)
			case 3:
				wantSubs = append(wantSubs, append([]byte{optComPort}, data...))
				wire = append(wire, telIAC, telSB, optComPort)
				wire = append(append(wire, escapeIAC(data)...), telIAC, telSE)
			}
		}
		var got []byte
		d := telnetDecoder{onOption: func(verb, option byte) {
			require.Equal(t, [2]byte{telDO, optBinary}, [2]byte{verb, option})
		}, onSub: func(sub []byte) { subs = append(subs, bytes.Clone(sub)) }}
		for rest := wire; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "cut")
			got, rest = d.decode(got, rest[:n]), rest[n:]
		}
		require.True(t, bytes.Equal(want, got))
		require.Equal(t, wantSubs, subs)
	})
}

// No input makes the decoder panic, grow without limit or lose the bytes after a
// complete command.
func FuzzTelnetDecoder(f *testing.F) {
	f.Add([]byte{telIAC, telSB, optComPort, 1, 0, 1, 0xc2, 0, telIAC, telSE})
	f.Add([]byte{telIAC, telSB, telIAC, telWILL, telIAC, telIAC})
	f.Fuzz(func(t *testing.T, in []byte) {
		d := telnetDecoder{onOption: func(byte, byte) {}, onSub: func([]byte) {}}
		got := d.decode(nil, in)
		require.LessOrEqual(t, len(got), len(in))
		require.LessOrEqual(t, len(d.sub), maxSubnegotiation)
		d.decode(nil, []byte{0, telIAC, telSE, telIAC, telSE}) // completes any unfinished command
		require.Equal(t, inData, d.state)
	})
}

// The negotiation ends even if both peers start it.
func TestTelnetNegotiationEnds(t *testing.T) {
	type command struct {
		to           *telnetOptions
		verb, option byte
	}
	var wire []command
	var a, b *telnetOptions
	a = newTelnetOptions(func(v, o byte) { wire = append(wire, command{b, v, o}) })
	b = newTelnetOptions(func(v, o byte) { wire = append(wire, command{a, v, o}) })
	for _, o := range []byte{optBinary, optSGA, optComPort, 1} {
		a.offer(o)
		b.ask(o)
		a.ask(o)
	}
	for steps := 0; len(wire) > 0; steps++ {
		require.Less(t, steps, 50, "the negotiation does not end")
		w := wire[0]
		wire = wire[1:]
		w.to.handle(w.verb, w.option)
	}
	require.Equal(t, optionOn, a.us[optComPort])
	require.Equal(t, optionOn, b.them[optComPort])
	require.NotEqual(t, optionOn, b.us[1], "echo is refused")
}

func TestRFC2217SetsTheLine(t *testing.T) {
	token, host := connect(t, "rfc2217://127.0.0.1:0")
	for _, p := range []Port{token, host} {
		line, ok := LineOf(p)
		require.True(t, ok)
		require.Equal(t, default8N1, line)
	}
}

// Requests and answers, byte by byte, as in RFC 2217 section 3.
func TestRFC2217Answers(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	var got bytes.Buffer
	drained := background(func() error { _, err := io.Copy(&got, far); return err })
	s := newTelnetServer(near, "test")
	for _, c := range [][]byte{
		{comBaudRate, 0, 0, 0xff, 0}, {comBaudRate, 0, 0, 0, 0}, {comBaudRate, 0xff, 0xff, 0xff, 0xff}, {comBaudRate, 1},
		{comDataSize, 7}, {comDataSize, 99}, {comParity, 3}, {comStopSize, 2},
		{comControl, controlAskDTR}, {comControl, controlDTROff}, {comControl, controlAskDTR},
		{comControl, controlRTSOff}, {comControl, controlAskRTS}, {comControl, controlBreakOn}, {comControl, controlAskBreak},
		{comControl, controlAskFlow}, {comControl, controlAskInFlow}, {comControl, 3},
		{comSignature}, {comSignature, 'x'}, {comNotifyModem}, {comModemMask, 0xff}, {comLineStateMask, 0}, {comPurge, 3}, {99, 1},
	} {
		s.command(c[0], c[1:])
	}
	line, _ := s.Line()
	require.Equal(t, Line{Baud: 0xff00, DataBits: 7, Parity: ParityEven, StopBits: 2, Break: true}, line)
	require.NoError(t, s.Close())
	require.NoError(t, within(t, "far end", drained))

	var want []byte
	for _, answer := range [][]byte{
		{101, 0, 0, 0xff, 0xff, 0}, {101, 0, 0, 0xff, 0xff, 0}, {101, 0, 0, 0xff, 0xff, 0},
		{102, 7}, {102, 7}, {103, 3}, {104, 2},
		{105, 8}, {105, 9}, {105, 9},
		{105, 12}, {105, 12}, {105, 5}, {105, 5},
		{105, 1}, {105, 14}, {105, 3},
		append([]byte{100}, signature...), {107, 0xb0}, {111, 0xff, 0xff}, {110, 0}, {112, 3},
	} {
		want = append(want, telIAC, telSB, optComPort)
		want = append(append(want, answer...), telIAC, telSE)
	}
	hello := []byte{
		telIAC, telWILL, optBinary, telIAC, telDO, optBinary,
		telIAC, telWILL, optSGA, telIAC, telDO, optSGA,
	}
	require.Equal(t, append(hello, want...), got.Bytes())
}

// A server that refuses every option, or never answers, still passes bytes.
func TestRFC2217ToleratesPoorServers(t *testing.T) {
	for name, verbs := range map[string]map[byte]byte{
		"refuses":                       {telWILL: telDONT, telDO: telWONT},
		"silent":                        {},
		"binary only, settings ignored": {telWILL: telDO, telDO: telWILL},
	} {
		t.Run(name, func(t *testing.T) {
			tooltest.CheckLeaks(t, "serialproto/port.")
			near, far := net.Pipe()
			defer far.Close()
			served := background(func() error { // answers options and echoes data
				d := telnetDecoder{onSub: func([]byte) {}, onOption: func(verb, option byte) {
					if answer, ok := verbs[verb]; ok {
						_, _ = far.Write([]byte{telIAC, answer, option})
					}
				}}
				buf := make([]byte, 1000)
				for {
					n, err := far.Read(buf)
					if err != nil {
						return nil
					}
					if data := d.decode(nil, buf[:n]); len(data) > 0 {
						_, _ = far.Write(escapeIAC(data))
					}
				}
			})
			c := newTelnetClient(near, "test")
			c.wait = 50 * time.Millisecond
			require.NoError(t, c.negotiate(context.Background()))
			_, err := c.Write([]byte("a\xffb"))
			require.NoError(t, err)
			got := make([]byte, 4)
			require.NoError(t, c.SetReadDeadline(time.Now().Add(patience)))
			_, err = io.ReadFull(c, got[:3])
			require.NoError(t, err)
			require.Equal(t, "a\xffb", string(got[:3]))
			require.NoError(t, c.Close())
			require.NoError(t, within(t, "server", served))
		})
	}
}

func TestRFC2217OpenEnds(t *testing.T) {
	tooltest.CheckLeaks(t, "serialproto/port.")
	for name, c := range map[string]struct {
		serve func(conn net.Conn, cancel func())
		want  error
	}{
		"server hangs up": {func(conn net.Conn, _ func()) { conn.Close() }, ErrGone},
		"context ends":    {func(_ net.Conn, cancel func()) { cancel() }, context.Canceled},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(context.Background())
		served := background(func() error {
			conn, err := l.Accept()
			if err == nil {
				t.Cleanup(func() { conn.Close() })
				c.serve(conn, cancel)
			}
			return err
		})
		_, err = Open(ctx, "rfc2217://"+l.Addr().String())
		cancel()
		require.ErrorIs(t, err, c.want, name)
		require.NoError(t, within(t, "server", served))
		require.NoError(t, l.Close())
	}
}
