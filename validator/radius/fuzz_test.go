// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"crypto/hmac"
	"crypto/md5"
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	wire "layeh.com/radius"

	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

// FuzzServer sends packets to a server with a real bank. If sign is set, it signs them
// with the right secret, to reach the code behind the signature check. For any input,
// only signed packets are answered, and the answers are signed.
func FuzzServer(f *testing.F) {
	d := banktest.New(f, banktest.SQLite(f))
	d.Contract("c1")
	d.User("c1", "alice", validator.Master)
	secret := Secret("xyzzy5461")
	var events []Event
	now := time.Unix(1_000_000, 0)
	s, err := New(d.Bank, Options{
		Clients: []Client{{Name: "here", Network: netip.MustParsePrefix("127.0.0.1/32"), Secret: secret}},
		Event:   func(e Event) { events = append(events, e) },
		Now:     func() time.Time { return now },
	})
	require.NoError(f, err)
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(f, err)
	f.Cleanup(func() { _ = conn.Close() })
	out := &recorder{PacketConn: conn}
	from := net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:1024"))

	f.Add(uint8(1), unhex(f, rfcRequest)[20:], true)
	f.Add(uint8(12), []byte{}, true)
	f.Add(uint8(1), []byte("\x01\x07alice\x18\x06abcd\x21\x03a\x21\x03b"), true)
	f.Add(uint8(1), []byte("\x01\x07alice\x03\x13aaaaaaaaaaaaaaaaa"), false)
	f.Fuzz(func(t *testing.T, code uint8, attributes []byte, sign bool) {
		raw := append([]byte{code, 7, 0, 0}, "0123456789abcdef"...)
		raw = append(raw, attributes...)
		if sign {
			raw = append(raw, 80, 18)
			raw = append(raw, make([]byte, 16)...)
		}
		if len(raw) > 0xffff {
			return
		}
		binary.BigEndian.PutUint16(raw[2:], uint16(len(raw)))
		if sign {
			h := hmac.New(md5.New, secret)
			h.Write(raw)
			copy(raw[len(raw)-16:], h.Sum(nil))
		}
		out.sent, events = nil, nil
		now = now.Add(time.Hour) // expires all stored requests
		var checks sync.WaitGroup
		s.packet(out, from, raw, &checks)
		checks.Wait()
		require.Len(t, events, 1)
		if out.sent == nil {
			require.GreaterOrEqual(t, events[0].Kind, UnknownClient)
			return
		}
		require.True(t, sign)
		require.True(t, wire.IsAuthenticResponse(out.sent, raw, secret))
		require.Equal(t, []byte{80, 18}, out.sent[20:22])
		if wire.Code(code) == wire.CodeAccessRequest {
			require.NotEqual(t, byte(wire.CodeAccessAccept), out.sent[0], "nobody has a token")
		}
	})
}

// recorder is a socket that stores the last packet sent.
type recorder struct {
	net.PacketConn
	sent []byte
}

func (r *recorder) WriteTo(b []byte, _ net.Addr) (int, error) {
	r.sent = append([]byte{}, b...)
	return len(b), nil
}
