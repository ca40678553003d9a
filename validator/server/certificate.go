// SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/d204ef64/fob/internal/secretfile"
)

// certificateEvery is how often a server checks the certificate files for changes.
const certificateEvery = time.Minute

// Certificate is a server's TLS certificate. It can be replaced while the server runs.
type Certificate struct {
	certFile, keyFile string // "" for a fixed certificate

	mu        sync.Mutex
	current   *tls.Certificate
	cert, key []byte // the file contents that were read last
}

// FixedCertificate returns a certificate that never changes.
func FixedCertificate(c tls.Certificate) *Certificate { return &Certificate{current: &c} }

// LoadCertificate reads a PEM certificate chain and its private key. The running server
// picks up later changes to the files.
func LoadCertificate(certFile, keyFile string) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile}
	_, err := c.Reload()
	return c, err
}

// Reload reads the files again and reports whether the certificate changed. If the
// files cannot be used, the previous certificate stays in use.
func (c *Certificate) Reload() (fresh bool, err error) { return c.load(true) }

// load reads the files. Unless always is set, it returns an error only once for the
// same file contents.
func (c *Certificate) load(always bool) (fresh bool, err error) {
	if c.certFile == "" {
		return false, nil
	}
	cert, err := os.ReadFile(c.certFile)
	if err != nil {
		return false, fmt.Errorf("reading the certificate: %w", err)
	}
	key, err := secretfile.Read(c.keyFile)
	if err != nil {
		return false, fmt.Errorf("reading the certificate's key: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if same := bytes.Equal(cert, c.cert) && bytes.Equal(key, c.key); same && !always {
		return false, nil
	}
	c.cert, c.key = cert, key
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return false, fmt.Errorf("reading the certificate from %s and %s: %w", c.certFile, c.keyFile, err)
	}
	if c.current != nil && time.Now().After(pair.Leaf.NotAfter) {
		return false, fmt.Errorf("reading the certificate from %s: it expired on %s", c.certFile, pair.Leaf.NotAfter.Format(time.RFC3339))
	}
	fresh = c.current == nil || !bytes.Equal(c.current.Certificate[0], pair.Certificate[0])
	c.current = &pair
	return fresh, nil
}

// Leaf returns the certificate of the server itself, without its chain. It is nil for a
// fixed certificate that was made without it.
func (c *Certificate) Leaf() *x509.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current.Leaf
}

// Config returns the TLS settings of a server: TLS 1.2 and 1.3. The TLS 1.2 cipher suites are limited to those with
// forward secrecy and authenticated encryption.
func (c *Certificate) Config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.current, nil
		},
	}
}

// Refresh reads the files again, as after SIGHUP, and reports the result as an event.
func (c *Certificate) Refresh(event func(level slog.Level, what string, attrs ...slog.Attr)) {
	c.refresh(true, event)
}

func (c *Certificate) refresh(always bool, event func(slog.Level, string, ...slog.Attr)) {
	fresh, err := c.load(always)
	switch {
	case err != nil:
		event(slog.LevelWarn, "the new certificate cannot be used: the previous one stays in use", slog.String("error", err.Error()))
	case fresh:
		event(slog.LevelInfo, "certificate replaced")
	case always:
		event(slog.LevelInfo, "the certificate has not changed")
	}
}

// Watch checks the files for changes once a minute until the context ends. It reports a
// new certificate, and one that cannot be used, as events.
func (c *Certificate) Watch(ctx context.Context, event func(level slog.Level, what string, attrs ...slog.Attr)) {
	c.watch(ctx, certificateEvery, event)
}

func (c *Certificate) watch(ctx context.Context, every time.Duration, event func(slog.Level, string, ...slog.Attr)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			c.refresh(false, event)
		case <-ctx.Done():
			return
		}
	}
}
