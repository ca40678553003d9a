// SPDX-License-Identifier: Apache-2.0

package loopback_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/loopback"
)

// The addresses are from RFC 1122 §3.2.1.3 and RFC 4291 §2.5.3.
func TestHost(t *testing.T) {
	for _, host := range []string{"localhost", "LocalHost", "127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1"} {
		require.True(t, loopback.Host(host), host)
	}
	for _, host := range []string{"", "0.0.0.0", "::", "128.0.0.1", "127.1", "127.0.0.1.example", "localhost.example", "192.0.2.1", "::2", "[::1]"} {
		require.False(t, loopback.Host(host), host)
	}
}
