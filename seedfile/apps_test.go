// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"github.com/pquerna/otp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
)

// TestMigrationExample reads the example that tools for this format publish: the secret
// JBSWY3DPEHPK3PXP of 80 bits, without algorithm, digits or period.
func TestMigrationExample(t *testing.T) {
	const uri = "otpauth-migration://offline?data=CjEKCkhlbGxvId6tvu8SGEV4YW1wbGU6YWxpY2VAZ29vZ2xlLmNvbRoHRXhhbXBsZTAC"
	_, err := readDetected(uri+"\n", ReadOptions{AllowShort: true})
	require.ErrorIs(t, err, ErrNoPeriod)
	_, err = readDetected(uri+"\n", ReadOptions{Step: 30})
	require.ErrorContains(t, err, "a seed has 16 to 64 bytes, got 10")
	got, err := readDetected(uri+"\n", ReadOptions{Step: 30, AllowShort: true})
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Equal(t, "JBSWY3DPEHPK3PXP", got[0].Seed.ExposeBase32())
	require.Equal(t, "Example alice@google.com", got[0].Issuer+" "+got[0].User)
	require.EqualValues(t, 6, got[0].Digits)
}

// TestMigrationParts checks that a batch with missing URIs is not accepted as complete.
func TestMigrationParts(t *testing.T) {
	_, data, found := strings.Cut(strings.TrimSpace(readTestdata(t, "otpauth-migration.txt")), "data=")
	require.True(t, found)
	data, err := url.QueryUnescape(data)
	require.NoError(t, err)
	message, err := base64.StdEncoding.DecodeString(data)
	require.NoError(t, err)
	message = bytes.Replace(message, []byte{3 << 3, 1, 4 << 3, 0}, []byte{3 << 3, 3, 4 << 3, 0}, 1) // a batch size of 3
	text := "otpauth-migration://offline?data=" + url.QueryEscape(base64.StdEncoding.EncodeToString(message)) + "\n"
	var left []string
	_, err = readDetected(text, ReadOptions{Step: 30, LeftOut: func(s string) { left = append(left, s) }})
	require.NoError(t, err)
	require.Equal(t, []string{"otpauth-migration: the export has 3 parts, and the file contains 1: the others are left out"}, left)
}

// TestOTPAuthWarnsOnce checks that a warning which applies to each of a thousand URIs
// is given once.
func TestOTPAuthWarnsOnce(t *testing.T) {
	uri := "otpauth://totp/A:alice?period=60&issuer=B&image=x&color=y&secret=" + rfcBase32 + "\n"
	for range 2 { // each time the file is read
		var said []string
		got, err := readAll(mustFormat(t, "otpauth"), strings.Repeat(uri, 10), ReadOptions{Warn: func(s string) { said = append(said, s) }})
		require.NoError(t, err)
		require.Len(t, got, 10)
		require.Len(t, said, 2, "%q", said)
	}
}

// TestAppsRefused checks that the error names the reason: encryption, or a token of
// another kind.
func TestAppsRefused(t *testing.T) {
	for _, c := range []struct {
		text string
		is   error
		says string
	}{
		{`{"version":1,"header":{"slots":[{"type":1}],"params":{}},"db":"AAAA"}`, ErrUnsupported, "aegis: not supported: the export is encrypted"},
		{`{"services":[],"servicesEncrypted":"a:b:c","schemaVersion":4}`, ErrUnsupported, "2fas: not supported: the export is encrypted"},
		{`{"encrypted":true,"passwordProtected":true,"encKeyValidation_DO_NOT_EDIT":"2.x","data":"2.y"}`, ErrUnsupported, "bitwarden: not supported: the export is encrypted"},
		{`{"encrypted":false,"folders":[],"items":[{"type":1,"name":"S","login":{"totp":"steam://` + rfcBase32 + `"}}]}`, ErrUnsupported, "bitwarden: entry 1: "},
		{`{"version":1,"header":{"slots":null},"db":{"entries":[{"type":"steam","info":{"secret":"` + rfcBase32 + `"}}]}}`, ErrUnsupported, "type steam"},
		{`{"version":1,"header":{"slots":null},"db":{"entries":[{"type":"totp","info":{"secret":["` + rfcBase32 + `"]}}]}}`, ErrSyntax, "entry 1: malformed: the JSON is not the app's export"},
		{`{"version":1,"header":{"slots":null},"db":7}`, ErrSyntax, "aegis: malformed: the JSON is not the app's export"},
		{`{"services":{}}`, ErrSyntax, "2fas: malformed: the JSON is not the app's export"},
		{`{"services":null}`, ErrSyntax, "2fas: malformed: no token in the file"},
		{`{"services":[],"servicesEncrypted":1}`, ErrSyntax, "2fas: malformed: the JSON is not the app's export"},
		{`{"version":1,"header":{"slots":null},"db":{"entries":[`, ErrSyntax, "invalid or incomplete JSON"},
		{`[{"secret":"` + rfcBase32 + `","type":"TOTP","period":30,"algorithm":"MD5"}]`, ErrValue, "algorithm"},
		{`[{"secret":"` + rfcBase32 + `","type":"TOTP","period":30},{"secret":"` + rfcBase32 + `","type":"TOTP","period":-1}]`, ErrValue, "andotp: entry 2: "},
		{"otpauth-migration://offline?data=%zz\n", ErrSyntax, "an invalid % escape"},
		{"otpauth-migration://offline?data=CjEKCkhlbGxv\n", ErrSyntax, "is incomplete"},
	} {
		_, err := readDetected(c.text, ReadOptions{Step: 30})
		requireRefused(t, err, c.is, c.says, c.text)
		requireNoSeed(t, err, hexSeedOf(t, rfcSeed))
	}
	for _, name := range []string{"aegis", "2fas", "andotp", "freeotp-plus", "bitwarden", "otpauth-migration"} {
		f := mustFormat(t, name)
		require.True(t, f.Readable())
		require.False(t, f.Writable())
	}
}

// TestURIPquerna reads our URIs with pquerna/otp, which is lax and accepts any URI, and
// reads its result with our reader.
func TestURIPquerna(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		r := drawRecord(t)
		uri, err := OTPAuthURI(&r)
		if err != nil {
			require.ErrorIs(t, err, ErrValue)
			return
		}
		key, err := otp.NewKeyFromURL(uri)
		require.NoError(t, err)
		require.Equal(t, strings.ToLower(r.Type.String()), key.Type())
		require.Equal(t, r.Issuer, key.Issuer())
		require.Equal(t, account(&r), key.AccountName())
		require.Equal(t, r.Seed.ExposeBase32(), key.Secret())
		require.Equal(t, r.Algorithm.String(), key.Algorithm().String())
		require.Equal(t, int(r.Digits), key.Digits().Length())
		if r.Type == TOTP {
			require.Equal(t, uint64(r.Step), key.Period())
		}
		again, err := ParseOTPAuthURI(key.URL(), ReadOptions{})
		require.NoError(t, err, key.URL())
		require.True(t, again.Seed.Equal(r.Seed))
		require.Equal(t, r.Issuer, again.Issuer)
		require.Equal(t, account(&r), again.User)
		require.Equal(t, r.Step, again.Step)
	})
}

// TestURIDefaults shows a case in which our reader is stricter: pquerna/otp reads a
// missing period, and a misspelt one, as 30.
func TestURIDefaults(t *testing.T) {
	for _, uri := range []string{
		"otpauth://totp/alice?secret=" + rfcBase32,
		"otpauth://totp/alice?secret=" + rfcBase32 + "&period=sixty",
	} {
		key, err := otp.NewKeyFromURL(uri)
		require.NoError(t, err)
		require.EqualValues(t, 30, key.Period())
		_, err = ParseOTPAuthURI(uri, ReadOptions{})
		require.Error(t, err, uri)
	}
	_, err := ParseOTPAuthURI("otpauth://totp/"+strings.Repeat("a", 9000), ReadOptions{})
	require.ErrorIs(t, err, ErrLimit)
	_, err = OTPAuthURI(&Record{Seed: hexSeedOf(t, rfcSeed), Digits: 6, Step: 60})
	require.EqualError(t, err, "otpauth: user: bad value: there is neither a user nor a serial number")
}
