// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform/mutant"
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

// TestConformNothing: a run that could test no case is an error, which names the verbs.
func TestConformNothing(t *testing.T) {
	path := conformTarget(t, "")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, verb := range []string{"clock", "import_file"} {
		text = regexp.MustCompile(`(?m)^`+verb+`:.*\n(?:[ #].*\n)*`).ReplaceAll(text, nil)
	}
	require.NoError(t, os.WriteFile(path, text, 0o600))
	for args, want := range map[string]string{
		"--only C03":                  "needs clock",
		"import --only F01,F29":       "needs import_file",
		"--only C12 --max-wait 0":     "needs 3m0s of waiting",
		"--only C12,C03 --max-wait 0": "needs clock; needs 3m0s of waiting",
	} {
		junit := filepath.Join(t.TempDir(), "x.xml")
		code, out, errs := fob(t, "", append([]string{"conform"}, strings.Fields(args+" --target "+path+" --junit "+junit)...)...)
		require.Equal(t, exitUnsupported, code, "%s: %s%s", args, out, errs)
		require.Equal(t, "fob: no case could be tested: "+want+"\n", errs)
		require.FileExists(t, junit)
	}
}

// TestConformIncomplete: a run that loses its server, or is interrupted, prints the cases
// so far, and marks them as incomplete. It writes no report files.
func TestConformIncomplete(t *testing.T) {
	for _, json := range []bool{false, true} {
		for _, lost := range []bool{false, true} {
			ctx, cancel := context.WithCancel(t.Context())
			var requests atomic.Int64
			var ends sync.Once
			var server *httptest.Server
			handler := mutant.New("").Handler()
			server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if requests.Add(1) > 100 {
					if lost {
						ends.Do(func() { _ = server.Listener.Close() })
						panic(http.ErrAbortHandler)
					}
					cancel()
				}
				handler.ServeHTTP(w, r)
			}))
			text, err := os.ReadFile("../../conform/target/testdata/mutant.yaml")
			require.NoError(t, err)
			dir := t.TempDir()
			path, results := filepath.Join(dir, "target.yaml"), filepath.Join(dir, "results.jsonl")
			require.NoError(t, os.WriteFile(path, bytes.ReplaceAll(text, []byte("http://127.0.0.1:8080"), []byte(server.URL)), 0o600))
			args := []string{"conform", "--target", path, "--seed", "1", "--html", filepath.Join(dir, "x.html")}
			if json {
				args = append(args, "--json")
			}
			var stdout, stderr bytes.Buffer
			code := run(ctx, args, strings.NewReader(""), &stdout, &stderr)
			server.Close()
			cancel()
			want := exitInterrupted
			if lost {
				want = exitNoConnect
				require.Contains(t, stderr.String(), "cannot be reached")
			}
			require.Equal(t, want, code, stderr.String())
			require.Contains(t, stderr.String(), "the run is incomplete: some cases did not run to their end, and no report files are written")
			require.NoFileExists(t, filepath.Join(dir, "x.html"))
			if !json {
				require.Contains(t, stdout.String(), "C01 PASS")
				require.NotContains(t, stdout.String(), " FAIL MUST")
				require.Contains(t, stdout.String(), "mutant (incomplete run): ")
				continue
			}
			require.Contains(t, stdout.String(), `,"incomplete":true}`)
			require.NoError(t, os.WriteFile(results, stdout.Bytes(), 0o600))
			page, svg := filepath.Join(dir, "page.html"), filepath.Join(dir, "page.svg")
			code, out, errs := fob(t, "", "conform", "report", results, "--html", page, "--svg", svg)
			require.Equal(t, exitDone, code, errs)
			require.Contains(t, out, "| mutant (incomplete run) |")
			for _, file := range []string{page, svg} {
				text, err := os.ReadFile(file)
				require.NoError(t, err)
				require.Contains(t, string(text), "(incomplete run)")
			}
			code, out, errs = fob(t, "", "conform", "report", results, "--json")
			require.Equal(t, exitDone, code, errs)
			require.Contains(t, out, `"incomplete":true`)
		}
	}
}
