// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto/port"
)

// FuzzParseAddr: a valid address is formatted in a way that parses to the same value,
// and an invalid one gives ErrAddress.
func FuzzParseAddr(f *testing.F) {
	for _, s := range []string{
		"/dev/ttyACM0", "COM3", `C:\dev`, "pty:/tmp/x", "pty:", "unix:/run/x.sock", "tcp:127.0.0.1:7000", "tcp:[::1]:0",
		"rfc2217://localhost:2217", "rfc2217:x", "http://x:1", "tcp:x:99999", "", "tcp::1",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := port.ParseAddr(s)
		if err != nil {
			require.ErrorIs(t, err, port.ErrAddress)
			return
		}
		again, err := port.ParseAddr(a.String())
		require.NoError(t, err, "%q became %q", s, a)
		require.Equal(t, a, again)
		require.True(t, a.Port >= 0 && a.Port <= 65535)
	})
}
