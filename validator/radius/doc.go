// SPDX-License-Identifier: Apache-2.0

// Package radius is the bank's RADIUS front: VPN gateways, PAM and other servers
// ask it whether a user's code is good (RFC 2865).
//
//	s, err := radius.New(b, radius.Options{Clients: []radius.Client{{
//		Name: "vpn", Network: netip.MustParsePrefix("192.0.2.0/24"), Secret: secret,
//	}}})
//	conn, err := net.ListenPacket("udp", radius.DefaultAddr)
//	go s.Serve(conn)
//	…
//	s.Shutdown(ctx)
//
// # What it takes
//
// An Access-Request with User-Name and User-Password (PAP), where the password is
// the code and nothing else. CHAP, MS-CHAP and EAP never show the server what
// was typed, and are rejected. Status-Server (RFC 5997) is answered while codes
// can be checked.
//
// Each request must carry a Message-Authenticator, and each answer carries one as
// its first attribute: without it whoever sits on the line can turn a reject
// into an accept (CVE-2024-3596, Blast-RADIUS). What is malformed, comes from
// an unknown address or fails this gets no answer; the Event hook is told.
//
// # What it answers
//
// Access-Accept for an accepted code, Access-Reject for all others, alike
// whatever the reason. When the bank asks for the next code (NextCode) the
// answer is an Access-Challenge; when that code has corrected the token's clock
// (Corrected) it is another, for the code after it: neither of the two logs in,
// and whose client knows only one challenge logs in anew with the third.
//
// A code is good once. A request that is sent again, because its answer was
// lost, therefore gets the same answer again, and is not checked again
// (RFC 5080, 2.2.2). This memory, and that of challenges, is the server's own:
// of two servers on one store, each client should keep to one while it answers.
package radius
