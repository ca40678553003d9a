// SPDX-License-Identifier: Apache-2.0

package token_test

import (
	"bytes"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/token"
)

func TestNewSeed(t *testing.T) {
	for n := range 80 {
		b := bytes.Repeat([]byte{0xa5}, n)
		s, err := token.NewSeed(b)
		if n < 16 || n > 64 {
			require.ErrorIs(t, err, token.ErrSeedLength)
			var length *token.SeedLengthError
			require.ErrorAs(t, err, &length)
			require.Equal(t, n, length.Got)
			require.True(t, s.IsZero())
			continue
		}
		require.NoError(t, err)
		require.Equal(t, n, s.Len())
		b[0] = 0
		got := s.Bytes()
		require.Equal(t, byte(0xa5), got[0], "NewSeed must copy")
		clear(got)
		require.Equal(t, byte(0xa5), s.Bytes()[0], "Bytes must copy")
	}
	_, err := token.NewSeed(make([]byte, 10))
	require.EqualError(t, err, "a seed has 16 to 64 bytes, got 10")
}

func TestGenerateSeed(t *testing.T) {
	r := strings.NewReader(benchKey + "and more")
	s, err := token.GenerateSeed(iotest.OneByteReader(r), 20)
	require.NoError(t, err)
	require.Equal(t, benchKey, string(s.Bytes()))
	require.Equal(t, len("and more"), r.Len(), "GenerateSeed must read only the bytes of the seed")

	_, err = token.GenerateSeed(strings.NewReader("short"), 20)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	_, err = token.GenerateSeed(strings.NewReader(""), 20)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	broken := errors.New("no entropy")
	_, err = token.GenerateSeed(iotest.ErrReader(broken), 20)
	require.ErrorIs(t, err, broken)
	require.EqualError(t, err, "reading entropy for a seed: no entropy")
	for _, n := range []int{-1, 0, 15, 65} {
		_, err = token.GenerateSeed(iotest.ErrReader(broken), n)
		require.ErrorIs(t, err, token.ErrSeedLength)
	}
}

func TestSeedEqual(t *testing.T) {
	a, b := mustSeed(t, []byte(benchKey)), mustSeed(t, []byte(benchKey))
	require.True(t, a.Equal(b))
	require.True(t, a.Equal(a))
	require.False(t, a.Equal(mustSeed(t, []byte("12345678901234567891"))))
	require.False(t, a.Equal(mustSeed(t, []byte(benchKey+"\x00"))), "a seed with one more byte is different")
	require.False(t, a.Equal(token.Seed{}))
	require.False(t, token.Seed{}.Equal(token.Seed{}), "the zero Seed equals no seed, not even itself")
}

func TestSeedDestroy(t *testing.T) {
	s := mustSeed(t, []byte(benchKey))
	other := s
	p := token.Profiles()[0]
	_, err := p.Code(s, 0)
	require.NoError(t, err)
	s.Destroy()
	s.Destroy()
	token.Seed{}.Destroy()
	for _, gone := range []token.Seed{s, other, {}} {
		require.True(t, gone.IsZero())
		require.Zero(t, gone.Len())
		require.Nil(t, gone.Bytes())
		require.Empty(t, gone.ExposeHex())
		require.Empty(t, gone.ExposeBase32())
		require.False(t, gone.Equal(gone))
		_, err := p.Code(gone, 0)
		require.ErrorIs(t, err, token.ErrNoSeed)
	}
}

func TestParseSeed(t *testing.T) {
	const (
		asHex = "3132333435363738393031323334353637383930"
		as32  = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	)
	for _, text := range []string{
		asHex, as32, strings.ToLower(as32),
		"3132 3334 3536 3738 3930 3132 3334 3536 3738 3930",
		"31:32:33:34:35:36:37:38:39:30:31:32:33:34:35:36:37:38:39:30",
		"GEZD-GNBV-GY3T-QOJQ-GEZD-GNBV-GY3T-QOJQ", " " + as32 + " ",
	} {
		s, err := token.ParseSeed(text)
		require.NoError(t, err, text)
		require.Equal(t, benchKey, string(s.Bytes()), text)
	}
	// An odd number of the characters A-F and 2-7 can only be base32. An even number is
	// read as hexadecimal.
	s, err := token.ParseSeed("ABCDEFABCDEFABCDEFABCDEF23456")
	require.NoError(t, err)
	require.Equal(t, 18, s.Len())
	s, err = token.ParseSeed("ABCDEF234567ABCDEF234567ABCDEF23")
	require.NoError(t, err)
	require.Equal(t, "abcdef234567abcdef234567abcdef23", s.ExposeHex())
	s, err = token.ParseSeedBase32("ABCDEF234567ABCDEF234567ABCDEF23")
	require.NoError(t, err)
	require.Equal(t, 20, s.Len())
}

func TestParseSeedErrors(t *testing.T) {
	const good = "3132333435363738393031323334353637383930"
	for text, want := range map[string]string{
		"":                       "a seed has 16 to 64 bytes, got 0",
		"31323334":               "a seed has 16 to 64 bytes, got 4",
		good + "é":               `seed text: character '\u00e9' at position 41 makes it neither hexadecimal nor base32`,
		"31!" + good:             `seed text: character '!' at position 3 makes it neither hexadecimal nor base32`,
		"GEZDGNBVGY3TQOJ0":       `seed text: character '0' at position 16 makes it neither hexadecimal nor base32`,
		"0123 456g":              `seed text: character 'g' at position 9 makes it neither hexadecimal nor base32`,
		good + "\n":              `seed text: character '\n' at position 41 makes it neither hexadecimal nor base32`,
		good + "1":               "seed text: odd number of hexadecimal digits",
		"GEZDGNBVG":              "seed text: 9 base32 characters are not a whole number of bytes",
		"GEZDGNBV=":              "seed text: wrong number of padding characters",
		"GEZDGNBVGY3TQOJ==":      "seed text: wrong number of padding characters",
		"GEZDGNBV========":       "seed text: wrong number of padding characters",
		"GEZDGNBVGY3TQ=JQ":       `seed text: character 'J' at position 15 follows the padding`,
		strings.Repeat("A", 200): "a seed has 16 to 64 bytes, got 100",
	} {
		s, err := token.ParseSeed(text)
		require.EqualError(t, err, want, "text %q", text)
		require.True(t, s.IsZero())
		if !strings.Contains(want, "got") {
			require.ErrorIs(t, err, token.ErrSeedText)
		} else {
			require.ErrorIs(t, err, token.ErrSeedLength)
		}
		if len(text) > 4 {
			require.NotContains(t, err.Error(), text[:4], "an error must not quote a seed")
		}
	}
	_, err := token.ParseSeedHex("GEZD")
	require.EqualError(t, err, "seed text: character 'G' at position 1 is not a hexadecimal digit")
	_, err = token.ParseSeedBase32("GEZ1")
	require.EqualError(t, err, "seed text: character '1' at position 4 is not in the base32 alphabet A-Z, 2-7")
}

func TestSeedTextRoundTrip(t *testing.T) {
	plain := base32.StdEncoding.WithPadding(base32.NoPadding)
	proptest.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), token.MinSeedLen, token.MaxSeedLen).Draw(t, "seed")
		s := mustSeed(t, b)
		require.Equal(t, hex.EncodeToString(b), s.ExposeHex())
		require.Equal(t, plain.EncodeToString(b), s.ExposeBase32())
		for _, text := range []string{s.ExposeHex(), strings.ToUpper(s.ExposeHex())} {
			again, err := token.ParseSeed(text)
			require.NoError(t, err)
			require.True(t, s.Equal(again))
		}
		for _, text := range []string{s.ExposeBase32(), base32.StdEncoding.EncodeToString(b), strings.ToLower(s.ExposeBase32())} {
			again, err := token.ParseSeedBase32(text)
			require.NoError(t, err)
			require.True(t, s.Equal(again))
		}
	})
}

// TestShortSeeds: 10 to 15 bytes are accepted on request only. They give the same codes
// as the seed padded with zeros (RFC 2104 section 2), on which fleets rely.
func TestShortSeeds(t *testing.T) {
	for n := range token.MaxSeedLen + 2 {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(i + 1)
		}
		seed, err := token.NewShortSeed(b)
		if n < token.MinShortSeedLen || n > token.MaxSeedLen {
			require.ErrorIs(t, err, token.ErrSeedLength, n)
			continue
		}
		require.NoError(t, err, n)
		require.Equal(t, b, seed.Bytes())
		for _, parse := range []func(string) (token.Seed, error){token.ParseShortSeed, token.ParseShortSeedBase32} {
			again, err := parse(seed.ExposeBase32())
			require.NoError(t, err)
			require.True(t, again.Equal(seed))
		}
		_, err = token.ParseSeed(seed.ExposeHex())
		require.Equal(t, n < token.MinSeedLen, err != nil, n)
		padded := append(b[:n:n], make([]byte, token.MaxSeedLen-n)...)
		for _, a := range []token.Algorithm{token.SHA1, token.SHA256, token.SHA512} {
			require.Equal(t, token.AppendCode(nil, padded, a, 8, 12345), token.AppendCode(nil, b, a, 8, 12345))
		}
	}
	// oathtool -b JBSWY3DPEHPK3PXP --totp -s 60s --now @1111111109
	seed, err := token.ParseShortSeed("jbsw y3dp-ehpk:3pxp")
	require.NoError(t, err)
	key := seed.Bytes()
	require.Equal(t, "912772", string(token.AppendCode(nil, key, token.SHA1, 6, 1111111109/60)))
}
