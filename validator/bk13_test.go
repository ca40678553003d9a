// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

// Q9. 有効期限の1ヵ月前に電子メールでお知らせのうえ、新しいハードウェアトークンを送付し
// ます。ただし、お客さまにご利用開始登録いただいていないハードウェアトークンにつきましては、
// 送付致しません。
func TestBK13NoticeOn(t *testing.T) {
	tests := []struct{ expiry, want [3]int }{
		{[3]int{2031, 3, 31}, [3]int{2031, 2, 28}},
		{[3]int{2028, 3, 31}, [3]int{2028, 2, 29}}, // leap year
		{[3]int{2028, 3, 30}, [3]int{2028, 2, 29}},
		{[3]int{2028, 3, 29}, [3]int{2028, 2, 29}},
		{[3]int{2028, 3, 28}, [3]int{2028, 2, 28}},
		{[3]int{2100, 3, 29}, [3]int{2100, 2, 28}}, // not a leap year
		{[3]int{2031, 5, 31}, [3]int{2031, 4, 30}},
		{[3]int{2031, 7, 31}, [3]int{2031, 6, 30}},
		{[3]int{2031, 8, 31}, [3]int{2031, 7, 31}},
		{[3]int{2031, 1, 31}, [3]int{2030, 12, 31}},
		{[3]int{2031, 2, 28}, [3]int{2031, 1, 28}},
	}
	for _, tt := range tests {
		expiry := date(t, tt.expiry[0], tt.expiry[1], tt.expiry[2])
		want := date(t, tt.want[0], tt.want[1], tt.want[2])
		require.Equal(t, want, validator.NoticeOn(validator.DefaultSettings(), expiry), expiry)
	}
	require.True(t, validator.NoticeOn(validator.DefaultSettings(), token.Expiry{}).IsZero())
}

// TestBK13NoticeDue uses days in Japan, which begin at 15:00 UTC.
func TestBK13NoticeDue(t *testing.T) {
	expiry := date(t, 2031, 3, 31)
	instant := func(text string) token.UnixSeconds {
		at, err := time.Parse(time.RFC3339, text)
		require.NoError(t, err)
		return token.UnixSecondsOf(at)
	}
	tests := []struct {
		at   string
		want bool
	}{
		{"2031-02-27T23:59:59+09:00", false},
		{"2031-02-28T00:00:00+09:00", true},
		{"2031-02-27T15:00:00Z", true},
		{"2031-03-15T12:00:00+09:00", true}, // a bank that was down catches up
		{"2031-03-31T23:59:59+09:00", true},
		{"2031-04-01T00:00:00+09:00", false},
	}
	s := validator.DefaultSettings()
	for _, tt := range tests {
		require.Equal(t, tt.want, validator.NoticeDue(s, expiry, validator.InUse, true, instant(tt.at)), tt.at)
		require.False(t, validator.NoticeDue(s, expiry, validator.InUse, false, instant(tt.at)), "not activated")
		require.False(t, validator.NoticeDue(s, expiry, validator.Revoked, true, instant(tt.at)), "revoked")
		require.False(t, validator.NoticeDue(s, token.Expiry{}, validator.InUse, true, instant(tt.at)), "no date")
	}
	s.NoticeMonths = 3
	require.True(t, validator.NoticeDue(s, expiry, validator.InUse, true, instant("2030-12-31T00:00:00+09:00")))
}

func TestBK13Today(t *testing.T) {
	for text, want := range map[string]token.Expiry{
		"1970-01-01T00:00:00Z": date(t, 1970, 1, 1),
		"1960-01-01T00:00:00Z": date(t, 1970, 1, 1), // the earliest day
		"2026-11-24T14:59:59Z": date(t, 2026, 11, 24),
		"2026-11-24T15:00:00Z": date(t, 2026, 11, 25),
		"9999-12-31T23:59:59Z": date(t, 9999, 12, 31),
	} {
		at, err := time.Parse(time.RFC3339, text)
		require.NoError(t, err)
		require.Equal(t, want, validator.Today(token.UnixSecondsOf(at)), text)
	}
}
