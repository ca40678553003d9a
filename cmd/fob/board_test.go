// SPDX-License-Identifier: Apache-2.0

package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/board"
)

// TestBoardTargets checks that the help lists the targets in testdata/targets.txt. An
// image with a rig is built with --rig.
func TestBoardTargets(t *testing.T) {
	targets, err := board.Targets("../..")
	require.NoError(t, err)
	var want, listed []string
	for _, target := range targets {
		if !strings.HasSuffix(target.Name, "-rig") {
			want = append(want, target.Name)
		}
	}
	code, out, _ := fob(t, "", "board", "build", "--help")
	require.Zero(t, code)
	_, list, _ := strings.Cut(out, "Targets:\n")
	list, _, _ = strings.Cut(list, "\n\n")
	for _, m := range regexp.MustCompile(`(?m)^  (\S+)  +\S`).FindAllStringSubmatch(list, -1) {
		listed = append(listed, m[1])
	}
	require.ElementsMatch(t, want, listed)
}
