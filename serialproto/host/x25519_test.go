// SPDX-License-Identifier: Apache-2.0

package host

import (
	"crypto/rand"
	"testing"

	"github.com/flynn/noise"
	"github.com/stretchr/testify/require"
)

// TestX25519 has flynn/noise, with its own X25519, open a message that was sealed with ours.
func TestX25519(t *testing.T) {
	station := InsecureTestStationKey()
	device, err := noise.DH25519.GenerateKeypair(rand.Reader)
	require.NoError(t, err)
	hs, err := noise.NewHandshakeState(initiator(&station, &x25519{station: station.key()}, device.Public))
	require.NoError(t, err)
	message, _, _, err := hs.WriteMessage(nil, []byte("seed"))
	require.NoError(t, err)
	peer, err := noise.NewHandshakeState(noise.Config{
		CipherSuite: noise.NewCipherSuite(noise.DH25519, noise.CipherAESGCM, noise.HashSHA256),
		Pattern:     noise.HandshakeK, PeerStatic: station.public[:], StaticKeypair: device,
	})
	require.NoError(t, err)
	plain, _, _, err := peer.ReadMessage(nil, message)
	require.NoError(t, err)
	require.Equal(t, "seed", string(plain))
}

// initiator is the configuration of a station.
func initiator(station *StationKey, dh noise.DHFunc, device []byte) noise.Config {
	return noise.Config{
		CipherSuite: noise.NewCipherSuite(dh, noise.CipherAESGCM, noise.HashSHA256), Pattern: noise.HandshakeK, Initiator: true,
		PeerStatic: device, StaticKeypair: noise.DHKey{Private: station.private.Bytes(), Public: station.public[:]},
	}
}

// BenchmarkSeal compares the time of a sealed message with flynn/noise's own X25519.
func BenchmarkSeal(b *testing.B) {
	station := InsecureTestStationKey()
	device, err := noise.DH25519.GenerateKeypair(rand.Reader)
	require.NoError(b, err)
	for name, dh := range map[string]func() noise.DHFunc{
		"noise": func() noise.DHFunc { return noise.DH25519 },
		"ours":  func() noise.DHFunc { return &x25519{station: station.key()} },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				hs, err := noise.NewHandshakeState(initiator(&station, dh(), device.Public))
				require.NoError(b, err)
				_, _, _, err = hs.WriteMessage(nil, []byte("seed"))
				require.NoError(b, err)
			}
		})
	}
}
