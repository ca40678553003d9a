// SPDX-License-Identifier: Apache-2.0

package conform_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/mutant"
)

// TestProbe: probe finds the reason why a server refuses correct codes, before the cases
// run.
func TestProbe(t *testing.T) {
	p, err := conform.Probe(t.Context(), mutant.New("").Target())
	require.NoError(t, err)
	require.Equal(t, conform.Probed{Wrong: conform.Refused, Current: conform.Accepted}, p)

	p, err = conform.Probe(t.Context(), mutant.New("C01").Target())
	require.NoError(t, err)
	require.Equal(t, conform.Refused, p.Current)
	require.Contains(t, p.Hint, "the code of a 30 s step is accepted")

	late := mutant.New("")
	late.SetClock(time.Now().Add(4 * time.Minute))
	target := late.Target()
	target.SetClock = nil
	p, err = conform.Probe(t.Context(), target)
	require.NoError(t, err)
	require.Regexp(t, `the code of step \+[345] is accepted: the clocks of the server and of this machine differ by (180|240|300) s`, p.Hint)

	target = mutant.New("").Target()
	target.Check = func(context.Context, conform.Attempt) (conform.Answer, error) {
		return conform.Answer{Verdict: conform.Accepted}, nil
	}
	p, err = conform.Probe(t.Context(), target)
	require.NoError(t, err)
	require.Contains(t, p.Hint, "a wrong code is accepted")

	target.Check = func(context.Context, conform.Attempt) (conform.Answer, error) {
		return conform.Answer{Verdict: conform.Refused}, nil
	}
	p, err = conform.Probe(t.Context(), target)
	require.NoError(t, err)
	require.Contains(t, p.Hint, "are the seed, the user and the answers in the file right?")
}
