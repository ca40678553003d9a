// SPDX-License-Identifier: Apache-2.0

package mutant_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/mutant"
	"github.com/d204ef64/fob/token"
)

// failing runs the cases and returns the IDs of those that fail.
func failing(t *testing.T, target *conform.Target, cases []conform.Case) (ids []string) {
	t.Helper()
	report, err := conform.Run(t.Context(), target, conform.Options{Seed: 1, Cases: cases})
	require.NoError(t, err)
	for _, r := range report.Results {
		require.NotContains(t, r.Detail, "panicked", r.ID)
		if r.Outcome == conform.Fail {
			require.NotEmpty(t, r.Why)
			ids = append(ids, r.ID)
			t.Log(r.ID, r.Detail)
		}
	}
	return ids
}

// TestRight: a server without mistakes passes every case.
func TestRight(t *testing.T) {
	report, err := conform.Run(t.Context(), mutant.New("").Target(), conform.Options{Seed: 1})
	require.NoError(t, err)
	for _, r := range report.Results {
		require.Equal(t, conform.Pass, r.Outcome, "%s: %s\n%s", r.ID, r.Detail, strings.Join(r.Actions, "\n"))
	}
}

// TestNoMutant: a server is not blamed for differences that another requirement is about.
// privacyIDEA 3.11.5 keeps the offset of a clock in seconds, which every correct code moves
// (see C24). multiOTP 5.9.8.0 answers in other words after some wrong codes, whether the next
// code is correct or not.
func TestNoMutant(t *testing.T) {
	target := mutant.New("").Target()
	var mu sync.Mutex
	correct, wrong := map[string]int{}, map[string]int{}
	check, status := target.Check, target.Status
	target.Check = func(ctx context.Context, a conform.Attempt) (conform.Answer, error) {
		answer, err := check(ctx, a)
		mu.Lock()
		defer mu.Unlock()
		if answer.Verdict == conform.Accepted {
			correct[a.Token.Serial]++
			return answer, err
		}
		if wrong[a.Token.Serial]++; wrong[a.Token.Serial] > 3 {
			answer.Text += ", wait for some minutes"
		}
		return answer, err
	}
	target.Status = func(ctx context.Context, token *conform.Token) (conform.Status, error) {
		s, err := status(ctx, token)
		mu.Lock()
		defer mu.Unlock()
		if s.Drift != nil {
			*s.Drift += 0.2 * float64(correct[token.Serial])
		}
		return s, err
	}
	cases, err := conform.Select(conform.Selection{IDs: []string{"C26", "C43"}})
	require.NoError(t, err)
	require.Empty(t, failing(t, target, cases))
}

// TestWideWindow: BK-03 ends with a window of 10 steps, like the one of LinOTP 3.4.4.
func TestWideWindow(t *testing.T) {
	target := mutant.New("C09").Target()
	var now time.Time
	clock, check := target.SetClock, target.Check
	target.SetClock = func(ctx context.Context, at time.Time) error {
		now = at
		return clock(ctx, at)
	}
	target.Check = func(ctx context.Context, a conform.Attempt) (conform.Answer, error) {
		for n := int64(-10); n <= 10; n++ {
			code := token.AppendHOTP(nil, a.Token.Seed.Bytes(), token.SHA1, a.Token.Digits, uint64(now.Unix()/60+n)) //nolint:gosec // after 1970
			if string(code) == a.Code {
				return check(ctx, a)
			}
		}
		return conform.Answer{Verdict: conform.Refused}, nil
	}
	cases, err := conform.Select(conform.Selection{IDs: []string{"C08", "BK-03"}})
	require.NoError(t, err)
	report, err := conform.Run(t.Context(), target, conform.Options{Seed: 1, Cases: cases})
	require.NoError(t, err)
	require.Equal(t, "window -10..+10", report.Results[0].Detail)
	require.Equal(t, conform.Pass, report.Results[1].Outcome, report.Results[1].Detail)
}

// TestCounted: the number of counted codes is read before a correct code resets it.
func TestCounted(t *testing.T) {
	cases, err := conform.Select(conform.Selection{IDs: []string{"C42"}})
	require.NoError(t, err)
	report, err := conform.Run(t.Context(), mutant.New("C42").Target(), conform.Options{Seed: 1, Cases: cases})
	require.NoError(t, err)
	require.Contains(t, report.Results[0].Detail, "after 5 wrong codes at once, the correct code is accepted, on token 1 of 10, 1 counted")
}

// TestMutants: each mistake makes its case fail, and no others than listed.
func TestMutants(t *testing.T) {
	var all []string
	for _, f := range mutant.Faults() {
		all = append(all, f.Case)
		t.Run(f.Case, func(t *testing.T) {
			failed := failing(t, mutant.New(f.Case).Target(), nil)
			require.Contains(t, failed, f.Case)
			if f.Also == "most" {
				require.Greater(t, len(failed), len(conform.All())/2)
				return
			}
			other := slices.DeleteFunc(failed, func(id string) bool { return id == f.Case })
			require.Equal(t, f.Also, strings.Join(other, " "))
		})
	}
	for _, c := range conform.All() {
		require.Contains(t, all, c.ID, "a case without a mutant is not finished")
	}
}

// TestWithoutClock: a server whose clock cannot be moved passes the cases that do not
// need it, and their mistakes are found. The time of a synctest bubble passes at once
// while a case waits.
func TestWithoutClock(t *testing.T) {
	for _, f := range append(mutant.Faults(), mutant.Fault{}) {
		cases, err := conform.Select(conform.Selection{})
		require.NoError(t, err)
		cases = slices.DeleteFunc(cases, func(c conform.Case) bool {
			if f.Case == "" {
				return false
			}
			return c.ID != f.Case
		})
		if c := cases[0]; len(cases) == 1 && (slices.Contains(c.Needs, conform.VerbClock) || c.ID == "C23" || c.ID == "C46") {
			continue // C23 needs half a month, and the mistake of C46 an hour
		}
		t.Run("mutant "+f.Case, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				target := mutant.New(f.Case).Target()
				target.SetClock = nil
				if failed := failing(t, target, cases); f.Case == "" {
					require.Empty(t, failed)
				} else {
					require.Equal(t, []string{f.Case}, failed)
				}
			})
		})
	}
}
