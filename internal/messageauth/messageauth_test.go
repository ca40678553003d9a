// SPDX-License-Identifier: Apache-2.0

package messageauth_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/messageauth"
)

// TestRFC5997 is the request of RFC 5997, section 6.1; the secret is "xyzzy5461".
func TestRFC5997(t *testing.T) {
	packet, err := hex.DecodeString("0cda00268a54f4686fb394c52866e302185d062350125a665e2e1e8411f3e243822097c84fa3")
	require.NoError(t, err)
	require.NoError(t, messageauth.Verify(packet, []byte("xyzzy5461")))
	require.ErrorIs(t, messageauth.Verify(packet, []byte("xyzzy5462")), messageauth.ErrWrong)
	zeroed := bytes.Clone(packet)
	clear(zeroed[22:])
	require.Equal(t, packet[22:], messageauth.Sum(zeroed, []byte("xyzzy5461")))
	for i := range packet {
		changed := bytes.Clone(packet)
		changed[i] ^= 0x10
		require.Error(t, messageauth.Verify(changed, []byte("xyzzy5461")), "byte %d", i)
		require.Error(t, messageauth.Verify(packet[:i], []byte("xyzzy5461")), "%d bytes", i)
	}
	bare := bytes.Clone(packet[:20])
	bare[3] = 20
	require.ErrorIs(t, messageauth.Verify(bare, nil), messageauth.ErrMissing)
}
