// SPDX-License-Identifier: Apache-2.0

package serialproto_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
)

// The host's end of the protocol, written from Zephyr's documents (smp_transport.rst,
// smp_protocol.rst). The tests therefore do not depend on the code under test for their
// expected values.

// tb is the common part of the test types of packages testing and rapid.
type tb interface {
	require.TestingT
	Helper()
}

const (
	read, write = 0, 2
	v1, v2      = 0, 1
	seq         = 0x42
)

// message builds an SMP message. A body of bytes is used as it is; any other is encoded
// as CBOR.
func message(version, op, group, command int, body any) []byte {
	raw, ok := body.([]byte)
	if !ok {
		var err error
		if raw, err = cbor.Marshal(body); err != nil {
			panic(err)
		}
	}
	return append([]byte{
		byte(version<<3 | op), 0,
		byte(len(raw) >> 8), byte(len(raw)),
		byte(group >> 8), byte(group),
		seq, byte(command),
	}, raw...)
}

// crc16 computes CRC-16/XMODEM as a polynomial division, bit by bit.
func crc16(p []byte) uint16 {
	rest := uint32(0)
	for _, b := range append(append([]byte{}, p...), 0, 0) {
		for i := 7; i >= 0; i-- {
			rest = rest<<1 | uint32(b>>i&1)
			if rest&0x10000 != 0 {
				rest ^= 0x11021
			}
		}
	}
	return uint16(rest)
}

// packet adds length and CRC to a message.
func packet(message []byte) []byte {
	n, crc := len(message)+2, crc16(message)
	p := append([]byte{byte(n >> 8), byte(n)}, message...)
	return append(p, byte(crc>>8), byte(crc))
}

// console divides a packet into lines.
func console(packet []byte) []byte {
	var out []byte
	start := "\x06\x09"
	for len(packet) > 0 {
		n := min(93, len(packet))
		out = append(out, start+base64.StdEncoding.EncodeToString(packet[:n])+"\n"...)
		packet, start = packet[n:], "\x04\x14"
	}
	return out
}

func frame(message []byte) []byte { return console(packet(message)) }

// unframe parses the output of a device. It requires the strictest form that any client
// requires: nothing between lines, LF only, full lines, and '=' only at the end of the
// last line.
func unframe(t tb, out []byte) (messages [][]byte) {
	t.Helper()
	require.True(t, len(out) == 0 || out[len(out)-1] == '\n', "the last line is incomplete: %q", out)
	var p []byte
	want := 0
	for line := range bytes.Lines(out) {
		require.LessOrEqual(t, len(line), 127)
		text := line[2 : len(line)-1]
		if want == 0 {
			require.Equal(t, "\x06\x09", string(line[:2]))
		} else {
			require.Equal(t, "\x04\x14", string(line[:2]))
		}
		chunk, err := base64.StdEncoding.Strict().DecodeString(string(text))
		require.NoError(t, err)
		p = append(p, chunk...)
		if want == 0 {
			want = 2 + int(p[0])<<8 + int(p[1])
		}
		require.LessOrEqual(t, len(p), want)
		if len(p) < want {
			require.Len(t, line, 127, "only the last line may be short")
			require.NotContains(t, string(text), "=")
			continue
		}
		m := p[2 : len(p)-2]
		require.Equal(t, crc16(m), uint16(p[len(p)-2])<<8|uint16(p[len(p)-1]))
		require.GreaterOrEqual(t, len(m), 8)
		require.Equal(t, len(m)-8, int(m[2])<<8|int(m[3]), "length of the body")
		messages = append(messages, m)
		p, want = nil, 0
	}
	require.Empty(t, p, "the last packet is incomplete")
	return messages
}

// run passes the bytes to a new server and returns its output.
func run(dev serialproto.Device, in []byte) (out []byte, s *serialproto.Server) {
	s = new(serialproto.Server)
	line := &fakeLine{in: in}
	s.Step(line, dev)
	return line.out, s
}

// ask sends one message and returns the header and body of the only answer.
func ask(t tb, dev serialproto.Device, request []byte) (header []byte, body map[string]any) {
	t.Helper()
	out, s := run(dev, frame(request))
	require.Equal(t, serialproto.FramingErrors{}, *s.FramingErrors())
	answers := unframe(t, out)
	require.Len(t, answers, 1)
	h := answers[0][:8]
	require.Equal(t, request[0]&7+1, h[0]&7, "operation")
	require.Equal(t, request[0]>>3&1, h[0]>>3, "version")
	require.Zero(t, h[1], "flags")
	require.Equal(t, request[4:8], h[4:8], "group, sequence number and command")
	return h, decode(t, answers[0][8:])
}

// call is like ask in SMP version 2, and returns the body only.
func call(t tb, dev serialproto.Device, op, group, command int, body any) map[string]any {
	t.Helper()
	_, answer := ask(t, dev, message(v2, op, group, command, body))
	return answer
}

var decMode, _ = cbor.DecOptions{
	DefaultMapType: reflect.TypeFor[map[string]any](),
	IndefLength:    cbor.IndefLengthForbidden,
	DupMapKey:      cbor.DupMapKeyEnforcedAPF,
}.DecMode()

// decode decodes an answer's body, which must be in the shortest form.
func decode(t tb, body []byte) (m map[string]any) {
	t.Helper()
	require.NoError(t, decMode.Unmarshal(body, &m), "% x", body)
	return m
}

type (
	obj = map[string]any
	arr = []any
)

// rc is the error of the SMP layer; groupErr is the error of a group, in version 2.
func rc(n int) obj          { return obj{"rc": uint64(n)} }
func groupErr(g, n int) obj { return obj{"err": obj{"group": uint64(g), "rc": uint64(n)}} }

// unhex parses bytes in hex, with spaces anywhere.
func unhex(s string) []byte {
	p, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		panic(err)
	}
	return p
}

// load reads a file of vectors.
func load(t tb, name string, v any) {
	t.Helper()
	p, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(p, v))
}
