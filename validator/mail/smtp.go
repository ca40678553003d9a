// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/d204ef64/fob/internal/loopback"
	"github.com/d204ef64/fob/validator/bank"
)

// TLS selects how the connection to the mail server is protected.
type TLS uint8

// The kinds of protection.
const (
	Auto          TLS = iota // StartTLS, except that a server on loopback gets none
	StartTLS                 // STARTTLS is required (RFC 3207)
	Implicit                 // TLS from the first byte (RFC 8314), port 465
	InsecureNoTLS            // none: anyone on the network path can read and alter messages
)

// Password is a mail server's password. It does not print itself.
type Password string

// String returns "(hidden)".
func (Password) String() string { return "(hidden)" }

// GoString returns "(hidden)".
func (Password) GoString() string { return "(hidden)" }

// SMTP configures the connection to a mail server.
type SMTP struct {
	Letters
	Addr     string // host:port
	TLS      TLS
	Roots    *x509.CertPool // CAs for the server's certificate; nil means the system's
	User     string         // "" means no login
	Password Password
	Timeout  time.Duration // of connecting, and of each answer; 0 means 30 s
}

// Sender hands messages to a mail server and opens a connection for each. Any number of
// goroutines may call its methods.
type Sender struct {
	letters letters
	host    string
	port    int
	options []gomail.Option
}

var _ bank.Mailer = (*Sender)(nil)

// NewSMTP returns a sender. It does not connect yet. The error wraps ErrOptions.
func NewSMTP(o SMTP) (*Sender, error) {
	l, err := o.read()
	if err != nil {
		return nil, err
	}
	s := &Sender{letters: l}
	host, port, err := net.SplitHostPort(o.Addr)
	if err == nil {
		s.host = host
		s.port, err = strconv.Atoi(port)
	}
	if err != nil || host == "" || s.port < 1 || s.port > 65535 {
		return nil, fmt.Errorf("%w: mail server %q: want host:port, as in mail.example.com:587", ErrOptions, o.Addr)
	}
	if o.Timeout < 0 {
		return nil, fmt.Errorf("%w: the timeout %v is negative", ErrOptions, o.Timeout)
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.TLS == Auto {
		o.TLS = StartTLS
		if loopback.Host(host) {
			o.TLS = InsecureNoTLS
		}
	}
	s.options = []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTimeout(o.Timeout), gomail.WithoutNoop(), gomail.WithoutRset(),
		gomail.WithTLSConfig(&tls.Config{ServerName: host, RootCAs: o.Roots, MinVersion: tls.VersionTLS12}),
	}
	switch o.TLS {
	case StartTLS:
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case Implicit:
		s.options = append(s.options, gomail.WithSSL())
	case InsecureNoTLS:
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		return nil, fmt.Errorf("%w: unknown TLS mode: %d", ErrOptions, o.TLS)
	}
	switch {
	case (o.User == "") != (o.Password == ""):
		return nil, fmt.Errorf("%w: give both a user and a password, or neither", ErrOptions)
	case o.User != "" && o.TLS == InsecureNoTLS && !loopback.Host(host):
		return nil, fmt.Errorf("%w: refusing to send a password to %s without TLS", ErrOptions, host)
	case o.User != "":
		how := gomail.SMTPAuthAutoDiscover
		if o.TLS == InsecureNoTLS {
			how = gomail.SMTPAuthPlain // go-mail allows it on loopback only
		}
		s.options = append(s.options,
			gomail.WithSMTPAuth(how), gomail.WithUsername(o.User), gomail.WithPassword(string(o.Password)))
	}
	if _, err := gomail.NewClient(host, s.options...); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOptions, err)
	}
	return s, nil
}

// SendExpiry sends the notice.
func (s *Sender) SendExpiry(ctx context.Context, m bank.ExpiryMail) error {
	msg, err := s.letters.expiryMessage(m)
	if err != nil {
		return err
	}
	// Write the message once before sending it, because an error must not occur in the
	// middle of sending.
	if _, err := msg.WriteTo(io.Discard); err != nil {
		return fmt.Errorf("%w: %w", bank.ErrMailRefused, err)
	}
	client, err := gomail.NewClient(s.host, s.options...)
	if err != nil {
		return fmt.Errorf("%w: %w", bank.ErrMailLater, err)
	}
	return s.verdict(client.DialAndSendWithContext(ctx, msg), msg)
}

// verdict classifies an error. The bank is responsible for sending nothing twice and
// forgetting nothing.
func (s *Sender) verdict(err error, msg *gomail.Msg) error {
	if err == nil || msg.IsDelivered() {
		return nil // an error after the server accepted the message does not matter
	}
	wrap := func(kind error) error {
		return fmt.Errorf("%w: %s: %s", kind, net.JoinHostPort(s.host, strconv.Itoa(s.port)), err)
	}
	var sent *gomail.SendError
	if !errors.As(err, &sent) {
		return wrap(bank.ErrMailLater) // the message was not yet being sent
	}
	switch code := sent.ErrorCode(); {
	case code == 530 || code == 534 || code == 535 || code == 538 || code == 502:
		return wrap(bank.ErrMailLater) // RFC 4954: the server refuses our login, not the message
	case code >= 500:
		return wrap(bank.ErrMailRefused)
	case code >= 400:
		return wrap(bank.ErrMailLater)
	}
	switch sent.Reason {
	case gomail.ErrSMTPDataClose, gomail.ErrWriteContent, gomail.ErrSMTPReset, gomail.ErrAmbiguous:
		return fmt.Errorf("the connection broke while the message was being sent: %s", err)
	default:
		return wrap(bank.ErrMailLater) // the connection broke before DATA
	}
}
