// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"cmp"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/secretfile"
	"github.com/d204ef64/fob/validator/bank"
)

// DefaultAddr is the loopback address with the port of RFC 2865, section 3.
const DefaultAddr = "127.0.0.1:1812"

// MinSecret is the minimum length of a secret in bytes, for clients beyond loopback:
// RFC 2865, section 3, "at least 16 octets".
const MinSecret = 16

// maxSecret is a limit of our own choice.
const maxSecret = 1024

// ErrOptions is the error of options that New does not accept.
var ErrOptions = errclass.New(errclass.Usage, "invalid RADIUS options")

// Secret is shared between a client and the server. It prints as "(hidden)".
type Secret []byte

// String returns "(hidden)".
func (Secret) String() string { return "(hidden)" }

// GoString returns "(hidden)".
func (Secret) GoString() string { return "(hidden)" }

// ReadSecret reads a secret from a file: its first line, without the line end. It is an
// error if the file has a second line, is not valid UTF-8, or has a mode that allows
// other users to use it.
func ReadSecret(path string) (Secret, error) {
	f, err := secretfile.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, maxSecret+3))
	if err != nil {
		return nil, err
	}
	secret := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	switch {
	case secret == "":
		return nil, fmt.Errorf("%s: %w: the secret is empty", path, ErrOptions)
	case len(secret) > maxSecret:
		return nil, fmt.Errorf("%s: %w: the secret is longer than %d bytes", path, ErrOptions, maxSecret)
	case strings.ContainsAny(secret, "\r\n") || !utf8.ValidString(secret):
		return nil, fmt.Errorf("%s: %w: the secret must be one line of UTF-8", path, ErrOptions)
	}
	return Secret(secret), nil
}

// Client is a network whose hosts may send requests and share a secret with the server.
type Client struct {
	Name    string       // used in events
	Network netip.Prefix // if several networks contain an address, the narrowest is used
	Secret  Secret       // at least MinSecret bytes, unless Network is loopback

	// InsecureNoMessageAuthenticator accepts requests without a Message-Authenticator,
	// from clients that are too old to send it (libpam-radius-auth 2.0.0). Anyone who
	// can send packets with such a client's address can then enter wrong codes until a
	// token is suspended. The server also cannot detect changes to a request on its
	// way. Answers still have a Message-Authenticator, but a client that does not check
	// it can be given a forged accept. If a request does have one, it must be right.
	InsecureNoMessageAuthenticator bool
}

// Options are the options of a server. All except Clients may be zero.
type Options struct {
	Clients     []Client      // at least one
	Language    bank.Language // of Reply-Message: English if ""
	Concurrency int           // requests being checked at once, 1 to 4096; 0: 64. Further requests get no answer.
	Timeout     time.Duration // time limit of one check; 0: 5 s

	// ChallengeLife is how long a challenge can be answered; 0 means 180 s. It must be
	// longer than a step, because the user waits for the next code.
	ChallengeLife time.Duration

	// A source may send WrongBurst wrong codes (0: 100), and after that WrongPerMinute
	// (0: 60). Further requests are rejected without a check, with a message that gives
	// this reason. A source is a gateway with all its users, or a single user's device
	// if the gateway sends Calling-Station-Id. In that case the gateway may send 20
	// times as many.
	WrongBurst     int
	WrongPerMinute int

	Event func(Event)      // called for each packet, from many goroutines; must be quick
	Now   func() time.Time // clock for everything that expires; nil: time.Now
}

func (o Options) withDefaults() Options {
	o.Concurrency = cmp.Or(o.Concurrency, 64)
	o.WrongBurst = cmp.Or(o.WrongBurst, 100)
	o.WrongPerMinute = cmp.Or(o.WrongPerMinute, 60)
	o.Timeout = cmp.Or(o.Timeout, 5*time.Second)
	o.ChallengeLife = cmp.Or(o.ChallengeLife, 180*time.Second)
	o.Language = cmp.Or(o.Language, bank.English)
	if o.Event == nil {
		o.Event = func(Event) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// invalid returns an error that wraps ErrOptions.
func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrOptions}, args...)...)
}

func (o Options) validate() error {
	switch {
	case o.Concurrency < 1 || o.Concurrency > 4096:
		return invalid("concurrency %d is not between 1 and 4096", o.Concurrency)
	case o.Timeout < 0:
		return invalid("the timeout %v is negative", o.Timeout)
	case o.ChallengeLife < time.Second || o.ChallengeLife > time.Hour:
		return invalid("challenge life %v is not between 1 s and 1 h", o.ChallengeLife)
	case o.WrongBurst < 1 || o.WrongPerMinute < 1:
		return invalid("the limits of wrong codes must be positive")
	case phraseTexts[o.Language] == nil:
		return invalid("language %q is neither %q nor %q", o.Language, bank.English, bank.Japanese)
	}
	return nil
}

func validateClients(clients []Client) error {
	if len(clients) == 0 {
		return invalid("no clients: list at least one network and its secret")
	}
	seen := map[netip.Prefix]bool{}
	for _, c := range clients {
		switch {
		case !c.Network.IsValid():
			return invalid("client %q: no network", c.Name)
		case c.Network.Addr().Is4In6():
			return invalid("client %q: write %v as IPv4", c.Name, c.Network)
		case seen[c.Network.Masked()]:
			return invalid("client %q: network %v is listed twice", c.Name, c.Network)
		case len(c.Secret) == 0:
			return invalid("client %q: no secret", c.Name)
		case len(c.Secret) < MinSecret && !loopback(c.Network):
			return invalid("client %q: the secret is shorter than %d bytes", c.Name, MinSecret)
		}
		seen[c.Network.Masked()] = true
	}
	return nil
}

// loopback reports whether a network contains only loopback addresses.
func loopback(n netip.Prefix) bool {
	if n.Addr().Is4() {
		return n.Bits() >= 8 && n.Addr().IsLoopback()
	}
	return n.Bits() == 128 && n.Addr().IsLoopback()
}
