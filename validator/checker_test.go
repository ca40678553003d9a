// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

// rfcSeed returns the seed of RFC 4226 appendix D, from which testdata/codes.txt was
// computed.
func rfcSeed(t tb) token.Seed {
	t.Helper()
	seed, err := token.NewSeed([]byte("12345678901234567890"))
	require.NoError(t, err)
	return seed
}

// rfcToken returns a token in use with that seed, SHA-1, 6 digits and 60 s.
func rfcToken(t tb) validator.Token {
	t.Helper()
	return validator.Token{
		Profile:   token.Profile{Step: 60, Digits: 6},
		Seed:      rfcSeed(t),
		Condition: validator.InUse,
	}
}

var readCodes = sync.OnceValues(func() ([]string, error) {
	text, err := os.ReadFile("testdata/codes.txt")
	return strings.Fields(string(text)), err
})

// codeOf returns the code of a step from 0 to 1599, computed by oathtool.
func codeOf(t tb, step int64) string {
	t.Helper()
	codes, err := readCodes()
	require.NoError(t, err)
	require.Len(t, codes, 1600)
	return codes[step]
}

// wrongCode is not the code of any of the steps 0 to 1599; TestFixture checks this.
const wrongCode = "000000"

// at returns the instant a number of seconds into a step of 60 s.
func at(step int64, seconds token.UnixSeconds) token.UnixSeconds {
	return token.UnixSeconds(step)*60 + seconds
}

// A checker holds one token and its state, as a store does.
type checker struct {
	t        tb
	settings validator.Settings
	token    validator.Token
	state    validator.State
}

func newChecker(t tb) *checker {
	t.Helper()
	return &checker{t: t, settings: validator.DefaultSettings(), token: rfcToken(t)}
}

// enter enters a code ten seconds into a step.
func (d *checker) enter(step int64, code string) validator.Decision {
	return d.enterAt(at(step, 10), code)
}

func (d *checker) enterAt(now token.UnixSeconds, code string) validator.Decision {
	d.t.Helper()
	decision, state := validator.Check(d.settings, d.token, d.state, now, code)
	d.state = state
	return decision
}

// show enters the code of one step during another.
func (d *checker) show(step, of int64) validator.Decision {
	d.t.Helper()
	return d.enter(step, codeOf(d.t, of))
}

// suspend makes failed attempts until the token is suspended.
func (d *checker) suspend(step int64) {
	d.t.Helper()
	for range d.settings.LockoutThreshold {
		d.enter(step, wrongCode)
	}
	require.True(d.t, d.state.Suspended)
}

// TestFixture compares the fixture with RFC 4226 appendix D.
func TestFixture(t *testing.T) {
	for step, want := range []string{
		"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489",
	} {
		require.Equal(t, want, codeOf(t, int64(step)))
	}
	codes, err := readCodes()
	require.NoError(t, err)
	require.NotContains(t, codes, wrongCode)
}
