// SPDX-License-Identifier: Apache-2.0

// Package radius is the bank's RADIUS interface. VPN gateways, PAM modules and other
// servers use it to check users' codes (RFC 2865).
//
//	s, err := radius.New(b, radius.Options{Clients: []radius.Client{{
//		Name: "vpn", Network: netip.MustParsePrefix("192.0.2.0/24"), Secret: secret,
//	}}})
//	conn, err := net.ListenPacket("udp", radius.DefaultAddr)
//	go s.Serve(conn)
//	…
//	s.Shutdown(ctx)
//
// # Requests
//
// The server accepts Access-Requests with User-Name and User-Password (PAP). The
// password is the code, without any other text. CHAP, MS-CHAP and EAP never send the
// typed code to the server, and are rejected. Status-Server (RFC 5997) is answered as
// long as codes can be checked.
//
// Each request must have a Message-Authenticator, and each answer has one as its first
// attribute. Without it, an attacker on the line could turn a reject into an accept
// (CVE-2024-3596, Blast-RADIUS). A request that is malformed, has a wrong authenticator
// or comes from an unknown address gets no answer, but causes an Event.
//
// # Answers
//
// An accepted code gets an Access-Accept. All others get the same Access-Reject,
// whatever the reason. If the bank asks for the next code (NextCode), the answer is an
// Access-Challenge. If that code has corrected the token's clock (Corrected), the
// answer is a second challenge, for the code after it. Neither of these two codes logs
// in. A user whose client supports only one challenge logs in again with the third
// code.
//
// A code is valid only once. If the answer to a request is lost and the client repeats
// the request, it therefore gets the same answer again, without another check (RFC
// 5080, 2.2.2). Each server has its own memory of requests and challenges. If two
// servers share a store, each client should use only one of them while it answers.
package radius
