// SPDX-License-Identifier: Apache-2.0

package line

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto/port"
)

func TestPorts(t *testing.T) {
	dir := t.TempDir()
	touch := func(name string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		return path
	}
	find, err := Ports("pty:"+filepath.Join(dir, "s*"), filepath.Join(dir, "tty1"), "tcp:127.0.0.1:7000")
	require.NoError(t, err)
	names := func() (names []string) {
		found, err := find()
		require.NoError(t, err)
		for _, s := range found {
			require.Equal(t, s.Name, s.Addr)
			names = append(names, s.Name)
		}
		return names
	}
	require.Equal(t, []string{"tcp:127.0.0.1:7000"}, names())
	tty, s2 := touch("tty1"), touch("s2")
	require.Equal(t, []string{"pty:" + s2, tty, "tcp:127.0.0.1:7000"}, names())
	s1 := touch("s1")
	require.NoError(t, os.Symlink(filepath.Join(dir, "gone"), filepath.Join(dir, "s3")))
	require.Equal(t, []string{"pty:" + s1, "pty:" + s2, tty, "tcp:127.0.0.1:7000"}, names())
	require.NoError(t, os.Remove(tty))
	require.Equal(t, []string{"pty:" + s1, "pty:" + s2, "tcp:127.0.0.1:7000"}, names())
}

// TestPortsOverlap checks that a device that two patterns match has one worker.
func TestPortsOverlap(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tty1")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	find, err := Ports(path, filepath.Dir(path)+"/*")
	require.NoError(t, err)
	found, err := find()
	require.NoError(t, err)
	require.Equal(t, []Socket{{path, path}}, found)
}

// TestMissing names the paths of typing errors, and no patterns.
func TestMissing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "tty1")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	require.Equal(t, []string{filepath.Join(dir, "tty2"), filepath.Join(dir, "s")},
		Missing(path, filepath.Join(dir, "tty2"), "pty:"+filepath.Join(dir, "s"), filepath.Join(dir, "x*"), "tcp:127.0.0.1:1"))
}

func TestPortsRefused(t *testing.T) {
	for text, want := range map[string]error{"": port.ErrAddress, "tcp:x": port.ErrAddress, "/dev/tty[": ErrSocket} {
		_, err := Ports(text)
		require.ErrorIs(t, err, want, text)
	}
	_, err := Ports("/dev/ttyACM0", "/dev/ttyACM0")
	require.ErrorContains(t, err, `"/dev/ttyACM0" was given twice`)
	_, err = Ports()
	require.ErrorIs(t, err, ErrSocket)
}
