// SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/metrics"
)

// running is a server that is being served.
type running struct {
	*Server
	stop  context.CancelFunc
	ended chan error
	lines lines
}

// lines collects log events.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
	log  *slog.Logger
}

func (l *lines) event(level slog.Level, what string, attrs ...slog.Attr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.log == nil {
		l.log = slog.New(slog.NewTextHandler(&l.text, nil))
	}
	l.log.LogAttrs(context.Background(), level, what, attrs...)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func serve(t *testing.T, c Config) *running {
	t.Helper()
	if c.Bank == nil {
		c.Bank = banktest.New(t, banktest.SQLite(t)).Bank
	}
	if c.API == nil {
		c.API = http.NotFoundHandler()
	}
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	c.Prepare = func(s *http.Server) { s.ErrorLog = log.New(io.Discard, "", 0) }
	r := &running{ended: make(chan error, 1)}
	c.Event = r.lines.event
	s, err := Listen(c)
	require.NoError(t, err)
	r.Server = s
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	go func() { r.ended <- s.Serve(ctx) }()
	t.Cleanup(stop)
	return r
}

func get(t *testing.T, client *http.Client, url string) (int, string) {
	t.Helper()
	answer, err := client.Get(url)
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, string(body)
}

func TestExposed(t *testing.T) {
	for addr, want := range map[string]bool{
		"127.0.0.1:0": false, "[::1]:8080": false, "localhost:80": false, "127.1.2.3:80": false,
		":8080": true, "0.0.0.0:8080": true, "[::]:8080": true, "192.0.2.1:80": true,
	} {
		got, err := Exposed(addr)
		require.NoError(t, err, addr)
		require.Equal(t, want, got, addr)
	}
	for _, addr := range []string{"", "8080", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", "[::1", "a b:80"} {
		_, err := Exposed(addr)
		require.ErrorIs(t, err, ErrAddress, addr)
	}
}

func TestListenRefuses(t *testing.T) {
	good := Config{Bank: &bank.Bank{}, API: http.NotFoundHandler(), Pages: http.NotFoundHandler(), Listen: "127.0.0.1:0"}
	for name, c := range map[string]struct {
		change func(*Config)
		says   string
	}{
		"no bank":      {func(c *Config) { c.Bank = nil }, "Bank, API and Pages must be set"},
		"no pages":     {func(c *Config) { c.Pages = nil }, "Bank, API and Pages must be set"},
		"exposed":      {func(c *Config) { c.Listen = "0.0.0.0:0" }, "an address beyond loopback requires a certificate"},
		"hour":         {func(c *Config) { c.Hour = 24 }, "0 to 23"},
		"address":      {func(c *Config) { c.Listen = "nonsense" }, "want HOST:PORT"},
		"packets":      {func(c *Config) { c.Packets = []Packets{{Name: "radius", Listen: "x"}} }, "want HOST:PORT"},
		"foreign host": {func(c *Config) { c.Packets = []Packets{{Name: "radius", Listen: "192.0.2.1:0"}} }, "listening for radius"},
	} {
		t.Run(name, func(t *testing.T) {
			bad := good
			c.change(&bad)
			_, err := Listen(bad)
			require.ErrorContains(t, err, c.says)
		})
	}
	good.Listen = tooltest.FreeAddress(t)
	s, err := Listen(good)
	require.NoError(t, err)
	taken := good
	taken.Listen = strings.TrimPrefix(s.HTTP(), "http://")
	_, err = Listen(taken)
	require.ErrorContains(t, err, "listening for HTTP")
	require.NoError(t, s.Close())
	s, err = Listen(taken)
	require.NoError(t, err, "after Close the port is free")
	require.NoError(t, s.Close())
}

func TestShutdown(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /slow", func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-finish
		_, _ = io.WriteString(w, "done")
	})
	var order []string
	var mu sync.Mutex
	note := func(what string) {
		mu.Lock()
		defer mu.Unlock()
		order = append(order, what)
	}
	r := serve(t, Config{Pages: mux, Packets: []Packets{{
		Name: "echo", Listen: "127.0.0.1:0",
		Serve: func(ctx context.Context, conn net.PacketConn) error {
			defer note("packets")
			stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
			defer stop()
			b := make([]byte, 100)
			for {
				n, from, err := conn.ReadFrom(b)
				if err != nil {
					return nil
				}
				_, _ = conn.WriteTo(b[:n], from)
			}
		},
	}}})
	conn, err := net.Dial("udp", r.Packets()[0])
	require.NoError(t, err)
	_, err = conn.Write([]byte("hello"))
	require.NoError(t, err)
	b := make([]byte, 10)
	n, err := conn.Read(b)
	require.NoError(t, err)
	require.Equal(t, "hello", string(b[:n]))

	answer := make(chan string, 1)
	go func() {
		_, body := get(t, http.DefaultClient, r.Server.HTTP()+"/slow")
		answer <- body
	}()
	<-begun
	r.stop()
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", strings.TrimPrefix(r.Server.HTTP(), "http://"))
		if err == nil {
			c.Close()
		}
		return err != nil
	}, patience, time.Millisecond, "nothing new is taken")
	require.Empty(t, r.ended, "the shutdown waits for the request")
	close(finish)
	require.Equal(t, "done", <-answer)
	require.NoError(t, <-r.ended)
	require.Equal(t, []string{"packets"}, order)
	require.Contains(t, r.lines.String(), "stopping")
}

func TestShutdownOutOfPatience(t *testing.T) {
	begun := make(chan struct{})
	r := serve(t, Config{Patience: time.Nanosecond, Pages: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
	})})
	go func() {
		answer, err := http.Get(r.Server.HTTP())
		if err == nil {
			answer.Body.Close()
		}
	}()
	<-begun
	r.stop()
	err := <-r.ended
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "did not end within 1ns")
}

func TestFailedInterfaceStopsTheServer(t *testing.T) {
	boom := errors.New("boom")
	r := serve(t, Config{Pages: http.NotFoundHandler(), Packets: []Packets{{
		Name: "radius", Listen: "127.0.0.1:0",
		Serve: func(context.Context, net.PacketConn) error { return boom },
	}}})
	err := <-r.ended
	require.ErrorIs(t, err, boom)
	require.ErrorContains(t, err, "radius")
}

func TestPanicIsAnswered(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /boom/{id}", func(http.ResponseWriter, *http.Request) { panic("boom") })
	counted := metrics.New(metrics.Build{})
	r := serve(t, Config{Pages: mux, Metrics: counted})
	code, body := get(t, http.DefaultClient, r.Server.HTTP()+"/boom/one-token?code=some-code")
	require.Equal(t, 500, code)
	require.Equal(t, "internal error\n", body)
	require.Contains(t, r.lines.String(), "boom")
	require.Contains(t, r.lines.String(), `route="GET /boom/{id}"`)
	require.NotContains(t, r.lines.String(), "one-token", "the route is the pattern")
	require.NotContains(t, r.lines.String(), "some-code", "what was asked may hold a secret")
	get(t, http.DefaultClient, r.Server.HTTP()+"/no-such-page")

	show := httptest.NewRecorder()
	counted.Handler().ServeHTTP(show, httptest.NewRequest("GET", "/metrics", nil))
	text := show.Body.String()
	require.Contains(t, text, `fob_validator_page_seconds_count{route="GET /boom/{id}",status="500"} 1`)
	require.NotContains(t, text, "no-such-page", "a path must not be a label: clients can invent any number of paths")
	require.NotContains(t, text, "one-token")
}

func TestTLS(t *testing.T) {
	certificate, pool := selfSigned(t)
	r := serve(t, Config{Listen: "127.0.0.1:0", Certificate: certificate, Pages: http.NotFoundHandler()})
	require.True(t, strings.HasPrefix(r.Server.HTTP(), "https://127.0.0.1:"))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	code, _ := get(t, client, r.Server.HTTP())
	require.Equal(t, 404, code)
	old := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}}}
	_, err := old.Get(r.Server.HTTP())
	require.ErrorContains(t, err, "protocol version")
	code, _ = get(t, http.DefaultClient, "http://"+strings.TrimPrefix(r.Server.HTTP(), "https://"))
	require.Equal(t, 400, code, "HTTP on the port of HTTPS")
	client.CloseIdleConnections()
	r.stop()
	require.NoError(t, <-r.ended)
}

func selfSigned(t *testing.T) (*Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return FixedCertificate(tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}), pool
}

func TestRoutesOfAPIAndPages(t *testing.T) {
	says := func(words string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, words) })
	}
	r := serve(t, Config{API: says("api"), Pages: says("pages")})
	for path, want := range map[string]string{
		"/v1/check": "api", "/v1/": "api", "/metrics": "api", "/healthz": "api", "/readyz": "api",
		"/openapi.json": "api", "/openapi.yaml": "api",
		"/": "pages", "/login": "pages", "/desk/": "pages", "/v2/check": "pages", "/healthz/x": "pages",
	} {
		_, got := get(t, http.DefaultClient, r.Server.HTTP()+path)
		require.Equal(t, want, got, path)
	}
}

func TestConnectionsAreLimited(t *testing.T) {
	r := serve(t, Config{Connections: 2, Pages: http.NotFoundHandler()})
	addr := strings.TrimPrefix(r.Server.HTTP(), "http://")
	dial := func() net.Conn {
		c, err := net.Dial("tcp", addr)
		require.NoError(t, err)
		t.Cleanup(func() { c.Close() })
		return c
	}
	ask := func(c net.Conn) error {
		_, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		require.NoError(t, err)
		require.NoError(t, c.SetReadDeadline(time.Now().Add(5*time.Minute)))
		_, err = c.Read(make([]byte, 10))
		return err
	}
	one, two := dial(), dial()
	require.NoError(t, ask(one))
	require.NoError(t, ask(two))
	three := dial()
	answered := make(chan error, 1)
	go func() {
		_, err := io.WriteString(three, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		if err == nil {
			_, err = three.Read(make([]byte, 10))
		}
		answered <- err
	}()
	require.NoError(t, ask(one), "an open connection is served")
	require.Empty(t, answered, "another connection waits")
	require.NoError(t, two.Close())
	require.NoError(t, <-answered)
}
