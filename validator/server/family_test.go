// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestListenNetwork: listening on 0.0.0.0 does not open IPv6.
func TestListenNetwork(t *testing.T) {
	six, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skipf("no IPv6 here: %v", err)
	}
	require.NoError(t, six.Close())
	certificate, _ := selfSigned(t)
	for listen, want := range map[string]bool{"0.0.0.0:0": false, "[::]:0": true, ":0": true} {
		r := serve(t, Config{Listen: listen, Certificate: certificate, Pages: http.NotFoundHandler(), Packets: []Packets{{
			Name: "echo", Listen: listen,
			Serve: func(ctx context.Context, conn net.PacketConn) error {
				<-ctx.Done()
				return nil
			},
		}}})
		_, port, err := net.SplitHostPort(strings.TrimPrefix(r.Server.HTTP(), "https://"))
		require.NoError(t, err)
		for host, want := range map[string]bool{"127.0.0.1": true, "::1": want} {
			conn, err := net.Dial("tcp", net.JoinHostPort(host, port))
			require.Equal(t, want, err == nil, "%s at %s: %v", listen, host, err)
			if err == nil {
				require.NoError(t, conn.Close())
			}
		}
		host, _, err := net.SplitHostPort(r.Packets()[0])
		require.NoError(t, err)
		require.Equal(t, want, host == "::", "%s: %s", listen, host)
		r.stop()
		require.NoError(t, <-r.ended)
	}
}
