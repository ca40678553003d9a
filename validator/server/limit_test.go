// SPDX-License-Identifier: Apache-2.0

package server

import (
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestConnectionsPerSource: one source cannot take all connections.
func TestConnectionsPerSource(t *testing.T) {
	inner, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	l := limit(inner, 4, 2, func(a netip.Addr) bool { return a == netip.MustParseAddr("127.0.0.3") })
	t.Cleanup(func() { _ = l.Close() })
	accepted := make(chan net.Conn)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				close(accepted)
				return
			}
			accepted <- c
		}
	}()
	dial := func(from string) net.Conn {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: 5 * time.Minute}
		c, err := d.Dial("tcp4", inner.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	closed := func(c net.Conn) {
		t.Helper()
		require.NoError(t, c.SetReadDeadline(time.Now().Add(5*time.Minute)))
		_, err := c.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
	}
	dial("127.0.0.1")
	first := <-accepted
	dial("127.0.0.1")
	<-accepted
	closed(dial("127.0.0.1"))
	closed(dial("127.0.0.1"))
	dial("127.0.0.2")
	<-accepted // another source still has a place
	require.NoError(t, first.Close())
	require.Error(t, first.Close(), "closing twice frees one place")
	dial("127.0.0.1")
	second := <-accepted
	closed(dial("127.0.0.1"))
	require.NoError(t, second.Close())
	dial("127.0.0.3")
	<-accepted
}
