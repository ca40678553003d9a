// SPDX-License-Identifier: Apache-2.0

package entry

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/width"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
)

// wide writes a text with full-width characters, as a Japanese keyboard does.
func wide(s string) string { return width.Widen.String(s) }

type pair struct{ given, want string }

func TestDigits(t *testing.T) {
	for _, c := range []pair{
		{"123456", "123456"},
		{"012345", "012345"},
		{wide("123456"), "123456"},
		{"123 456", "123456"},
		{" 123\u3000456\t", "123456"},
		{"123-456", "123456"},
		{wide("123-456"), "123456"},
		{"123\u30fc456", "123456"}, // from the hyphen key of a Japanese keyboard
		{"123\u2212456", "123456"},
		{"\ufeff123456\r\n", "123456"},
		{"12\u200b3456", "123456"},
		{"", ""},
		{"---", ""},
	} {
		got, ok := Digits(c.given)
		require.True(t, ok, "%q", c.given)
		require.Equal(t, c.want, got, "%q", c.given)
	}
	for _, bad := range []string{
		"12345a", "123,456", wide("12345a"), "\u4e00\u4e8c\u4e09", "\u246023", "1.5", "+123456", "123_456", "\u0663\u0664",
	} {
		_, ok := Digits(bad)
		require.False(t, ok, "%q", bad)
	}
}

func TestAmount(t *testing.T) {
	for _, c := range []pair{
		{"150000", "150000"},
		{"150,000", "150000"},
		{wide("150,000"), "150000"},
		{"15\u3001000", "15000"},
		{"1 500 000", "1500000"},
		{"1\u202f500", "1500"},
		{"\u00a5150,000", "150000"},
		{"\uffe5" + wide("150,000"), "150000"},
		{wide("150,000") + "円", "150000"},
		{" 150,000 円\u3000", "150000"},
		{"000150", "150"},
		{"0", "0"},
		{"000", "0"},
	} {
		got, ok := Amount(c.given, "\u00a5", "円")
		require.True(t, ok, "%q", c.given)
		require.Equal(t, c.want, got, "%q", c.given)
	}
	for _, bad := range []string{
		"", "円", "-5", "\u30fc5", wide("-5"), "1,50", "1,5000", "1500,000", ",150", "150,", "1,,000", "1.5", "150.00", "15万", "1e6",
		"0x10", "150ドル", "$5",
	} {
		got, ok := Amount(bad, "\u00a5", "円")
		require.False(t, ok, "%q read as %q", bad, got)
	}
}

func TestIDs(t *testing.T) {
	for _, c := range []pair{
		{" alice\n", "alice"},
		{wide("alice"), "alice"},
		{"\u3000alice\u3000", "alice"},
		{wide("C-1001"), "C-1001"},
		{"C\u30fc1001", "C-1001"},
		{"a b", "a b"}, // refused later: inner characters are never removed
		{"bob\ufeff", "bob"},
		{wide("a.b_c@d"), "a.b_c@d"},
	} {
		require.Equal(t, c.want, ID(c.given), "%q", c.given)
	}
	require.Equal(t, "a.b@example.com", Email(" "+wide("a.b@example")+"\u3002com "))
	require.Equal(t, "00112233aabb", Hex(" 0x00:11-22 33 AAbb\n"))
	require.Equal(t, "00ff", Hex(wide("00FF")))
}

func TestText(t *testing.T) {
	for _, c := range []pair{
		{"\u3000株式会社\u3000みほん ", "株式会社\u3000みほん"},
		{"か\u3099", "が"},
		{"ab\u200bc", "ab\u200bc"}, // remains, to be refused later
		{"\u200babc", "abc"},
		{"\uff76)\uff7b\uff9d", "\uff76)\uff7b\uff9d"}, // half-width kana, as banks use them
		{wide("1F"), wide("1F")},
	} {
		require.Equal(t, c.want, Text(c.given), "%q", c.given)
	}
}

func TestSerials(t *testing.T) {
	require.Equal(t, []string{"100000000001"}, Serials("100000000001"))
	require.Equal(t, []string{"100000000001"}, Serials(" 1000 0000\u30000001 \n"))
	require.Equal(t, []string{"100-000-000-001", "100000000001"}, Serials(wide("100-000")+"\u30fc000\u2212001"))
	require.Equal(t, []string{"ft-12a", "ft12a", "FT-12A", "FT12A"}, Serials("ft-12a"))
	require.Empty(t, Serials(" \u3000"))
	require.Equal(t, []string{"-"}, Serials("\u30fc"))
}

func TestDay(t *testing.T) {
	for _, given := range []string{
		"2026-04-01", "2026-4-1", "2026/4/1", "2026/04/01", "2026.4.1", "20260401", "2026年4月1日", "2026年 4月 1日",
		wide("2026-04-01"), wide("2026/4/1"), "2026\u221204\u30fc01", " 2026/4/1\n", "1 April 2026", "1 Apr 2026",
		wide("2026") + "年" + wide("4") + "月" + wide("1") + "日",
	} {
		got, ok := Day(given)
		require.True(t, ok, "%q", given)
		require.Equal(t, "2026-04-01", got, "%q", given)
	}
	for _, bad := range []string{"", "2026-02-30", "4/1/2026", "2026", "令和8年4月1日", "yesterday"} {
		_, ok := Day(bad)
		require.False(t, ok, "%q", bad)
	}
}

// The plain form of a plain form is the same, so submitting a page twice changes
// nothing.
func TestPlainFormIdempotent(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		require.Equal(t, Text(s), Text(Text(s)))
		require.Equal(t, ID(s), ID(ID(s)))
		require.Equal(t, Email(s), Email(Email(s)))
		require.Equal(t, Hex(s), Hex(Hex(s)))
		if d, ok := Digits(s); ok {
			again, _ := Digits(d)
			require.Equal(t, d, again)
		}
		if a, ok := Amount(s, "円"); ok {
			again, ok := Amount(a, "円")
			require.True(t, ok)
			require.Equal(t, a, again)
		}
		if d, ok := Day(s); ok {
			again, _ := Day(d)
			require.Equal(t, d, again)
		}
	})
}
