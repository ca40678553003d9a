// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto/host"
)

// testPublic is the public half of the published test key, and testPrivate is its
// private half. They were computed with OpenSSL 3, in bash:
//
//	name='fob insecure test station key, published, protects nothing'
//	printf %s "$name" | openssl dgst -sha256 -binary >scalar
//	(printf 302e020100300506032b656e04220420 | xxd -r -p; cat scalar) >key.der # PKCS #8
//	openssl pkey -inform DER -in key.der -pubout -outform DER | tail -c 32 | base64
//	base64 scalar
const (
	testPublic  = "fob-station-pub-1:Nw+CHt4wIah15FwuprRWst7Vu2jsJHmCOvUdoA3iVgM="
	testPrivate = "fob-station-key-1:ycgKpogbS9snz79y0aQqRIcbnKbHUxtWluzuHxNhSKU="
)

func TestStationTestKey(t *testing.T) {
	k := host.InsecureTestStationKey()
	require.Equal(t, testPublic, k.Public().String())
	require.Equal(t, testPrivate, k.Expose())
}

func TestStationKeyRoundTrip(t *testing.T) {
	a, err := host.GenerateStationKey()
	require.NoError(t, err)
	b, err := host.GenerateStationKey()
	require.NoError(t, err)
	require.NotEqual(t, a.Public(), b.Public())
	for _, k := range []host.StationKey{a, b, host.InsecureTestStationKey()} {
		for _, frame := range []string{"%s", "%s\n", "\t %s\r\n\n"} {
			private, err := host.ParseStationKey(fmt.Sprintf(frame, k.Expose()))
			require.NoError(t, err)
			require.Equal(t, k.Expose(), private.Expose())
			require.Equal(t, k.Public(), private.Public())
			public, err := host.ParsePublicKey(fmt.Sprintf(frame, k.Public()))
			require.NoError(t, err)
			require.Equal(t, k.Public(), public)
		}
	}
}

func TestStationKeyRefused(t *testing.T) {
	private := func(text string) error { _, err := host.ParseStationKey(text); return err }
	public := func(text string) error { _, err := host.ParsePublicKey(text); return err }
	for name, c := range map[string]struct {
		parse     func(string) error
		text, why string
	}{
		"nothing":          {private, "", `a private key is one line that starts with "fob-station-key-1:"`},
		"something else":   {public, "ssh-ed25519 AAAA", `a public key is one line that starts with "fob-station-pub-1:"`},
		"public":           {private, testPublic, "this is a public key, want the private key"},
		"private":          {public, testPrivate, "this is a private key, want the public key (the .pub file)"},
		"cut off":          {private, testPrivate[:len(testPrivate)-5], "32 bytes in base64"},
		"cut off public":   {public, testPublic[:len(testPublic)-4], "32 bytes in base64"},
		"prefix only":      {private, "fob-station-key-1:", "32 bytes in base64"},
		"longer":           {private, testPrivate + "AAAA", "32 bytes in base64"},
		"space inside":     {private, strings.Replace(testPrivate, ":", ": ", 1), "32 bytes in base64"},
		"two keys":         {private, testPrivate + "\n" + testPrivate, "32 bytes in base64"},
		"another alphabet": {public, strings.ReplaceAll(testPublic, "+", "-"), "32 bytes in base64"},
		"another version":  {private, strings.Replace(testPrivate, "1:", "2:", 1), "one line that starts with"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.parse(c.text)
			require.ErrorIs(t, err, host.ErrStationKey)
			require.ErrorContains(t, err, c.why)
			require.NotContains(t, err.Error(), testPrivate[30:50])
		})
	}
}

func TestStationKeyIsRedacted(t *testing.T) {
	k := host.InsecureTestStationKey()
	scalar, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(testPrivate, "fob-station-key-1:"))
	require.NoError(t, err)
	type holder struct {
		Key    host.StationKey
		hidden host.StationKey
		Deep   *host.StationKey
	}
	h := holder{k, k, &k}
	var texts []string
	for _, verb := range strings.Split("v s q x X d o b +v #v #x T U p", " ") {
		for _, v := range []any{k, &k, h, &h} {
			texts = append(texts, fmt.Sprintf("%"+verb, v))
		}
	}
	b, err := json.Marshal(h)
	require.NoError(t, err)
	texts = append(texts, string(b), fmt.Sprint(h.hidden))
	for _, text := range texts {
		for _, form := range []string{
			testPrivate[18:40], hex.EncodeToString(scalar)[:16], strings.ToUpper(hex.EncodeToString(scalar))[:16],
			strings.Trim(fmt.Sprint(scalar[:8]), "[]"), strings.Trim(fmt.Sprintf("%#v", scalar[:4]), "[]byte{}"),
		} {
			require.NotContains(t, text, form)
		}
	}
	require.Equal(t, testPublic, k.String())
}
