// SPDX-License-Identifier: Apache-2.0

package host

import (
	"bytes"
	"crypto/ecdh"
	"io"

	"github.com/flynn/noise"
)

// x25519 is X25519 for one handshake, as [noise.DH25519]. That one computes the public key
// of a private key again whenever it uses it, which doubles the time of a handshake.
type x25519 struct {
	station   *ecdh.PrivateKey
	ephemeral *ecdh.PrivateKey // nil: not made yet
}

var _ noise.DHFunc = (*x25519)(nil)

// GenerateKeypair implements [noise.DHFunc].
func (x *x25519) GenerateKeypair(random io.Reader) (noise.DHKey, error) {
	var err error
	if x.ephemeral, err = ecdh.X25519().GenerateKey(random); err != nil {
		return noise.DHKey{}, err
	}
	return noise.DHKey{Private: x.ephemeral.Bytes(), Public: x.ephemeral.PublicKey().Bytes()}, nil
}

// DH implements [noise.DHFunc].
func (x *x25519) DH(private, public []byte) ([]byte, error) {
	peer, err := ecdh.X25519().NewPublicKey(public)
	if err != nil {
		return nil, err
	}
	key := x.station
	if x.ephemeral != nil && bytes.Equal(private, x.ephemeral.Bytes()) {
		key = x.ephemeral
	}
	return key.ECDH(peer)
}

// DHLen implements [noise.DHFunc].
func (*x25519) DHLen() int { return noise.DH25519.DHLen() }

// DHName implements [noise.DHFunc].
func (*x25519) DHName() string { return noise.DH25519.DHName() }
