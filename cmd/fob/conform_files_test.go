// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestConformFiles: a report never replaces or removes anything, and a mistake in the path
// is found before the cases run.
func TestConformFiles(t *testing.T) {
	path := conformTarget(t, "")
	dir := t.TempDir()
	results := filepath.Join(dir, "results.jsonl")
	_, out, errs := fob(t, "", "conform", "--target", path, "--only", "C01", "--json")
	require.NoError(t, os.WriteFile(results, []byte(out), 0o600), errs)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	precious := filepath.Join(dir, "precious")
	require.NoError(t, os.WriteFile(precious, []byte("precious\n"), 0o600))
	link, dangling, folder := filepath.Join(dir, "link"), filepath.Join(dir, "dangling"), filepath.Join(dir, "folder")
	require.NoError(t, os.Symlink(precious, link))
	require.NoError(t, os.Symlink(filepath.Join(dir, "nothing"), dangling))
	require.NoError(t, os.Mkdir(folder, 0o700))
	before, err := os.ReadDir(dir)
	require.NoError(t, err)
	cases := "conform --target " + path + " --only C01"
	imports := "conform import --target " + path + " --only F01"
	compare := "conform report " + results
	for _, c := range []string{
		cases + " --junit ", cases + " --sarif ", cases + " --html ",
		imports + " --junit ", imports + " --sarif ", imports + " --html ",
		compare + " --html ", compare + " --svg ",
	} {
		for file, want := range map[string]string{
			precious: "it exists: name another file", link: "it exists", dangling: "it exists", folder: "it exists", path: "it exists",
			filepath.Join(dir, "no", "x"): "no such file or directory",
		} {
			code, _, errs := fob(t, "", strings.Fields(c+file)...)
			require.Equal(t, exitUsage, code, c+file)
			require.Regexp(t, "^fob: writing "+regexp.QuoteMeta(file)+": "+want+"[^\n]*\n$", errs, "one error, once")
		}
	}
	for _, c := range []struct{ args, want string }{
		{cases + " --junit %z --html %z", "--junit and --html name the same file %z: name another one\n"},
		{cases + " --html %z --sarif %folder/../z", "--html and --sarif name the same file %folder/../z: name another one\n"},
		{imports + " --junit %z --sarif %z", "--junit and --sarif name the same file"},
		{compare + " --html %z --svg %z", "--html and --svg name the same file"},
		{cases + " --html %z --junit %precious", "it exists"},
	} {
		in := strings.NewReplacer("%", dir+"/")
		code, _, errs := fob(t, "", strings.Fields(in.Replace(c.args))...)
		require.Equal(t, exitUsage, code, c.args)
		require.Contains(t, errs, in.Replace(c.want))
	}
	after, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Equal(t, before, after)
	for file, want := range map[string]string{precious: "precious\n", path: string(text)} {
		got, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
}
