// SPDX-License-Identifier: Apache-2.0

package token_test

import (
	"encoding/json"
	"testing"
	"time"
	_ "time/tzdata" // the tests below must not depend on the machine

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/token"
)

const lastDay = 2932896 // 9999-12-31

func mustExpiry(t require.TestingT, s string) token.Expiry {
	e, err := token.ParseExpiry(s)
	require.NoError(t, err)
	return e
}

// TestExpiryEveryDay compares the calendar with package time on all days.
func TestExpiryEveryDay(t *testing.T) {
	for days := int32(0); days <= lastDay; days++ {
		e, err := token.ExpiryFromDays(days)
		if err != nil {
			t.Fatal(err)
		}
		y, m, d := e.Date()
		at := time.Unix(int64(days)*86400, 0).UTC()
		wy, wm, wd := at.Date()
		back, err := token.NewExpiry(y, m, d)
		if err != nil || y != wy || m != int(wm) || d != wd || back != e || back.Days() != days {
			t.Fatalf("day %d is %d-%d-%d, want %s; back %v, %v", days, y, m, d, at.Format(time.DateOnly), back.Days(), err)
		}
	}
	for _, days := range []int32{-1, lastDay + 1, -1 << 31, 1<<31 - 1} {
		_, err := token.ExpiryFromDays(days)
		require.ErrorIs(t, err, token.ErrExpiry)
	}
}

func drawExpiry(t *rapid.T, label string) token.Expiry {
	e, err := token.ExpiryFromDays(rapid.Int32Range(0, lastDay).Draw(t, label))
	require.NoError(t, err)
	return e
}

func TestExpiryRoundTrip(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		e := drawExpiry(t, "days")
		at := time.Unix(int64(e.Days())*86400, 0).UTC()
		require.Equal(t, at.Format(time.DateOnly), e.String())
		require.Equal(t, at.Format("01/02/06"), e.BackLabel())
		require.Equal(t, e, mustExpiry(t, e.String()))
		if at.Year() >= 2000 && at.Year() < 2100 {
			require.Equal(t, e, mustExpiry(t, e.BackLabel()))
		}
		data, err := json.Marshal(e)
		require.NoError(t, err)
		var back token.Expiry
		require.NoError(t, json.Unmarshal(data, &back))
		require.Equal(t, e, back)
		o := drawExpiry(t, "other")
		require.Equal(t, at.Compare(time.Unix(int64(o.Days())*86400, 0)), e.Compare(o))
	})
}

func TestExpiryErrors(t *testing.T) {
	for text, want := range map[string]string{
		"2027-02-29":  "expiry date 2027-02-29 does not exist: February 2027 has 28 days",
		"2100-02-29":  "expiry date 2100-02-29 does not exist: February 2100 has 28 days",
		"02/30/28":    "expiry date 02/30/28 does not exist: February 2028 has 29 days",
		"2031-11-31":  "expiry date 2031-11-31 does not exist: November 2031 has 30 days",
		"2031-11-00":  "expiry date 2031-11-00 does not exist: November 2031 has 30 days",
		"2031-13-01":  "expiry date 2031-13-01 does not exist: there is no month 13",
		"31/11/31":    "expiry date 31/11/31 does not exist: there is no month 31",
		"1969-12-31":  "expiry date 1969-12-31 is outside the years 1970 to 9999",
		"":            `expiry date "" is not a date, want 2031-11-30 or 11/30/31 (month/day/year)`,
		"2031-1-1":    `expiry date "2031-1-1" is not a date, want 2031-11-30 or 11/30/31 (month/day/year)`,
		"11/30/2031":  `expiry date "11/30/2031" is not a date, want 2031-11-30 or 11/30/31 (month/day/year)`,
		"2031-11-30 ": `expiry date "2031-11-30 " is not a date, want 2031-11-30 or 11/30/31 (month/day/year)`,
		"+031-11-30":  `expiry date "+031-11-30" is not a date, want 2031-11-30 or 11/30/31 (month/day/year)`,
	} {
		e, err := token.ParseExpiry(text)
		require.EqualError(t, err, want)
		require.ErrorIs(t, err, token.ErrExpiry)
		require.True(t, e.IsZero())
	}
	_, err := token.NewExpiry(2027, 2, 29)
	require.EqualError(t, err, "expiry date 2027-02-29 does not exist: February 2027 has 28 days")
	_, err = token.NewExpiry(10000, 1, 1)
	require.EqualError(t, err, "expiry date 10000-01-01 is outside the years 1970 to 9999")
	_, err = token.NewExpiry(-5, 1, 1)
	require.EqualError(t, err, "expiry date -5-01-01 is outside the years 1970 to 9999")
	_, err = token.NewExpiry(2027, -2, 100)
	require.EqualError(t, err, "expiry date 2027--2-100 does not exist: there is no month -2")
}

func TestExpiryZero(t *testing.T) {
	var none token.Expiry
	require.True(t, none.IsZero())
	require.Empty(t, none.String())
	require.Empty(t, none.BackLabel())
	y, m, d := none.Date()
	require.Equal(t, [3]int{}, [3]int{y, m, d})
	require.Equal(t, none, none.AddMonths(60))
	require.Equal(t, token.Never, none.EndsAt(token.TokyoOffset))
	require.True(t, none.Ends(nil).IsZero())
	require.Zero(t, none.Compare(token.Expiry{}))

	first, err := token.NewExpiry(1970, 1, 1)
	require.NoError(t, err)
	require.NotEqual(t, none, first)
	last, err := token.ExpiryFromDays(lastDay)
	require.NoError(t, err)
	require.Equal(t, 1, none.Compare(last), "the zero Expiry sorts after every date")
	require.Equal(t, -1, last.Compare(none))

	e := last
	require.Error(t, e.UnmarshalText([]byte("tomorrow")))
	require.Equal(t, last, e)
	require.NoError(t, e.UnmarshalText(nil))
	require.True(t, e.IsZero())
}

func TestExpiryAddMonths(t *testing.T) {
	const last = "9999-12-31"
	for _, c := range []struct {
		from string
		n    int
		want string
	}{
		{"2026-11-30", 60, "2031-11-30"},
		{"2026-08-31", 1, "2026-09-30"},
		{"2028-02-29", 12, "2029-02-28"},
		{"2028-02-29", 48, "2032-02-29"},
		{"2026-01-31", 1, "2026-02-28"},
		{"2026-03-31", -1, "2026-02-28"},
		{"2026-12-15", 1, "2027-01-15"},
		{"2026-01-15", -1, "2025-12-15"},
		{"2026-01-15", 0, "2026-01-15"},
		{"1970-01-31", -1, "1970-01-01"},
		{"9999-12-01", 1, last},
		{"2026-01-15", 1<<31 - 1, last},
		{"2026-01-15", -1 << 31, "1970-01-01"},
	} {
		require.Equal(t, c.want, mustExpiry(t, c.from).AddMonths(c.n).String(), "%s plus %d months", c.from, c.n)
	}
	proptest.Check(t, func(t *rapid.T) {
		e, n := drawExpiry(t, "days"), rapid.IntRange(-600, 600).Draw(t, "months")
		y, m, d := e.Date()
		first := time.Date(y, time.Month(m+n), 1, 0, 0, 0, 0, time.UTC)
		if first.Year() < 1970 || first.Year() > 9999 {
			t.Skip("clamped")
		}
		end := first.AddDate(0, 1, -1).Day()
		require.Equal(t, first.AddDate(0, 0, min(d, end)-1).Format(time.DateOnly), e.AddMonths(n).String())
	})
}

func TestExpiryEnds(t *testing.T) {
	e := mustExpiry(t, "2031-11-30")
	require.Equal(t, "2031-11-30T15:00:00Z", e.Ends(token.Tokyo()).UTC().Format(time.RFC3339))
	require.Equal(t, e.Ends(token.Tokyo()), e.Ends(nil))
	require.Equal(t, "2031-12-01T00:00:00Z", e.Ends(time.UTC).Format(time.RFC3339))
	require.Equal(t, int64(e.EndsAt(token.TokyoOffset)), e.Ends(token.Tokyo()).Unix())

	zone, err := time.LoadLocation("Asia/Tokyo")
	require.NoError(t, err)
	proptest.Check(t, func(t *rapid.T) {
		e := drawExpiry(t, "days")
		require.True(t, e.Ends(zone).Equal(e.Ends(token.Tokyo())))
		require.Equal(t, int64(e.EndsAt(token.TokyoOffset)), e.Ends(token.Tokyo()).Unix())
		require.Equal(t, int64(e.EndsAt(0)), e.Ends(time.UTC).Unix())
	})
}

// TestExpiryEndsAtTheDayChange covers zones that skip midnight, repeat it, or skip a
// day.
func TestExpiryEndsAtTheDayChange(t *testing.T) {
	for _, c := range []struct{ zone, day, want string }{
		{"America/Sao_Paulo", "2018-11-03", "2018-11-04T01:00:00-02:00"}, // midnight to 01:00 is skipped
		{"Asia/Beirut", "2022-03-26", "2022-03-27T01:00:00+03:00"},       // the same, east of Greenwich
		{"Pacific/Apia", "2011-12-29", "2011-12-31T00:00:00+14:00"},      // the 30th is skipped
		{"America/Havana", "2024-11-02", "2024-11-03T00:00:00-04:00"},    // midnight to 01:00 comes twice
		{"Asia/Amman", "2021-10-28", "2021-10-29T00:00:00+03:00"},        // the same, east of Greenwich
		{"America/New_York", "2026-03-08", "2026-03-09T00:00:00-04:00"},
	} {
		loc, err := time.LoadLocation(c.zone)
		require.NoError(t, err)
		e := mustExpiry(t, c.day)
		require.Equal(t, c.want, e.Ends(loc).Format(time.RFC3339), c.zone)
		before, err := token.ExpiryOf(e.Ends(loc).Add(-time.Nanosecond))
		require.NoError(t, err)
		require.Equal(t, e, before, "%s: the last instant before must lie on the day", c.zone)
	}
}

func TestExpiryOf(t *testing.T) {
	at := time.Date(2031, 11, 30, 16, 0, 0, 0, time.UTC)
	e, err := token.ExpiryOf(at)
	require.NoError(t, err)
	require.Equal(t, "2031-11-30", e.String())
	e, err = token.ExpiryOf(at.In(token.Tokyo()))
	require.NoError(t, err)
	require.Equal(t, "2031-12-01", e.String())
	e, err = token.ExpiryOf(time.Time{})
	require.NoError(t, err)
	require.True(t, e.IsZero())
	_, err = token.ExpiryOf(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC))
	require.ErrorIs(t, err, token.ErrExpiry)
}
