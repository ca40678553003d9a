// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"crypto"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
)

// TestPSKCToolVerifies checks that pskctool, which uses libxmlsec, verifies our
// signature.
func TestPSKCToolVerifies(t *testing.T) {
	tool := tooltest.Find(t, "pskctool")
	private, certificate := testKeyPair(t)
	file := pskcWrite(t, WriteOptions{Sign: &Signer{private, certificate}}, pskcRecord(t))
	cert := tempFile(t, "cert.pem", string(certificate))
	require.Equal(t, "OK\n", run(t, "", tool, "--verify", "--verify-crt", cert, tempFile(t, "keys.xml", file)))
}

// TestPSKCToolSigns checks that our reader verifies a signature by pskctool.
func TestPSKCToolSigns(t *testing.T) {
	tool := tooltest.Find(t, "pskctool")
	private, certificate := testKeyPair(t)
	want := pskcRecord(t)
	want.FriendlyName = "x"
	want.Drift = 3                                              // pskctool would rewrite -3 as 4294967293, which is not an xs:int and is refused
	want.Policy.Start = want.Policy.Start.Truncate(time.Second) // pskctool drops fractions
	path := tempFile(t, "keys.xml", pskcWrite(t, WriteOptions{}, want))
	file := run(t, "", tool, "--sign", "--sign-key", tempFile(t, "key.pem", string(private)),
		"--sign-crt", tempFile(t, "cert.pem", string(certificate)), path)
	var warned []string
	got, err := pskcAll(file, ReadOptions{
		Keys: Keys{Trusted: certificate},
		Warn: func(s string) { warned = append(warned, s) },
	})
	require.NoError(t, err)
	require.Len(t, got, 1)
	equalRecords(t, want, got[0])
	t.Log(warned)

	_, err = pskcAll(strings.Replace(file, "c200", "c201", 1), ReadOptions{Keys: Keys{Trusted: certificate}})
	require.ErrorIs(t, err, ErrSignature)
}

// TestPSKCSignature checks that with Trusted no record is read from a file that differs
// from the signed one.
func TestPSKCSignature(t *testing.T) {
	private, certificate := testKeyPair(t)
	r := pskcRecord(t)
	second := r
	second.KeyID = "key-2"
	file := pskcWrite(t, WriteOptions{Sign: &Signer{private, certificate}}, r, second)
	trusted := ReadOptions{Keys: Keys{Trusted: certificate}}

	reader, err := pskcFormat.NewReader(strings.NewReader("<?xml version='1.0'?>\n<!-- x -->\n"+file[strings.Index(file, "<KeyContainer"):]), trusted)
	require.NoError(t, err)
	_, err = reader.Read()
	require.NoError(t, err)
	require.Equal(t, 4, reader.Line(), "counted in the file")

	foreign, err := pskcAll(readTestdata(t, "rfc6030/figure10.xml"), ReadOptions{})
	require.NoError(t, err)
	inner := file[strings.Index(file, "  <KeyPackage"):strings.Index(file, "<ds:Signature")]
	signature := file[strings.Index(file, "<ds:Signature"):strings.Index(file, "</KeyContainer")]
	evil := strings.Replace(strings.Replace(inner, "key-1", "evil", 1), "<Issuer>", "<Issuer>x", 1)
	head := file[:strings.Index(file, "  <KeyPackage")]

	for name, bad := range map[string]string{
		"not signed":   pskcWrite(t, WriteOptions{}, foreign...),
		"changed":      strings.Replace(file, "key-2", "key-3", 1),
		"added":        strings.Replace(file, "<ds:Signature", evil+"<ds:Signature", 1),
		"taken out":    strings.Replace(file, inner[strings.LastIndex(inner, "  <KeyPackage"):], "", 1),
		"two":          strings.Replace(file, "</KeyContainer", signature+"</KeyContainer", 1),
		"truncated":    file[:len(file)-30],
		"wrapped root": head + evil + "<Extensions><x:o xmlns:x='x'>" + file[strings.Index(file, "<KeyContainer"):] + "</x:o></Extensions>" + signature + "</KeyContainer>",
		"in extension": head + evil + "<Extensions><x:o xmlns:x='x'>" + inner + signature + "</x:o></Extensions></KeyContainer>",
		"doctype":      "<!DOCTYPE x>" + file[strings.Index(file, "<KeyContainer"):],
		"deep":         strings.Replace(file, "<ds:Signature", strings.Repeat("<Extensions>", 1e5)+"<ds:Signature", 1),
		"empty":        "",
	} {
		got, err := pskcAll(bad, trusted)
		require.Error(t, err, name)
		require.Empty(t, got, name)
		var e *Error
		require.ErrorAs(t, err, &e, name)
		switch name {
		case "doctype":
			require.ErrorIs(t, err, ErrUnsupported)
		case "deep":
			require.ErrorIs(t, err, ErrLimit)
		case "truncated", "empty":
			require.ErrorIs(t, err, ErrSyntax)
		case "two":
			require.ErrorContains(t, err, "2 signatures")
			fallthrough
		default:
			require.ErrorIs(t, err, ErrSignature, name)
		}
	}
	_, err = pskcAll(file, ReadOptions{Keys: Keys{Trusted: otherCertificate(t)}})
	require.ErrorIs(t, err, ErrSignature)
	_, err = pskcAll(file, ReadOptions{Keys: Keys{Trusted: []byte("x")}})
	require.ErrorIs(t, err, ErrValue)

	var warned []string
	got, err := pskcAll(file, ReadOptions{Warn: func(s string) { warned = append(warned, s) }})
	require.NoError(t, err)
	require.Len(t, got, 2)
	require.Equal(t, []string{"the file is signed, but its signature was not checked"}, warned)
}

// TestPSKCSignedLimit checks that a file too large to hold in memory is refused, with
// advice.
func TestPSKCSignedLimit(t *testing.T) {
	_, certificate := testKeyPair(t)
	key := benchFile(t, 1)
	from, to := strings.Index(key, "  <KeyPackage"), strings.Index(key, "</KeyContainer")
	endless := &keyStream{head: key[:from], key: key[from:to], tail: key[to:], n: pskcMaxSigned/(to-from) + 1}
	_, err := pskcFormat.NewReader(endless, ReadOptions{Keys: Keys{Trusted: certificate}})
	requireRefused(t, err, ErrLimit, "split it", "")
}

// manyRecords returns n records with different key ids.
func manyRecords(t testing.TB, n int) []Record {
	all := make([]Record, n)
	for i := range all {
		all[i] = pskcRecord(t)
		all[i].KeyID = fmt.Sprintf("key-%d", i)
	}
	return all
}

// TestPSKCSignedMany checks that the library's limit of 1000 elements does not apply to
// the signed data, wherever the signature is. For the signature itself it is ErrLimit.
func TestPSKCSignedMany(t *testing.T) {
	private, certificate := testKeyPair(t)
	trusted := ReadOptions{Keys: Keys{Trusted: certificate}}
	file := pskcWrite(t, WriteOptions{Sign: &Signer{private, certificate}}, manyRecords(t, 300)...)
	got, err := pskcAll(file, trusted)
	require.NoError(t, err)
	require.Len(t, got, 300)

	from, to := strings.Index(file, "<ds:Signature"), strings.Index(file, "</KeyContainer")
	front := strings.Index(file, "\n  <KeyPackage")
	got, err = pskcAll(file[:front]+file[from:to]+file[front:from]+file[to:], trusted)
	require.NoError(t, err)
	require.Len(t, got, 300)

	_, err = pskcAll(strings.Replace(file, "key-299", "key-301", 1), trusted)
	require.ErrorIs(t, err, ErrSignature)

	_, err = pskcAll(strings.Replace(file, "</ds:Signature>", strings.Repeat("<ds:Object/>", 1000)+"</ds:Signature>", 1), trusted)
	require.ErrorIs(t, err, ErrLimit)
	require.NotErrorIs(t, err, ErrSignature)
}

// TestPSKCSignedSHA1 writes the name of the algorithm in a form that a search of the
// bytes would miss.
func TestPSKCSignedSHA1(t *testing.T) {
	private, certificate := testKeyPair(t)
	signer, err := newPSKCSigner(&Signer{private, certificate})
	require.NoError(t, err)
	signer.context.Hash = crypto.SHA1
	for _, c := range []struct {
		hash       crypto.Hash
		with, weak string
	}{
		{crypto.SHA1, "sha1", "the signature uses SHA-1: an attacker who can choose the signed data can forge it"},
		{crypto.SHA1, "&#115;ha&#x31;", "the signature uses SHA-1: an attacker who can choose the signed data can forge it"},
		{crypto.SHA256, "sha1", ""},
	} {
		signer.context.Hash = c.hash
		file, err := signer.sign([]byte(strings.Replace(pskcBase, "<SerialNo>", "<Model>http://www.w3.org/2000/09/xmldsig#rsa-sha1</Model><SerialNo>", 1)))
		require.NoError(t, err)
		from := bytes.Index(file, []byte("<ds:Signature"))
		text := string(file[:from]) + strings.ReplaceAll(string(file[from:]), "sha1", c.with)
		var warned []string
		_, err = pskcAll(text, ReadOptions{Keys: Keys{Trusted: certificate}, Warn: func(s string) { warned = append(warned, s) }})
		require.NoError(t, err)
		require.Equal(t, c.weak, strings.Join(warned, "\n"))
	}
}
