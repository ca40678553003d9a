// SPDX-License-Identifier: Apache-2.0

// Package tooltest finds the programs of others that a test needs.
package tooltest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Find returns the path of a program.
func Find(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Missing(t, name)
	}
	return path
}

// File returns the first file that fits one of the patterns; name is for the
// message.
func File(t testing.TB, name string, patterns ...string) string {
	t.Helper()
	for _, pattern := range patterns {
		if found, err := filepath.Glob(pattern); err != nil {
			t.Fatal(err)
		} else if len(found) > 0 {
			return found[0]
		}
	}
	Missing(t, name)
	return ""
}

// Missing ends a test that lacks something: it is skipped, and with
// FOB_REQUIRE_TOOLS=1, as in continuous integration, it fails.
func Missing(t testing.TB, name string) {
	t.Helper()
	if os.Getenv("FOB_REQUIRE_TOOLS") == "1" {
		t.Fatalf("%s is not installed, and FOB_REQUIRE_TOOLS=1", name)
	}
	t.Skipf("%s is not installed", name)
}
