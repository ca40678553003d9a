// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// pattern is a habit of writing and the expression that finds it in a paragraph.
type pattern struct {
	name string
	re   *regexp.Regexp
}

// patterns are counted within paragraphs, whose lines are joined with spaces.
var patterns = []pattern{
	{"what as a noun", regexp.MustCompile(`(?i)\bwhat(?:ever)?\b`)},
	{"nobody, somebody, whoever", regexp.MustCompile(`(?i)\b(?:nobody|somebody|anybody|everybody|whoever|whom)\b`)},
	{"where for if", regexp.MustCompile(`(?i)(?:^|[.,;:(] )where (?:it|the|a|an|that|this|these|there|they|no|its|one|nothing|none|both|all|some|such|another|[a-z]+s)\b`)},
	{"so that", regexp.MustCompile(`(?i)\bso that\b`)},
	{"is no X", regexp.MustCompile(`(?i)\b(?:is|are|was|were|be) no (?:[a-km-z]|l[a-np-z])`)}, // not "no longer"
	{"that of, those of", regexp.MustCompile(`(?i)\b(?:that|those) of\b`)},
	{"things say, know, want", regexp.MustCompile(`(?i)\b(?:says?|said|knows?|knew|wants?|wanted|tells?|told)\b`)},
	{"he, his", regexp.MustCompile(`(?i)\b(?:he|his|him|himself|she|her)\b`)},
}

// text is a collection of paragraphs and their places.
type text struct {
	lines      int
	paragraphs []paragraph
}

type paragraph struct {
	where string
	text  string
}

var sentenceEnd = regexp.MustCompile(`[.?!:;]( |$)|$`)

// find returns the places of each pattern.
func (t *text) find() map[string][]string {
	found := map[string][]string{}
	for _, p := range t.paragraphs {
		for _, pattern := range patterns {
			for _, at := range pattern.re.FindAllStringIndex(p.text, -1) {
				end := at[1] + sentenceEnd.FindStringIndex(p.text[at[1]:])[0]
				if end < len(p.text) && p.text[end] == '?' && pattern.name == patterns[0].name {
					continue // a question
				}
				found[pattern.name] = append(found[pattern.name], fmt.Sprintf("%s: …%s…", p.where,
					p.text[max(0, at[0]-30):min(len(p.text), at[1]+30)]))
			}
		}
	}
	return found
}

// collect adds the comments of Go files and the Markdown files below root.
func collect(root string, comments, documents *text) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules"):
			return fs.SkipDir
		case strings.HasSuffix(path, ".go"):
			return addComments(path, comments)
		case strings.HasSuffix(path, ".md"):
			return addDocument(path, documents)
		}
		return nil
	})
}

func addComments(path string, t *text) error {
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	if ast.IsGenerated(f) {
		return nil
	}
	for _, group := range f.Comments {
		if strings.HasPrefix(group.List[0].Text, "// SPDX") {
			continue
		}
		text := group.Text() // without directives
		t.lines += strings.Count(text, "\n")
		if text = strings.Join(strings.Fields(text), " "); text != "" {
			t.paragraphs = append(t.paragraphs, paragraph{files.Position(group.Pos()).String(), text})
		}
	}
	return nil
}

func addDocument(path string, t *text) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	code := false
	var lines []string
	start := 1
	flush := func() {
		if len(lines) > 0 {
			t.lines += len(lines)
			t.paragraphs = append(t.paragraphs, paragraph{fmt.Sprintf("%s:%d", path, start), strings.Join(lines, " ")})
		}
		lines = nil
	}
	n := 0
	for line := range strings.Lines(string(b)) {
		n++
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") {
			code = !code
			line = ""
		}
		if code || line == "" {
			flush()
			continue
		}
		if len(lines) == 0 {
			start = n
		}
		lines = append(lines, line)
	}
	flush()
	return nil
}
