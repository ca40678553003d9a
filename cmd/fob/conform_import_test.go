// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/seedset"
)

// TestConformImportOwn: fob's validation server treats every file as an importer must.
func TestConformImportOwn(t *testing.T) {
	code, out, errs := fob(t, "", "conform", "import", "--target", "preset:fob", "--seed", "7")
	require.Equal(t, exitDone, code, out+errs)
	require.Contains(t, out, ": 75 cases: 72 PASS, 0 FAIL (0 MUST), 3 N/A; --seed 7\n")
	require.Contains(t, out, "F69 N/A  SHOULD a file of pam_oath is imported: needs import_file with the format users-oath\n")
}

// TestConformImport: the mistake of an importer behind HTTP is found, and reported in all
// forms.
func TestConformImport(t *testing.T) {
	bad := conformTarget(t, "F29")
	dir := t.TempDir()
	junit, html, sarif := filepath.Join(dir, "r.xml"), filepath.Join(dir, "r.html"), filepath.Join(dir, "r.sarif")
	code, out, errs := fob(t, "", "conform", "import", "--target", bad, "--seed", "1", "--junit", junit, "--html", html, "--sarif", sarif)
	require.Equal(t, exitFailed, code)
	require.Equal(t, "fob: 1 of 75 cases failed that must not\n", errs)
	require.Contains(t, out, ": 75 cases: 74 PASS, 1 FAIL (1 MUST), 0 N/A; --seed 1\n")
	require.Contains(t, out, "F29 FAIL MUST   a file whose ValueMAC is wrong is refused: pskc-wrong-mac.xml is imported, and must be refused, and the code of its token is accepted\n")
	require.Contains(t, out, "fob conform import --out seed-files --seed 1 --only F29\n")
	for _, path := range []string{junit, html, sarif} {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Contains(t, string(text), "pskc-wrong-mac.xml is imported")
	}
	code, out, errs = fob(t, "", "conform", "import", "--target", bad, "--only", "f01,F29", "--level", "must", "--seed", "2", "--json")
	require.Equal(t, exitFailed, code, errs)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 3)
	var r conform.Result
	require.NoError(t, json.Unmarshal([]byte(lines[1]), &r))
	require.Equal(t, conform.Fail, r.Outcome)

	expected := filepath.Join(dir, "expected.yaml")
	require.NoError(t, os.WriteFile(expected, []byte("target: mutant 7\nfails: {F29: it does not verify MACs}\n"), 0o600))
	code, _, errs = fob(t, "", "conform", "import", "--target", bad, "--seed", "3", "--expect", expected)
	require.Equal(t, exitDone, code, errs)
	code, out, _ = fob(t, "", "conform", "import", "--list", "--level", "should")
	require.Equal(t, exitDone, code)
	require.Contains(t, out, "F21 SHOULD a compressed file is unpacked and imported, or refused (RFC 1952)\n")
	code, out, _ = fob(t, "", "conform", "import", "--explain", "f29")
	require.Equal(t, exitDone, code)
	require.Contains(t, out, "compares only the end of the MAC")
	require.Contains(t, out, "pskc-wrong-mac.xml")
	for _, args := range []string{"conform --explain F35", "conform import --explain C18"} { // a report prints the first
		code, out, errs = fob(t, "", strings.Fields(args)...)
		require.Equal(t, exitDone, code, errs)
		require.Contains(t, out, args[len(args)-3:]+": ")
	}
	code, _, errs = fob(t, "", "conform", "import", "--target", bad, "--only", "C11")
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "want F01 to F75")
}

// TestConformImportFormats: files in formats that the target does not read are not
// applicable.
func TestConformImportFormats(t *testing.T) {
	path := conformTarget(t, "")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	before, after, _ := strings.Cut(string(text), "  formats: [")
	_, after, _ = strings.Cut(after, "]\n")
	for i, c := range []struct{ formats, want string }{
		{"", " 55 PASS, 0 FAIL (0 MUST), 20 N/A;"}, // pskc
		{"  formats: [oath-csv]\n", " 8 PASS, 0 FAIL (0 MUST), 67 N/A;"},
	} {
		require.NoError(t, os.WriteFile(path, []byte(before+c.formats+after), 0o600))
		code, out, errs := fob(t, "", "conform", "import", "--target", path, "--seed", fmt.Sprint(i))
		require.Equal(t, exitDone, code, errs)
		require.Contains(t, out, c.want)
	}
	require.NoError(t, os.WriteFile(path, []byte(before+"  formats: [xml]\n"+after), 0o600))
	code, _, errs := fob(t, "", "conform", "import", "--target", path)
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, `import_file: formats: "xml": want some of entra-csv, linotp-csv,`)
}

// TestConformImportOut: a run with the same seed has the same files, and only their
// owner can read the keys.
func TestConformImportOut(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "files")
	code, out, errs := fob(t, "", "conform", "import", "--out", dir, "--seed", "7")
	require.Equal(t, exitDone, code, errs)
	files := seedset.Files(7)
	require.Equal(t, len(files), strings.Count(out, "\n"))
	require.Contains(t, out, "refuse pskc-wrong-mac.xml\n")
	read := func(name string) []byte {
		path := filepath.Join(dir, filepath.FromSlash(name))
		info, err := os.Stat(path)
		require.NoError(t, err)
		if runtime.GOOS != "windows" {
			require.EqualValues(t, 0o600, info.Mode().Perm(), name)
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		return text
	}
	for _, f := range files {
		require.Equal(t, f.Text, read(f.Name), f.Name)
		if f.Right != nil {
			require.Equal(t, f.Right.Text, read("correct/"+f.Name), f.Name)
		}
		if f.Password != "" {
			require.Equal(t, f.Password+"\n", string(read(f.Name+".password")), f.Name)
		}
	}
	require.Regexp(t, "^[0-9a-f]{32}\n$", string(read("pskc-aes.xml.key")))
	var manifest struct {
		Seed  uint64 `json:"run_seed"`
		Files []struct {
			File     string `json:"file"`
			Verdict  string `json:"importer_must"`
			KeyFile  string `json:"key_file"`
			Correct  string `json:"correct_file"`
			Expected []struct {
				Serial string `json:"serial"`
				Expiry string `json:"expiry"`
				Drift  int64  `json:"drift_steps"`
			} `json:"tokens"`
		} `json:"files"`
	}
	require.NoError(t, json.Unmarshal(read("manifest.json"), &manifest))
	require.EqualValues(t, 7, manifest.Seed)
	require.Len(t, manifest.Files, len(files))
	for i, f := range manifest.Files {
		require.Equal(t, files[i].Name, f.File)
		require.Equal(t, string(files[i].Verdict), f.Verdict)
		require.Equal(t, files[i].Tokens[0].Serial, f.Expected[0].Serial)
		for _, name := range []string{f.KeyFile, f.Correct} {
			if name != "" {
				read(name)
			}
		}
	}
	require.Equal(t, "2035-12-31T14:59:59Z", manifest.Files[10].Expected[0].Expiry)
	require.EqualValues(t, 3, manifest.Files[13].Expected[0].Drift)
	page, err := os.ReadFile(filepath.Join(dir, "README.md"))
	require.NoError(t, err)
	require.Contains(t, string(page), "| pskc-aes.xml | import | the key in pskc-aes.xml.key |")

	code, _, errs = fob(t, "", "conform", "import", "--out", dir)
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "it exists")
	one := dir + "1"
	code, out, errs = fob(t, "", "conform", "import", "--out", one, "--seed", "7", "--only", "F29", "--json")
	require.Equal(t, exitDone, code, errs)
	require.JSONEq(t, `{"seed_file":"pskc-wrong-mac.xml","importer_must":"refuse"}`, out)
	text, err := os.ReadFile(filepath.Join(one, "pskc-wrong-mac.xml"))
	require.NoError(t, err)
	require.Equal(t, files[28].Text, text)
}
