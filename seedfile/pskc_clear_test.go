// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPSKCDowngrade checks that an unencrypted secret is refused when a key is supposed
// to authenticate the secrets.
func TestPSKCDowngrade(t *testing.T) {
	keys := Keys{Key: fromHex(t, "12345678901234567890123456789012"), Password: []byte("qwerty")}
	figure6 := readTestdata(t, "rfc6030/figure6.xml")
	from, to := strings.Index(figure6, "<EncryptedValue>"), strings.Index(figure6, "</ValueMAC>")+len("</ValueMAC>")
	const plain = "<PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue>"
	clear := figure6[:from] + plain + figure6[to:]
	private, _ := testKeyPair(t)
	for _, c := range []struct {
		name, file string
		keys       Keys
		err        error
		says       string
	}{
		{"in an encrypted file", clear, keys, ErrNoMAC, "EncryptionKey"},
		{"in an encrypted file, no key", clear, Keys{}, ErrNoMAC, "EncryptionKey"},
		{"a key", pskcBase, Keys{Key: keys.Key}, ErrNoMAC, "a key was given"},
		{"a password", pskcBase, Keys{Password: keys.Password}, ErrNoMAC, "a key was given"},
		{"a private key", pskcBase, Keys{Private: private}, ErrNoMAC, "a key was given"},
		{"empty EncryptedValue", pskcWith(t, plain, plain+"<EncryptedValue/>"), Keys{}, ErrSyntax, "both"},
		{"empty EncryptedValue of a number", pskcWith(t, "<PlainValue>60</PlainValue>", "<PlainValue>60</PlainValue><EncryptedValue/>"), Keys{}, ErrSyntax, "both"},
	} {
		got, err := pskcAll(t, c.file, ReadOptions{Keys: c.keys})
		requireRefused(t, err, c.err, c.says, c.name)
		require.Empty(t, got, c.name)
	}
	got, err := pskcAll(t, figure6, ReadOptions{Keys: keys})
	require.NoError(t, err, "numbers are in clear in every such file")
	require.Len(t, got, 1)
}
