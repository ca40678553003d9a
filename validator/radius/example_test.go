// SPDX-License-Identifier: Apache-2.0

package radius_test

import (
	"context"
	"crypto/hmac"
	"crypto/md5"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	wire "layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2869"

	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/radius"
)

// oneUser takes the place of a [bank.Bank]. It accepts one code of one user: the first
// one of RFC 4226, appendix D.
type oneUser struct{}

func (oneUser) CheckUser(_ context.Context, _ bank.By, user, code string) (bank.Outcome, error) {
	if user == "alice" && code == "755224" {
		return bank.Outcome{Done: true, Answer: validator.Accepted}, nil
	}
	return bank.Outcome{}, nil
}

func (oneUser) Ready(context.Context) error { return nil }

// request returns the Access-Request that a VPN gateway sends for a user.
func request(user, code, secret string) (*wire.Packet, error) {
	p := wire.New(wire.CodeAccessRequest, []byte(secret))
	if err := rfc2865.UserName_SetString(p, user); err != nil {
		return nil, err
	}
	if err := rfc2865.UserPassword_SetString(p, code); err != nil {
		return nil, err
	}
	// Message-Authenticator (RFC 3579, section 3.2) is computed while it is zero.
	if err := rfc2869.MessageAuthenticator_Set(p, make([]byte, md5.Size)); err != nil {
		return nil, err
	}
	raw, err := p.MarshalBinary()
	if err != nil {
		return nil, err
	}
	h := hmac.New(md5.New, []byte(secret))
	h.Write(raw)
	return p, rfc2869.MessageAuthenticator_Set(p, h.Sum(nil))
}

// A VPN gateway asks the server about the code that a user typed.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	const shared = "a secret of the example"
	server, err := radius.New(oneUser{}, radius.Options{Clients: []radius.Client{{
		Name: "vpn", Network: netip.MustParsePrefix("127.0.0.1/32"), Secret: radius.Secret(shared),
	}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	conn, err := net.ListenPacket("udp", "127.0.0.1:0") // radius.DefaultAddr in production
	if err != nil {
		fmt.Println(err)
		return
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(conn) }()

	for _, code := range []string{"755224", "000000"} {
		p, err := request("alice", code, shared)
		if err != nil {
			fmt.Println(err)
			break
		}
		answer, err := wire.Exchange(ctx, p, conn.LocalAddr().String())
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(answer.Code)
	}
	if err := server.Shutdown(ctx); err != nil {
		fmt.Println(err)
	}
	fmt.Println("closed:", errors.Is(<-served, radius.ErrServerClosed))
	// Output:
	// Access-Accept
	// Access-Reject
	// closed: true
}
