// SPDX-License-Identifier: Apache-2.0

package cases_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/validator/cases"
	"github.com/d204ef64/fob/validator/cases/reference"
)

// startReference starts this repository's bank in an empty database.
func startReference(t *testing.T, database string) cases.Target {
	t.Helper()
	s, err := reference.Start(t.Context(), reference.Options{Database: database})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s.Target()
}

// TestBank runs all cases against this repository's bank, on both databases.
func TestBank(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { runAll(t, filepath.Join(t.TempDir(), "bank.db")) })
	t.Run("postgres", func(t *testing.T) { runAll(t, pgtest.Database(t)) })
}

func runAll(t *testing.T, database string) {
	results, err := cases.Run(t.Context(), startReference(t, database), cases.Options{})
	require.NoError(t, err)
	require.Len(t, results, 70)
	for i, r := range results {
		require.Equal(t, fmt.Sprintf("C%02d", i+1), r.ID)
		t.Run(r.ID, func(t *testing.T) {
			t.Logf("%s %s (%d ms): %s", r.Outcome, r.Requirement, r.TookMS, r.Detail)
			require.NotEmpty(t, r.Detail)
			require.Equal(t, cases.Pass, r.Outcome, r.Detail)
		})
	}
}
