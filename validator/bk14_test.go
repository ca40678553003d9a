// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

// Q9. トークンの有効期限
// ハードウェアトークン裏面に記載しています。

// TestBK14LastSecond enters codes around the end of 31 March 2031 in Japan. The times
// come from `TZ=Asia/Tokyo date`, and the codes from oathtool 2.6.7.
func TestBK14LastSecond(t *testing.T) {
	tests := []struct {
		at     token.UnixSeconds
		code   string
		answer validator.Answer
		reason validator.Reason
	}{
		{1932735539, "921006", validator.Accepted, validator.ReasonAccepted}, // 23:58:59
		{1932735599, "532534", validator.Accepted, validator.ReasonAccepted}, // 23:59:59
		{1932735600, "677012", validator.Refused, validator.ReasonExpired},   // 00:00:00
		{1932735600, "532534", validator.Refused, validator.ReasonExpired},
		{1932735600, wrongCode, validator.Refused, validator.ReasonExpired},
	}
	for _, tt := range tests {
		d := newChecker(t)
		d.token.Expiry = date(t, 2031, 3, 31)
		got := d.enterAt(tt.at, tt.code)
		require.Equal(t, tt.answer, got.Answer, "%d %s", tt.at, tt.code)
		require.Equal(t, tt.reason, got.Reason)
		if tt.reason == validator.ReasonExpired {
			require.Equal(t, validator.BK14, got.Rule)
			require.Zero(t, d.state, "the state does not change")
		}
	}
}

// TestBK14Status: the date alone makes a token expired, without a change of the
// record. A status that was reported earlier does not change.
func TestBK14Status(t *testing.T) {
	expiry := date(t, 2031, 3, 31)
	const before, after = token.UnixSeconds(1932735599), token.UnixSeconds(1932735600)
	require.Equal(t, validator.InUse, validator.ConditionAt(validator.InUse, expiry, before))
	require.Equal(t, validator.Expired, validator.ConditionAt(validator.InUse, expiry, after))
	require.Equal(t, validator.Lost, validator.ConditionAt(validator.Lost, expiry, after))
	require.Equal(t, validator.Revoked, validator.ConditionAt(validator.Revoked, expiry, after))
	require.Equal(t, validator.InUse, validator.ConditionAt(validator.InUse, token.Expiry{}, after), "no date")
}

// TestBK14RefusalsRevealNothing: if a token's codes are refused anyway, the answer does
// not reveal whether a code was correct.
func TestBK14RefusalsRevealNothing(t *testing.T) {
	for _, tt := range []struct {
		reason validator.Reason
		rule   validator.Rule
		change func(*checker)
	}{
		{validator.ReasonExpired, validator.BK14, func(d *checker) { d.token.Expiry = date(t, 1970, 1, 1) }},
		{validator.ReasonRevoked, validator.BK18, func(d *checker) { d.token.Condition = validator.Revoked }},
		{validator.ReasonReported, validator.BK10, func(d *checker) { d.token.Condition = validator.Lost }},
		{validator.ReasonReported, validator.BK10, func(d *checker) { d.token.Condition = validator.Broken }},
		{validator.ReasonUnknown, validator.BK01, func(d *checker) { d.token = validator.Token{} }},
		{validator.ReasonUnknown, validator.BK01, func(d *checker) { d.token.Condition = validator.NotThere }}, // a seed may be left over
		{validator.ReasonNotYet, validator.BK14, func(d *checker) { d.token.Start = 1442 * 60 }},
		{validator.ReasonSuspended, validator.BK05, func(d *checker) { d.suspend(100) }}, // time does not unlock it
	} {
		d := newChecker(t)
		tt.change(d)
		before, want := d.state, validator.Decision{Reason: tt.reason, Rule: tt.rule}
		for _, code := range []string{codeOf(t, 1441), codeOf(t, 1445), wrongCode, "x", ""} {
			require.Equal(t, want, d.enter(1441, code))
			require.Equal(t, before, d.state)
		}
		got, state := validator.Resync(d.settings, d.token, d.state, at(1441, 0), codeOf(t, 1440), codeOf(t, 1441))
		require.Equal(t, want, got)
		require.Equal(t, before, state)
	}
}
