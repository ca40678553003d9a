// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPSKCShortMACKey checks that a MAC key of fewer than 16 bytes is refused like a
// wrong one, even though its MAC is correct.
func TestPSKCShortMACKey(t *testing.T) {
	const (
		sealed = "AAECAwQFBgcICQoLDA0OD+cIHItlB3Wra1DUpxVvOx2lef1VmNPCMl8jwZqIUqGv"
		macKey = "ESIzRFVmd4iZABEiM0RVZgKn6WjLaTC1sbeBMSvIhRejN9vJa2BOlSaMrR7I5wSX"
		mac    = "Su+NvtQfmvfJzF6bmQiJqoLRExc="
	)
	key := fromHex(t, "12345678901234567890123456789012")
	for size := range 33 {
		short := []byte(strings.Repeat("m", size))
		wrapped, err := sealCBC(key, short)
		require.NoError(t, err)
		h := hmac.New(sha1.New, short)
		h.Write(fromBase64(t, sealed))
		file := strings.NewReplacer(macKey, base64.StdEncoding.EncodeToString(wrapped),
			mac, base64.StdEncoding.EncodeToString(h.Sum(nil))).Replace(readTestdata(t, "rfc6030/figure6.xml"))
		got, err := pskcAll(t, file, ReadOptions{Keys: Keys{Key: key}})
		if size >= 16 { // shorter than SHA-1's output is accepted with a warning
			require.NoError(t, err, size)
			continue
		}
		require.ErrorIs(t, err, ErrMAC, size)
		require.Empty(t, got, size)
		require.True(t, strings.HasSuffix(err.Error(), ": Secret: "+ErrMAC.Error()), "%d: %v", size, err)
	}
}

// TestPSKCRecipientWarns: encryption to a certificate does not identify the sender,
// unless the file is signed as well.
func TestPSKCRecipientWarns(t *testing.T) {
	private, certificate := testKeyPair(t)
	file := pskcWrite(t, WriteOptions{
		Encrypt: &Encryption{Recipient: certificate}, Sign: &Signer{private, certificate},
	}, pskcRecord(t), pskcRecord(t))
	for _, c := range []struct {
		trusted []byte
		want    []string
	}{
		{nil, []string{
			"not authenticated: anyone with the certificate could have made the file; only a verified signature proves its origin",
			"the file is signed, but its signature was not checked",
		}},
		{certificate, nil},
	} {
		var warned []string
		_, err := pskcAll(t, file, ReadOptions{
			Keys: Keys{Private: private, Trusted: c.trusted},
			Warn: func(s string) { warned = append(warned, s) },
		})
		require.NoError(t, err)
		require.Equal(t, c.want, warned, fmt.Sprintf("%.20s", c.trusted))
	}
}
