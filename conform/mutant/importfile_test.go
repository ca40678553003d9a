// SPDX-License-Identifier: Apache-2.0

package mutant_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/mutant"
)

// TestRightImporter: an importer without mistakes passes the case of every file.
func TestRightImporter(t *testing.T) {
	require.Empty(t, failing(t, mutant.New("").Target(), conform.ImportCases()))
}

// TestImportMutants: each mistake of an importer makes the case of its file fail, and no
// others than listed.
func TestImportMutants(t *testing.T) {
	var all []string
	for _, f := range mutant.ImportFaults() {
		all = append(all, f.Case)
		t.Run(f.Case, func(t *testing.T) {
			failed := failing(t, mutant.New(f.Case).Target(), conform.ImportCases())
			require.Contains(t, failed, f.Case)
			other := slices.DeleteFunc(failed, func(id string) bool { return id == f.Case })
			require.Equal(t, f.Also, strings.Join(other, " "))
		})
	}
	for _, c := range conform.ImportCases() {
		require.Contains(t, all, c.ID, "a case without a mutant is not finished")
	}
}
