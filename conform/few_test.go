// SPDX-License-Identifier: Apache-2.0

package conform_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/mutant"
)

// TestFewTokensRight: a correct server that holds few tokens fails no case: none uses a token
// that was removed to make room for another one.
func TestFewTokensRight(t *testing.T) {
	for _, clock := range []bool{true, false} {
		for limit, passes := range map[int]int{1: 50, 2: 60, 3: 60} {
			t.Run(fmt.Sprint(limit, " tokens, clock ", clock), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					target := mutant.New("").Target()
					target.Limits.Tokens, target.Limits.Parallel = limit, 1
					if !clock {
						target.SetClock = nil
					}
					report, err := conform.Run(t.Context(), target, conform.Options{Seed: 1})
					require.NoError(t, err)
					passed := 0
					for _, r := range report.Results {
						if r.Outcome == conform.Fail {
							t.Errorf("%s: %s", r.ID, r.Detail)
						}
						if r.Outcome == conform.Pass {
							passed++
						}
					}
					require.GreaterOrEqual(t, passed, passes)
				})
			})
		}
	}
}
