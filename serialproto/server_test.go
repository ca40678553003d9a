// SPDX-License-Identifier: Apache-2.0

package serialproto_test

import (
	"bytes"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/serialproto"
)

func TestHeaderRoundTrip(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		h := serialproto.Header{
			Version: rapid.Uint8Range(0, 3).Draw(t, "version"),
			Op:      serialproto.Op(rapid.Uint8Range(0, 7).Draw(t, "op")),
			Flags:   rapid.Uint8().Draw(t, "flags"),
			Length:  rapid.Uint16().Draw(t, "length"),
			Group:   serialproto.Group(rapid.Uint16().Draw(t, "group")),
			Seq:     rapid.Uint8().Draw(t, "seq"),
			Command: rapid.Uint8().Draw(t, "command"),
		}
		p := h.Append(nil)
		require.Len(t, p, serialproto.HeaderSize)
		back, ok := serialproto.ParseHeader(p)
		require.True(t, ok)
		require.Equal(t, h, back)

		p[0] |= 1 << rapid.IntRange(5, 7).Draw(t, "reserved")
		_, ok = serialproto.ParseHeader(p)
		require.False(t, ok)
	})
	_, ok := serialproto.ParseHeader(make([]byte, 7))
	require.False(t, ok)
}

// TestErrorForms checks the same refusals in both versions (smp_protocol.rst, "Minimal
// response").
func TestErrorForms(t *testing.T) {
	locked := newProvisioned().in(serialproto.StateLocked)
	blank := newDevice()
	tests := []struct {
		name               string
		dev                *fakeDevice
		op, group, command int
		body               any
		v1, v2             obj
	}{
		{"unknown group", blank, read, 1, 0, obj{}, rc(8), rc(8)},
		{"unknown group 65535", blank, read, 65535, 0, obj{}, rc(8), rc(8)},
		{"rig group without a rig", blank, read, 65, 2, obj{}, rc(8), rc(8)},
		{"unknown command", blank, read, 0, 1, obj{}, rc(8), rc(8)},
		{"unknown command of the token", blank, read, 64, 7, obj{}, rc(8), rc(8)},
		{"bootloader info", blank, read, 0, 8, obj{}, rc(8), rc(8)},
		{"read of a write-only command", blank, read, 0, 5, obj{}, rc(8), rc(8)},
		{"write of a read-only command", blank, write, 64, 0, obj{}, rc(8), rc(8)},
		{"write of an enumeration", blank, write, 10, 0, obj{}, rc(8), rc(8)},
		{"body is not a map", blank, read, 64, 0, arr{}, rc(3), rc(3)},
		{"key is not a text", blank, read, 64, 0, map[int]int{1: 1}, rc(3), rc(3)},
		{"bytes after the map", blank, read, 64, 0, []byte{0xA0, 0xA0}, rc(3), rc(3)},
		{"locked clock", locked, read, 64, 1, obj{}, rc(11), groupErr(64, 3)},
		{"locked datetime", locked, read, 0, 4, obj{}, rc(11), rc(11)},
		{"blank display", blank, read, 64, 2, obj{}, rc(6), groupErr(64, 4)},
		{"clock out of range", blank, write, 64, 1, obj{"ms": -1}, rc(3), groupErr(64, 2)},
		{"clock never set", blank, read, 0, 4, obj{}, rc(5), groupErr(0, 4)},
		{"unknown format", blank, read, 0, 7, obj{"format": "sx"}, rc(3), groupErr(0, 2)},
		{"index without a group", blank, read, 10, 2, obj{"index": 3}, rc(3), groupErr(10, 4)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, got := ask(t, tt.dev, message(v1, tt.op, tt.group, tt.command, tt.body))
			require.Equal(t, tt.v1, got)
			_, got = ask(t, tt.dev, message(v2, tt.op, tt.group, tt.command, tt.body))
			require.Equal(t, tt.v2, got)
		})
	}
}

// TestReservedVersions: the answer is rc 13 (MGMT_ERR_UNSUPPORTED_TOO_NEW) with a
// header of version 2, as in Zephyr's smp_make_rsp_hdr.
func TestReservedVersions(t *testing.T) {
	for version := 2; version <= 3; version++ {
		out, _ := run(newDevice(), frame(message(version, read, 64, 0, obj{})))
		answers := unframe(t, out)
		require.Len(t, answers, 1)
		require.Equal(t, unhex("09 00 00 05 00 40 42 00"), answers[0][:8])
		require.Equal(t, rc(13), decode(t, answers[0][8:]))
	}
}

// TestRefusals checks every refusal of a device in both versions.
func TestRefusals(t *testing.T) {
	forV1 := map[serialproto.Status]int{
		serialproto.StatusUnknown: 1, serialproto.StatusInvalid: 3, serialproto.StatusLocked: 11,
		serialproto.StatusNotProvisioned: 6, serialproto.StatusAlreadyProvisioned: 6, serialproto.StatusClockNotSet: 6,
		serialproto.StatusCounter: 6, serialproto.StatusAuthentication: 11, serialproto.StatusSeedLength: 3,
		serialproto.StatusProfile: 3, serialproto.StatusFlash: 1, serialproto.StatusDead: 6,
		serialproto.StatusSerialMismatch: 3, serialproto.StatusUnsupported: 8, 15: 1,
	}
	texts := map[string]bool{}
	for e := serialproto.StatusUnknown; e <= 15; e++ {
		dev := newDevice()
		dev.refusal = e
		_, got := ask(t, dev, message(v1, write, 64, 5, obj{}))
		require.Equal(t, rc(forV1[e]), got)
		_, got = ask(t, dev, message(v2, write, 64, 5, obj{}))
		require.Equal(t, groupErr(64, int(e)), got)
		texts[e.AsError().Error()] = true
	}
	require.NoError(t, serialproto.StatusOK.AsError())
	require.Len(t, texts, 14, "every refusal has its own text, except 1 and 15")
}

// TestBodyForms: an empty map may be indefinite or missing, and unknown keys are
// skipped with any value.
func TestBodyForms(t *testing.T) {
	unknownKeys, err := cbor.Marshal(obj{
		"z": obj{"deep": arr{1, -1, "x", []byte{1}, true, nil, 1.5, arr{obj{}}}},
		"y": cbor.Tag{Number: 1, Content: 1363896240},
	})
	require.NoError(t, err)
	for _, body := range [][]byte{{}, {0xA0}, {0xBF, 0xFF}, {0xB8, 0}, unknownKeys} {
		for _, request := range [][]byte{
			message(v2, read, 64, 0, body), message(v2, read, 0, 6, body), message(v2, read, 0, 7, body),
			message(v2, read, 10, 0, body), message(v2, read, 10, 2, body), message(v2, read, 10, 3, body),
			message(v2, write, 64, 6, body), message(v2, write, 64, 5, body),
		} {
			_, got := ask(t, newProvisioned(), request)
			require.NotContains(t, got, "rc", "% x", request)
			require.NotContains(t, got, "err", "% x", request)
		}
	}
	_, got := ask(t, newDevice(), message(v2, write, 0, 0, unhex("bf 61 64 62 68 69 ff"))) // indefinite {"d": "hi"}
	require.Equal(t, obj{"r": "hi"}, got)
}

// TestRequestsArriveTogether: requests that arrive together are all answered, in order (zephyr 34891,
// 38947), however the bytes are divided.
func TestRequestsArriveTogether(t *testing.T) {
	var in []byte
	var want []any
	for i := range 40 {
		text := string(bytes.Repeat([]byte{byte('A' + i%26)}, i*10))
		in = append(in, frame(message(v1, write, 0, 0, obj{"d": text}))...)
		want = append(want, text)
	}
	proptest.Check(t, func(t *rapid.T) {
		line := &fakeLine{in: in, chunk: rapid.IntRange(0, 70).Draw(t, "chunk"), grain: rapid.IntRange(0, 130).Draw(t, "grain")}
		var s serialproto.Server
		s.Step(line, newDevice())
		require.Empty(t, line.in)
		require.True(t, s.Idle())
		var got []any
		for _, m := range unframe(t, line.out) {
			got = append(got, decode(t, m[8:])["r"])
		}
		require.Equal(t, want, got)
	})
}

// TestBackpressure: the server waits for a host that reads slowly, and nothing is lost:
// bytes that the server does not read stay in the line.
func TestBackpressure(t *testing.T) {
	one := frame(message(v1, write, 0, 0, obj{"d": string(bytes.Repeat([]byte("z"), 300))}))
	line := &fakeLine{in: bytes.Repeat(one, 20), full: true}
	var s serialproto.Server
	s.Step(line, newDevice())
	require.Empty(t, line.out)
	waiting := len(line.in)
	require.Greater(t, waiting, 18*len(one), "nothing is read while an answer waits")
	for i := 0; !s.Idle() || len(line.in) > 0; i++ {
		s.Step(line, newDevice()) // nothing moves
		require.Equal(t, waiting, len(line.in))
		line.room, line.uptime = i%3, line.uptime+serialproto.PacketTimeout // slow, but no timeout
		s.Step(line, newDevice())
		waiting = len(line.in)
		require.Less(t, i, 100_000)
	}
	require.Len(t, unframe(t, line.out), 20)
	require.Equal(t, serialproto.FramingErrors{}, *s.FramingErrors())
}
