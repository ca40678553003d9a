// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/token"
)

// pskcKind is a way to protect a file, with the keys to open it.
type pskcKind struct {
	name  string
	write WriteOptions
	read  ReadOptions
}

func pskcKinds(t testing.TB) []pskcKind {
	t.Helper()
	private, certificate := testKeyPair(t)
	key := func(n int) []byte { return []byte(strings.Repeat("k", n)) }
	kinds := []pskcKind{{name: "clear"}}
	for _, n := range []int{16, 24, 32} {
		read := ReadOptions{Keys: Keys{Key: key(n)}}
		kinds = append(kinds,
			pskcKind{"cbc", WriteOptions{Encrypt: &Encryption{Key: key(n)}}, read},
			pskcKind{"cbc, sha256", WriteOptions{Encrypt: &Encryption{Key: key(n), KeyName: "a <b>", MAC: "hmac-sha256"}}, read},
			pskcKind{"wrap", WriteOptions{Encrypt: &Encryption{Key: key(n), Wrap: true}}, read})
	}
	password := ReadOptions{Keys: Keys{Password: []byte("qwerty")}}
	return append(kinds,
		pskcKind{"password", WriteOptions{Encrypt: &Encryption{Password: []byte("qwerty"), Iterations: MinIterations}}, password},
		pskcKind{"password, wrap", WriteOptions{Encrypt: &Encryption{Password: []byte("qwerty"), Iterations: MinIterations, Wrap: true, KeyName: "p"}}, password},
		pskcKind{"recipient", WriteOptions{Encrypt: &Encryption{Recipient: certificate}}, ReadOptions{Keys: Keys{Private: private}}},
		pskcKind{
			"signed", WriteOptions{Sign: &Signer{private, certificate}},
			ReadOptions{Keys: Keys{Trusted: certificate}},
		},
		pskcKind{
			"signed, cbc", WriteOptions{Sign: &Signer{private, certificate}, Encrypt: &Encryption{Key: key(16)}},
			ReadOptions{Keys: Keys{Trusted: certificate, Key: key(16)}},
		})
}

// xmlTexts generates any text that XML can hold, without surrounding space.
func xmlTexts(most int) *rapid.Generator[string] {
	return rapid.Map(rapid.StringOfN(rapid.Rune().Filter(func(r rune) bool {
		return r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r != 0xFFFE && r != 0xFFFF
	}), 0, most, -1), func(s string) string { return strings.Trim(s, xmlSpace) })
}

func pskcTimes() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		if rapid.Bool().Draw(t, "none") {
			return time.Time{}
		}
		at := time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC).Unix()
		end := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).Unix()
		nanos := rapid.SampledFrom([]int64{0, 0, 1, 5e8, 999999999}).Draw(t, "ns")
		return time.Unix(rapid.Int64Range(at, end).Draw(t, "s"), nanos).UTC()
	})
}

func pskcRecords() *rapid.Generator[Record] {
	return rapid.Custom(func(t *rapid.T) Record {
		seed, err := token.NewSeed(rapid.SliceOfN(rapid.Byte(), token.MinSeedLen, token.MaxSeedLen).Draw(t, "seed"))
		require.NoError(t, err)
		serial, err := token.ParseSerial(rapid.StringMatching(`[0-9A-Za-z-]{1,20}`).Draw(t, "serial"))
		require.NoError(t, err)
		text := xmlTexts(8)
		r := Record{
			Serial:       serial,
			Type:         Type(rapid.IntRange(0, 1).Draw(t, "type")),
			Seed:         seed,
			Algorithm:    token.Algorithm(rapid.IntRange(0, 2).Draw(t, "algorithm")),
			Digits:       uint8(rapid.IntRange(6, 9).Draw(t, "digits")),
			Device:       Validity{pskcTimes().Draw(t, "a"), pskcTimes().Draw(t, "b")},
			Policy:       Validity{pskcTimes().Draw(t, "c"), pskcTimes().Draw(t, "d")},
			Manufacturer: text.Draw(t, "manufacturer"),
			Model:        text.Draw(t, "model"),
			IssueNo:      text.Draw(t, "issue"),
			Issuer:       text.Draw(t, "issuer"),
			KeyID:        text.Draw(t, "key"),
			FriendlyName: text.Draw(t, "friendly"),
			User:         text.Draw(t, "user"),
		}
		if r.Type == HOTP {
			r.Counter = rapid.Uint64Range(0, math.MaxInt64).Draw(t, "counter")
			return r
		}
		r.Step = token.UnixSeconds(rapid.Int32Min(1).Draw(t, "step"))
		r.T0 = rapid.SampledFrom([]token.UnixSeconds{0, token.Epoch2000}).Draw(t, "t0")
		r.Drift = int64(rapid.Int32().Draw(t, "drift"))
		return r
	})
}

func TestPSKCRoundTrip(t *testing.T) {
	records := rapid.SliceOfN(pskcRecords(), 1, 3)
	for _, kind := range pskcKinds(t) {
		t.Run(kind.name, func(t *testing.T) {
			if kind.read.Keys.Password != nil { // PBKDF2 is slow
				for i := range 3 {
					roundTrip(t, kind, records.Example(i))
				}
				return
			}
			proptest.Check(t, func(t *rapid.T) { roundTrip(t, kind, records.Draw(t, "records")) })
		})
	}
}

func roundTrip(t rapid.TB, kind pskcKind, want []Record) {
	t.Helper()
	file := pskcWrite(t, kind.write, want...)
	require.True(t, pskcDetect([]byte(file)[:min(len(file), headSize)]))
	got, err := pskcAll(file, kind.read)
	require.NoError(t, err)
	require.Len(t, got, len(want))
	for i, w := range want {
		require.Zero(t, pskcFormat.Lost(&w))
		if w.KeyID == "" {
			w.KeyID = w.Serial.String()
		}
		equalRecords(t, w, got[i])
	}
}

// TestPSKCDeterministic checks that the same records give the same file, except if it
// is encrypted.
func TestPSKCDeterministic(t *testing.T) {
	r := pskcRecord(t)
	require.Equal(t, pskcWrite(t, WriteOptions{}, r, r), pskcWrite(t, WriteOptions{}, r, r))
	for _, e := range []Encryption{{Key: []byte(rfcSecret[:16])}, {Password: []byte("p"), Iterations: MinIterations}} {
		one := pskcWrite(t, WriteOptions{Encrypt: &e}, r, r)
		require.NotEqual(t, one, pskcWrite(t, WriteOptions{Encrypt: &e}, r, r))
		require.NotContains(t, one, "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA")
	}
}

func TestPSKCWriteRefuses(t *testing.T) {
	change := func(f func(*Record)) Record {
		r := pskcRecord(t)
		f(&r)
		return r
	}
	for name, r := range map[string]Record{
		"no seed":           change(func(r *Record) { r.Seed = token.Seed{} }),
		"no name":           change(func(r *Record) { r.Serial, r.KeyID = token.Serial{}, "" }),
		"type":              change(func(r *Record) { r.Type = 2 }),
		"algorithm":         change(func(r *Record) { r.Algorithm = 3 }),
		"5 digits":          change(func(r *Record) { r.Digits = 5 }),
		"10 digits":         change(func(r *Record) { r.Digits = 10 }),
		"no period":         change(func(r *Record) { r.Step = 0 }),
		"period":            change(func(r *Record) { r.Step = 1 << 31 }),
		"T0":                change(func(r *Record) { r.T0 = 1 }),
		"drift":             change(func(r *Record) { r.Drift = 1 << 31 }),
		"counter":           change(func(r *Record) { r.Type, r.Counter = HOTP, 1<<63 }),
		"year":              change(func(r *Record) { r.Policy.Expiry = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }),
		"NUL":               change(func(r *Record) { r.Model = "a\x00" }),
		"not UTF-8":         change(func(r *Record) { r.Issuer = "a\xff" }),
		"noncharacter":      change(func(r *Record) { r.User = "\uFFFE" }),
		"control in the id": change(func(r *Record) { r.KeyID = "\x1b" }),
		"long":              change(func(r *Record) { r.FriendlyName = strings.Repeat("x", pskcMaxToken) }),
	} {
		var b strings.Builder
		w, err := pskcFormat.NewWriter(&b, WriteOptions{})
		require.NoError(t, err)
		err = w.Write(&r)
		require.ErrorIs(t, err, ErrValue, name)
		require.NotContains(t, err.Error(), rfcSecret, name)
		require.Empty(t, b.String(), name)
		require.ErrorIs(t, w.Close(), ErrValue, name, "a file without a key is not valid")
	}
	private, certificate := testKeyPair(t)
	for name, o := range map[string]WriteOptions{
		"nothing":        {Encrypt: &Encryption{}},
		"two":            {Encrypt: &Encryption{Key: make([]byte, 16), Password: []byte("x")}},
		"key length":     {Encrypt: &Encryption{Key: make([]byte, 15)}},
		"few rounds":     {Encrypt: &Encryption{Password: []byte("x"), Iterations: MinIterations - 1}},
		"many rounds":    {Encrypt: &Encryption{Password: []byte("x"), Iterations: maxIterations + 1}},
		"no certificate": {Encrypt: &Encryption{Recipient: []byte("x")}},
		"signer":         {Sign: &Signer{private, nil}},
		"signer's key":   {Sign: &Signer{certificate, certificate}},
	} {
		_, err := pskcFormat.NewWriter(nil, o)
		require.ErrorIs(t, err, ErrValue, name)
	}
	for name, o := range map[string]WriteOptions{
		"MAC":           {Encrypt: &Encryption{Key: make([]byte, 16), MAC: "md5"}},
		"MAC, wrap":     {Encrypt: &Encryption{Key: make([]byte, 16), Wrap: true, MAC: "hmac-sha1"}},
		"rounds of key": {Encrypt: &Encryption{Key: make([]byte, 16), Iterations: MinIterations}},
		"wrap, RSA":     {Encrypt: &Encryption{Recipient: certificate, Wrap: true}},
	} {
		_, err := pskcFormat.NewWriter(nil, o)
		require.ErrorIs(t, err, ErrUnsupported, name)
	}
}
