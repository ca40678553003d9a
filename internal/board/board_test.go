// SPDX-License-Identifier: Apache-2.0

package board

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/firmware/board/factory"
	"github.com/d204ef64/fob/internal/secretfile"
)

func TestRoot(t *testing.T) {
	root, err := Root(".")
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(root, targetsFile))
	_, err = Root(t.TempDir())
	require.ErrorIs(t, err, ErrSource)

	other := t.TempDir() // another module
	require.NoError(t, os.WriteFile(filepath.Join(other, "go.mod"), []byte("module example.org/x\n"), 0o600))
	_, err = Root(other)
	require.ErrorIs(t, err, ErrSource)
}

// TestTargets reads the target file and checks that its limits are at most the goals of
// the project: 128 KB and 32 KB on RISC-V, 100 KB and 10 KB on a Cortex-M3.
func TestTargets(t *testing.T) {
	root, err := Root(".")
	require.NoError(t, err)
	for name, goal := range map[string]struct{ flash, ram int }{
		"virt": {128 << 10, 32 << 10}, "virt-rig": {128 << 10, 32 << 10}, "cortex-m3": {100 << 10, 10 << 10},
	} {
		target, err := TargetByName(root, name)
		require.NoError(t, err)
		require.LessOrEqual(t, target.MaxFlash, goal.flash, name)
		require.LessOrEqual(t, target.MaxRAM, goal.ram, name)
		require.FileExists(t, filepath.Join(root, target.JSON))
		require.DirExists(t, filepath.Join(root, target.Main))
	}
	for name, suffix := range map[string]string{"virt": ".elf", "cortex-m3": ".elf", "pico": ".uf2", "pico-rig": ".uf2"} {
		target, err := TargetByName(root, name)
		require.NoError(t, err)
		require.Equal(t, suffix, target.Suffix(), name)
	}
	_, err = TargetByName(root, "pdp-11")
	require.ErrorIs(t, err, ErrTarget)
	require.ErrorContains(t, err, "virt, virt-rig")
}

func TestTargetsInvalid(t *testing.T) {
	for text, complaint := range map[string]string{
		"virt a b - 1":             ":1: want 6 fields, got 5",
		"# x\n\nvirt a b - one 2":  `:3: strconv.Atoi: parsing "one"`,
		"virt a b - 1 2\nx a b -1": ":2: want 6 fields, got 4",
	} {
		root := t.TempDir()
		require.NoError(t, os.Mkdir(filepath.Join(root, "testdata"), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(root, targetsFile), []byte(text), 0o600))
		_, err := Targets(root)
		require.ErrorContains(t, err, complaint)
	}
}

func TestParseSizes(t *testing.T) {
	flash, ram, err := parseSizes("   code    data     bss |   flash     ram\n 119604    1516   18912 |  121120   20428\n")
	require.NoError(t, err)
	require.Equal(t, []int{121120, 20428}, []int{flash, ram})
	for _, text := range []string{"", "flash ram", " 1 2 3 | 4 x", " 1 2 3 | x 4", "1 2 3 4 5 6"} {
		_, _, err := parseSizes(text)
		require.Error(t, err, text)
	}
}

func TestCreateFlash(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "flash.img")
	made := Factory{Model: "button-8", Digits: 8, StationKey: [32]byte{7}}
	require.NoError(t, CreateFlash(path, made))
	memory, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Len(t, memory, FlashSize)
	var id factory.Identity
	require.True(t, id.Parse(memory[:factory.RecordSize]))
	require.Equal(t, factory.Identity{HardwareID: id.HardwareID, Model: "button-8", Digits: 8, StationKey: [32]byte{7}}, id)
	for at, b := range memory[factory.RecordSize:] {
		if b != 0xFF {
			t.Fatalf("byte %d is %#x", at, b)
		}
	}
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())

	require.ErrorIs(t, CreateFlash(path, made), fs.ErrExist, "an existing token must not be overwritten")
	require.ErrorIs(t, CreateFlash(filepath.Join(dir, "x"), Factory{Model: "a b", Digits: 6}), ErrFlash)
	require.ErrorIs(t, CreateFlash(filepath.Join(dir, "no", "x"), made), fs.ErrNotExist)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1, "no temporary file may be left")
}

func TestCheckFlash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flash.img")
	require.ErrorContains(t, checkFlash(path), "does not exist")
	require.NoError(t, os.WriteFile(path, []byte("short"), 0o600))
	require.ErrorContains(t, checkFlash(path), "is not a file of 33554432 bytes")
	require.ErrorIs(t, checkFlash(t.TempDir()), ErrFlash)
	require.NoError(t, os.Truncate(path, FlashSize))
	require.ErrorContains(t, checkFlash(path), "contains other data")
	good := filepath.Join(t.TempDir(), "good.img")
	require.NoError(t, CreateFlash(good, Factory{Model: "x", Digits: 6, StationKey: [32]byte{7}}))
	require.NoError(t, checkFlash(good))
	if runtime.GOOS != "windows" { // where file modes have no meaning
		require.NoError(t, os.Chmod(good, 0o644))
		require.ErrorIs(t, checkFlash(good), secretfile.ErrMode)
	}
}

// TestConfigCheck checks that a file that cannot run is reported before anything is
// created.
func TestConfigCheck(t *testing.T) {
	text := filepath.Join(t.TempDir(), "image")
	require.NoError(t, os.WriteFile(text, []byte("no program"), 0o600))
	self, err := os.Executable() // a program for another processor
	require.NoError(t, err)
	for path, complaint := range map[string]string{
		filepath.Join(t.TempDir(), "none"): "does not exist",
		text:                               "is not an ELF file",
		t.TempDir():                        "is not an ELF file",
		os.DevNull:                         "is not an ELF file",
		self:                               "is a program for another processor",
	} {
		err := Config{Image: path}.Check()
		require.ErrorIs(t, err, ErrImage, path)
		require.ErrorContains(t, err, complaint)
	}
}
