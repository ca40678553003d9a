// SPDX-License-Identifier: Apache-2.0

package order_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/line/order"
	"github.com/d204ef64/fob/token"
)

// withSerials returns the example with other serial numbers.
func withSerials(t *testing.T, count int, kind, first, last, more string) string {
	t.Helper()
	if last != "" {
		last = "\n  last: \"" + last + "\""
	}
	return replace(t, "count: 10 ", fmt.Sprintf("count: %d ", count), "kind: oath ", "kind: "+kind+" ",
		`first: "ZZFB00000001"`, `first: "`+first+`"`+more, `
  last: "ZZFB00000012" `, last+" ")
}

const (
	hex  = "\n  hex: true"
	luhn = "\n  check_digit: luhn"
)

// TestSerials counts in each kind of serial numbers. The Luhn digits of the payloads
// 7992739871 (a former example of Wikipedia) and 7992739872 are 3 and 1.
func TestSerials(t *testing.T) {
	for _, c := range []struct {
		kind, first, last, more string
		count                   int
		holds                   uint64
		want                    []string // numbers 0, 1, …
	}{
		{"oath", "ZZFB00000009", "", "", 3, 3, []string{"ZZFB00000009", "ZZFB00000010", "ZZFB00000011"}},
		{"oath", "ZZFB00000009", "ZZFB0000001F", hex, 3, 23, []string{"ZZFB00000009", "ZZFB0000000A", "ZZFB0000000B"}},
		{"oath", "ZZFBFFFFFFFE", "", hex, 2, 2, []string{"ZZFBFFFFFFFE", "ZZFBFFFFFFFF"}},
		{"vendor13", "2600124800009", "2600124800020", "", 12, 12, []string{"2600124800009", "2600124800010"}},
		{"vendor9", "999000000", "", "", 1, 1, []string{"999000000"}},
		{"vendor9", "999999999", "", "", 1, 1, []string{"999999999"}},
		{"other", "FOB-000000000000000F", "", hex, 2, 2, []string{"FOB-000000000000000F", "FOB-0000000000000010"}},
		{"other", "79927398713", "79927398721", luhn, 2, 2, []string{"79927398713", "79927398721"}},
		{"other", "a-9", "", "", 1, 1, []string{"a-9"}},
	} {
		o, err := order.Parse([]byte(withSerials(t, c.count, c.kind, c.first, c.last, c.more)))
		require.NoError(t, err, c.first)
		require.Equal(t, c.holds, o.SerialCount(), c.first)
		for i, want := range c.want {
			got, ok := o.Serial(uint64(i))
			require.True(t, ok)
			require.Equal(t, want, got.String())
		}
		last, ok := o.Serial(c.holds - 1)
		require.True(t, ok)
		require.Equal(t, o.Serials.Last, last.String())
		none, ok := o.Serial(c.holds)
		require.False(t, ok)
		require.Equal(t, token.Serial{}, none)
	}
}

func TestSerialFaults(t *testing.T) {
	for _, c := range []struct {
		kind, first, last, more, want string
	}{
		{"vendor9", "999999998", "", "", "first: 3 numbers from 999999998 do not fit its 9 digits"},
		{"oath", "ZZFBFFFFFFFE", "", hex, "first: 3 numbers from ZZFBFFFFFFFE do not fit its 8 digits"},
		{"other", "a-9", "a-9", "", "last: the range holds 1 numbers, and the order needs 3, which do not fit its 1 digits"},
		{"other", "FOB-x", "", "", "first: FOB-x does not end with a digit that can count"},
		{"other", "FOB-FFFFFFFFFFFFFFFF", "", hex, "first: the numbers run out of digits"},
		{"vendor9", "999000001", "999000000", "", "last: 999000000 is before the first number 999000001"},
		{"other", "A-001", "B-009", "", "last: B-009 and the first number A-001 differ before the digits that count"},
		{"other", "A-001", "A-0009", "", "last: A-0009 and the first number A-001 differ"},
		{"other", "79927398714", "", luhn, "first: 79927398714 has the check digit 4, want 3"},
		{"other", "79927398713", "79927398735", luhn, "last: 79927398735 has the check digit 5, want 9"},
		{"oath", "999900000001", "", "", "first: 999900000001 is of kind other, want oath"},
	} {
		_, err := order.Parse([]byte(withSerials(t, 3, c.kind, c.first, c.last, c.more)))
		require.ErrorContains(t, err, "serials."+c.want)
	}
}

// TestOverlap finds the numbers that two orders share.
func TestOverlap(t *testing.T) {
	for _, c := range []struct {
		kind, more              string
		firstA, lastA           string
		firstB, lastB           string
		sharedFirst, sharedLast string // "": none
	}{
		{"oath", "", "ZZFB00000001", "ZZFB00000012", "ZZFB00000012", "ZZFB00000020", "ZZFB00000012", "ZZFB00000012"},
		{"oath", "", "ZZFB00000001", "ZZFB00000012", "ZZFB00000013", "ZZFB00000020", "", ""},
		{"oath", "", "ZZFB00000001", "ZZFB00000012", "ZZFA00000001", "ZZFA00000012", "", ""},
		{"oath", "", "ZZFB00000001", "ZZFB00000099", "ZZFB00000005", "ZZFB00000006", "ZZFB00000005", "ZZFB00000006"},
		{"oath", hex, "ZZFB0000000A", "ZZFB0000001A", "ZZFB0000000F", "ZZFB0000002F", "ZZFB0000000F", "ZZFB0000001A"},
		{"other", luhn, "79927398713", "79927398721", "79927398721", "79927398739", "79927398721", "79927398721"},
		{"other", "", "A-8", "A-9", "A-08", "A-09", "", ""},
	} {
		a, err := order.Parse([]byte(withSerials(t, 1, c.kind, c.firstA, c.lastA, c.more)))
		require.NoError(t, err)
		b, err := order.Parse([]byte(withSerials(t, 1, c.kind, c.firstB, c.lastB, c.more)))
		require.NoError(t, err)
		for range 2 {
			first, last, ok := a.Overlap(b)
			require.Equal(t, c.sharedFirst != "", ok, c.firstB)
			if ok {
				require.Equal(t, []string{c.sharedFirst, c.sharedLast}, []string{first.String(), last.String()})
			}
			a, b = b, a
		}
	}
}
