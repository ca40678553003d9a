// SPDX-License-Identifier: Apache-2.0

package radius

import (
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

// MinSecret is the length in bytes below which a secret is refused for clients
// beyond loopback: RFC 2865, section 3, "at least 16 octets".
const MinSecret = 16

// maxSecret is our own bound.
const maxSecret = 1024

// ErrOptions is the error of options that New does not take.
var ErrOptions = errclass.New(errclass.Usage, "invalid RADIUS options")

// Secret is what a client and the server share. It does not print itself.
type Secret []byte

// String returns "(hidden)".
func (Secret) String() string { return "(hidden)" }

// GoString returns "(hidden)".
func (Secret) GoString() string { return "(hidden)" }

// ReadSecret reads a secret from a file: its first line, without the end of the
// line. A second line is an error, as are characters that are not UTF-8, and a mode
// with which others may use the file.
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

// Client is who may ask: a network whose hosts share a secret with the server.
type Client struct {
	Name    string       // for events
	Network netip.Prefix // where several fit an address, the narrowest holds
	Secret  Secret       // at least MinSecret bytes, unless Network is loopback

	// InsecureNoMessageAuthenticator takes requests without
	// Message-Authenticator, for clients that are too old to send it
	// (libpam-radius-auth 2.0.0). Anybody who can send packets with such a
	// client's address can then enter wrong codes until a token is suspended,
	// and nobody can tell that a request was not altered on its way. Answers
	// carry it all the same; a client that does not look at it can be given a
	// forged accept. One that is there must be right.
	InsecureNoMessageAuthenticator bool
}

// Options are how a server behaves. But for Clients all may be zero.
type Options struct {
	Clients     []Client      // at least one
	Language    bank.Language // of Reply-Message: English if ""
	Concurrency int           // requests being checked at once, 1 to 4096; 0 is 64. What is beyond gets no answer.
	Timeout     time.Duration // of one check; 0 is 5 s

	// ChallengeLife is how long a challenge can be answered; 0 is 180 s. It has
	// to be longer than a step: the user waits for the next code.
	ChallengeLife time.Duration

	// A source address may give WrongBurst wrong codes, 0 is 100, and then
	// WrongPerMinute, 0 is 60. What is beyond is rejected without being looked
	// at, and says so. A source is a gateway with all its users, but where it sends
	// Calling-Station-Id, one of those; then the gateway may give 20 times as many.
	WrongBurst     int
	WrongPerMinute int

	Event func(Event)      // is told what happens, from many goroutines; must be quick
	Now   func() time.Time // for what is forgotten after a time; nil is time.Now
}

func (o Options) withDefaults() Options {
	def := func(v *int, to int) {
		if *v == 0 {
			*v = to
		}
	}
	def(&o.Concurrency, 64)
	def(&o.WrongBurst, 100)
	def(&o.WrongPerMinute, 60)
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Second
	}
	if o.ChallengeLife == 0 {
		o.ChallengeLife = 180 * time.Second
	}
	if o.Language == "" {
		o.Language = bank.English
	}
	if o.Event == nil {
		o.Event = func(Event) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func (o Options) validate() error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%w: "+format, append([]any{ErrOptions}, args...)...)
	}
	switch {
	case o.Concurrency < 1 || o.Concurrency > 4096:
		return fail("concurrency %d is not in 1 to 4096", o.Concurrency)
	case o.Timeout < 0:
		return fail("the timeout %v is negative", o.Timeout)
	case o.ChallengeLife < time.Second || o.ChallengeLife > time.Hour:
		return fail("the life of a challenge, %v, is not in 1 s to 1 h", o.ChallengeLife)
	case o.WrongBurst < 1 || o.WrongPerMinute < 1:
		return fail("the limits of wrong codes must be positive")
	case words[o.Language] == nil:
		return fail("language %q is neither %q nor %q", o.Language, bank.English, bank.Japanese)
	}
	return nil
}

func validateClients(clients []Client) error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%w: "+format, append([]any{ErrOptions}, args...)...)
	}
	if len(clients) == 0 {
		return fail("no clients: name at least one network and its secret")
	}
	seen := map[netip.Prefix]bool{}
	for _, c := range clients {
		switch {
		case !c.Network.IsValid():
			return fail("client %q: no network", c.Name)
		case c.Network.Addr().Is4In6():
			return fail("client %q: write %v as IPv4", c.Name, c.Network)
		case seen[c.Network.Masked()]:
			return fail("client %q: network %v is named twice", c.Name, c.Network)
		case len(c.Secret) == 0:
			return fail("client %q: no secret", c.Name)
		case len(c.Secret) < MinSecret && !loopback(c.Network):
			return fail("client %q: the secret is shorter than %d bytes", c.Name, MinSecret)
		}
		seen[c.Network.Masked()] = true
	}
	return nil
}

// loopback reports whether a network is nothing but loopback.
func loopback(n netip.Prefix) bool {
	if n.Addr().Is4() {
		return n.Bits() >= 8 && n.Addr().IsLoopback()
	}
	return n.Bits() == 128 && n.Addr().IsLoopback()
}
