// SPDX-License-Identifier: Apache-2.0

package host

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/token"
)

// ErrStationKey is the error of a text that is not a station key.
var ErrStationKey = errclass.New(errclass.Usage, "not a station key")

const (
	privatePrefix = "fob-station-key-1:"
	publicPrefix  = "fob-station-pub-1:"
	stationName   = "fob insecure test station key, published, protects nothing"
)

// PublicKey is a station's X25519 public key.
type PublicKey [32]byte

// String returns the key as one line of text, as in a .pub file.
func (k PublicKey) String() string {
	return publicPrefix + base64.StdEncoding.EncodeToString(k[:])
}

// ParsePublicKey parses the result of String. It ignores white space around it. The
// error wraps [ErrStationKey].
func ParsePublicKey(text string) (PublicKey, error) {
	var k PublicKey
	b, err := parseKey(text, publicPrefix, "public")
	copy(k[:], b)
	return k, err
}

// StationKey is the X25519 key pair of a provisioning station. It prints as its public
// key.
type StationKey struct {
	private token.Seed
	key     func() *ecdh.PrivateKey // returns private; a function does not print its value
	public  PublicKey
}

// GenerateStationKey creates a new key.
func GenerateStationKey() (StationKey, error) {
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return StationKey{}, fmt.Errorf("generating a station key: %w", err)
	}
	return stationKey(key.Bytes())
}

// InsecureTestStationKey returns the key that virtual tokens accept by default. It is
// published: anyone can compute it.
func InsecureTestStationKey() StationKey {
	scalar := sha256.Sum256([]byte(stationName))
	k, err := stationKey(scalar[:])
	if err != nil {
		panic("host: internal error: " + err.Error())
	}
	return k
}

// ParseStationKey parses the result of Expose. It ignores white space around it. The
// error wraps [ErrStationKey].
func ParseStationKey(text string) (StationKey, error) {
	b, err := parseKey(text, privatePrefix, "private")
	if err != nil {
		return StationKey{}, err
	}
	defer clear(b)
	return stationKey(b)
}

func stationKey(scalar []byte) (StationKey, error) {
	key, err := ecdh.X25519().NewPrivateKey(scalar)
	if err != nil {
		return StationKey{}, fmt.Errorf("%w: %w", ErrStationKey, err)
	}
	private, err := token.NewSeed(scalar)
	if err != nil {
		return StationKey{}, err
	}
	return StationKey{private, func() *ecdh.PrivateKey { return key }, PublicKey(key.PublicKey().Bytes())}, nil
}

// Public returns the public key.
func (k StationKey) Public() PublicKey { return k.public }

// String returns the public key as text.
func (k StationKey) String() string { return k.public.String() }

// Expose returns the private key as one line of text. Store it in a file that only its
// owner can read.
func (k StationKey) Expose() string {
	b := k.private.Bytes()
	defer clear(b)
	return privatePrefix + base64.StdEncoding.EncodeToString(b)
}

func parseKey(text, prefix, kind string) ([]byte, error) {
	text = strings.TrimSpace(text)
	encoded, ok := strings.CutPrefix(text, prefix)
	switch {
	case !ok && strings.HasPrefix(text, privatePrefix):
		return nil, fmt.Errorf("%w: this is a private key, want the public key (the .pub file)", ErrStationKey)
	case !ok && strings.HasPrefix(text, publicPrefix):
		return nil, fmt.Errorf("%w: this is a public key, want the private key", ErrStationKey)
	case !ok:
		return nil, fmt.Errorf("%w: a %s key is one line that starts with %q", ErrStationKey, kind, prefix)
	}
	b, err := base64.StdEncoding.Strict().DecodeString(encoded)
	// The decoder ignores line breaks, but a key is one line.
	if err != nil || len(b) != 32 || strings.ContainsAny(encoded, "\r\n") {
		return nil, fmt.Errorf("%w: want %q followed by 32 bytes in base64", ErrStationKey, prefix)
	}
	return b, nil
}
