// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/internal/tooltest"
)

// yamlBlocks returns the YAML blocks of a document that have a text.
func yamlBlocks(t *testing.T, document, with string) (texts []string) {
	t.Helper()
	for _, s := range readSections(t, document) {
		for _, b := range s.blocks {
			if b.language == "yaml" && strings.Contains(b.text, with) {
				texts = append(texts, b.text)
			}
		}
	}
	require.NotEmpty(t, texts, "%s has no block with %q", document, with)
	return texts
}

// TestConformCI runs the commands of the jobs in docs/conform-ci.md, with the files of that
// page, against the web site in Python in place of the reader's server.
func TestConformCI(t *testing.T) {
	const document = "docs/conform-ci.md"
	tooltest.Find(t, "curl")
	port := regexp.MustCompile(`127\.0\.0\.1:\d+`)
	var github struct {
		Jobs map[string]struct {
			Steps []struct{ Name, Run, Uses string }
		}
	}
	require.NoError(t, yaml.Unmarshal([]byte(yamlBlocks(t, document, "runs-on:")[0]), &github))
	var gitlab map[string]struct{ Script []string }
	require.NoError(t, yaml.Unmarshal([]byte(yamlBlocks(t, document, "$CI_PROJECT_DIR")[0]), &gitlab))
	scripts := map[string][]string{"gitlab": gitlab["conformance"].Script}
	for _, s := range github.Jobs["conformance"].Steps {
		if s.Run != "" {
			scripts["github"] = append(scripts["github"], s.Run)
		}
	}
	for name, commands := range scripts {
		t.Run(name, func(t *testing.T) {
			site := startPages(t)
			dir := filepath.Dir(site)
			text, err := os.ReadFile(site)
			require.NoError(t, err)
			address := port.FindString(string(text))
			for file, with := range map[string]string{"target.yaml": "# target.yaml", "expected.yaml": "# expected.yaml"} {
				text := strings.ReplaceAll(yamlBlocks(t, document, with)[0], "127.0.0.1:8080", address)
				require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600))
			}
			password := filepath.Join(dir, "secret")
			require.NoError(t, os.WriteFile(password, []byte("letmein\n"), 0o600))
			require.NoError(t, os.Remove(filepath.Join(dir, "admin.pw")))
			require.Contains(t, commands[0], "go install ", "the command is on the PATH here")
			script := strings.Join(commands[1:], "\n")
			for _, host := range []string{"127.0.0.1:8080", "otp:8080"} {
				script = strings.ReplaceAll(script, host, address)
			}
			cmd := exec.CommandContext(t.Context(), "bash", "-e", "-c", script)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "ADMIN_PASSWORD=letmein", "OTP_ADMIN_PASSWORD="+password, "GOPATH=/nowhere")
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s\n%s", script, out)
			report, err := os.ReadFile(filepath.Join(dir, "conformance.xml"))
			require.NoError(t, err)
			require.NoError(t, xml.Unmarshal(report, new(struct{})))
			require.FileExists(t, filepath.Join(dir, "conformance.html"))
			if name == "github" {
				report, err := os.ReadFile(filepath.Join(dir, "conformance.sarif"))
				require.NoError(t, err)
				require.True(t, json.Valid(report))
			}
		})
	}
}

// TestConformExample runs the cases with the target file of a site with a login in
// docs/conform.md.
func TestConformExample(t *testing.T) {
	site := startPages(t)
	text, err := os.ReadFile(site)
	require.NoError(t, err)
	address := regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(string(text))
	example := strings.ReplaceAll(yamlBlocks(t, "docs/conform.md", "# site.yaml")[0], "127.0.0.1:8080", address)
	require.NoError(t, os.WriteFile(site, []byte(example), 0o600))
	code, out, errs := fob(t, "", "conform", "probe", "--target", site)
	require.Equal(t, exitDone, code, out+errs)
	code, out, errs = fob(t, "", "conform", "--target", site, "--only", "C01,C11,C14,C17,C36", "--json", "--seed", "1")
	require.Equal(t, exitFailed, code, errs)
	got := map[string]conform.Outcome{}
	for line := range strings.Lines(out) {
		var r conform.Result
		require.NoError(t, json.Unmarshal([]byte(line), &r))
		got[r.ID] = r.Outcome
	}
	delete(got, "")
	require.Equal(t, map[string]conform.Outcome{
		"C01": conform.Pass, "C11": conform.Pass, "C14": conform.Fail, "C17": conform.NotApplicable, "C36": conform.Fail,
	}, got)
}

// TestConformMessages: each message that docs/conform.md explains is in the source.
func TestConformMessages(t *testing.T) {
	text, err := os.ReadFile("../../docs/conform.md")
	require.NoError(t, err)
	_, section, _ := strings.Cut(string(text), "## If probe reports a problem")
	section, _, _ = strings.Cut(section, "\n## ")
	var source strings.Builder
	for _, pattern := range []string{"../../conform/*.go", "../../conform/target/*.go", "../../internal/reqtemplate/*.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			source.Write(text)
		}
	}
	messages := regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(section, -1)
	require.Greater(t, len(messages), 10)
	for _, m := range messages {
		require.Contains(t, source.String(), m[1])
	}
}
