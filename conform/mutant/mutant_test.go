// SPDX-License-Identifier: Apache-2.0

package mutant_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/mutant"
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
