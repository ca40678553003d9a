// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto/port"
)

// TestPasswordHint checks that the hint appears only for a port beyond loopback.
func TestPasswordHint(t *testing.T) {
	for addr, want := range map[string]bool{
		"tcp:192.0.2.1:7000": true, "rfc2217://token.example:2217": true, "tcp:[2001:db8::1]:7000": true,
		"tcp:127.0.0.1:7000": false, "tcp:[::1]:7000": false, "rfc2217://localhost:2217": false,
		"pty:/tmp/fob0": false, "/dev/ttyACM0": false, "unix:/run/fob0.sock": false,
	} {
		err := advise(&port.OpError{Op: "reading", Addr: addr, Err: port.ErrGone})
		require.ErrorIs(t, err, port.ErrGone)
		if want {
			require.ErrorContains(t, err, "--port-password-file", addr)
		} else {
			require.NotContains(t, err.Error(), "--port-password-file", addr)
		}
	}
}
