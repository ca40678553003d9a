// SPDX-License-Identifier: Apache-2.0

package conform_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/mutant"
)

// TestSameVerdicts: with the same seed, 50 runs have the same verdicts. They begin at
// different seconds of a step, and the servers have mistakes, and no clock that can be
// moved. C21 and C60 are left out because they compute for seconds.
func TestSameVerdicts(t *testing.T) {
	cases, err := conform.Select(conform.Selection{})
	require.NoError(t, err)
	cases = slices.DeleteFunc(cases, func(c conform.Case) bool { return c.ID == "C21" || c.ID == "C60" })
	for _, fault := range []string{"", "C07", "C20", "C38"} {
		synctest.Test(t, func(t *testing.T) {
			var first []string
			for run := range 50 {
				time.Sleep(time.Duration(run) * 1234567 * time.Microsecond)
				target := mutant.New(fault).Target()
				target.SetClock = nil
				report, err := conform.Run(t.Context(), target, conform.Options{Seed: 3, Cases: cases})
				require.NoError(t, err)
				var got []string
				for _, r := range report.Results {
					got = append(got, r.ID+" "+string(r.Outcome)+" "+r.Detail)
				}
				if first == nil {
					first = got
				}
				require.Equal(t, first, got, "fault %q, run %d", fault, run)
			}
		})
	}
}
