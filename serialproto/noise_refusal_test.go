// SPDX-License-Identifier: Apache-2.0

package serialproto_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/sha256"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// TestBitFlips: a message with any changed bit does not open.
func TestBitFlips(t *testing.T) {
	v := loadVector(t)
	b := v.binding()
	station, device := v.keys()
	message := unhex(v.Message)
	for bit := range len(message) * 8 {
		m := bytes.Clone(message)
		m[bit/8] ^= 1 << (bit % 8)
		plain, h, e := serialproto.Open(b, station, device, m)
		require.Equal(t, serialproto.StatusAuthentication, e, "bit %d", bit)
		require.Nil(t, plain)
		require.Zero(t, h)
	}
	for n := range message {
		_, _, e := serialproto.Open(b, station, device, bytes.Clone(message[:n]))
		want := serialproto.StatusAuthentication
		if n < serialproto.NoiseOverhead {
			want = serialproto.StatusInvalid
		}
		require.Equal(t, want, e, "%d bytes", n)
		_, ok := serialproto.TranscriptOf(b, station, device, message[:n])
		require.Equal(t, n >= serialproto.NoiseOverhead, ok)
	}
	_, _, e := serialproto.Open(b, station, device, append(bytes.Clone(message), 0))
	require.Equal(t, serialproto.StatusAuthentication, e)
}

// TestMessageBinding: a message opens only with the values for which it was sealed, and its
// transcript is different with any others.
func TestMessageBinding(t *testing.T) {
	v := loadVector(t)
	changes := map[string]func(b *serialproto.Binding, station, device *[32]byte){
		"hardware":        func(b *serialproto.Binding, _, _ *[32]byte) { b.HardwareID[7]++ },
		"serial":          func(b *serialproto.Binding, _, _ *[32]byte) { b.Serial, _ = token.ParseSerial("1000043") },
		"no serial":       func(b *serialproto.Binding, _, _ *[32]byte) { b.Serial = token.Serial{} },
		"next counter":    func(b *serialproto.Binding, _, _ *[32]byte) { b.Counter++ },
		"counter by 2^31": func(b *serialproto.Binding, _, _ *[32]byte) { b.Counter += 1 << 31 },
		"firmware":        func(b *serialproto.Binding, _, _ *[32]byte) { b.Firmware = "0.1.1" },
		"longer firmware": func(b *serialproto.Binding, _, _ *[32]byte) { b.Firmware += "0" },
		"other station": func(_ *serialproto.Binding, s, _ *[32]byte) {
			*s = [32]byte(keyPair(bytes.Repeat([]byte{7}, 32)).Public)
		},
		"other device":             func(_ *serialproto.Binding, _, d *[32]byte) { d[5]++ },
		"station key is zero":      func(_ *serialproto.Binding, s, _ *[32]byte) { *s = [32]byte{} },
		"station key with bit 255": func(_ *serialproto.Binding, s, _ *[32]byte) { s[31] ^= 0x80 }, // the same point, in a different encoding
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			b := v.binding()
			station, device := v.keys()
			change(b, station, device)
			plain, _, e := serialproto.Open(b, station, device, unhex(v.Message))
			require.Equal(t, serialproto.StatusAuthentication, e)
			require.Nil(t, plain)
			h, ok := serialproto.TranscriptOf(b, station, device, unhex(v.Message))
			require.True(t, ok)
			require.NotEqual(t, unhex(v.Transcript), h[:])
		})
	}
}

// lowOrder has the points of order 1, 2, 4 and 8 on the curve and its twist (D. J.
// Bernstein, cr.yp.to/ecdh.html#validate), little-endian.
var lowOrder = []string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
}

// TestLowOrder: the station itself could seal a message with such an ephemeral key,
// because the shared secret is 0. It is rejected nevertheless.
func TestLowOrder(t *testing.T) {
	v := loadVector(t)
	b := v.binding()
	station, device := v.keys()
	private, err := ecdh.X25519().NewPrivateKey(unhex(v.StationPrivate))
	require.NoError(t, err)
	peer, err := ecdh.X25519().NewPublicKey(unhex(v.DevicePublic))
	require.NoError(t, err)
	ss, err := private.ECDH(peer)
	require.NoError(t, err)
	es, err := private.ECDH(peer)
	require.NoError(t, err)

	// The construction is right: it opens if the ephemeral key equals the static one.
	m := sealByHand(t, &v, unhex(v.StationPublic), es, ss)
	_, _, e := serialproto.Open(b, station, device, m)
	require.Equal(t, serialproto.StatusOK, e)

	for _, point := range lowOrder {
		for _, top := range []byte{0, 0x80} {
			public := unhex(point)
			public[31] |= top
			m := sealByHand(t, &v, public, make([]byte, 32), ss)
			_, _, e := serialproto.Open(b, station, device, m)
			require.Equal(t, serialproto.StatusAuthentication, e, point)
		}
	}
}

// sealByHand seals an empty payload according to the Noise specification (sections 5.2
// and 7.4), with the given shared secrets.
func sealByHand(t *testing.T, v *provisioning, ephemeral, es, ss []byte) []byte {
	t.Helper()
	name := append([]byte("Noise_K_25519_AESGCM_SHA256"), 0, 0, 0, 0, 0)
	h, chain := name, name
	for _, p := range [][]byte{unhex(v.Prologue), unhex(v.StationPublic), unhex(v.DevicePublic), ephemeral} {
		sum := sha256.Sum256(append(bytes.Clone(h), p...))
		h = sum[:]
	}
	var key []byte
	for _, secret := range [][]byte{es, ss} {
		out, err := hkdf.Key(sha256.New, secret, chain, "", 64)
		require.NoError(t, err)
		chain, key = out[:32], out[32:]
	}
	block, err := aes.NewCipher(key)
	require.NoError(t, err)
	aead, err := cipher.NewGCM(block)
	require.NoError(t, err)
	return aead.Seal(bytes.Clone(ephemeral), make([]byte, 12), nil, h)
}

// TestOpenAllocations: only Open allocates, because crypto/ecdh returns keys and
// secrets as new objects, and crypto/sha256, hmac, aes and cipher return their states
// as interfaces. It runs once in a token's life, or once for each try of a station. The
// limit leaves room for other versions of Go; the number was 57 with Go 1.26.
func TestOpenAllocations(t *testing.T) {
	v := loadVector(t)
	b := v.binding()
	station, device := v.keys()
	original := unhex(v.Message)
	message := make([]byte, len(original))
	n := testing.AllocsPerRun(20, func() {
		copy(message, original)
		if _, _, e := serialproto.Open(b, station, device, message); e != serialproto.StatusOK {
			t.Fatal(e)
		}
	})
	t.Logf("%v allocations", n)
	require.LessOrEqual(t, n, 100.0)
}
