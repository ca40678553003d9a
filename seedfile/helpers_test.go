// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/token"
)

// rfcSeed is the seed of RFC 4226 and RFC 6238 in hexadecimal.
const rfcSeed = "3132333435363738393031323334353637383930"

func mustFormat(t testing.TB, name string) *Format {
	t.Helper()
	f, err := FormatByName(name)
	require.NoError(t, err)
	return f
}

// hexSeedOf returns a seed that is given in hexadecimal.
func hexSeedOf(t testing.TB, s string) token.Seed {
	t.Helper()
	return testSeed(t, string(fromHex(t, s)))
}

// readAll reads a whole file. It returns the error that ended the file, or nil at its
// end.
func readAll(f *Format, text string, o ReadOptions) ([]Record, error) {
	r, err := f.NewReader(strings.NewReader(text), o)
	if err != nil {
		return nil, err
	}
	var records []Record
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return records, nil
		}
		if err != nil {
			if _, again := r.Read(); again != err {
				return records, fmt.Errorf("an error does not end the file: %w, then %w", err, again)
			}
			return records, err
		}
		records = append(records, rec)
	}
}

// writeOptions has the options that some formats require.
var writeOptions = WriteOptions{OktaProfile: "fpr20l2mDyaUGWGCa0g4"}

// writeAll writes a whole file with writeOptions, and writeWith with others.
func writeAll(f *Format, records ...Record) (string, error) {
	return writeWith(f, writeOptions, records...)
}

func writeWith(f *Format, o WriteOptions, records ...Record) (string, error) {
	var b bytes.Buffer
	w, err := f.NewWriter(&b, o)
	if err != nil {
		return "", err
	}
	for i := range records {
		if err := w.Write(&records[i]); err != nil {
			return "", err
		}
	}
	err = w.Close()
	return b.String(), err
}

// plain returns a record without its seed, for comparing and printing. Times are in UTC.
func plain(r Record) Record {
	if r.KeyID == r.Serial.String() {
		r.KeyID = "" // redundant: see Record.Fields
	}
	for _, at := range []*time.Time{&r.Device.Start, &r.Device.Expiry, &r.Policy.Start, &r.Policy.Expiry} {
		*at = at.UTC()
	}
	r.Seed = token.Seed{}
	return r
}

func requireSame(t require.TestingT, want, got Record, where string) {
	require.True(t, want.Seed.Equal(got.Seed), "the seeds differ: %s", where)
	require.Equal(t, plain(want), plain(got), where)
}

// requireRefused checks that an error is of a kind and contains a text.
func requireRefused(t require.TestingT, err, kind error, says, name string) {
	require.ErrorIs(t, err, kind, name)
	require.ErrorContains(t, err, says, name)
}

// rfcSecret is the secret of RFC 4226 appendix D and of RFC 6030's figures.
const rfcSecret = "12345678901234567890"

func pskcAll(file string, o ReadOptions) ([]Record, error) { return readAll(pskcFormat, file, o) }

func pskcWrite(t rapid.TB, o WriteOptions, records ...Record) string {
	t.Helper()
	file, err := writeWith(pskcFormat, o, records...)
	require.NoError(t, err)
	return file
}

func readTestdata(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return string(b)
}

func testSeed(t testing.TB, secret string) token.Seed {
	t.Helper()
	s, err := token.NewSeed([]byte(secret))
	require.NoError(t, err)
	return s
}

func testSerial(t testing.TB, s string) token.Serial {
	t.Helper()
	serial, err := token.ParseSerial(s)
	require.NoError(t, err)
	return serial
}

// pskcRecord returns a record with every field set.
func pskcRecord(t testing.TB) Record {
	return Record{
		Serial: testSerial(t, "2600124800001"), Seed: testSeed(t, rfcSecret), Algorithm: token.SHA256,
		Digits: 8, Step: 60, T0: token.Epoch2000, Drift: -3,
		Device: Validity{time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC), time.Date(2031, 12, 31, 14, 59, 59, 0, time.UTC)},
		Policy: Validity{time.Date(2025, 2, 3, 0, 0, 0, 500e6, time.UTC), time.Date(2030, 6, 30, 14, 59, 59, 0, time.UTC)},

		Manufacturer: "oath.ZZ", Model: `c200 "<&>`, IssueNo: "1", Issuer: "東京銀行", KeyID: "key-1",
		FriendlyName: "line\r\nbreak\ttab", User: "CN=a, O=b",
	}
}

// equalRecords compares records including their seeds. A failure does not print a seed.
func equalRecords(t require.TestingT, want, got Record) {
	require.True(t, want.Seed.Equal(got.Seed), "the seed")
	want.Seed, got.Seed = token.Seed{}, token.Seed{}
	require.Equal(t, want, got)
}

// testKeyPair returns the RSA key of testdata and its certificate.
func testKeyPair(t testing.TB) (key, certificate []byte) {
	return []byte(readTestdata(t, "pskc/test-key.pem")), []byte(readTestdata(t, "pskc/test-cert.pem"))
}

// otherCertificate returns a certificate that has signed nothing.
func otherCertificate(t testing.TB) []byte {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "seedfile test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
