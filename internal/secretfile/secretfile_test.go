// SPDX-License-Identifier: Apache-2.0

//go:build unix

package secretfile

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestModes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(path, []byte("geheim"), 0o600))
	root := os.Geteuid() == 0
	for _, c := range []struct {
		mode       os.FileMode
		root, user bool // whether the file is accepted if it belongs to root, or to a user
	}{
		{0o600, true, true}, {0o400, true, true}, {0o700, true, true},
		{0o640, true, false}, {0o440, true, false},
		{0o660, false, false}, {0o650, false, false}, {0o604, false, false}, {0o644, false, false},
		{0o602, false, false}, {0o601, false, false}, {0o620, false, false}, {0o777, false, false},
	} {
		require.NoError(t, os.Chmod(path, c.mode))
		owners := map[int]bool{os.Geteuid(): c.user}
		if root {
			owners = map[int]bool{0: c.root, 65534: c.user}
		}
		for uid, good := range owners {
			if root {
				require.NoError(t, os.Chown(path, uid, -1))
				require.NoError(t, os.Chmod(path, c.mode))
			}
			b, err := Read(path)
			if good {
				require.NoError(t, err, "%o of %d", c.mode, uid)
				require.Equal(t, "geheim", string(b))
				continue
			}
			require.ErrorIs(t, err, ErrMode, "%o of %d", c.mode, uid)
			require.ErrorContains(t, err, path)
			require.ErrorContains(t, err, "chmod 600")
			require.NotContains(t, err.Error(), "geheim")
		}
	}
}

// TestPipe reads a pipe, like the shell's <(…).
func TestPipe(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	_, err = w.WriteString("geheim")
	require.NoError(t, err)
	require.NoError(t, w.Close())
	defer func() { _ = r.Close() }()
	if _, err := os.Stat("/dev/fd"); err != nil {
		t.Skip("no /dev/fd here")
	}
	b, err := Read(fmt.Sprintf("/dev/fd/%d", r.Fd()))
	require.NoError(t, err)
	require.Equal(t, "geheim", string(b))
}
