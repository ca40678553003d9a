// SPDX-License-Identifier: Apache-2.0

//go:build qemu

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/board"
)

// TestBoardScripts runs the scripts in testdata/qemu, which need QEMU and a firmware
// image, $IMAGE. They use the commands of TestScripts.
func TestBoardScripts(t *testing.T) {
	root, err := board.Root(".")
	require.NoError(t, err)
	target, err := board.TargetByName(root, imageName("virt", true))
	require.NoError(t, err)
	image, err := target.Build(t.Context(), root, filepath.Join(t.TempDir(), "image.elf"), os.Stderr)
	require.NoError(t, err)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/qemu",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
			e.Setenv("GORACE", os.Getenv("GORACE"))
			e.Setenv("IMAGE", image.Path)
			e.Values[background{}] = map[string]*job{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start": cmdStart, "halt": cmdHalt, "ended": cmdEnded, "exits": cmdExits, "let": cmdLet,
		},
	})
}
