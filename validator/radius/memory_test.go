// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAging(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	a := newAging[string, int](10*time.Second, 3)
	for i, key := range []string{"a", "b", "c", "d"} {
		a.put(now.Add(time.Duration(i)*time.Second), key, i)
	}
	require.Nil(t, a.get(now.Add(4*time.Second), "a"), "the oldest is given up when it is full")
	require.Equal(t, 1, *a.get(now.Add(10*time.Second), "b"))
	require.Nil(t, a.get(now.Add(11*time.Second), "b"), "its time is over")
	a.put(now.Add(11*time.Second), "c", 7)
	require.Nil(t, a.get(now.Add(13*time.Second), "d"))
	require.Equal(t, 7, *a.get(now.Add(20*time.Second), "c"))
	require.Nil(t, a.get(now.Add(21*time.Second), "c"))
	require.Zero(t, a.entries.Len())
}

func TestDuplicates(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	d := newDuplicates()
	key := requestKey{netip.MustParseAddrPort("192.0.2.1:1024"), 7}
	_, fresh := d.begin(now, key, []byte("one"))
	require.True(t, fresh)
	answer, fresh := d.begin(now, key, []byte("one"))
	require.False(t, fresh)
	require.Nil(t, answer, "it is being checked")

	// The client gives up the first request and sends another with the same identifier.
	_, fresh = d.begin(now, key, []byte("two"))
	require.True(t, fresh)
	d.end(now, key, []byte("one"), []byte("answer one"))
	answer, fresh = d.begin(now, key, []byte("two"))
	require.False(t, fresh)
	require.Nil(t, answer)
	d.end(now, key, []byte("two"), []byte("answer two"))
	answer, _ = d.begin(now.Add(duplicateLife-1), key, []byte("two"))
	require.Equal(t, "answer two", string(answer))
	_, fresh = d.begin(now.Add(duplicateLife), key, []byte("two"))
	require.True(t, fresh)

	d.end(now.Add(duplicateLife), key, []byte("two"), nil)
	_, fresh = d.begin(now.Add(duplicateLife), key, []byte("two"))
	require.True(t, fresh, "without an answer it is checked anew")
}

func TestLimits(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	l := newLimits(3, 60)
	a, b := caller{at: netip.MustParseAddr("192.0.2.1")}, caller{at: netip.MustParseAddr("192.0.2.2")}
	for range 3 {
		require.False(t, l.exceeded(now, a))
		l.countFailed(now, a)
	}
	require.True(t, l.exceeded(now, a))
	require.False(t, l.exceeded(now, b))
	require.True(t, l.exceeded(now.Add(900*time.Millisecond), a))
	require.False(t, l.exceeded(now.Add(time.Second), a))

	x, y := caller{at: netip.MustParseAddr("2001:db8::1")}, caller{at: netip.MustParseAddr("2001:db8::2:3:4:5")}
	for range 3 {
		l.countFailed(now, x)
	}
	require.True(t, l.exceeded(now, y), "a /64 is one source")
	y.station = "198.51.100.7"
	require.False(t, l.exceeded(now, y))
}

func TestReadSecret(t *testing.T) {
	read := func(content string) (string, error) {
		path := filepath.Join(t.TempDir(), "secret")
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		s, err := ReadSecret(path)
		return string(s), err
	}
	for _, content := range []string{"a long enough secret", "a long enough secret\n", "a long enough secret\r\n"} {
		got, err := read(content)
		require.NoError(t, err)
		require.Equal(t, "a long enough secret", got)
	}
	for _, content := range []string{"", "\n", "one\ntwo\n", "\xff\xfe", string(make([]byte, 2000))} {
		_, err := read(content)
		require.ErrorIs(t, err, ErrOptions)
	}
	_, err := ReadSecret(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestReadClients(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.secret"), []byte("the secret of a"), 0o600))
	other := filepath.Join(t.TempDir(), "b.secret")
	require.NoError(t, os.WriteFile(other, []byte("the secret of b\n"), 0o600))
	read := func(content string) ([]Client, error) {
		path := filepath.Join(dir, "clients")
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return ReadClients(path)
	}
	got, err := read("# clients\n\n  vpn 192.0.2.0/24\ta.secret\r\nold 2001:db8::7 " + other + " insecure-no-message-authenticator")
	require.NoError(t, err)
	require.Equal(t, []Client{
		{Name: "vpn", Network: netip.MustParsePrefix("192.0.2.0/24"), Secret: Secret("the secret of a")},
		{
			Name: "old", Network: netip.MustParsePrefix("2001:db8::7/128"), Secret: Secret("the secret of b"),
			InsecureNoMessageAuthenticator: true,
		},
	}, got)
	for _, line := range []string{"vpn", "vpn 192.0.2.0/24", "vpn x a.secret", "vpn 192.0.2.0/33 a.secret", "vpn fe80::1%eth0 a.secret", "vpn ::1 a.secret insecure", "vpn ::1 a.secret x y"} {
		_, err := read("\n" + line)
		require.ErrorIs(t, err, ErrOptions, line)
		require.ErrorContains(t, err, "clients:2: ")
	}
	_, err = read("vpn ::1 none.secret")
	require.ErrorIs(t, err, os.ErrNotExist)
}
