// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net"
	"slices"
	"time"
)

// The parts of RFC 2865 and RFC 2869 that are used here.
const (
	accessRequest = 1
	accessAccept  = 2

	attrUserName      = 1
	attrUserPassword  = 2
	attrAuthenticator = 80 // Message-Authenticator, RFC 2869 section 5.14

	radiusHeader = 20 // bytes: code, identifier, length, authenticator
	radiusTries  = 3
	radiusWaits  = 5 * time.Second
)

// radius submits a code over RADIUS, with PAP and a Message-Authenticator, and reports
// whether the answer is Access-Accept.
func (e *env) radius(u *user, code string) bool {
	accept, err := exchange(e.client.t.RADIUS, e.client.t.RADIUSSecret, u.id, code)
	if err != nil {
		e.failf("RADIUS: %v", err)
	}
	return accept
}

// exchange sends a request. If no answer arrives, it sends the same request again,
// which the server recognises as a duplicate.
func exchange(addr string, secret []byte, user, code string) (accept bool, err error) {
	conn, err := net.Dial("udp", addr)
	if err != nil {
		return false, err
	}
	defer func() { _ = conn.Close() }()
	request, err := radiusRequest(secret, user, code)
	if err != nil {
		return false, err
	}
	buf := make([]byte, 4096)
	for range radiusTries {
		if _, err = conn.Write(request); err != nil {
			return false, err
		}
		if err = conn.SetReadDeadline(time.Now().Add(radiusWaits)); err != nil {
			return false, err
		}
		var n int
		if n, err = conn.Read(buf); err == nil {
			return radiusAnswer(secret, request, buf[:n])
		}
	}
	return false, err
}

// radiusRequest returns an Access-Request (RFC 2865 section 4.1).
func radiusRequest(secret []byte, user, code string) ([]byte, error) {
	p := make([]byte, radiusHeader)
	p[0] = accessRequest
	if _, err := rand.Read(p[1:2]); err != nil {
		return nil, err
	}
	authenticator := p[4:radiusHeader]
	if _, err := rand.Read(authenticator); err != nil {
		return nil, err
	}
	hidden := hide(secret, authenticator, code)
	if len(user) > 253 || len(hidden) > 128 {
		return nil, errors.New("user or code is too long")
	}
	p = append(p, attrAuthenticator, 2+md5.Size)
	at := len(p)
	p = append(p, make([]byte, md5.Size)...)
	p = append(append(p, attrUserName, byte(2+len(user))), user...)
	p = append(append(p, attrUserPassword, byte(2+len(hidden))), hidden...)
	binary.BigEndian.PutUint16(p[2:], uint16(len(p)))
	mac := hmac.New(md5.New, secret)
	mac.Write(p)
	copy(p[at:], mac.Sum(nil))
	return p, nil
}

// hide obfuscates a password (RFC 2865 section 5.2).
func hide(secret, authenticator []byte, password string) []byte {
	out := make([]byte, max(1, (len(password)+15)/16)*16)
	copy(out, password)
	last := authenticator
	for i := 0; i < len(out); i += 16 {
		pad := md5.Sum(slices.Concat(secret, last))
		for j := range 16 {
			out[i+j] ^= pad[j]
		}
		last = out[i : i+16]
	}
	return out
}

// radiusAnswer parses an answer and verifies that it belongs to the request (RFC 2865
// section 3).
func radiusAnswer(secret, request, p []byte) (accept bool, err error) {
	if len(p) < radiusHeader || int(binary.BigEndian.Uint16(p[2:])) != len(p) || p[1] != request[1] {
		return false, errors.New("the answer does not belong to the request")
	}
	sum := md5.Sum(slices.Concat(p[:4], request[4:radiusHeader], p[radiusHeader:], secret))
	if !bytes.Equal(sum[:], p[4:radiusHeader]) {
		return false, errors.New("the answer has a wrong authenticator")
	}
	return p[0] == accessAccept, nil
}
