// SPDX-License-Identifier: Apache-2.0

package token_test

import (
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/token"
)

func TestProfiles(t *testing.T) {
	names := map[string]bool{}
	for _, p := range token.Profiles() {
		require.NoError(t, p.Validate(), p.Name)
		require.False(t, names[p.Name])
		names[p.Name] = true
		require.Equal(t, token.DefaultStep, p.Step)
		require.True(t, p.Behaviour.ClockLossErases)
		got, err := token.ProfileByName(p.Name)
		require.NoError(t, err)
		require.Equal(t, p, got)
	}
	require.Len(t, names, 3)
	token.Profiles()[0].Digits = 8
	require.Equal(t, uint8(6), token.Profiles()[0].Digits, "each call must return a new slice")

	_, err := token.ProfileByName("Button-6")
	require.ErrorIs(t, err, token.ErrProfileName)
	require.EqualError(t, err, `"Button-6": unknown profile, want always-on-6, button-6, button-8`)
}

func TestProfileValidate(t *testing.T) {
	always, button := token.Profiles()[0], token.Profiles()[1]
	for _, c := range []struct {
		from   token.Profile
		change func(p *token.Profile)
		want   string
	}{
		{always, func(p *token.Profile) { p.Step = 45 }, "invalid profile: Step is 45, allowed is 20, 30, 36 or 60 s"},
		{always, func(p *token.Profile) { p.Step = 0 }, "invalid profile: Step is 0, allowed is 20, 30, 36 or 60 s"},
		{always, func(p *token.Profile) { p.Digits = 7 }, "invalid profile: Digits is 7, allowed is 6 or 8"},
		{always, func(p *token.Profile) { p.Algorithm = 3 }, "invalid profile: Algorithm is 3, allowed is 0 (SHA1), 1 (SHA256) or 2 (SHA512)"},
		{always, func(p *token.Profile) { p.T0 = -1 }, "invalid profile: T0 is -1, allowed is 0 (1970) to 253402300799 (9999)"},
		{always, func(p *token.Profile) { p.Behaviour.UntilStepEnd = true }, "invalid profile: Behaviour.UntilStepEnd is 1, allowed is 0 without a button"},
		{always, func(p *token.Profile) { p.Behaviour.ShowSeconds = 5 }, "invalid profile: Behaviour.ShowSeconds is 5, allowed is 0 without a button"},
		{always, func(p *token.Profile) { p.Behaviour.PressLimit = 5 }, "invalid profile: Behaviour.PressLimit is 5, allowed is 0 without a button"},
		{button, func(p *token.Profile) { p.Behaviour.ShowSeconds = 0 }, "invalid profile: Behaviour.ShowSeconds is 0, allowed is 1 to 120 s with a button"},
		{button, func(p *token.Profile) { p.Behaviour.ShowSeconds = 121 }, "invalid profile: Behaviour.ShowSeconds is 121, allowed is 1 to 120 s with a button"},
		{button, func(p *token.Profile) { p.Behaviour.LowPercent = 100 }, "invalid profile: Behaviour.LowPercent is 100, allowed is 0 to 99 %"},
		{button, func(p *token.Profile) { p.Behaviour.Expiry = 3 }, "invalid profile: Behaviour.Expiry is 3, allowed is 0 (blank), 1 (show) or 2 (message)"},
		{button, func(p *token.Profile) { p.Behaviour.BlankDelayDays = 6 }, "invalid profile: Behaviour.BlankDelayDays is 6, allowed is 0 to 5 days"},
		{button, func(p *token.Profile) { p.Behaviour.Bars = 7 }, "invalid profile: Behaviour.Bars is 7, allowed is 0 to 6"},
	} {
		p := c.from
		c.change(&p)
		err := p.Validate()
		require.EqualError(t, err, c.want)
		require.ErrorIs(t, err, token.ErrProfile)
		var field *token.FieldError
		require.ErrorAs(t, err, &field)
	}
	p := always
	p.Digits, p.Algorithm, p.T0, p.Name = 8, token.SHA512, token.Epoch2000, ""
	for step := token.UnixSeconds(-100); step <= 100; step++ {
		p.Step = step
		require.Equal(t, step == 20 || step == 30 || step == 36 || step == 60, p.Validate() == nil, "%d s", step)
	}
}

// TestProfileLimits checks that the first and last allowed values are accepted.
func TestProfileLimits(t *testing.T) {
	p, err := token.ProfileByName("button-6")
	require.NoError(t, err)
	b := &p.Behaviour
	b.ShowSeconds, b.LowPercent, b.BlankDelayDays, b.Bars, b.Expiry = 120, 99, 5, 6, 2
	require.NoError(t, p.Validate())
	b.ShowSeconds = 1
	require.NoError(t, p.Validate())
}

// TestStepAt compares with math/big.
func TestStepAt(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		p := token.Profile{
			Step: rapid.SampledFrom([]token.UnixSeconds{20, 30, 36, 60}).Draw(t, "step"),
			T0:   token.UnixSeconds(rapid.Int64Range(0, 253402300799).Draw(t, "T0")),
		}
		at := rapid.Int64Range(-1<<62, 1<<62).Draw(t, "t")
		want := new(big.Int).Sub(big.NewInt(at), big.NewInt(int64(p.T0)))
		want.Div(want, big.NewInt(int64(p.Step))) // Euclidean division, which rounds down for a positive divisor
		step := p.StepAt(token.UnixSeconds(at))
		require.Equal(t, want.Int64(), step)

		start := p.StepStart(step)
		require.LessOrEqual(t, int64(start), at)
		require.Greater(t, int64(p.StepStart(step+1)), at)
		require.Equal(t, step, p.StepAt(start))
		require.Equal(t, step-1, p.StepAt(start-1))
		if m := start.Milli(); m.Seconds() == start {
			require.Equal(t, step, p.StepAtMilli(m))
			require.Equal(t, step-1, p.StepAtMilli(m-1))
		}
	})
}

func TestStepAtEdges(t *testing.T) {
	p := token.Profile{Step: 60, T0: token.Epoch2000}
	for at, want := range map[token.UnixSeconds]int64{
		token.Epoch2000 - 61: -2, token.Epoch2000 - 60: -1, token.Epoch2000 - 1: -1,
		token.Epoch2000: 0, token.Epoch2000 + 59: 0, token.Epoch2000 + 60: 1,
	} {
		require.Equal(t, want, p.StepAt(at))
	}
	require.Equal(t, int64(333333333), token.Profile{Step: 60}.StepAt(20000000000))
	require.Equal(t, int64(1), token.Profile{}.StepAt(60), "step 0 means the default")
	require.Equal(t, int64(-1), token.Profile{Step: 60}.StepAtMilli(-1))
}

func TestProfileCodeErrors(t *testing.T) {
	p, seed := token.Profiles()[0], mustSeed(t, []byte(benchKey))
	_, err := p.Code(token.Seed{}, 0)
	require.ErrorIs(t, err, token.ErrNoSeed)
	_, err = p.Code(seed, -1)
	require.ErrorIs(t, err, token.ErrStep)
	p.Digits = 9
	_, err = p.Code(seed, 0)
	require.ErrorIs(t, err, token.ErrProfile)
	p.Digits, p.Algorithm = 6, 7
	_, err = p.Code(seed, 0)
	require.ErrorIs(t, err, token.ErrProfile)
}

func TestExpiryPolicy(t *testing.T) {
	var zero token.ExpiryPolicy
	require.Equal(t, token.ExpiryBlank, zero)
	for p := token.ExpiryBlank; p.Valid(); p++ {
		text, err := p.MarshalText()
		require.NoError(t, err)
		var back token.ExpiryPolicy
		require.NoError(t, back.UnmarshalText(text))
		require.Equal(t, p, back)
	}
	_, err := token.ParseExpiryPolicy("off")
	require.ErrorIs(t, err, token.ErrExpiryPolicy)
	_, err = token.ExpiryPolicy(3).MarshalText()
	require.EqualError(t, err, `"ExpiryPolicy(3)": unknown expiry policy, want blank, show or message`)
}

func TestUnixMilliAndSeconds(t *testing.T) {
	for ms, want := range map[token.UnixMilli]token.UnixSeconds{-1001: -2, -1000: -1, -1: -1, 0: 0, 999: 0, 1000: 1, math.MinInt64: -9223372036854776} {
		require.Equal(t, want, ms.Seconds())
	}
	require.Equal(t, token.UnixMilli(math.MaxInt64), token.Never.Milli())
	require.Equal(t, token.UnixMilli(math.MinInt64), token.UnixSeconds(math.MinInt64).Milli())
	require.Equal(t, token.UnixMilli(-2000), token.UnixSeconds(-2).Milli())

	at := time.Date(2106, 2, 7, 6, 28, 16, 123456789, time.UTC)
	require.Equal(t, token.UnixSeconds(1<<32), token.UnixSecondsOf(at))
	require.Equal(t, at.Truncate(time.Millisecond), token.UnixMilli(at.UnixMilli()).Time())
	require.Equal(t, at.Truncate(time.Second), token.UnixSecondsOf(at).Time())
	require.Equal(t, time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), token.Epoch2000.Time())
}
