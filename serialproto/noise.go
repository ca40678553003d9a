// SPDX-License-Identifier: Apache-2.0

package serialproto

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"

	"github.com/d204ef64/fob/token"
)

// A provisioning message is the only message of the one-way handshake
// Noise_K_25519_AESGCM_SHA256 (The Noise Protocol Framework, revision 34,
// section 7.4), from the station to the device:
//
//	e (32) | AES-256-GCM(payload) | tag (16)
//
// Pattern K authenticates the station by its static key, and needs no random
// numbers on the device.
const (
	noiseName    = "Noise_K_25519_AESGCM_SHA256" // 27 bytes, so it is padded to 32 and not hashed
	keySize      = 32
	tagSize      = 16
	prologueName = "fob-prov-v1"
	confirmName  = "fob-confirm-v1"

	// NoiseOverhead is the difference in length between a message and its payload, in
	// bytes.
	NoiseOverhead = keySize + tagSize
)

// Binding has the values to which a provisioning message is bound, besides the two
// keys. A message that was sealed for any other value does not open.
type Binding struct {
	HardwareID [8]byte
	Serial     token.Serial
	Counter    uint32
	Firmware   string
}

// AppendPrologue appends the handshake's prologue: the name of the protocol and each
// value. Values of variable length are preceded by their length.
func (b *Binding) AppendPrologue(dst []byte) []byte {
	var serial [32]byte
	sn := b.Serial.AppendTo(serial[:0])
	dst = append(dst, prologueName...)
	dst = append(dst, b.HardwareID[:]...)
	dst = append(dst, uint8(len(sn)))
	dst = append(dst, sn...)
	dst = binary.BigEndian.AppendUint32(dst, b.Counter)
	dst = append(dst, uint8(len(b.Firmware)))
	return append(dst, b.Firmware...)
}

// Transcript is a Noise handshake hash.
type Transcript [sha256.Size]byte

func (h *Transcript) mix(p []byte) {
	d := sha256.New()
	d.Write(h[:])
	d.Write(p)
	d.Sum(h[:0])
}

// start hashes everything before the message.
func start(b *Binding, station, device []byte) (h Transcript) {
	var prologue [128]byte
	copy(h[:], noiseName)
	h.mix(b.AppendPrologue(prologue[:0]))
	h.mix(station)
	h.mix(device)
	return h
}

// PublicKey returns the X25519 public key of a private key.
func PublicKey(private *[32]byte) (public [32]byte, e Status) {
	key, err := ecdh.X25519().NewPrivateKey(private[:])
	if err != nil {
		return public, StatusUnknown
	}
	copy(public[:], key.PublicKey().Bytes())
	return public, StatusOK
}

// TranscriptOf returns the handshake hash for a message without opening it. A device
// uses it to recognise a message that it has already accepted.
func TranscriptOf(b *Binding, station, device *[32]byte, message []byte) (h Transcript, ok bool) {
	if len(message) < NoiseOverhead {
		return h, false
	}
	public, e := PublicKey(device)
	if e != StatusOK {
		return h, false
	}
	h = start(b, station[:], public[:])
	h.mix(message[:keySize])
	h.mix(message[keySize:])
	return h, true
}

// Open decrypts a provisioning message, as the Noise responder. It fails with
// StatusAuthentication if any value to which the message is bound differs. The payload
// overwrites the message, whose content is lost even after a failure.
func Open(b *Binding, station, device *[32]byte, message []byte) (payload []byte, h Transcript, e Status) {
	if len(message) < NoiseOverhead {
		return nil, h, StatusInvalid
	}
	x25519 := ecdh.X25519()
	private, err := x25519.NewPrivateKey(device[:])
	if err != nil {
		return nil, h, StatusUnknown
	}
	stationKey, err := x25519.NewPublicKey(station[:])
	if err != nil {
		return nil, h, StatusUnknown
	}
	ephemeral, err := x25519.NewPublicKey(message[:keySize])
	if err != nil {
		return nil, h, StatusAuthentication
	}
	es, err := private.ECDH(ephemeral)
	if err != nil { // a point of low order
		return nil, h, StatusAuthentication
	}
	ss, err := private.ECDH(stationKey)
	if err != nil {
		return nil, h, StatusAuthentication
	}
	var chain, key [keySize]byte
	copy(chain[:], noiseName)
	mixKey(&chain, &key, es)
	mixKey(&chain, &key, ss)
	clear(es)
	clear(ss)

	h = start(b, station[:], private.PublicKey().Bytes())
	h.mix(message[:keySize])
	sealed := message[keySize:]
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, h, StatusUnknown
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, h, StatusUnknown
	}
	ad := h
	h.mix(sealed)
	payload, err = aead.Open(sealed[:0], make([]byte, aead.NonceSize()), sealed, ad[:])
	clear(key[:])
	clear(chain[:])
	if err != nil {
		return nil, Transcript{}, StatusAuthentication
	}
	return payload, h, StatusOK
}

// mixKey implements MixKey of Noise: HKDF with two outputs, chain and key.
func mixKey(chain, key *[keySize]byte, input []byte) {
	temp := mac(chain[:], input)
	first := mac(temp, []byte{1})
	second := mac(temp, append(append([]byte{}, first...), 2))
	copy(chain[:], first)
	copy(key[:], second)
}

// Confirmation returns the device's proof that it holds the seed from the message with
// transcript h.
func Confirmation(seed []byte, h *Transcript) (c [sha256.Size]byte) {
	copy(c[:], mac(seed, append([]byte(confirmName), h[:]...)))
	return c
}

func mac(key, p []byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write(p)
	return m.Sum(nil)
}
