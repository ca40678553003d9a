// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"bytes"
	"crypto/md5" // required by RFC 2865
	"encoding/binary"
	"errors"

	wire "layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2869"

	"github.com/d204ef64/fob/internal/messageauth"
)

const (
	headerLen = 20 // RFC 2865, section 3: code, identifier, length, authenticator
	maxPacket = wire.MaxPacketLength
)

// errMalformed is a reason to drop a packet. [messageauth.Verify] has the others.
var errMalformed = messageauth.ErrMalformed

// atMostOnce are the attributes of which a request may have at most one (RFC 2865,
// section 5.44; RFC 2869, section 5.19).
var atMostOnce = []wire.Type{
	rfc2865.UserName_Type, rfc2865.UserPassword_Type, rfc2865.CHAPPassword_Type,
	rfc2865.State_Type, rfc2869.MessageAuthenticator_Type,
}

// trim returns the packet without padding at its end.
func trim(raw []byte) ([]byte, error) {
	if len(raw) < headerLen {
		return nil, errMalformed
	}
	length := int(binary.BigEndian.Uint16(raw[2:]))
	if length < headerLen || length > maxPacket || length > len(raw) {
		return nil, errMalformed
	}
	return raw[:length], nil
}

// parse parses a packet that trim has returned, and checks it with the secret. The
// Message-Authenticator must be right, and must be present unless it is optional.
func parse(raw []byte, secret Secret, optional bool) (*wire.Packet, error) {
	p, err := wire.Parse(raw, secret)
	if err != nil {
		return nil, errMalformed
	}
	for _, t := range atMostOnce {
		n := 0
		for _, a := range p.Attributes {
			if a.Type == t {
				n++
			}
		}
		if n > 1 {
			return nil, errMalformed
		}
	}
	if err := messageauth.Verify(raw, secret); err != nil && (!optional || !errors.Is(err, messageauth.ErrMissing)) {
		return nil, err
	}
	return p, nil
}

// password returns the User-Password in clear (RFC 2865, section 5.2).
func password(p *wire.Packet) (string, error) {
	hidden := p.Get(rfc2865.UserPassword_Type)
	clear, err := wire.UserPassword(hidden, p.Secret, p.Authenticator[:])
	if err != nil {
		return "", errMalformed
	}
	// The library cuts the password off at a NUL, but such bytes are not part of a
	// code. If the padding has only NULs, hiding the password again gives the same
	// result.
	again, err := wire.NewUserPassword(clear, p.Secret, p.Authenticator[:])
	if err != nil || !bytes.HasPrefix(hidden, again) || !padding(p, len(again)) {
		return "", errMalformed
	}
	return string(clear), nil
}

// padding reports whether only NULs are hidden after the first n bytes of the
// User-Password: some clients pad to more than the next 16 bytes.
func padding(p *wire.Packet, n int) bool {
	hidden := p.Get(rfc2865.UserPassword_Type)
	for ; n < len(hidden); n += md5.Size {
		pad := md5.Sum(append(bytes.Clone(p.Secret), hidden[n-md5.Size:n]...))
		if !bytes.Equal(pad[:], hidden[n:n+md5.Size]) {
			return false
		}
	}
	return true
}

// reply is an answer before it is encoded.
type reply struct {
	code  wire.Code
	attrs wire.Attributes
}

func (r *reply) add(t wire.Type, value []byte) { r.attrs.Add(t, value) }

// encode encodes the answer to a request. The Message-Authenticator comes first, to
// prevent others from choosing the hashed bytes before it. Then come our attributes,
// and the proxies' states, unchanged (RFC 2865, section 5.33).
func (r *reply) encode(request *wire.Packet) ([]byte, error) {
	p := request.Response(r.code)
	p.Add(rfc2869.MessageAuthenticator_Type, make([]byte, messageauth.Len))
	p.Attributes = append(p.Attributes, r.attrs...)
	for _, a := range request.Attributes {
		if a.Type == rfc2865.ProxyState_Type {
			p.Attributes = append(p.Attributes, a)
		}
	}
	raw, err := p.MarshalBinary()
	if err != nil {
		return nil, err
	}
	p.Attributes[0].Attribute = messageauth.Sum(raw, p.Secret)
	return p.Encode()
}
