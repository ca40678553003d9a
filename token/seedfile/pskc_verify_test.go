// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// manyRecords are n records that differ in their key ids.
func manyRecords(t testing.TB, n int) []Record {
	all := make([]Record, n)
	for i := range all {
		all[i] = pskcRecord(t)
		all[i].KeyID = fmt.Sprintf("key-%d", i)
	}
	return all
}

// TestPSKCSignedMany: the library's limit of 1000 elements does not hold for
// what is signed, wherever the signature stands; for the signature it is
// ErrLimit.
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
