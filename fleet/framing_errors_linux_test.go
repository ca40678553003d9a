// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/port"
)

// TestFramingErrorCounters: a token counts framing errors since its start, over all its
// ports and all hosts (PROTOCOL.md 2.3). Resetting the token counts as a start.
func TestFramingErrorCounters(t *testing.T) {
	dir := socketDir(t)
	device := filepath.Join(dir, "gs0")
	cable, _ := connectDevice(t, device)
	f, err := New(testWorld(t), Config{Count: 1, Model: testModel(t), Ports: Ports{
		PTY: true, UnixDir: dir, TCP: "127.0.0.1:0", RFC2217: "127.0.0.1:0", Devices: []string{device},
	}})
	require.NoError(t, err)
	defer f.Close()
	stop := serve(t, f)
	defer stop()
	framingErrors := func(c *host.Client) serialproto.FramingErrors {
		info, err := c.Info(t.Context())
		require.NoError(t, err)
		return info.FramingErrors
	}
	ports := addresses(members(f)[0])
	require.Len(t, ports, 5)

	var want serialproto.FramingErrors
	for _, addr := range ports {
		if addr == device { // a device has one host, which stays
			continue
		}
		p, err := port.Open(t.Context(), addr)
		require.NoError(t, err)
		_, err = p.Write([]byte("\x04\x14AAAA\n\x06\x09!!!!\n")) // a continuation line without a first line, and a line that is not base64
		require.NoError(t, err)
		want.Stray++
		want.Base64++
		require.Equal(t, want, framingErrors(host.New(p, host.WithTimeout(patience))), addr)
		require.NoError(t, p.Close())
		require.Equal(t, want, framingErrors(client(t, addr)), "%s: next host", addr)
		require.Equal(t, want, framingErrors(cable), "%s: another port", addr)
	}
	require.NoError(t, cable.Reset(t.Context()))
	require.Zero(t, framingErrors(cable), "after a reset")
	require.Zero(t, framingErrors(client(t, ports[len(ports)-1])), "after a reset, over another port")
}
