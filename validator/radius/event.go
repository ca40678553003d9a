// SPDX-License-Identifier: Apache-2.0

package radius

import "net/netip"

// Kind is what happened to a packet.
type Kind uint8

// The kinds. Those from UnknownClient on got no answer.
const (
	Accepted    Kind = iota
	Rejected         // by the bank, or for an unknown, used up or too old challenge
	Challenged       // asked for another code
	Unsupported      // rejected: no User-Name and User-Password, for example CHAP or EAP
	RateLimited      // rejected without a look: too many wrong codes from this source
	Status           // Status-Server, answered
	Duplicate        // a request sent again, the answer of before was sent again

	UnknownClient      // of no client's network
	Malformed          // not a packet of RFC 2865
	NoAuthenticator    // no Message-Authenticator
	WrongAuthenticator // Message-Authenticator is wrong: another secret, or a forgery
	UnknownCode        // neither Access-Request nor Status-Server
	InFlight           // a request sent again while it is being checked
	Overloaded         // more than Options.Concurrency at once
	Failed             // the bank could not decide, or the answer could not be sent: see Err
	kinds              // how many there are
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

// Kinds returns all kinds, for counters that are to begin with 0.
func Kinds() []Kind {
	all := make([]Kind, kinds)
	for i := range all {
		all[i] = Kind(i)
	}
	return all
}

// Event tells of one packet. It names no user: people type their code into the
// wrong field. Who asked for what is in the audit log.
type Event struct {
	Kind   Kind
	Client string // its name; "" for an unknown one
	Source netip.AddrPort
	Err    error // why, where there is something to say
}
