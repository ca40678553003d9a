// SPDX-License-Identifier: Apache-2.0

package serialproto_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
)

// feed passes bytes to a deframer, all with the same uptime, and returns the messages.
func feed(d *serialproto.Deframer, in []byte, uptime int64) (messages [][]byte) {
	for _, b := range in {
		if m := d.Feed(b, uptime); m != nil {
			messages = append(messages, bytes.Clone(m))
		}
	}
	return messages
}

// frameWithFramer is like frame, but uses the code under test.
func frameWithFramer(m []byte) (out []byte) {
	var f serialproto.Framer
	f.Seal(len(append(f.Message(), m...)))
	line := make([]byte, 0, serialproto.MaxLine)
	for {
		next := f.AppendLine(line)
		if len(next) == 0 {
			return out
		}
		out = append(out, next...)
	}
}

// echoOf returns an echo request whose total length is n bytes.
func echoOf(n int) []byte {
	text := n - 8 - 3 - 1 // header, map and key, first byte of the string
	switch {
	case text >= 256+2:
		text -= 2
	case text >= 24+1:
		text--
	}
	m := message(v2, write, 0, 0, map[string]string{"d": string(bytes.Repeat([]byte("x"), text))})
	if len(m) != n {
		panic(fmt.Sprint("no echo of length ", n))
	}
	return m
}

// TestCRC16 includes the check value of CRC-16/XMODEM from the catalogue of
// parametrised CRC algorithms (reveng.sourceforge.io).
func TestCRC16(t *testing.T) {
	require.Equal(t, uint16(0x31C3), serialproto.CRC16([]byte("123456789")))
	require.Equal(t, uint16(0), serialproto.CRC16(nil))
	random := rand.NewChaCha8([32]byte{})
	for n := range 300 {
		p := make([]byte, n)
		_, _ = random.Read(p)
		require.Equal(t, crc16(p), serialproto.CRC16(p))
	}
}

// TestLineBoundaries tries the sizes at which implementations have failed: a last line that
// is nearly empty or full, with a CRC that is split between lines (zephyr 37893, PR
// 39324), and the largest message.
func TestLineBoundaries(t *testing.T) {
	sizes := []int{8, 9, serialproto.MaxMessage - 1, serialproto.MaxMessage}
	for n := 85; n <= 95; n++ {
		sizes = append(sizes, n, n+93, n+2*93, n+3*93)
	}
	for _, n := range sizes {
		m := bytes.Repeat([]byte{0xA5}, n)
		out := frameWithFramer(m)
		require.Equal(t, frame(m), out, "message of %d bytes", n)
		var d serialproto.Deframer
		require.Equal(t, [][]byte{m}, feed(&d, out, 0))
		require.Equal(t, serialproto.FramingErrors{}, d.FramingErrors)
		require.False(t, d.Partial())
	}
}

// TestEchoSizes does the same through a server, in both directions. The largest message
// is buf_size less 4 (smpclient: -4 passes, -3 is discarded).
func TestEchoSizes(t *testing.T) {
	params := call(t, newDevice(), read, 0, 6, obj{})
	require.Equal(t, obj{"buf_size": uint64(512), "buf_count": uint64(1)}, params)
	sizes := []int{12, serialproto.MaxMessage}
	for n := 89; n <= 95; n++ {
		sizes = append(sizes, n, n+93, n+186)
	}
	for _, n := range sizes {
		request := echoOf(n)
		_, answer := ask(t, newDevice(), request)
		require.Equal(t, decode(t, request[8:])["d"], answer["r"])
	}
	require.Equal(t, 512-4, serialproto.MaxMessage)
	out, s := run(newDevice(), frame(echoOf(serialproto.MaxMessage+1)))
	require.Empty(t, out)
	require.Equal(t, uint32(1), s.FramingErrors().Size)
	require.Equal(t, uint32(5), s.FramingErrors().Stray, "the five lines after the first")
}

// TestUnexpectedBytes reads unsolicited bytes that other senders add.
func TestUnexpectedBytes(t *testing.T) {
	m := echoOf(250) // three lines
	whole := frame(m)
	lines := bytes.SplitAfter(whole, []byte("\n"))
	require.Len(t, lines, 4)
	join := func(parts ...any) (out []byte) {
		for _, p := range parts {
			out = append(out, fmt.Sprint(p)...)
		}
		return out
	}
	l1, l2, l3 := string(lines[0]), string(lines[1]), string(lines[2])
	small := string(frame(echoOf(20)))
	short := string(console(packet(m)[:60]))
	rest := "\x04\x14" + string(console(packet(m)[60:120])[2:]) + "\x04\x14" + string(console(packet(m)[120:200])[2:]) +
		"\x04\x14" + string(console(packet(m)[200:])[2:])

	tests := []struct {
		name string
		in   []byte
	}{
		{"unchanged", whole},
		{"CR LF", bytes.ReplaceAll(whole, []byte("\n"), []byte("\r\n"))},
		{"blank lines", join("\n\r\n", l1, "\n", l2, "\r\n\n", l3, "\n")},
		{"log between lines", join("I: boot\n", l1, "W: 17 °C\r\n", l2, "E: \x00\xff\x1b[0m\n", l3, "bye")},
		{"prompt before a start", join("uart:~$ ", l1, "uart:~$ ", l2, "uart:~$ ", l3)},
		{"start byte alone", join("\x06", "x\n", "\x04\x04", l1, "\x06\n", l2, "\x04\x09", l3)},
		{"start bytes repeated", join("\x06\x06\x06", l1, "\x04\x04", l2, "\x06\x04", l3)},
		{"short lines", []byte(short + rest)},
		{"empty continuation line", join(l1, "\x04\x14\n", l2, "\x04\x14\r\n", l3)},
		{"stray continuation lines before", join(l2, l3, l1, l2, l3)},
		{"frame cut off in its first line", join(l1[:50], l1, l2, l3)},
		{"frame cut off in a continuation line", join(l1, l2[:50], l1, l2, l3)},
		{"frame cut off between lines", join(l1, l2, l1, l2, l3)},
		{"frame within a line of another", join(l1[:50], small, l1[50:], l1, l2, l3)},
		{"line too long before", join("\x06\x09", string(bytes.Repeat([]byte("A"), 300)), "\n", l1, l2, l3)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var d serialproto.Deframer
			got := feed(&d, tt.in, 0)
			require.NotEmpty(t, got)
			require.Equal(t, m, got[len(got)-1])
		})
	}
}

// TestFrameInsideFrame: an inner frame is accepted, and the outer one is lost.
func TestFrameInsideFrame(t *testing.T) {
	inner, outer := echoOf(30), frame(echoOf(250))
	var d serialproto.Deframer
	in := append(bytes.Clone(outer[:140]), frame(inner)...) // in the middle of the second line
	in = append(in, outer[140:]...)
	require.Equal(t, [][]byte{inner}, feed(&d, in, 0))
	require.Equal(t, serialproto.FramingErrors{Line: 1, Stray: 1}, d.FramingErrors)
}
