// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	wire "layeh.com/radius"
	"layeh.com/radius/rfc2865"

	"github.com/d204ef64/fob/internal/messageauth"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	require.NoError(t, err)
	return b
}

// rfcRequest is the Access-Request of RFC 2865, section 7.1: nemo logs in with
// the password "arctangent"; the secret is "xyzzy5461".
const rfcRequest = `
	01 00 00 38 0f 40 3f 94 73 97 80 57 bd 83 d5 cb
	98 f4 22 7a 01 06 6e 65 6d 6f 02 12 0d be 70 8d
	93 d4 13 ce 31 96 e4 3f 78 2a 0a ee 04 06 c0 a8
	01 10 05 06 00 00 00 03`

func TestRFC2865Request(t *testing.T) {
	raw := unhex(t, rfcRequest)
	_, err := parse(raw, Secret("xyzzy5461"), false)
	require.ErrorIs(t, err, messageauth.ErrMissing)
	p, err := parse(raw, Secret("xyzzy5461"), true)
	require.NoError(t, err)
	require.Equal(t, "nemo", rfc2865.UserName_GetString(p))
	pass, err := password(p)
	require.NoError(t, err)
	require.Equal(t, "arctangent", pass)
}

// TestStatusRFC5997 is the request of RFC 5997, section 6.1, and its
// Message-Authenticator; the secret is "xyzzy5461".
func TestStatusRFC5997(t *testing.T) {
	raw := unhex(t, `
		0c da 00 26 8a 54 f4 68 6f b3 94 c5 28 66 e3 02
		18 5d 06 23 50 12 5a 66 5e 2e 1e 84 11 f3 e2 43
		82 20 97 c8 4f a3`)
	_, err := parse(raw, Secret("xyzzy5461"), false)
	require.NoError(t, err)
	_, err = parse(raw, Secret("xyzzy5462"), false)
	require.ErrorIs(t, err, messageauth.ErrWrong)
	for i := range raw {
		if i == 0 {
			continue
		}
		bad := bytes.Clone(raw)
		bad[i] ^= 0x10
		_, err = parse(bad, Secret("xyzzy5461"), false)
		require.Error(t, err, "byte %d", i)
	}
}

// TestPassword checks hidden passwords strictly: only NULs may follow the code, however
// long the padding is.
func TestPassword(t *testing.T) {
	hide := func(clear string) *wire.Packet {
		p := wire.New(wire.CodeAccessRequest, []byte("a secret of our own"))
		hidden, err := wire.NewUserPassword([]byte(clear), p.Secret, p.Authenticator[:])
		require.NoError(t, err)
		p.Add(rfc2865.UserPassword_Type, hidden)
		return p
	}
	for clear, want := range map[string]string{
		"":                                    "",
		"123456":                              "123456",
		"123456" + strings.Repeat("\x00", 26): "123456",
		"1234567890123456":                    "1234567890123456",
		"12345678901234567":                   "12345678901234567",
		strings.Repeat("x", 128):              strings.Repeat("x", 128),
	} {
		got, err := password(hide(clear))
		require.NoError(t, err, "%q", clear)
		require.Equal(t, want, got)
	}
	for _, clear := range []string{
		"123456\x00x", "123456\x00\x00\x00\x00\x00\x00\x00\x00\x001", "123456" + strings.Repeat("\x00", 20) + "x",
	} {
		_, err := password(hide(clear))
		require.ErrorIs(t, err, errMalformed, "%q", clear)
	}
	short := hide("123456")
	short.Attributes[0].Attribute = short.Attributes[0].Attribute[:15]
	_, err := password(short)
	require.ErrorIs(t, err, errMalformed)
}

func TestMalformed(t *testing.T) {
	raw := unhex(t, rfcRequest)
	for name, bad := range map[string][]byte{
		"empty":                 {},
		"short":                 raw[:19],
		"cut":                   raw[:len(raw)-1],
		"length below a header": append([]byte{1, 0, 0, 19}, raw[4:]...),
		"length too big":        append([]byte{1, 0, 0xff, 0xff}, raw[4:]...),
		"attribute of length 1": append([]byte{1, 0, 0, 22}, append(bytes.Clone(raw[4:20]), 1, 1)...),
		"attribute of length 0": append([]byte{1, 0, 0, 22}, append(bytes.Clone(raw[4:20]), 1, 0)...),
		"attribute too long":    append([]byte{1, 0, 0, 23}, append(bytes.Clone(raw[4:20]), 1, 4, 'x')...),
		"two names":             append([]byte{1, 0, 0, 26}, append(bytes.Clone(raw[4:20]), 1, 3, 'x', 1, 3, 'y')...),
	} {
		cut, err := trim(bad)
		if err == nil {
			_, err = parse(cut, Secret("xyzzy5461"), true)
		}
		require.ErrorIs(t, err, errMalformed, name)
	}
	padded, err := trim(append(bytes.Clone(raw), 0xff, 0xff))
	require.NoError(t, err)
	require.Equal(t, raw, padded, "RFC 2865, section 3: what is behind the length is padding")
}

// FuzzParse: a packet that is accepted as signed was signed, and all its attributes are
// safe to read.
func FuzzParse(f *testing.F) {
	f.Add(unhex(f, rfcRequest), true)
	f.Add(unhex(f, "0cda00268a54f4686fb394c52866e302185d062350125a665e2e1e8411f3e243822097c84fa3"), false)
	secret := Secret("xyzzy5461")
	f.Fuzz(func(t *testing.T, raw []byte, optional bool) {
		raw, err := trim(raw)
		if err != nil {
			return
		}
		before := bytes.Clone(raw)
		p, err := parse(raw, secret, optional)
		require.Equal(t, before, raw)
		if err != nil {
			return
		}
		_, _ = password(p)
		again, err := p.MarshalBinary()
		require.NoError(t, err)
		require.Equal(t, raw, again)
		answer, err := (&reply{code: wire.CodeAccessReject}).encode(p)
		if err == nil {
			require.True(t, wire.IsAuthenticResponse(answer, raw, secret))
		}
	})
}
