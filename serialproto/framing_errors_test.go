// SPDX-License-Identifier: Apache-2.0

package serialproto_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
)

// TestFramingErrors increases each counter, and no other.
func TestFramingErrors(t *testing.T) {
	good := message(v2, read, 0, 6, obj{})
	long := frame(echoOf(250))
	damaged := packet(good)
	damaged[5] ^= 0x10
	wrongLength := bytes.Clone(good)
	wrongLength[3]++
	reserved := bytes.Clone(good)
	reserved[0] |= 0x20
	text := func(s string) []byte { return []byte("\x06\x09" + s + "\n") }

	tests := []struct {
		name string
		in   []byte
		want serialproto.FramingErrors
	}{
		{"line of 125 characters", text(strings.Repeat("A", 125)), serialproto.FramingErrors{Line: 1}},
		{"line cut off by the start of another line", append([]byte("\x06\x09AAAA"), frame(good)...), serialproto.FramingErrors{Line: 1}},
		{"character outside base64", text("AAsC!AAB"), serialproto.FramingErrors{Base64: 1}},
		{"base64 without its padding", text("AAsCAAABAACPBaDesw"), serialproto.FramingErrors{Base64: 1}},
		{"base64 with unused bits set", text("AAsCAAABAACPBaDesx=="), serialproto.FramingErrors{Base64: 1}},
		{"space in base64", text("AAsC AABAACPBaDesw=="), serialproto.FramingErrors{Base64: 1}},
		{"continuation line first", []byte("\x04\x14AAAA\n"), serialproto.FramingErrors{Stray: 1}},
		{"no length", text(""), serialproto.FramingErrors{Size: 1}},
		{"half a length", text("AA=="), serialproto.FramingErrors{Size: 1}},
		{"length less than a message's", console(append([]byte{0, 9}, make([]byte, 9)...)), serialproto.FramingErrors{Size: 1}},
		{"length beyond the buffer", console([]byte{0x01, 0xFF, 0}), serialproto.FramingErrors{Size: 1}},
		{"longer than its length", console(append(packet(good), 0)), serialproto.FramingErrors{Size: 1}},
		{"packet cut off by another packet", append(bytes.Clone(long[:127]), frame(good)...), serialproto.FramingErrors{Size: 1}},
		{"wrong CRC", console(damaged), serialproto.FramingErrors{CRC: 1}},
		{"response", frame(message(v2, 1, 0, 6, obj{})), serialproto.FramingErrors{Header: 1}},
		{"operation that does not exist", frame(message(v2, 4, 0, 6, obj{})), serialproto.FramingErrors{Header: 1}},
		{"reserved bit", frame(reserved), serialproto.FramingErrors{Header: 1}},
		{"wrong length of the body", frame(wrongLength), serialproto.FramingErrors{Header: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, line, dev := new(serialproto.Server), &fakeLine{in: tt.in}, newDevice()
			s.Step(line, dev)
			require.Equal(t, tt.want, *s.FramingErrors())
			require.True(t, s.Idle())

			// The server is synchronised again, and reports its framing errors.
			line.in, line.out = frame(message(v2, read, 64, 0, obj{})), nil
			s.Step(line, dev)
			answers := unframe(t, line.out)
			require.Len(t, answers, 1)
			w := tt.want
			want := arr{}
			for _, n := range []uint32{w.Line, w.Base64, w.Stray, w.Size, w.CRC, w.Header, w.Timeout} {
				want = append(want, uint64(n))
			}
			require.Equal(t, want, decode(t, answers[0][8:])["drops"])
		})
	}
}

// TestTimeout: a partial packet is kept for 3 s after its last byte and not longer,
// whether or not other bytes arrive.
func TestTimeout(t *testing.T) {
	m := echoOf(250)
	whole := frame(m)
	for _, cut := range []int{1, 2, 50, 127, 200, len(whole) - 1} {
		for _, log := range []string{"", "I: still here\n"} {
			dev := newDevice()
			line := &fakeLine{in: whole[:cut], uptime: 1000}
			var s serialproto.Server
			s.Step(line, dev)
			require.False(t, s.Idle())

			// In time, to the millisecond.
			line.in, line.uptime = whole[cut:], 1000+serialproto.PacketTimeout
			on := s // a copy
			on.Step(line, dev)
			require.Len(t, unframe(t, line.out), 1, "cut at %d", cut)
			require.Equal(t, serialproto.FramingErrors{}, *on.FramingErrors())

			// Unrelated text halfway, and then too late.
			if betweenLines := cut == 127; betweenLines {
				line.in, line.uptime = []byte(log), 1000+serialproto.PacketTimeout/2
				s.Step(line, dev)
			}
			line.in, line.out, line.uptime = nil, nil, 1000+serialproto.PacketTimeout
			s.Step(line, dev)
			require.False(t, s.Idle())
			line.uptime++
			s.Step(line, dev)
			require.True(t, s.Idle())
			require.Equal(t, serialproto.FramingErrors{Timeout: 1}, *s.FramingErrors(), "cut at %d", cut)

			line.in = whole[cut:]
			s.Step(line, dev)
			require.Empty(t, line.out)
			line.in = whole
			s.Step(line, dev)
			require.Len(t, unframe(t, line.out), 1)
		}
	}
}

// TestTimeoutInFeed: the packet times out at the next byte, even without a call of
// Expire in between.
func TestTimeoutInFeed(t *testing.T) {
	m := echoOf(250)
	whole := frame(m)
	var d serialproto.Deframer
	require.Empty(t, feed(&d, whole[:127], 0))
	require.Empty(t, feed(&d, whole[127:], 3001))
	require.Equal(t, serialproto.FramingErrors{Timeout: 1, Stray: 2}, d.FramingErrors)
	require.Equal(t, [][]byte{m}, feed(&d, whole, 3001))
}
