// SPDX-License-Identifier: Apache-2.0

package sshsig_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/sshsig"
)

// example is the signature in PROTOCOL.sshsig of OpenSSH, section 1.
const example = `-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgJKxoLBJBivUPNTUJUSslQTt2hD
jozKvHarKeN8uYFqgAAAADZm9vAAAAAAAAAFMAAAALc3NoLWVkMjU1MTkAAABAKNC4IEbt
Tq0Fb56xhtuE1/lK9H9RZJfON4o6hE9R4ZGFX98gy0+fFJ/1d2/RxnZky0Y7GojwrZkrHT
FgCqVWAQ==
-----END SSH SIGNATURE-----
`

// changed returns the example with other bytes.
func changed(t *testing.T, f func([]byte) []byte) string {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(example), "\n")
	blob, err := base64.StdEncoding.DecodeString(strings.Join(lines[1:len(lines)-1], ""))
	require.NoError(t, err)
	return lines[0] + "\n" + base64.StdEncoding.EncodeToString(f(blob)) + "\n" + lines[len(lines)-1] + "\n"
}

// TestParse parses the example of the specification in its two versions: as printed, its
// hash algorithm is missing, which later versions of OpenSSH require.
func TestParse(t *testing.T) {
	_, err := sshsig.Parse([]byte(example))
	require.ErrorIs(t, err, sshsig.ErrFormat)
	good := changed(t, withHash)
	for _, text := range []string{good, strings.ReplaceAll(good, "\n", "\r\n"), good + "\n"} {
		s, err := sshsig.Parse([]byte(text))
		require.NoError(t, err)
		require.Equal(t, "foo", s.Namespace())
		require.ErrorIs(t, s.Verify([]byte("text")), sshsig.ErrChanged)
	}
	for name, text := range map[string]string{
		"empty":         "",
		"text before":   "x\n" + good,
		"text after":    good + "x\n",
		"a header":      strings.Replace(good, "\n", "\nA: b\n\n", 1),
		"another type":  strings.ReplaceAll(good, "SSH SIGNATURE", "PGP SIGNATURE"),
		"no end":        good[:len(good)-10],
		"long":          good + strings.Repeat("\n", 5000),
		"version 2":     changed(t, func(b []byte) []byte { b = withHash(b); b[9] = 2; return b }),
		"another magic": changed(t, func(b []byte) []byte { b = withHash(b); b[0] = 'X'; return b }),
		"a byte more":   changed(t, func(b []byte) []byte { return append(withHash(b), 0) }),
		"a byte less":   changed(t, func(b []byte) []byte { b = withHash(b); return b[:len(b)-1] }),
		"md5": changed(t, func(b []byte) []byte {
			return bytes.Replace(withHash(b), []byte("\x06sha512"), []byte("\x06md5md5"), 1)
		}),
		"reserved": changed(t, func(b []byte) []byte {
			return bytes.Replace(withHash(b), []byte("foo\x00\x00\x00\x00"), []byte("foo\x00\x00\x00\x01x"), 1)
		}),
		"no namespace": changed(t, func(b []byte) []byte {
			return bytes.Replace(withHash(b), []byte("\x03foo"), []byte("\x00"), 1)
		}),
	} {
		_, err := sshsig.Parse([]byte(text))
		require.ErrorIs(t, err, sshsig.ErrFormat, name)
	}
}

// withHash inserts the hash algorithm into the example.
func withHash(b []byte) []byte {
	return bytes.Replace(b, []byte("foo\x00\x00\x00\x00"), []byte("foo\x00\x00\x00\x00\x00\x00\x00\x06sha512"), 1)
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(example))
	f.Add([]byte("-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAQAA\n-----END SSH SIGNATURE-----\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := sshsig.Parse(b)
		if err != nil {
			return
		}
		again, err := sshsig.Parse(s.Armor())
		require.NoError(t, err)
		require.Equal(t, s.Armor(), again.Armor())
	})
}

const (
	// The public keys of these lines are in RFC 8032, section 7.1, tests 1 to 3.
	rfc1 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"
	rfc2 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAID1AF8PoQ4lakrcKp00bfrycmCzPLsSWjM3oVfXN9K+M"
	rfc3 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPxRzY5iGKGjjaR+0AIw8Fgn7RlhQCSt+wc=="
)

// TestPersons checks that related lines are one person.
func TestPersons(t *testing.T) {
	find := func(list, line string) sshsig.Person {
		t.Helper()
		a, err := sshsig.ParseAllowed([]byte(list), time.UTC)
		require.NoError(t, err)
		key, err := sshsig.ParsePublicKey([]byte(line))
		require.NoError(t, err)
		p, err := a.Find(key, "x", time.Time{})
		require.NoError(t, err)
		return p
	}
	for list, same := range map[string]bool{
		"a@x " + rfc1 + "\nb@x " + rfc2:                       false,
		"a@x " + rfc1 + "\na@x " + rfc2:                       true,
		"a@x " + rfc1 + "\nA@X " + rfc2:                       true,
		"a@x,c@x " + rfc1 + "\nc@x " + rfc2:                   true,
		"a@x " + rfc1 + "\nb@x " + rfc2 + "\nb@x " + rfc1:     true,
		"a@x " + rfc1 + "\nb@x " + rfc2 + "\na@x,b@x " + rfc2: true,
	} {
		require.Equal(t, same, find(list, rfc1).Same(find(list, rfc2)), list)
	}
}

func TestAllowedErrors(t *testing.T) {
	for _, c := range []struct{ list, want string }{
		{"", "it has no line with a principal and a key"},
		{"# only a comment\n", "it has no line"},
		{"a@x\n", "line 1: want principals, options, key type and key"},
		{"a@x " + rfc3, "line 1: a@x: no public key follows"},
		{"\na@x foo " + rfc1, `line 2: unknown option "foo"`},
		{"a@x cert-authority " + rfc1, "line 1: cert-authority: certificates are not supported: list the key of each person"},
		{"*@x " + rfc1, `line 1: principal "*@x": each line names one person`},
		{"a@x,!b@x " + rfc1, `line 1: principal "!b@x"`},
		{"a@x,, " + rfc1, `line 1: principal ""`},
		{`a@x namespaces="" ` + rfc1, "namespaces is empty"},
		{`a@x namespaces="a",namespaces="b" ` + rfc1, "option namespaces is given twice"},
		{`a@x valid-after="2026-01-01" ` + rfc1, `valid-after: "2026-01-01" is not a time such as 20261231`},
		{`a@x valid-after="20260101zZ" ` + rfc1, "is not a time"},
		{`a@x valid-after="20270101Z",valid-before="20260101Z" ` + rfc1, "valid-after is later than valid-before"},
	} {
		_, err := sshsig.ParseAllowed([]byte(c.list), time.UTC)
		require.ErrorIs(t, err, sshsig.ErrAllowed, c.list)
		require.ErrorContains(t, err, c.want)
	}
	_, err := sshsig.ParseAllowed([]byte("x\ny\na@x "+rfc1), time.UTC)
	require.EqualError(t, err, "invalid list of allowed signers: line 1: want principals, options, key type and key\nline 2: want principals, options, key type and key")
	_, err = sshsig.ParseAllowed([]byte("x\ny\nz\n"), time.UTC) // another file
	require.EqualError(t, err, "invalid list of allowed signers: none of its lines is one: want lines such as tanaka@example.com ssh-ed25519 AAAA…: line 1: want principals, options, key type and key")

	tokyo := time.FixedZone("JST", 9*3600)
	a, err := sshsig.ParseAllowed([]byte(`a@x valid-after="20260601" `+rfc1), tokyo)
	require.NoError(t, err)
	key, err := sshsig.ParsePublicKey([]byte(rfc1))
	require.NoError(t, err)
	_, err = a.Find(key, "x", time.Date(2026, 5, 31, 15, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	_, err = a.Find(key, "x", time.Date(2026, 5, 31, 14, 59, 59, 0, time.UTC))
	require.ErrorIs(t, err, sshsig.ErrNotYet)
}

func FuzzParseAllowed(f *testing.F) {
	f.Add([]byte("a@x,b@x namespaces=\"fob-*\",valid-after=\"20260101Z\" " + rfc1 + " comment\n# x\n"))
	f.Add([]byte("\"a b\" " + rfc2))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := sshsig.ParseAllowed(b, time.UTC)
		if err != nil {
			require.ErrorIs(t, err, sshsig.ErrAllowed)
			return
		}
		key, err := sshsig.ParsePublicKey([]byte(rfc1))
		require.NoError(t, err)
		_, _ = a.Find(key, "fob-order", time.Time{})
	})
}
