// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

var (
	commandSpan  = regexp.MustCompile("`fob +([^`]+)`")
	commandStart = regexp.MustCompile(`(?:^|[^\w./-])fob\s`)
	commandWords = regexp.MustCompile(`^(?:\s*[a-z][a-z0-9-]*\b)+(?:\s+--[a-z0-9-]+)?`)
)

// notCommands lists texts that begin like a command.
var notCommands = []string{
	"insecure test station key", // the published station key
	"line test",                 // sent by package hwtest
	"seeds … --for",             // for each command of fob seeds
}

// proseAfterGroup lists words that follow the name of a group of commands in a sentence.
var proseAfterGroup = []string{"does", "lists", "marked", "on", "with"}

// unknownIn returns the first word of a command line that should be a command or a flag and
// is not, "" if there is none. The command line is part of a sentence if prose is true.
func unknownIn(line string, prose bool) string {
	c := newRootCmd(&app{})
	c.InitDefaultHelpCmd()
	c.InitDefaultCompletionCmd()
	words := strings.Fields(line)
	if at := slices.Index(words, "fob"); at >= 0 { // of the next command line
		words = words[:at]
	}
	for len(words) > 0 && c.HasSubCommands() && regexp.MustCompile(`^[a-z]`).MatchString(words[0]) {
		at := slices.IndexFunc(c.Commands(), func(sub *cobra.Command) bool { return sub.Name() == words[0] || sub.HasAlias(words[0]) })
		switch {
		case at >= 0:
			c, words = c.Commands()[at], words[1:]
		case prose && (!c.HasParent() || slices.Contains(proseAfterGroup, words[0])):
			return ""
		default:
			return words[0]
		}
	}
	c.InitDefaultHelpFlag()
	c.InitDefaultVersionFlag()
	for _, word := range words {
		if slices.Contains([]string{"--", "|", "&&", "#"}, word) {
			break
		}
		if name, isFlag := strings.CutPrefix(word, "--"); isFlag {
			name, _, _ = strings.Cut(name, "=")
			name = strings.TrimRight(name, ".,:;)]…")
			if c.Flags().Lookup(name) == nil && c.InheritedFlags().Lookup(name) == nil {
				return word
			}
		}
	}
	return ""
}

// TestNamedCommands checks that each command that a document or a text of the program names
// exists, with its flags. The texts of the program include help, errors and descriptions in
// openapi.json and in the schemas.
func TestNamedCommands(t *testing.T) {
	spans, named := 0, map[string]string{} // the place of each command line in a sentence
	check := func(place, line string, prose bool) {
		if slices.ContainsFunc(notCommands, func(text string) bool { return strings.HasPrefix(line, text) }) {
			return
		}
		if unknown := unknownIn(line, prose); unknown != "" {
			t.Errorf("%s: fob %s: there is no %s", place, line, unknown)
		}
	}
	find := func(place, text string) {
		for _, at := range commandStart.FindAllStringIndex(text, -1) {
			if line := commandWords.FindString(text[at[1]:]); line != "" {
				named[line] = place
			}
		}
	}
	clients, err := filepath.Glob("../../clients/*/README.md")
	require.NoError(t, err)
	all := documents(t)
	for _, client := range clients {
		all = append(all, strings.TrimPrefix(client, "../../"))
	}
	for _, document := range all {
		text, err := os.ReadFile(filepath.Join("../..", document))
		require.NoError(t, err)
		find(document, docFenced.ReplaceAllString(string(text), ""))
		for _, block := range docFenced.FindAllString(string(text), -1) {
			for line := range strings.Lines(block) {
				find(document, line)
			}
		}
		for _, m := range commandSpan.FindAllStringSubmatch(string(text), -1) {
			spans++
			check(document, m[1], false)
		}
	}
	require.NoError(t, filepath.WalkDir("../..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				text, err := strconv.Unquote(lit.Value)
				require.NoError(t, err, path)
				find(path, text)
			}
			return true
		})
		return nil
	}))
	for line, place := range named {
		check(place, line, true)
	}
	require.Greater(t, spans, 100)
	require.Greater(t, len(named), 100)
}

// TestUnknownIn checks the check.
func TestUnknownIn(t *testing.T) {
	for line, want := range map[string]string{
		"seeds convert --to pskc": "", "validator token lift": "", "help": "", "run --help": "", "with --count 3 -- pytest --no-header": "",
		"seeds formats": "formats", "run --no-header": "--no-header", "rnu": "rnu",
	} {
		require.Equal(t, want, unknownIn(line, false), line)
	}
	require.Empty(t, unknownIn("is an emulation", true))
	require.Empty(t, unknownIn("seeds lists them", true))
	require.Equal(t, "formats", unknownIn("seeds formats", true))
}
