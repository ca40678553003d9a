// SPDX-License-Identifier: Apache-2.0

package tooltest

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// Module builds the program of a module of its own in a folder, and returns its path. The
// program is missing if the modules that it needs cannot be downloaded.
func Module(t testing.TB, dir string) string {
	t.Helper()
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Base(dir)
	if out, err := exec.CommandContext(t.Context(), "go", "-C", dir, "list", "-deps", ".").CombinedOutput(); err != nil {
		Missing(t, name+" (its modules cannot be downloaded: "+string(out)+")")
	}
	program := filepath.Join(t.TempDir(), name)
	if out, err := exec.CommandContext(t.Context(), "go", "-C", dir, "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", name, err, out)
	}
	return program
}
