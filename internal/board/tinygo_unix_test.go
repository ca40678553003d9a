// SPDX-License-Identifier: Apache-2.0

//go:build unix

package board

import (
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fakeTinyGo puts a fake tinygo on PATH that reports the given version and records its
// arguments in the file calls.
func fakeTinyGo(t *testing.T, version string) (root, calls string) {
	t.Helper()
	dir := t.TempDir()
	root, calls = filepath.Join(dir, "root"), filepath.Join(dir, "calls")
	script := `#!/bin/sh
case "$1 $2" in
"version ") echo "tinygo version ` + version + ` linux/amd64 (using go version go1.25.14 and LLVM version 19.1.2)" ;;
"env TINYGOROOT") echo "` + root + `" ;;
*) echo "$@" >>"` + calls + `" ;;
esac
`
	require.NoError(t, os.WriteFile(filepath.Join(dir, "tinygo"), []byte(script), 0o755))
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return root, calls
}

func tinygoSh(t *testing.T, args ...string) (string, error) {
	t.Helper()
	root, err := Root(".")
	require.NoError(t, err)
	cmd := exec.Command(filepath.Join(root, "tools", "tinygo", "tinygo.sh"), args...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestPicoNeedsRelease checks that an image for a Pico is refused before anything is
// built if the tinygo on PATH is missing, too old, or not a release.
func TestPicoNeedsRelease(t *testing.T) {
	const needs = "needs a release of TinyGo 0.39 on PATH"
	for _, target := range [][]string{
		{"-target=tools/tinygo/pico.json"},
		{"-target", "tools/tinygo/pico.json"},
	} {
		args := append([]string{"build"}, append(target, "-o", filepath.Join(t.TempDir(), "fob.uf2"), "./firmware/board/pico")...)

		t.Run("old", func(t *testing.T) {
			_, calls := fakeTinyGo(t, "0.31.0")
			out, err := tinygoSh(t, args...)
			require.Error(t, err)
			require.Contains(t, out, needs)
			require.Contains(t, out, "tinygo version 0.31.0", "the version found is named")
			require.NoFileExists(t, calls, "no build was started")
		})
		t.Run("built from its module", func(t *testing.T) {
			root, calls := fakeTinyGo(t, "0.39.0")
			// A TinyGo built by setup.sh has a stub here and no C library.
			require.NoError(t, os.MkdirAll(filepath.Join(root, "src", "device", "rp"), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(root, "src", "device", "rp", "rp2040.go"), nil, 0o644))
			out, err := tinygoSh(t, args...)
			require.Error(t, err)
			require.Contains(t, out, needs)
			require.NoFileExists(t, calls, "no build was started")
		})
	}
	t.Run("missing", func(t *testing.T) {
		if path, err := exec.LookPath("tinygo"); err == nil {
			t.Skipf("a tinygo is on PATH: %s", path)
		}
		out, err := tinygoSh(t, "build", "-target=tools/tinygo/pico.json", "./firmware/board/pico")
		require.Error(t, err)
		require.Contains(t, out, needs)
		require.Contains(t, strings.TrimSpace(out), "there is no tinygo on PATH")
	})
}

// TestBuildReplacesTheImageAtTheEnd checks that a build that fails, also after the
// compiler has written its file, leaves the image of the build before.
func TestBuildReplacesTheImageAtTheEnd(t *testing.T) {
	const sizes = "   code    data     bss |   flash     ram\n     12       0       8 |      12       8\n"
	program := []segment{{0x100, 0x100, make([]byte, 16)}}
	whole := writeELF(t, program, map[string]uint32{"_image_start": 0x100, "_image_end": 0x10C})
	for name, c := range map[string]struct {
		elf, sizes string
		want       string // in the error; "" is none
	}{
		"whole":                {whole, sizes, ""},
		"over the limits":      {whole, strings.ReplaceAll(sizes, "12", "99"), ErrBudget.Error()},
		"without sizes":        {whole, "", "sizes"},
		"cannot be sealed":     {writeELF(t, program, map[string]uint32{"_image_start": 0x100, "_image_end": 0x110}), sizes, "checksum"},
		"written half":         {os.DevNull, sizes, "checksum"},
		"compiler that failed": {"missing.elf", sizes, "exit status"},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			tools := filepath.Join(root, "tools", "tinygo")
			require.NoError(t, os.MkdirAll(tools, 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(root, "sizes"), []byte(c.sizes), 0o600))
			script := "#!/bin/sh\ncat sizes\nwhile [ \"$1\" != -o ]; do shift; done\ncat '" + c.elf + "' >\"$2\"\n"
			require.NoError(t, os.WriteFile(filepath.Join(tools, "tinygo.sh"), []byte(script), 0o755))
			dir := t.TempDir()
			out := filepath.Join(dir, "fob.elf")
			require.NoError(t, os.WriteFile(out, []byte("before"), 0o600))

			_, err := Target{Name: "virt", Main: "main", MaxFlash: 50, MaxRAM: 50}.Build(t.Context(), root, out, t.Output())
			if c.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.want)
			}
			if c.want == "" || c.want == ErrBudget.Error() {
				p, err := readProgram(out)
				require.NoError(t, err)
				require.Equal(t, crc32.ChecksumIEEE(make([]byte, 12)), p.order.Uint32(p.sum))
			} else {
				content, err := os.ReadFile(out)
				require.NoError(t, err)
				require.Equal(t, "before", string(content))
			}
			entries, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Len(t, entries, 1)
		})
	}
}
