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

// TestStrictRight: a correct server that locks its tokens early, and counts used codes and
// malformed entries, fails no case: none locks its own token by mistake.
func TestStrictRight(t *testing.T) {
	for _, clock := range []bool{true, false} {
		for lockout, passes := range map[int]int{1: 30, 2: 40, 3: 50, 5: 60} {
			for _, declares := range []bool{true, false} {
				t.Run(fmt.Sprint("lockout ", lockout, ", clock ", clock, ", declares ", declares), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						server := mutant.New("")
						server.Lockout, server.CountReplayed, server.CountMalformed = lockout, true, true
						target := server.Target()
						if !clock {
							target.SetClock = nil
						}
						if !declares {
							target.Declares.Lockout, target.Declares.CountReplayed, target.Declares.CountMalformed = nil, nil, nil
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
}
