// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// bank is the realm of the keys in testdata.
const bank = Realm("bank")

const serial = "123456780"

var seed = []byte("12345678901234567890")

func newMaster(t testing.TB) Master {
	t.Helper()
	m, err := bank.NewMaster()
	require.NoError(t, err)
	return m
}

func newKey(t testing.TB, purpose string, id int64) Key {
	t.Helper()
	k, err := NewKey(purpose, id)
	require.NoError(t, err)
	return k
}

func newRing(t testing.TB) *Ring {
	t.Helper()
	r, err := bank.NewRing(newKey(t, PurposeSeed, 1), newKey(t, PurposeAudit, 1), newKey(t, PurposeFingerprint, 1))
	require.NoError(t, err)
	return r
}

func TestWrap(t *testing.T) {
	m, k := newMaster(t), newKey(t, PurposeSeed, 3)
	wrapped, err := k.Wrap(m)
	require.NoError(t, err)
	require.Len(t, wrapped, 61)
	require.NotContains(t, string(wrapped), string(k.k.key()))
	got, err := Unwrap(m, PurposeSeed, 3, wrapped)
	require.NoError(t, err)
	require.Equal(t, k.k.key(), got.k.key())
	require.Equal(t, PurposeSeed, got.Purpose())
	require.EqualValues(t, 3, got.ID())

	again, err := k.Wrap(m)
	require.NoError(t, err)
	require.NotEqual(t, wrapped, again, "the nonce is new each time")
}

func TestUnwrapRefuses(t *testing.T) {
	m, k := newMaster(t), newKey(t, PurposeSeed, 3)
	wrapped, err := k.Wrap(m)
	require.NoError(t, err)
	refused := func(m Master, purpose string, id int64, wrapped []byte) {
		t.Helper()
		_, err := Unwrap(m, purpose, id, wrapped)
		require.ErrorIs(t, err, ErrWrongKey)
	}
	refused(newMaster(t), PurposeSeed, 3, wrapped)
	refused(m, PurposeAudit, 3, wrapped)
	refused(m, PurposeSeed, 4, wrapped)
	for i := range len(wrapped) * 8 {
		bad := bytes.Clone(wrapped)
		bad[i/8] ^= 1 << (i % 8)
		refused(m, PurposeSeed, 3, bad)
	}
	for n := range len(wrapped) {
		refused(m, PurposeSeed, 3, wrapped[:n])
	}
	refused(m, PurposeSeed, 3, append(bytes.Clone(wrapped), 0))

	_, err = Unwrap(Master{}, PurposeSeed, 3, wrapped)
	require.ErrorIs(t, err, ErrNoKey)
}

func TestSealedSeedIsNoWrappedKey(t *testing.T) {
	// A sealed value does not open as a wrapped key, even if the same key is used for
	// both.
	m := newMaster(t)
	r, err := bank.NewRing(Key{purpose: PurposeSeed, id: 1, k: m.k}, newKey(t, PurposeAudit, 1), newKey(t, PurposeFingerprint, 1))
	require.NoError(t, err)
	_, sealed, err := r.Seal("", bytes.Repeat([]byte{1}, keyLen))
	require.NoError(t, err)
	_, err = Unwrap(m, PurposeSeed, 1, sealed)
	require.ErrorIs(t, err, ErrWrongKey)
}

func TestSeal(t *testing.T) {
	r := newRing(t)
	for n := range 65 {
		plain := bytes.Repeat([]byte{byte(n)}, n)
		id, sealed, err := r.Seal(serial, plain)
		require.NoError(t, err)
		require.EqualValues(t, 1, id)
		require.Len(t, sealed, n+29)
		got, err := r.Open(serial, id, sealed)
		require.NoError(t, err)
		require.True(t, bytes.Equal(plain, got))
	}
}

func TestOpenRefuses(t *testing.T) {
	r := newRing(t)
	id, sealed, err := r.Seal(serial, seed)
	require.NoError(t, err)
	require.NoError(t, r.Add(newKey(t, PurposeSeed, 2)))

	_, err = r.Open("123456781", id, sealed)
	require.ErrorIs(t, err, ErrAltered, "another token's row")
	_, err = r.Open("", id, sealed)
	require.ErrorIs(t, err, ErrAltered)
	_, err = r.Open(serial, 2, sealed)
	require.ErrorIs(t, err, ErrAltered, "another key")
	_, err = r.Open(serial, 3, sealed)
	require.ErrorIs(t, err, ErrUnknownKey)
	require.ErrorContains(t, err, "seed key 3")
	for i := range len(sealed) * 8 {
		bad := bytes.Clone(sealed)
		bad[i/8] ^= 1 << (i % 8)
		_, err = r.Open(serial, id, bad)
		require.ErrorIs(t, err, ErrAltered)
	}
	for n := range len(sealed) {
		_, err = r.Open(serial, id, sealed[:n])
		require.ErrorIs(t, err, ErrAltered)
	}
	_, err = newRing(t).Open(serial, id, sealed)
	require.ErrorIs(t, err, ErrAltered, "another database's key with the same ID")
}

// TestRealms checks that the keys of one program open nothing of another one.
func TestRealms(t *testing.T) {
	const other = Realm("line")
	theirs, err := other.NewMaster()
	require.NoError(t, err)
	require.Regexp(t, "^fob-line-key-1:", theirs.Text())
	_, err = bank.ParseMaster(theirs.Text())
	require.ErrorIs(t, err, ErrKeyText)
	require.EqualError(t, err, `not a bank key: it does not begin with "fob-bank-key-1:"`)
	back, err := other.ParseMaster(theirs.Text())
	require.NoError(t, err)
	require.Equal(t, theirs.k.key(), back.k.key())

	k := newKey(t, PurposeSeed, 1)
	wrapped, err := k.Wrap(theirs)
	require.NoError(t, err)
	_, err = Unwrap(Master{realm: bank, k: theirs.k}, PurposeSeed, 1, wrapped)
	require.ErrorIs(t, err, ErrWrongKey, "the same key of another realm")
	_, err = Unwrap(back, PurposeSeed, 1, wrapped)
	require.NoError(t, err)

	keys := []Key{k, newKey(t, PurposeAudit, 1), newKey(t, PurposeFingerprint, 1)}
	ours, err := bank.NewRing(keys...)
	require.NoError(t, err)
	ring, err := other.NewRing(keys...)
	require.NoError(t, err)
	id, sealed, err := ring.Seal(serial, seed)
	require.NoError(t, err)
	_, err = ours.Open(serial, id, sealed)
	require.ErrorIs(t, err, ErrAltered)
	for _, odd := range []Realm{"", "Bank", "a b", "a-b", "abcdefghijklmnopq"} {
		require.Panics(t, func() { _, _ = odd.NewMaster() }, odd)
	}
}

func TestNoncesDiffer(t *testing.T) {
	r := newRing(t)
	seen := map[string]bool{}
	for range 100_000 {
		_, sealed, err := r.Seal(serial, nil)
		require.NoError(t, err)
		seen[string(sealed[1:13])] = true
	}
	require.Len(t, seen, 100_000)
}

func TestRotation(t *testing.T) {
	r := newRing(t)
	old, sealed, err := r.Seal(serial, seed)
	require.NoError(t, err)
	fingerprint, mac := r.Fingerprint(seed), r.MAC(seed)
	require.NoError(t, r.Add(newKey(t, PurposeSeed, 5)))
	require.NoError(t, r.Add(newKey(t, PurposeSeed, 4)))
	require.NoError(t, r.Add(newKey(t, PurposeFingerprint, 2)))
	require.NoError(t, r.Add(newKey(t, PurposeAudit, 2)))
	require.EqualValues(t, 5, r.NewestSeedKey())
	require.Equal(t, []int64{1, 4, 5}, r.SeedKeys())
	id, _, err := r.Seal(serial, seed)
	require.NoError(t, err)
	require.EqualValues(t, 5, id)
	got, err := r.Open(serial, old, sealed)
	require.NoError(t, err)
	require.Equal(t, seed, got)
	require.Equal(t, fingerprint, r.Fingerprint(seed), "all fingerprints are comparable")
	require.Equal(t, mac, r.MAC(seed))
}

func TestRingRefuses(t *testing.T) {
	s, a, f := newKey(t, PurposeSeed, 1), newKey(t, PurposeAudit, 1), newKey(t, PurposeFingerprint, 1)
	for name, keys := range map[string][]Key{
		"nothing":        nil,
		"no seed key":    {a, f},
		"no audit key":   {s, f},
		"no fingerprint": {s, a},
		"two alike":      {s, a, f, newKey(t, PurposeSeed, 1)},
		"a zero key":     {s, a, f, {}},
	} {
		_, err := bank.NewRing(keys...)
		require.ErrorIs(t, err, ErrRing, name)
	}
	r, err := bank.NewRing(s, a, f, s)
	require.NoError(t, err, "the same key twice")
	s.Destroy()
	require.True(t, s.IsZero())
	_, _, err = r.Seal(serial, seed)
	require.NoError(t, err, "the ring has its own copy")
}

func TestNames(t *testing.T) {
	for _, purpose := range []string{"", "Seed", "seed key", "s\x00", strings.Repeat("a", 33)} {
		_, err := NewKey(purpose, 1)
		require.Error(t, err, purpose)
		_, err = Unwrap(newMaster(t), purpose, 1, nil)
		require.Error(t, err, purpose)
	}
	for _, id := range []int64{0, -1} {
		_, err := NewKey(PurposeSeed, id)
		require.Error(t, err)
	}
}

func TestMACParts(t *testing.T) {
	r := newRing(t)
	one := r.MAC([]byte("ab"), []byte("c"))
	require.Len(t, one, 32)
	require.NotEqual(t, one, r.MAC([]byte("a"), []byte("bc")))
	require.NotEqual(t, one, r.MAC([]byte("abc")))
	require.NotEqual(t, one, r.MAC([]byte("ab"), []byte("c"), nil))
	require.Equal(t, one, r.MAC([]byte("ab"), []byte("c")))
	require.NotEqual(t, one, newRing(t).MAC([]byte("ab"), []byte("c")))
}

func TestRedacted(t *testing.T) {
	m, r := newMaster(t), newRing(t)
	k := newKey(t, PurposeSeed, 1)
	secrets := [][]byte{m.k.key(), k.k.key(), []byte(m.Text())}
	type holder struct {
		private Master
		Key     Key
		Ring    *Ring
	}
	h := holder{m, k, r}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "%q", "%d"} {
		fmt.Fprintf(&out, verb+"\n", m)
		fmt.Fprintf(&out, verb+"\n", k)
		fmt.Fprintf(&out, verb+"\n", r)
		fmt.Fprintf(&out, verb+"\n", &h)
	}
	require.NoError(t, json.NewEncoder(&out).Encode(map[string]any{"m": m, "k": k, "r": r, "h": h}))
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "m", m, "k", k, "r", r, "h", h)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "m", m, "k", k, "r", r, "h", h)
	require.Contains(t, out.String(), redacted)
	for _, s := range secrets {
		for _, form := range []string{string(s), fmt.Sprintf("%x", s), fmt.Sprintf("%X", s), fmt.Sprint(s), fmt.Sprintf("%d", s)} {
			require.NotContains(t, out.String(), strings.Trim(form, "[]"))
		}
	}
}

func TestDestroy(t *testing.T) {
	m := newMaster(t)
	other := m
	m.Destroy()
	require.True(t, other.IsZero())
	require.Empty(t, other.Text())
	_, err := newKey(t, PurposeSeed, 1).Wrap(other)
	require.ErrorIs(t, err, ErrNoKey)
	Master{}.Destroy()
	require.True(t, Master{}.IsZero())
}

func TestConcurrent(t *testing.T) {
	r := newRing(t)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 500 {
				if w == 0 && i < 50 {
					k, err := NewKey(PurposeSeed, int64(i+2))
					if err == nil {
						err = r.Add(k)
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
				id, sealed, err := r.Seal(serial, seed)
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := r.Open(serial, id, sealed); err != nil || !bytes.Equal(got, seed) {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 51, r.NewestSeedKey())
}

func BenchmarkOpen(b *testing.B) {
	r := newRing(b)
	id, sealed, _ := r.Seal(serial, seed)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Open(serial, id, sealed); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	r := newRing(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := r.Seal(serial, seed); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMAC(b *testing.B) {
	r := newRing(b)
	record := make([]byte, 300)
	b.ReportAllocs()
	for b.Loop() {
		r.MAC(seed, record)
	}
}
