// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	wire "layeh.com/radius"
	"layeh.com/radius/debug"
	"layeh.com/radius/dictionary"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2869"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/internal/messageauth"
	"github.com/d204ef64/fob/internal/reqtemplate"
)

// The answers of a RADIUS server.
const (
	packetAccept    = "accept"
	packetReject    = "reject"
	packetChallenge = "challenge"
)

var packets = map[wire.Code]string{
	wire.CodeAccessAccept: packetAccept, wire.CodeAccessReject: packetReject, wire.CodeAccessChallenge: packetChallenge,
}

const (
	// radiusRetry is the default of Radius.Retry. Servers keep their answer for repeated
	// requests for 5 to 30 seconds (RFC 5080, section 2.2.2).
	radiusRetry = 3 * time.Second
	// otherAnswers is how many answers that do not belong to a request are ignored.
	otherAnswers = 3
)

// stateValue is the value with the State of the last challenge. No placeholder has its name.
const stateValue = "State of RADIUS"

// prepare checks a request, and adds the defaults.
func (r *Radius) prepare() (err error) {
	host, port, err := net.SplitHostPort(reqtemplate.Sample(r.Address))
	if _, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || host == "" {
		return fmt.Errorf("address %q: want HOST:PORT", r.Address)
	}
	if len(reqtemplate.Names(r.Secret)) == 0 {
		return errors.New("secret: want {{NAME}}, a name of secrets") // it is not quoted: it may be the secret
	}
	r.retry = radiusRetry
	if r.Retry != "" {
		if r.retry, err = time.ParseDuration(r.Retry); err != nil || r.retry <= 0 {
			return fmt.Errorf("retry %q: want a duration such as 3s", r.Retry)
		}
	}
	attributes := map[string]string{"User-Name": "{{user}}", "User-Password": "{{code}}"}
	maps.Copy(attributes, r.Attributes)
	r.Attributes = attributes
	for name, value := range attributes {
		if len(reqtemplate.Names(value)) > 0 {
			value = "1"
			if strings.Contains(name, "-IP-") {
				value = "127.0.0.1"
			}
		}
		if _, _, err := attribute(name, value); err != nil {
			return fmt.Errorf("attributes: %w", err)
		}
	}
	return nil
}

// attribute encodes an attribute of RFC 2865 to RFC 5176.
func attribute(name, value string) (wire.Type, wire.Attribute, error) {
	d := dictionary.AttributeByName(debug.IncludedDictionary.Attributes, name)
	if d == nil || len(d.OID) != 1 {
		return 0, nil, fmt.Errorf("unknown attribute %q", name)
	}
	kind := wire.Type(d.OID[0]) //nolint:gosec // of the dictionary
	switch {
	case kind == rfc2865.State_Type || kind == rfc2869.MessageAuthenticator_Type:
		return 0, nil, fmt.Errorf("%s is set by the client itself", name)
	case d.Type == dictionary.AttributeString:
		a, err := wire.NewString(value)
		if err != nil {
			return 0, nil, fmt.Errorf("%s: longer than 253 bytes", name)
		}
		return kind, a, nil
	case d.Type == dictionary.AttributeInteger:
		for _, v := range dictionary.ValuesByAttribute(debug.IncludedDictionary.Values, name) {
			if v.Name == value {
				value = strconv.FormatUint(v.Number, 10)
			}
		}
		n, err := strconv.ParseUint(value, 10, 32)
		if err != nil {
			return 0, nil, fmt.Errorf("%s %q: want a number or a name", name, value)
		}
		return kind, wire.NewInteger(uint32(n)), nil
	case d.Type == dictionary.AttributeIPAddr:
		ip, err := netip.ParseAddr(value)
		if err != nil || !ip.Is4() {
			return 0, nil, fmt.Errorf("%s %q: want an IPv4 address", name, value)
		}
		return kind, ip.AsSlice(), nil
	}
	return 0, nil, fmt.Errorf("%s: attributes of the type %s cannot be sent", name, d.Type)
}

// packet returns the Access-Request, with a Message-Authenticator as its first attribute.
func (r *Radius) packet(v values) (*wire.Packet, error) {
	p := wire.New(wire.CodeAccessRequest, []byte(v.Fill(r.Secret, reqtemplate.Plain)))
	p.Add(rfc2869.MessageAuthenticator_Type, make([]byte, messageauth.Len))
	for _, name := range slices.Sorted(maps.Keys(r.Attributes)) {
		value := v.Fill(r.Attributes[name], reqtemplate.Plain)
		kind, a, err := attribute(name, value)
		if err == nil && kind == rfc2865.UserPassword_Type {
			a, err = wire.NewUserPassword([]byte(value), p.Secret, p.Authenticator[:])
		}
		if err != nil {
			return nil, err
		}
		p.Add(kind, a)
	}
	if state, ok := v[stateValue]; ok {
		p.Add(rfc2865.State_Type, []byte(state))
	}
	raw, err := p.MarshalBinary()
	if err != nil {
		return nil, err
	}
	p.Attributes[0].Attribute = messageauth.Sum(raw, p.Secret)
	return p, nil
}

// ask sends an Access-Request, again and again until there is an answer. The State of a
// challenge stays in v for the next step.
func (r *Radius) ask(ctx context.Context, v values, wait time.Duration) (*answer, error) {
	request, err := r.packet(v)
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	client := wire.Client{Retry: r.retry, MaxPacketErrors: otherAnswers}
	got, err := client.Exchange(limited, request, v.Fill(r.Address, reqtemplate.Plain))
	var other *wire.NonAuthenticResponseError
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, &other):
		return nil, fmt.Errorf("%w: its answers have another secret", conform.ErrUnreachable)
	case limited.Err() != nil:
		return nil, fmt.Errorf("%w: is the secret right?", noAnswer("no answer from "+v.Fill(r.Address, reqtemplate.Plain)+" in ", wait))
	case err != nil:
		return nil, fmt.Errorf("%w: %w", conform.ErrUnreachable, err)
	}
	if err := verify(got, request); err != nil {
		return nil, fmt.Errorf("%w: its answer has a %w", conform.ErrUnreachable, err)
	}
	a := &answer{packet: packets[got.Code]}
	if a.packet == "" {
		return nil, fmt.Errorf("%w: its answer is %s", conform.ErrUnreachable, got.Code)
	}
	messages, err := rfc2865.ReplyMessage_GetStrings(got)
	if err != nil {
		return nil, fmt.Errorf("%w: its answer has a malformed Reply-Message", conform.ErrUnreachable)
	}
	a.body = []byte(strings.Join(messages, "\n"))
	delete(v, stateValue)
	if state := rfc2865.State_Get(got); got.Code == wire.CodeAccessChallenge && state != nil {
		v[stateValue] = string(state)
	}
	return a, nil
}

// verify verifies the Message-Authenticator of an answer. Older servers send none.
func verify(got, request *wire.Packet) error {
	raw, err := got.MarshalBinary()
	if err != nil {
		return err
	}
	copy(raw[4:20], request.Authenticator[:])
	if err := messageauth.Verify(raw, request.Secret); err != nil && !errors.Is(err, messageauth.ErrMissing) {
		return err
	}
	return nil
}
