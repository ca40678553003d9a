// SPDX-License-Identifier: Apache-2.0

package conform_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/mutant"
)

// TestUndescribed: a correct server does not fail because its target file does not describe
// the answer while a token is locked. The case names the answer. An error of the server fails.
func TestUndescribed(t *testing.T) {
	for verdict, text := range map[conform.Verdict]string{conform.Undescribed: "status 423 Locked", conform.Trouble: "status 500 Locked"} {
		target := mutant.New("").Target()
		check := target.Check
		target.Check = func(ctx context.Context, a conform.Attempt) (conform.Answer, error) {
			s, err := target.Status(ctx, a.Token)
			answer, cerr := check(ctx, a)
			if err == nil && *s.Locked {
				return conform.Answer{Verdict: verdict, Text: text}, nil
			}
			return answer, cerr
		}
		report, err := conform.Run(t.Context(), target, conform.Options{Seed: 1})
		require.NoError(t, err)
		var failed, named []string
		for _, r := range report.Results {
			switch r.Outcome {
			case conform.Fail:
				failed = append(failed, r.ID)
			case conform.NotApplicable:
				require.Equal(t, "check: the target file does not describe this answer: status 423 Locked: add it to accepted or refused", r.Detail, r.ID)
				named = append(named, r.ID)
			}
		}
		if verdict == conform.Trouble {
			require.Subset(t, failed, []string{"C36", "C37", "C41", "C42", "C43", "C46"})
			continue
		}
		require.Empty(t, failed)
		require.Subset(t, named, []string{"C36", "C37", "C41", "C42", "C43", "C46"})
	}
}

// TestUndescribedVerb: neither does it fail because of a page that lacks a value.
func TestUndescribedVerb(t *testing.T) {
	target := mutant.New("").Target()
	target.Unlock = func(context.Context, *conform.Token) error {
		return fmt.Errorf("before: step 1: %w: csrf is not in the answer: status 403", conform.ErrUndescribed)
	}
	report, err := conform.Run(t.Context(), target, conform.Options{Cases: only(t, "C49")})
	require.NoError(t, err)
	require.Equal(t, conform.NotApplicable, report.Results[0].Outcome)
	require.Contains(t, report.Results[0].Detail, "csrf is not in the answer: status 403")
	target.Check = func(context.Context, conform.Attempt) (conform.Answer, error) {
		return conform.Answer{Verdict: conform.Undescribed, Text: "status 403"}, nil
	}
	_, err = conform.Run(t.Context(), target, conform.Options{Cases: only(t, "C49")})
	require.ErrorIs(t, err, conform.ErrUndescribed)
}
