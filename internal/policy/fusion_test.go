// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"os"
	"os/exec"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// fusion is an instruction of arm64 that computes x*y+z and rounds once.
var fusion = regexp.MustCompile(`(?m)^.*\((\S+\.go:\d+)\)\s+FN?M(?:ADD|SUB)[SD]\b`)

// TestNoFusion compiles the deterministic packages for arm64 and checks that no
// multiplication is fused with an addition. An explicit conversion of the product to
// float64 prevents it (Go specification, Floating-point operators): see virtual/exact.go.
func TestNoFusion(t *testing.T) {
	args := []string{"build", "-gcflags=-S"}
	for _, p := range deterministic {
		args = append(args, "../../"+p)
	}
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Env = append(os.Environ(), "GOARCH=arm64", "GOOS=linux", "CGO_ENABLED=0")
	listing, err := cmd.CombinedOutput()
	require.NoError(t, err, "%.2000s", listing)
	require.Regexp(t, `\sFMULD\s`, string(listing), "the listing has instructions of arm64")
	for _, m := range fusion.FindAllSubmatch(listing, -1) {
		t.Errorf("%s: a multiplication is fused with an addition: convert the product to float64", m[1])
	}
}
