// SPDX-License-Identifier: Apache-2.0

package serialproto_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// TestEcho: both reads and writes are answered (smp_group_0.rst: OP 0 or 2).
func TestEcho(t *testing.T) {
	for _, op := range []int{read, write} {
		for _, text := range []string{"", "hello", "grüße 鍵"} {
			require.Equal(t, obj{"r": text}, call(t, newDevice(), op, 0, 0, obj{"d": text}))
		}
		for _, body := range []any{obj{}, obj{"D": "x"}, obj{"d": 1}, obj{"d": []byte("x")}, []byte{}} {
			require.Equal(t, rc(3), call(t, newDevice(), op, 0, 0, body))
		}
	}
}

// TestOSInfo: the formats are those in Zephyr's os_mgmt_info, which writes the fields
// in a fixed order and rejects unknown characters.
func TestOSInfo(t *testing.T) {
	dev := newProvisioned()
	dev.info.Model, dev.info.Firmware = "M", "1.2.3"
	tests := []struct{ format, want string }{
		{"", "fob"},
		{"s", "fob"},
		{"n", "1000042"},
		{"r", "1.2.3"},
		{"v", "1.2.3"},
		{"m", "M"},
		{"p", "M"},
		{"i", "M"},
		{"o", "fob"},
		{"ns", "fob 1000042"},
		{"ssss", "fob"},
		{"a", "fob 1000042 1.2.3 1.2.3 M M M fob"},
		{"asn", "fob 1000042 1.2.3 1.2.3 M M M fob"},
	}
	for _, tt := range tests {
		require.Equal(t, obj{"output": tt.want}, call(t, dev, read, 0, 7, obj{"format": tt.format}), tt.format)
	}
	require.Equal(t, obj{"output": "fob"}, call(t, dev, read, 0, 7, obj{}))
	require.Equal(t, obj{"output": "blank"}, call(t, newDevice(), read, 0, 7, obj{"format": "n"}))
	for _, format := range []string{"b", "x", "sx", "S", " ", "s\x00"} {
		require.Equal(t, groupErr(0, 2), call(t, dev, read, 0, 7, obj{"format": format}), format)
	}
	require.Equal(t, rc(3), call(t, dev, read, 0, 7, obj{"format": 1}))
}

// TestDatetime: a time that was set in any form that clients send is read back in the
// form of smp_group_0.rst, yyyy-MM-dd'T'HH:mm:ss.SSSSSSZZZZZ.
func TestDatetime(t *testing.T) {
	tests := []struct{ text, want string }{
		{"2024-02-29T23:59:59.999999+00:00", "2024-02-29T23:59:59.999000+00:00"}, // mcumgr
		{"2024-02-29T23:59:59", "2024-02-29T23:59:59.000000+00:00"},              // Zephyr, smpclient
		{"2024-02-29T23:59:59.5", "2024-02-29T23:59:59.500000+00:00"},
		{"2024-02-29 23:59:59.123", "2024-02-29T23:59:59.123000+00:00"},
		{"2024-02-29T23:59:59Z", "2024-02-29T23:59:59.000000+00:00"},
		{"2024-03-01T08:59:59.123456789+09:00", "2024-02-29T23:59:59.123000+00:00"},
		{"2024-02-29T18:29:59-0530", "2024-02-29T23:59:59.000000+00:00"},
		{"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000+00:00"},
		{"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999000+00:00"},
		{"2000-01-01T00:00:00+14:00", "1999-12-31T10:00:00.000000+00:00"},
	}
	for _, tt := range tests {
		dev := newDevice()
		require.Equal(t, obj{}, call(t, dev, write, 0, 4, obj{"datetime": tt.text}), tt.text)
		want, err := time.Parse(time.RFC3339Nano, tt.want)
		require.NoError(t, err)
		require.Equal(t, want.UnixMilli(), int64(dev.now), tt.text)
		require.Equal(t, obj{"datetime": tt.want}, call(t, dev, read, 0, 4, obj{}))
	}
}

func TestDatetimeRefused(t *testing.T) {
	for _, text := range []string{
		"", "2024", "2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "2024-00-01T00:00:00Z", "2024-13-01T00:00:00Z",
		"2024-01-00T00:00:00Z", "2024-04-31T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z",
		"2024-01-01T00:00:60Z", "2024-01-01T00:00Z", "2024-01-01T00:00:00.", "2024-01-01T00:00:00.Z",
		"2024-01-01T00:00:00z", "2024-01-01T00:00:00+", "2024-01-01T00:00:00+1", "2024-01-01T00:00:00+15:00",
		"2024-01-01T00:00:00+01:60", "2024-01-01T00:00:00ZZ", "2024-01-01T00:00:00Z ", " 2024-01-01T00:00:00Z",
		"2024-1-1T0:0:0Z", "+2024-01-01T00:00:00Z", "20240101T000000Z", "1969-12-31T23:59:59Z",
		"1970-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "２０２４-01-01T00:00:00Z",
	} {
		dev := newDevice()
		require.Equal(t, rc(3), call(t, dev, write, 0, 4, obj{"datetime": text}), text)
		require.False(t, dev.info.ClockSet)
	}
	for _, body := range []any{obj{}, obj{"datetime": 1700000000}, []byte{}} {
		require.Equal(t, rc(3), call(t, newDevice(), write, 0, 4, body))
	}
	for state, want := range map[serialproto.State]int{
		serialproto.StateLocked: 11, serialproto.StateExpired: 11, serialproto.StateDead: 6,
	} {
		dev := newProvisioned().in(state)
		before := dev.now
		require.Equal(t, rc(want), call(t, dev, write, 0, 4, obj{"datetime": "2024-01-01T00:00:00Z"}))
		require.Equal(t, rc(want), call(t, dev, read, 0, 4, obj{}))
		require.Equal(t, before, dev.now)
	}
}

// TestDatetimeOutOfRange: a clock outside the calendar has no date.
func TestDatetimeOutOfRange(t *testing.T) {
	for _, now := range []token.UnixMilli{-1, 253402300800000, 1 << 62, -1 << 63} {
		dev := newProvisioned()
		dev.now = now
		require.False(t, serialproto.ValidClock(now))
		require.Equal(t, groupErr(0, 4), call(t, dev, read, 0, 4, obj{}))
		require.Equal(t, int64(now), asInt(call(t, dev, read, 64, 1, obj{})["ms"]))
	}
}

// asInt returns a CBOR integer, signed or unsigned.
func asInt(v any) int64 {
	if u, ok := v.(uint64); ok {
		return int64(u)
	}
	return v.(int64)
}
