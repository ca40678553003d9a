// SPDX-License-Identifier: Apache-2.0

// Package tooltest finds the external programs that a test needs, and goroutines that a
// test leaves behind.
package tooltest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

// File returns the first file that matches one of the patterns. The name is for the
// message if there is none.
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

// Python returns a Python interpreter that has the modules. It tries FOB_PYTHON, then
// Debian's, then the first on PATH, which may not find Debian's modules.
func Python(t testing.TB, modules ...string) string {
	t.Helper()
	imports := "import " + strings.Join(modules, ", ")
	for _, name := range []string{os.Getenv("FOB_PYTHON"), "/usr/bin/python3", "python3"} {
		if name != "" && exec.Command(name, "-c", imports).Run() == nil {
			return name
		}
	}
	Missing(t, "a Python with "+strings.Join(modules, " and "))
	return ""
}

// Missing ends a test for which a program is missing. It skips the test, or fails it if
// FOB_REQUIRE_TOOLS=1, as in continuous integration.
func Missing(t testing.TB, name string) {
	t.Helper()
	if Required() {
		t.Fatalf("%s is not installed: install it, or unset FOB_REQUIRE_TOOLS", name)
	}
	t.Skipf("%s is not installed", name)
}

// Required reports whether a missing tool fails a test.
func Required() bool { return os.Getenv("FOB_REQUIRE_TOOLS") == "1" }
