// SPDX-License-Identifier: Apache-2.0

package radius

import "net/netip"

// Kind is the result of processing a packet.
type Kind uint8

// The kinds. From UnknownClient on, the packet got no answer.
const (
	Accepted    Kind = iota
	Rejected         // by the bank, or because the challenge is unknown, used or expired
	Challenged       // asked for another code
	Unsupported      // rejected: no User-Name and User-Password, for example CHAP or EAP
	RateLimited      // rejected without a check: too many wrong codes from this source
	Status           // Status-Server, answered
	Duplicate        // a repeated request; the same answer was sent again

	UnknownClient      // not in the network of any client
	Malformed          // not a packet of RFC 2865
	NoAuthenticator    // no Message-Authenticator
	WrongAuthenticator // wrong Message-Authenticator: a different secret, or a forgery
	UnknownCode        // neither Access-Request nor Status-Server
	InFlight           // a repeated request, while the first is being checked
	Overloaded         // more than Options.Concurrency at once
	Failed             // the bank could not decide, or the answer could not be sent: see Err
	kinds              // number of kinds
)

var kindNames = [kinds]string{
	"accepted", "rejected", "challenged", "unsupported", "rate limited", "status", "duplicate",
	"unknown client", "malformed", "no authenticator", "wrong authenticator", "unknown code",
	"in flight", "overloaded", "failed",
}

// String returns the name in lower case, for example "unknown client".
func (k Kind) String() string {
	if k >= kinds {
		return "unknown"
	}
	return kindNames[k]
}

// Kinds returns all kinds, for counters that must start at 0.
func Kinds() []Kind {
	all := make([]Kind, kinds)
	for i := range all {
		all[i] = Kind(i)
	}
	return all
}

// Event describes one packet. It does not contain a user name, because people sometimes
// type their code into the wrong field. The audit log has the users and the results.
type Event struct {
	Kind   Kind
	Client string // name of the client; "" for an unknown one
	Source netip.AddrPort
	Err    error // the reason, if there is one
}
