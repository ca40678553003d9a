// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	docLink   = regexp.MustCompile(`\]\(([^)\s]+)\)|\bsrc="([^"]+)"`)
	docFenced = regexp.MustCompile("(?s)\n *```.*?\n *```")
	docCode   = regexp.MustCompile("(?s)\n *```.*?\n *```|`[^`\n]*`")
	notAnchor = regexp.MustCompile(`[^\p{L}\p{N}\p{M} _-]`)
)

// anchorOf returns the anchor that GitHub gives to a heading.
func anchorOf(heading string) string {
	return strings.ReplaceAll(notAnchor.ReplaceAllString(strings.ToLower(heading), ""), " ", "-")
}

// anchors returns the anchors of the headings in a document.
func anchors(t *testing.T, path string) map[string]bool {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	found := map[string]bool{}
	for line := range strings.Lines(docFenced.ReplaceAllString(string(text), "")) {
		if m := docHeading.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			found[anchorOf(m[1])] = true
		}
	}
	return found
}

// TestDocumentLinks checks that each relative link of the documents leads to a file of
// the repository, and to a heading of it.
func TestDocumentLinks(t *testing.T) {
	links := 0
	clients, err := filepath.Glob("../../clients/*/README.md")
	require.NoError(t, err)
	all := documents(t)
	for _, client := range clients { // the step of each client in test.sh runs its blocks
		all = append(all, strings.TrimPrefix(client, "../../"))
	}
	for _, document := range all {
		path := filepath.Join("../..", document)
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, m := range docLink.FindAllStringSubmatch(docCode.ReplaceAllString(string(text), ""), -1) {
			target := m[1] + m[2]
			if strings.Contains(target, "://") {
				continue
			}
			links++
			file, anchor, _ := strings.Cut(target, "#")
			to := path
			if file != "" {
				to = filepath.Join(filepath.Dir(path), file)
			}
			_, err := os.Stat(to)
			require.NoError(t, err, "%s: link to %s", document, target)
			if anchor != "" {
				require.Contains(t, anchors(t, to), anchor, "%s: link to %s", document, target)
			}
		}
	}
	require.Greater(t, links, 100)
}

// TestTranslation checks that README.ja.md has the structure, the commands and the links
// of README.md, and that both are short.
func TestTranslation(t *testing.T) {
	outline := func(name string) (levels, commands, links []string, lines int) {
		b, err := os.ReadFile(filepath.Join("../..", name))
		require.NoError(t, err)
		text := string(b)
		for line := range strings.Lines(docFenced.ReplaceAllString(text, "")) {
			if docHeading.MatchString(line) {
				levels = append(levels, line[:strings.Index(line, " ")])
			}
		}
		sections, err := sectionsOf(name, text, true)
		require.NoError(t, err)
		for _, s := range sections {
			for _, b := range s.blocks {
				for line := range strings.Lines(b.text) {
					command, _, _ := strings.Cut(line, "#")
					commands = append(commands, strings.TrimSpace(command))
				}
			}
		}
		for _, m := range docLink.FindAllStringSubmatch(docCode.ReplaceAllString(text, ""), -1) {
			if target := m[1] + m[2]; !strings.HasPrefix(target, "#") && !strings.HasPrefix(target, "README") {
				links = append(links, target)
			}
		}
		return levels, commands, links, strings.Count(text, "\n")
	}
	levels, commands, links, lines := outline("README.md")
	levelsJA, commandsJA, linksJA, linesJA := outline("README.ja.md")
	require.Equal(t, levels, levelsJA)
	require.Equal(t, commands, commandsJA)
	unique := func(s []string) []string { return slices.Compact(slices.Sorted(slices.Values(s))) }
	require.Equal(t, unique(links), unique(linksJA)) // the order of words differs
	require.LessOrEqual(t, lines, 200)
	require.LessOrEqual(t, linesJA, 200)
}

// TestTroubleshooting checks that the messages in docs/troubleshooting.md are in the
// program.
func TestTroubleshooting(t *testing.T) {
	page, err := os.ReadFile("../../docs/troubleshooting.md")
	require.NoError(t, err)
	var source strings.Builder
	require.NoError(t, filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		source.Write(b)
		return err
	}))
	messages := regexp.MustCompile("(?m)^\\| `([^`|]+ [^`|]+)` \\|").FindAllStringSubmatch(string(page), -1)
	require.Greater(t, len(messages), 30)
	for _, m := range messages {
		require.Contains(t, source.String(), m[1], "docs/troubleshooting.md has a message that no command prints")
	}
}
