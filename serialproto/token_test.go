// SPDX-License-Identifier: Apache-2.0

package serialproto_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

func TestTokenInfo(t *testing.T) {
	dev := newProvisioned()
	dev.info.Presses = 1<<32 - 1
	noErrors := arr{uint64(0), uint64(0), uint64(0), uint64(0), uint64(0), uint64(0), uint64(0)}
	require.Equal(t, obj{
		"hw": unhex("f0b0010203040506"), "sn": "1000042", "model": "fob-virtual-6", "fw": "0.1.0",
		"proto": uint64(1), "state": uint64(1), "exp": uint64(22279), // date -d 2030-12-31 +%s / 86400
		"presses": uint64(1<<32 - 1), "mv": uint64(3000), "clk": true, "drops": noErrors,
	}, call(t, dev, read, 64, 0, obj{}))

	dev = newDevice()
	dev.info.Supply = -1
	require.Equal(t, obj{
		"hw": unhex("f0b0010203040506"), "sn": "", "model": "fob-virtual-6", "fw": "0.1.0",
		"proto": uint64(1), "state": uint64(0), "presses": uint64(0), "mv": int64(-1), "clk": false, "drops": noErrors,
	}, call(t, dev, read, 64, 0, obj{}))

	// In every state, and with all values as long as possible.
	dev.info.Serial, _ = token.ParseSerial(strings.Repeat("Z", token.MaxSerialLen))
	dev.info.Model = strings.Repeat("m", 24)
	dev.info.Firmware = strings.Repeat("f", 24)
	dev.info.Expiry, _ = token.NewExpiry(9999, 12, 31)
	for s := serialproto.StateBlank; s <= serialproto.StateWiped; s++ {
		require.Equal(t, uint64(s), call(t, dev.in(s), read, 64, 0, obj{})["state"])
		require.NotEqual(t, "UNKNOWN", s.String())
	}
	require.Equal(t, "UNKNOWN", (serialproto.StateWiped + 1).String())

	// If an answer does not fit, rc 7 is sent in its place.
	dev.info.Model = strings.Repeat("m", 500)
	require.Equal(t, rc(7), call(t, dev, read, 64, 0, obj{}))
}

func TestTokenClock(t *testing.T) {
	dev := newDevice()
	dev.now = 17
	require.Equal(t, obj{"ms": uint64(17), "set": false}, call(t, dev, read, 64, 1, obj{}))
	require.Equal(t, obj{}, call(t, dev, write, 64, 1, obj{"ms": int64(1700000000123), "other": arr{}}))
	require.Equal(t, obj{"ms": uint64(1700000000123), "set": true}, call(t, dev, read, 64, 1, obj{}))
	for _, body := range []any{obj{}, obj{"ms": "1"}, obj{"ms": 1.5}, obj{"ms": uint64(1 << 63)}, []byte{}} {
		require.Equal(t, rc(3), call(t, dev, write, 64, 1, body))
	}
	require.Equal(t, groupErr(64, 2), call(t, dev, write, 64, 1, obj{"ms": int64(253402300800000)}))
}

func TestTokenDisplay(t *testing.T) {
	dev := newProvisioned()
	require.Equal(t, obj{"code": "895298", "step": uint64(28333333), "left": uint64(39877)}, call(t, dev, read, 64, 2, obj{}))
	dev.display = serialproto.Display{Code: [8]byte([]byte("12345678")), Size: 8, Step: -1}
	require.Equal(t, obj{"code": "12345678", "step": int64(-1), "left": uint64(0)}, call(t, dev, read, 64, 2, obj{}))
	dev.info.ClockSet = false
	require.Equal(t, groupErr(64, 6), call(t, dev, read, 64, 2, obj{}))
}

func TestTokenSelfTest(t *testing.T) {
	dev := newDevice()
	dev.test = serialproto.SelfTest{Flash: true, Clock: true, Supply: 2950, Parts: [serialproto.PartCount]serialproto.Verdict{
		serialproto.PartSHA256: serialproto.Passed, serialproto.PartEntropy: serialproto.NotApplicable,
	}}
	require.Equal(t, obj{
		"flash": true, "crypto": false, "clock": true, "mv": uint64(2950),
		"sha1": uint64(0), "sha256": uint64(1), "sha512": uint64(0), "x25519": uint64(0), "gcm": uint64(0),
		"ram": uint64(0), "image": uint64(0), "entropy": uint64(2),
	}, call(t, dev, write, 64, 6, obj{}))
	require.Equal(t, rc(3), call(t, dev, write, 64, 6, []byte{0}))
}

func TestTokenUptime(t *testing.T) {
	dev := newDevice()
	dev.uptime = serialproto.Uptime{Milli: 1_234_567}
	require.Equal(t, obj{"up": uint64(1_234_567)}, call(t, dev, read, 64, 6, obj{}))
	dev.uptime = serialproto.Uptime{Milli: -1, HasWorld: true, World: 1_800_000_000_000}
	require.Equal(t, obj{"up": int64(-1), "world": uint64(1_800_000_000_000)}, call(t, dev, read, 64, 6, obj{}))
	require.Equal(t, rc(3), call(t, dev, read, 64, 6, []byte{0}))
}

func TestTokenLockAndWipe(t *testing.T) {
	dev := newDevice()
	require.Equal(t, groupErr(64, 4), call(t, dev, write, 64, 5, obj{}))
	require.Equal(t, groupErr(64, 4), call(t, dev, write, 64, 8, obj{"sn": "1000042"}))

	dev = newProvisioned()
	require.Equal(t, obj{}, call(t, dev, write, 64, 5, obj{}))
	require.Equal(t, obj{}, call(t, dev, write, 64, 5, obj{}), "locking a locked token succeeds")
	require.Equal(t, 1, dev.locks)
	require.Equal(t, groupErr(64, 3), call(t, dev, read, 64, 2, obj{}))
	require.Equal(t, groupErr(64, 3), call(t, dev, read, 64, 3, obj{}))

	require.Equal(t, groupErr(64, 13), call(t, dev, write, 64, 8, obj{"sn": "1000043"}))
	for _, body := range []any{obj{}, obj{"sn": 1000042}, obj{"sn": []byte("1000042")}, []byte{}} {
		require.Equal(t, rc(3), call(t, dev, write, 64, 8, body))
	}
	require.Zero(t, dev.wipes)
	require.Equal(t, obj{}, call(t, dev, write, 64, 8, obj{"sn": "1000042"}))
	require.Equal(t, 1, dev.wipes)
}

// TestSerialNumbers: the protocol and package token accept the same serial numbers.
func TestSerialNumbers(t *testing.T) {
	dev := newProvisioned()
	texts := []string{"", "1", "a-Z", strings.Repeat("1", 20), strings.Repeat("1", 21), strings.Repeat("1", 300), "é", "\xff"}
	for c := range 256 {
		texts = append(texts, string([]byte{'A', byte(c), '9'}))
	}
	for _, text := range texts {
		body := append(unhex("a1 62 736e"), cborText(text)...)
		want := groupErr(64, 13)
		if _, err := token.ParseSerial(text); err != nil {
			want = rc(3)
		}
		require.Equal(t, want, call(t, dev, write, 64, 8, body), "%q", text)
	}
}

// cborText returns a text string of arbitrary bytes, with a two-byte length.
func cborText(s string) []byte {
	return append([]byte{0x79, byte(len(s) >> 8), byte(len(s))}, s...)
}

// TestRig sends each command with its own key, and without it.
func TestRig(t *testing.T) {
	keys := []struct {
		command uint8
		key     string
		value   int64
	}{
		{serialproto.CmdRigHold, "ms", 1500}, {serialproto.CmdRigSupply, "mv", 2400},
		{serialproto.CmdRigTemperature, "mc", -40_000}, {serialproto.CmdRigSkew, "ms", -86_400_000},
		{serialproto.CmdRigPowerCut, "op", 3},
	}
	dev := newDevice()
	dev.hasRig = true
	require.Equal(t, obj{}, call(t, dev, write, 65, serialproto.CmdRigPress, obj{"n": 7}))
	require.Equal(t, serialproto.RigRequest{Nonce: 7}, dev.rig)
	for i, k := range keys {
		require.Equal(t, obj{}, call(t, dev, write, 65, int(k.command), obj{"n": i, k.key: k.value, "zz": 1}))
		require.Equal(t, k.command, dev.command)
		require.Equal(t, serialproto.RigRequest{Nonce: uint32(i), Value: k.value}, dev.rig)
		for _, body := range []obj{{}, {"n": 1}, {"xx": 1}, {k.key: "1"}, {k.key: 1, "n": int64(1 << 32)}, {k.key: 1, "n": -1}} {
			require.Equal(t, rc(3), call(t, dev, write, 65, int(k.command), body), "%v", body)
		}
	}
	require.Equal(t, rc(3), call(t, dev, write, 65, serialproto.CmdRigSupply, obj{"ms": 2400}), "the key of another command")
	require.Equal(t, len(keys)+1, dev.rigs)
	require.Equal(t, rc(8), call(t, dev, read, 65, serialproto.CmdRigPress, obj{}))
	require.Equal(t, rc(8), call(t, dev, write, 65, serialproto.CmdRigDisplay, obj{}))
	require.Equal(t, rc(8), call(t, dev, write, 65, serialproto.CmdRigPowerCut+1, obj{}))
	dev.refusal = serialproto.StatusUnsupported
	require.Equal(t, groupErr(65, 14), call(t, dev, write, 65, serialproto.CmdRigPress, obj{}))
}

func TestRigDisplay(t *testing.T) {
	dev := newDevice()
	dev.hasRig = true
	dev.lcd = serialproto.RigDisplay{
		Digits: [8]uint8{0x5B, 0x7F, 0x07, 0x3F, 0x7F, 0x5B, 0xAA, 0xAA}, Size: 6, Text: [8]byte([]byte("287082??")),
		Bars: 4, Icons: 1, State: serialproto.StateLocked, Now: -5, ClockSet: true, Step: -1, Left: 5,
	}
	require.Equal(t, obj{
		"text": "287082", "seg": unhex("5b7f073f7f5b"), "bars": uint64(4), "icons": uint64(1), "state": uint64(2),
		"now": int64(-5), "clk": true, "step": int64(-1), "left": uint64(5),
	}, call(t, dev, read, 65, serialproto.CmdRigDisplay, obj{}))

	require.Nil(t, call(t, dev, read, 65, serialproto.CmdRigDisplay, obj{})["world"])
	dev.lcd.HasWorld, dev.lcd.World = true, 1953385080000
	require.Equal(t, uint64(1953385080000), call(t, dev, read, 65, serialproto.CmdRigDisplay, obj{})["world"])
}
