// SPDX-License-Identifier: Apache-2.0

//go:build qemu

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/board"
)

// TestBoardScripts runs the scripts in testdata/qemu, which need QEMU and two firmware
// images: $IMAGE with a rig, and $RELEASE without.
func TestBoardScripts(t *testing.T) {
	root, err := board.Root(".")
	require.NoError(t, err)
	images := map[string]string{}
	for name, rig := range map[string]bool{"IMAGE": true, "RELEASE": false} {
		target, err := board.TargetByName(root, imageName("virt", rig))
		require.NoError(t, err)
		image, err := target.Build(t.Context(), root, filepath.Join(t.TempDir(), "image.elf"), os.Stderr)
		require.NoError(t, err)
		images[name] = image.Path
	}
	files, err := filepath.Glob("testdata/qemu/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			end, limited := t.Deadline()
			p := scriptParams(file, scriptDeadline(time.Now(), end, limited))
			setup := p.Setup
			p.Setup = func(e *testscript.Env) error {
				for name, path := range images {
					e.Setenv(name, path)
				}
				return setup(e)
			}
			testscript.RunT(oneScript{t}, p)
		})
	}
}
