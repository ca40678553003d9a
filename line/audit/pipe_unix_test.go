// SPDX-License-Identifier: Apache-2.0

//go:build unix

package audit_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestNotRegular: a named pipe, a link to an endless device, or a folder in the place of a
// label or of a file of an export is a fault. The audit does not wait for it.
func TestNotRegular(t *testing.T) {
	original, _ := station(t)
	pipe := func(path string) error { return unix.Mkfifo(path, 0o600) }
	zero := func(path string) error { return os.Symlink("/dev/zero", path) }
	folder := func(path string) error { return os.Mkdir(path, 0o700) }
	for _, name := range []string{
		"labels/ZZFB00000001.zpl", "delivery/manifest.json", "delivery/manifest.json.sig", "delivery/head.json",
		"delivery/units.jsonl", "delivery/units.csv", "delivery/seeds-1.xml",
	} {
		for _, replace := range []func(string) error{pipe, zero, folder} {
			dir := copied(t, original)
			path := filepath.Join(dir, name)
			require.NoError(t, os.Remove(path))
			require.NoError(t, replace(path))
			faults := strings.Join(run(t, dir).Faults, "\n")
			want := "not a regular file"
			if strings.HasSuffix(name, ".sig") {
				want = "or its signature cannot be read"
			}
			require.Contains(t, faults, want, name)
		}
	}

	// A large file in the place of a label.
	dir := copied(t, original)
	require.NoError(t, os.Truncate(filepath.Join(dir, "labels/ZZFB00000001.zpl"), 1<<40))
	require.Contains(t, run(t, dir).Faults, "label ZZFB00000001.zpl cannot be read: larger than 16777216 bytes")
}
