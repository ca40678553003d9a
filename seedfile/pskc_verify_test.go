// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"crypto"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

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
	got, err := pskcAll(t, file, trusted)
	require.NoError(t, err)
	require.Len(t, got, 300)

	from, to := strings.Index(file, "<ds:Signature"), strings.Index(file, "</KeyContainer")
	front := strings.Index(file, "\n  <KeyPackage")
	got, err = pskcAll(t, file[:front]+file[from:to]+file[front:from]+file[to:], trusted)
	require.NoError(t, err)
	require.Len(t, got, 300)

	_, err = pskcAll(t, strings.Replace(file, "key-299", "key-301", 1), trusted)
	require.ErrorIs(t, err, ErrSignature)

	_, err = pskcAll(t, strings.Replace(file, "</ds:Signature>", strings.Repeat("<ds:Object/>", 1000)+"</ds:Signature>", 1), trusted)
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
		_, err = pskcAll(t, text, ReadOptions{Keys: Keys{Trusted: certificate}, Warn: func(s string) { warned = append(warned, s) }})
		require.NoError(t, err)
		require.Equal(t, c.weak, strings.Join(warned, "\n"))
	}
}
