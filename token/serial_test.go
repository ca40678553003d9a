// SPDX-License-Identifier: Apache-2.0

package token_test

import (
	"cmp"
	"encoding/json"
	"math"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/token"
)

func TestSerialKind(t *testing.T) {
	for text, want := range map[string]token.SerialKind{
		"ZZFB00000001":         token.SerialOATH,
		"FT2012345678":         token.SerialOATH,
		"00040008CFA5":         token.SerialOATH, // SafeNet; has the OATH form
		"000000000001":         token.SerialOther,
		"zzfb00000001":         token.SerialOther,
		"ZZFB-0000001":         token.SerialOther,
		"2600124800001":        token.SerialVendor13,
		"260012480000A":        token.SerialOther,
		"123456789":            token.SerialVendor9,
		"71358472":             token.SerialOther, // Deepnet
		"FTK200ABCDEFGHIJ":     token.SerialOther,
		"-":                    token.SerialOther,
		"ABCDEFGHIJKLMNOPQRST": token.SerialOther,
	} {
		s, err := token.ParseSerial(text)
		require.NoError(t, err, text)
		require.Equal(t, want, s.Kind(), "%s is %s", text, s.Kind())
		require.Equal(t, len(text), s.Len())
	}
	require.Equal(t, token.SerialOther, token.Serial{}.Kind())
	require.Equal(t, "SerialKind(7)", token.SerialKind(7).String())
}

func TestParseSerialErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "serial number: empty",
		"ABCDEFGHIJKLMNOPQRSTU": "serial number: 21 characters, at most 20 are allowed",
		"AB_C":                  `serial number: character '_' at position 3, allowed are 0-9, A-Z, a-z and hyphen`,
		" 1":                    `serial number: character ' ' at position 1, allowed are 0-9, A-Z, a-z and hyphen`,
		"1\n":                   `serial number: character '\n' at position 2, allowed are 0-9, A-Z, a-z and hyphen`,
		"1é":                    `serial number: character '\xc3' at position 2, allowed are 0-9, A-Z, a-z and hyphen`,
	} {
		s, err := token.ParseSerial(text)
		require.EqualError(t, err, want)
		require.ErrorIs(t, err, token.ErrSerial)
		require.True(t, s.IsZero())
		_, err2 := token.SerialFromBytes([]byte(text))
		require.Equal(t, err, err2)
	}
}

var serialForm = regexp.MustCompile(`^[0-9A-Za-z-]{1,20}$`)

func TestSerialRoundTrip(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[0-9A-Za-z-]{1,20}`).Draw(t, "serial")
		s, err := token.ParseSerial(text)
		require.NoError(t, err)
		require.False(t, s.IsZero())
		require.Equal(t, text, s.String())
		require.Equal(t, "x"+text, string(s.AppendTo([]byte("x"))))
		b, err := token.SerialFromBytes([]byte(text))
		require.NoError(t, err)
		require.True(t, s == b)
		data, err := json.Marshal(map[token.Serial]token.Serial{s: s})
		require.NoError(t, err)
		var back map[token.Serial]token.Serial
		require.NoError(t, json.Unmarshal(data, &back))
		require.Equal(t, s, back[s])

		other := rapid.StringMatching(`[0-9A-Za-z-]{1,20}`).Draw(t, "other")
		o, err := token.ParseSerial(other)
		require.NoError(t, err)
		require.Equal(t, cmp.Compare(text, other), s.Compare(o))
		require.Equal(t, text == other, s == o)
	})
}

func TestSerialZero(t *testing.T) {
	var s token.Serial
	text, err := s.MarshalText()
	require.NoError(t, err)
	require.Empty(t, text)
	s, err = token.ParseSerial("1")
	require.NoError(t, err)
	require.Error(t, s.UnmarshalText([]byte("?")))
	require.Equal(t, "1", s.String(), "an error must not change the value")
	require.NoError(t, s.UnmarshalText(nil))
	require.True(t, s.IsZero())
}

func TestSerialAllocatesNothing(t *testing.T) {
	text, raw, buf := "ZZFB0000002A", []byte("2600124800001"), make([]byte, 0, token.MaxSerialLen)
	seen := map[token.Serial]int{}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		a, _ := token.ParseSerial(text)
		b, _ := token.SerialFromBytes(raw)
		buf = b.AppendTo(a.AppendTo(buf[:0])[:0])
		if a.Reserved() && b.Kind() == token.SerialVendor13 && a.Compare(b) > 0 {
			seen[token.Serial{}] = len(buf)
		}
		_, _ = token.TestSerial(token.SerialVendor9, 5)
	}))
}

func TestTestSerial(t *testing.T) {
	linOTP := regexp.MustCompile(`^[A-Za-z0-9]{4}[A-Fa-f0-9]{8}$`)
	limits := map[token.SerialKind]uint64{
		token.SerialOther:    math.MaxUint64,
		token.SerialOATH:     math.MaxUint32,
		token.SerialVendor13: 999_999_999,
		token.SerialVendor9:  999_999,
	}
	first := map[token.SerialKind]string{
		token.SerialOther:    "FOB-0000000000000000",
		token.SerialOATH:     "ZZFB00000000",
		token.SerialVendor13: "9999000000000",
		token.SerialVendor9:  "999000000",
	}
	for kind, last := range limits {
		s, err := token.TestSerial(kind, 0)
		require.NoError(t, err)
		require.Equal(t, first[kind], s.String())
		proptest.Check(t, func(t *rapid.T) {
			n := rapid.Uint64Range(0, last).Draw(t, "n")
			s, err := token.TestSerial(kind, n)
			require.NoError(t, err)
			require.Equal(t, kind, s.Kind())
			require.True(t, s.Reserved())
			if kind == token.SerialOATH {
				require.Regexp(t, linOTP, s.String())
			}
			again, err := token.ParseSerial(s.String())
			require.NoError(t, err)
			require.Equal(t, s, again)
			if n > 0 {
				before, err := token.TestSerial(kind, n-1)
				require.NoError(t, err)
				require.Equal(t, -1, before.Compare(s), "test serials must sort by number")
			}
		})
		if last < math.MaxUint64 {
			_, err := token.TestSerial(kind, last+1)
			require.ErrorIs(t, err, token.ErrTestSerial)
		}
	}
	_, err := token.TestSerial(token.SerialVendor9, 1_000_000)
	require.EqualError(t, err, "cannot make a test serial number: 1000000 does not fit the 6 digits after 999")
	_, err = token.TestSerial(9, 0)
	require.EqualError(t, err, "cannot make a test serial number: unknown kind 9")
}

func TestSerialReserved(t *testing.T) {
	for text, want := range map[string]bool{
		"ZZFB0000002A":  true,
		"ZZFB0000002a":  false,
		"ZZFB0000002G":  false,
		"ZZFC0000002A":  false,
		"ZZFB0000002":   false,
		"9999000000001": true,
		"9998000000001": false,
		"999000001":     true,
		"998000001":     false,
		"FOB-1":         false,
	} {
		s, err := token.ParseSerial(text)
		require.NoError(t, err)
		require.Equal(t, want, s.Reserved(), text)
		require.Equal(t, text, s.String(), "a serial number is used as given")
	}
	require.False(t, token.Serial{}.Reserved())
}
