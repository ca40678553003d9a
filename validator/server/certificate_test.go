// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// pemPair creates a self-signed certificate and its private key.
func pemPair(t *testing.T, serial int64, ends time.Time) (cert, key []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	about := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: ends,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, about, about, k.Public(), k)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(k)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
}

// TestCertificateIsFollowed: new connections use a new certificate. If the files are
// broken in any way, the previous certificate stays in use.
func TestCertificateIsFollowed(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "crt"), filepath.Join(dir, "key")
	write := func(cert, key []byte) {
		require.NoError(t, os.WriteFile(certFile, cert, 0o600))
		require.NoError(t, os.WriteFile(keyFile, key, 0o600))
	}
	later := time.Now().Add(time.Hour)
	one, oneKey := pemPair(t, 1, later)
	write(one, oneKey)
	certificate, err := LoadCertificate(certFile, keyFile)
	require.NoError(t, err)
	r := serve(t, Config{Certificate: certificate, Pages: http.NotFoundHandler()})
	shown := func() int64 {
		conn, err := tls.Dial("tcp", strings.TrimPrefix(r.HTTP(), "https://"), &tls.Config{InsecureSkipVerify: true})
		require.NoError(t, err)
		defer func() { _ = conn.Close() }()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	require.EqualValues(t, 1, shown())

	two, twoKey := pemPair(t, 2, later)
	write(two, twoKey)
	r.Reload()
	require.EqualValues(t, 2, shown())
	require.Contains(t, r.lines.String(), "certificate replaced")

	old, oldKey := pemPair(t, 3, time.Now().Add(-time.Hour))
	for name, pair := range map[string][2][]byte{
		"expired": {old, oldKey}, "key of another": {one, twoKey}, "empty": {nil, nil}, "cut off": {one[:100], oneKey},
	} {
		write(pair[0], pair[1])
		before := strings.Count(r.lines.String(), "the new certificate cannot be used: the previous one stays in use")
		r.Reload()
		require.EqualValues(t, 2, shown(), name)
		require.Equal(t, before+1, strings.Count(r.lines.String(), "the new certificate cannot be used: the previous one stays in use"), name)
		certificate.refresh(false, r.c.Event)
		require.Equal(t, before+1, strings.Count(r.lines.String(), "the new certificate cannot be used: the previous one stays in use"), "an error of the same file is reported once")
	}
	write(one, oneKey)
	require.NoError(t, os.Chmod(keyFile, 0o644))
	r.Reload()
	require.EqualValues(t, 2, shown(), "key file readable by others")
	require.NoError(t, os.Remove(certFile))
	r.Reload()
	require.EqualValues(t, 2, shown(), "no file")

	// The server also notices a change without a signal.
	write(one, oneKey)
	require.NoError(t, os.Chmod(keyFile, 0o600))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go certificate.watch(ctx, time.Millisecond, r.c.Event)
	require.Eventually(t, func() bool { return shown() == 1 }, patience, 10*time.Millisecond)
}

// TestCipherSuites: for TLS 1.2 the server accepts only cipher suites with forward
// secrecy and authenticated encryption (RFC 9325, section 4.2).
func TestCipherSuites(t *testing.T) {
	certificate, pool := selfSigned(t)
	r := serve(t, Config{Certificate: certificate, Pages: http.NotFoundHandler()})
	good := 0
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if suite.SupportedVersions[0] == tls.VersionTLS13 {
			continue
		}
		conn, err := tls.Dial("tcp", strings.TrimPrefix(r.HTTP(), "https://"), &tls.Config{
			RootCAs: pool, ServerName: "127.0.0.1", MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite.ID},
		})
		aead := strings.HasPrefix(suite.Name, "TLS_ECDHE_") && (strings.Contains(suite.Name, "_GCM_") || strings.Contains(suite.Name, "CHACHA20"))
		if !aead {
			require.Error(t, err, suite.Name)
		}
		if err == nil {
			good++
			require.NoError(t, conn.Close())
		}
	}
	require.Equal(t, 3, good, "cipher suites of an ECDSA certificate")
}
