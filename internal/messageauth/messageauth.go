// SPDX-License-Identifier: Apache-2.0

// Package messageauth computes and verifies the Message-Authenticator of RADIUS packets
// (RFC 3579, section 3.2). Without it, an attacker on the line can turn a reject into an
// accept (CVE-2024-3596, Blast-RADIUS).
package messageauth

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5" // required by the RFC
	"encoding/binary"

	"github.com/d204ef64/fob/internal/errclass"
)

const (
	// Type is the type of the attribute.
	Type = 80
	// Len is the length of its value.
	Len = md5.Size

	header = 20 // RFC 2865, section 3: code, identifier, length, authenticator
)

var (
	// ErrMissing is returned for a packet without the attribute.
	ErrMissing = errclass.New(errclass.Failed, "no Message-Authenticator")
	// ErrWrong is returned for a packet that was made with another secret, or changed.
	ErrWrong = errclass.New(errclass.Failed, "wrong Message-Authenticator")
	// ErrMalformed is returned for bytes that are not a RADIUS packet.
	ErrMalformed = errclass.New(errclass.Failed, "malformed packet")
)

// Sum returns the Message-Authenticator of a packet in which its value is zero. In an
// answer, the authenticator of the header must be the request's.
func Sum(packet, secret []byte) []byte {
	mac := hmac.New(md5.New, secret)
	mac.Write(packet)
	return mac.Sum(nil)
}

// Verify verifies the first Message-Authenticator of a packet. In an answer, the
// authenticator of the header must be the request's.
func Verify(packet, secret []byte) error {
	if len(packet) < header || int(binary.BigEndian.Uint16(packet[2:])) != len(packet) {
		return ErrMalformed
	}
	for at := header; at < len(packet); at += int(packet[at+1]) {
		if at+2 > len(packet) || packet[at+1] < 2 || at+int(packet[at+1]) > len(packet) {
			return ErrMalformed
		}
		if packet[at] != Type {
			continue
		}
		if packet[at+1] != 2+Len {
			return ErrMalformed
		}
		zeroed := bytes.Clone(packet)
		clear(zeroed[at+2:][:Len])
		if !hmac.Equal(packet[at+2:][:Len], Sum(zeroed, secret)) {
			return ErrWrong
		}
		return nil
	}
	return ErrMissing
}
