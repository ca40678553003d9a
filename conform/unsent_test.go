// SPDX-License-Identifier: Apache-2.0

package conform_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/mutant"
)

// TestUnsent: C14 leaves out the spellings that cannot be sent, and finds the mistake by others.
func TestUnsent(t *testing.T) {
	for fault, want := range map[string]conform.Outcome{"": conform.Pass, "C14": conform.Fail} {
		target := mutant.New(fault).Target()
		check := target.Check
		target.Check = func(ctx context.Context, a conform.Attempt) (conform.Answer, error) {
			if strings.Contains(a.Code, "\x00") {
				return conform.Answer{}, fmt.Errorf("%w: NUL", conform.ErrUnsendable)
			}
			return check(ctx, a)
		}
		report, err := conform.Run(t.Context(), target, conform.Options{Cases: only(t, "C14")})
		require.NoError(t, err)
		require.Equal(t, want, report.Results[0].Outcome, report.Results[0].Detail)
		if want == conform.Pass {
			require.Contains(t, report.Results[0].Detail, "the others cannot be sent")
		}
	}
}

// TestLockedForMinutes: without a clock, C46 cannot pass, because a lockout may end later.
func TestLockedForMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := mutant.New("").Target()
		target.SetClock = nil
		report, err := conform.Run(t.Context(), target, conform.Options{Cases: only(t, "C46")})
		require.NoError(t, err)
		require.Equal(t, conform.NotApplicable, report.Results[0].Outcome)
		require.Contains(t, report.Results[0].Detail, "needs clock: still locked")
	})
}

// TestLongRetry: no case waits for hours because an answer asks for that.
func TestLongRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := mutant.New("").Target()
		limited := conform.Answer{Verdict: conform.Limited, RetryAfter: time.Hour}
		target.Operate = func(context.Context, conform.Act) (conform.Answer, error) { return limited, nil }
		begun := time.Now()
		report, err := conform.Run(t.Context(), target, conform.Options{Cases: only(t, "BK-04")})
		require.NoError(t, err)
		require.Equal(t, conform.NotApplicable, report.Results[0].Outcome, report.Results[0].Detail)
		require.Less(t, time.Since(begun), time.Minute)
	})
}
