// SPDX-License-Identifier: Apache-2.0

package mail_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/mail"
)

// message is a message that the server accepted.
type message struct {
	from string
	to   []string
	raw  []byte
	tls  bool
	user string
}

// server is a mail server with configurable faults.
type server struct {
	addr  string
	roots *x509.CertPool

	onMail, onRcpt, onData error
	dieOnRcpt, dieOnData   bool // cut the connection
	hangOnData             chan struct{}
	password               string // "" means that no login is required

	mu   sync.Mutex
	list []message
}

func (s *server) taken() []message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]message(nil), s.list...)
}

// serve starts a server on loopback. change is called before the server starts.
func serve(t testing.TB, change func(*server, *smtp.Server)) *server {
	s := &server{}
	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{server: s, conn: c}, nil
	}))
	srv.Domain, srv.ReadTimeout, srv.WriteTimeout = "localhost", time.Minute, time.Minute
	srv.ErrorLog = quiet{}
	if change != nil {
		change(s, srv)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.addr = l.Addr().String()
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	t.Cleanup(func() {
		require.NoError(t, srv.Close())
		<-done
	})
	return s
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

type session struct {
	server *server
	conn   *smtp.Conn
	m      message
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if password != s.server.password {
			return smtp.ErrAuthFailed
		}
		s.m.user = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.password != "" && s.m.user == "" {
		return smtp.ErrAuthRequired
	}
	s.m.from = from
	return s.server.onMail
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.server.dieOnRcpt {
		_ = s.conn.Conn().Close()
	}
	s.m.to = append(s.m.to, to)
	return s.server.onRcpt
}

func (s *session) Data(r io.Reader) (err error) {
	if s.m.raw, err = io.ReadAll(r); err != nil {
		return err
	}
	_, s.m.tls = s.conn.TLSConnectionState()
	if s.server.hangOnData != nil {
		<-s.server.hangOnData
	}
	if s.server.onData != nil {
		return s.server.onData
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.list = append(s.server.list, s.m)
	if s.server.dieOnData {
		_ = s.conn.Conn().Close()
	}
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// certificate creates a certificate for 127.0.0.1, and a pool that trusts it.
func certificate(t testing.TB) (*tls.Config, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "127.0.0.1"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:   time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, roots
}

func withTLS(t testing.TB) func(*server, *smtp.Server) {
	return func(s *server, srv *smtp.Server) { srv.TLSConfig, s.roots = certificate(t) }
}

// send sends one notice.
func send(t testing.TB, o mail.SMTP) error {
	t.Helper()
	if o.From == "" {
		o.Letters = theLetters()
	}
	s, err := mail.NewSMTP(o)
	require.NoError(t, err)
	return s.SendExpiry(t.Context(), notice(t, bank.Japanese))
}

// status returns a server's error reply.
func status(code int) error { return &smtp.SMTPError{Code: code, Message: "so it is"} }

// TestServerAnswers checks that the server's answer decides whether a message is sent
// again. 4xx and 5xx are defined in RFC 5321, section 4.2.1.
func TestServerAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*server)
		want   error // nil: accepted
	}{
		"taken":           {func(*server) {}, nil},
		"no mailbox":      {func(s *server) { s.onRcpt = status(550) }, bank.ErrMailRefused},
		"mailbox full":    {func(s *server) { s.onRcpt = status(452) }, bank.ErrMailLater},
		"greylisted":      {func(s *server) { s.onRcpt = status(451) }, bank.ErrMailLater},
		"sender refused":  {func(s *server) { s.onMail = status(553) }, bank.ErrMailRefused},
		"sender later":    {func(s *server) { s.onMail = status(421) }, bank.ErrMailLater},
		"content refused": {func(s *server) { s.onData = status(554) }, bank.ErrMailRefused},
		"content later":   {func(s *server) { s.onData = status(452) }, bank.ErrMailLater},
		"wants a login":   {func(s *server) { s.password = "x" }, bank.ErrMailLater},
		"dies at RCPT":    {func(s *server) { s.dieOnRcpt = true }, bank.ErrMailLater},
	} {
		s := serve(t, func(s *server, _ *smtp.Server) { c.change(s) })
		err := send(t, mail.SMTP{Addr: s.addr})
		if c.want == nil {
			require.NoError(t, err, name)
			require.Len(t, s.taken(), 1, name)
			continue
		}
		require.ErrorIs(t, err, c.want, name)
		require.Contains(t, err.Error(), s.addr, name)
		require.Empty(t, s.taken(), name)
	}
}

// doubtful checks for an error that leaves open whether the message was delivered.
func doubtful(t testing.TB, err error) {
	t.Helper()
	require.Error(t, err)
	require.NotErrorIs(t, err, bank.ErrMailLater)
	require.NotErrorIs(t, err, bank.ErrMailRefused)
}

// TestServerDiesAfterData: the connection breaks after the server has received the
// message, which must not be sent again.
func TestServerDiesAfterData(t *testing.T) {
	s := serve(t, func(s *server, _ *smtp.Server) { s.dieOnData = true })
	doubtful(t, send(t, mail.SMTP{Addr: s.addr}))
	require.Len(t, s.taken(), 1)
}

// TestServerHangsAfterData: the server does not answer in time. Because a busy machine
// may need any time to get that far, the test doubles the limit until it suffices.
func TestServerHangsAfterData(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	s := serve(t, func(s *server, _ *smtp.Server) { s.hangOnData = release })
	var err error
	for limit := 100 * time.Millisecond; limit < 2*time.Minute; limit *= 2 {
		err = send(t, mail.SMTP{Addr: s.addr, Timeout: limit})
		if err != nil && !errors.Is(err, bank.ErrMailLater) && !errors.Is(err, bank.ErrMailRefused) {
			break
		}
	}
	doubtful(t, err)
}

// TestServerDiesAfterAnswer: the server accepts the message and closes the connection.
// The message counts as sent.
func TestServerDiesAfterAnswer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	said := make(chan []string, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		var lines []string
		defer func() { said <- lines }()
		in := bufio.NewScanner(conn)
		answer := func(s string) { _, _ = fmt.Fprint(conn, s+"\r\n") }
		answer("220 localhost")
		for in.Scan() {
			lines = append(lines, in.Text())
			switch verb, _, _ := strings.Cut(in.Text(), " "); verb {
			case "DATA":
				answer("354 go on")
				for in.Scan() && in.Text() != "." {
				}
				answer("250 taken")
				return
			default:
				answer("250 yes")
			}
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	require.NoError(t, send(t, mail.SMTP{Addr: l.Addr().String()}))
	require.Contains(t, <-said, "DATA")
}

func TestNoServer(t *testing.T) {
	nobody := tooltest.FreeAddress(t)
	require.ErrorIs(t, send(t, mail.SMTP{Addr: nobody}), bank.ErrMailLater)

	s, err := mail.NewSMTP(mail.SMTP{Letters: theLetters(), Addr: nobody})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.SendExpiry(ctx, notice(t, bank.English)), bank.ErrMailLater)
}

func TestTLS(t *testing.T) {
	s := serve(t, withTLS(t))
	require.NoError(t, send(t, mail.SMTP{Addr: s.addr, TLS: mail.StartTLS, Roots: s.roots}))
	require.True(t, s.taken()[0].tls)
	require.ErrorIs(t, send(t, mail.SMTP{Addr: s.addr, TLS: mail.StartTLS}), bank.ErrMailLater, "an untrusted certificate")
	require.ErrorIs(t, send(t, mail.SMTP{Addr: s.addr, TLS: mail.Implicit, Roots: s.roots}), bank.ErrMailLater)
	require.Len(t, s.taken(), 1)

	plain := serve(t, nil)
	err := send(t, mail.SMTP{Addr: plain.addr, TLS: mail.StartTLS})
	require.ErrorIs(t, err, bank.ErrMailLater)
	require.Contains(t, err.Error(), "STARTTLS")
	require.Empty(t, plain.taken(), "nothing is sent without TLS")
}

func TestImplicitTLS(t *testing.T) {
	config, roots := certificate(t)
	s := &server{}
	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{server: s, conn: c}, nil
	}))
	srv.ErrorLog = quiet{}
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close(); <-done })
	require.NoError(t, send(t, mail.SMTP{Addr: l.Addr().String(), TLS: mail.Implicit, Roots: roots}))
	require.True(t, s.taken()[0].tls)
}

func TestLogin(t *testing.T) {
	s := serve(t, func(s *server, srv *smtp.Server) {
		withTLS(t)(s, srv)
		s.password = "a word"
	})
	o := mail.SMTP{Addr: s.addr, TLS: mail.StartTLS, Roots: s.roots, User: "fob", Password: "a word"}
	require.NoError(t, send(t, o))
	require.Equal(t, "fob", s.taken()[0].user)
	o.Password = "another word"
	err := send(t, o)
	require.ErrorIs(t, err, bank.ErrMailLater)
	require.NotContains(t, err.Error(), "another word")

	local := serve(t, func(s *server, srv *smtp.Server) { s.password, srv.AllowInsecureAuth = "a word", true })
	require.NoError(t, send(t, mail.SMTP{Addr: local.addr, User: "fob", Password: "a word"}), "on loopback")
}

func TestSMTPOptions(t *testing.T) {
	for name, change := range map[string]func(*mail.SMTP){
		"no port":           func(o *mail.SMTP) { o.Addr = "mail.example.com" },
		"no host":           func(o *mail.SMTP) { o.Addr = ":25" },
		"port":              func(o *mail.SMTP) { o.Addr = "mail.example.com:99999" },
		"no password":       func(o *mail.SMTP) { o.User = "x" },
		"no user":           func(o *mail.SMTP) { o.Password = "x" },
		"password in clear": func(o *mail.SMTP) { o.User, o.Password, o.TLS = "x", "y", mail.InsecureNoTLS },
		"TLS":               func(o *mail.SMTP) { o.TLS = 99 },
		"timeout":           func(o *mail.SMTP) { o.Timeout = -1 },
		"from":              func(o *mail.SMTP) { o.From = "x" },
	} {
		o := mail.SMTP{Letters: theLetters(), Addr: "mail.example.com:587"}
		change(&o)
		_, err := mail.NewSMTP(o)
		require.ErrorIs(t, err, mail.ErrOptions, name)
	}
	o := mail.SMTP{User: "x", Password: "a word"}
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", o, o, o), "a word")
}
