// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// docBlock is a fenced code block of a document.
type docBlock struct {
	name     string // DOCUMENT: HEADING: number under the heading
	language string // the info string of the fence
	line     int    // line number of its first line in the document
	text     string
}

// terminal reports whether the block keeps running in a terminal of its own. The first
// line of such a block is a comment to that effect.
func (b docBlock) terminal() bool {
	return regexp.MustCompile(`^# in a (second|third|fourth) terminal\b`).MatchString(b.text)
}

// docSection is a sequence of blocks that run one after another in one folder.
type docSection struct {
	name   string
	blocks []docBlock
}

// documents returns the paths of the user documentation, relative to the root of the
// source.
func documents(t *testing.T) []string {
	names := []string{"README.md", "README.ja.md", "CONTRIBUTING.md", "DESIGN.md", "CHANGELOG.md", "SECURITY.md",
		"serialproto/PROTOCOL.md", "tools/tinygo/README.md"}
	for _, folder := range []string{"docs/", "docs/cookbook/", "docs/conform/"} {
		pages, err := filepath.Glob("../../" + folder + "*.md")
		require.NoError(t, err)
		require.NotEmpty(t, pages)
		for _, page := range pages {
			names = append(names, folder+filepath.Base(page))
		}
	}
	return names
}

// standsAlone is the sentence of a page whose headings each start a section.
const standsAlone = "Each section stands alone"

// readSections returns the sections of a document that contain blocks. In the README,
// and in a page with the sentence standsAlone, each heading starts a section. Any other
// page is one section.
func readSections(t *testing.T, document string) []docSection {
	text, err := os.ReadFile(filepath.Join("../..", document))
	require.NoError(t, err)
	sections, err := sectionsOf(document, string(text), strings.HasPrefix(document, "README.") || strings.Contains(string(text), standsAlone))
	require.NoError(t, err)
	return sections
}

var (
	docHeading = regexp.MustCompile(`^#+ (.*)`)
	docFence   = regexp.MustCompile("^( *)```(.*)$")
)

func sectionsOf(document, text string, byHeading bool) ([]docSection, error) {
	var sections []docSection
	section := &docSection{name: document}
	var open *docBlock
	heading, indent, count := "", "", 0
	end := func() {
		if len(section.blocks) > 0 {
			sections = append(sections, *section)
		}
	}
	at := 0
	for line := range strings.Lines(text) {
		at++
		line = strings.TrimSuffix(line, "\n")
		fence := docFence.FindStringSubmatch(line)
		switch {
		case open != nil && fence != nil:
			section.blocks = append(section.blocks, *open)
			open = nil
		case open != nil:
			open.text += strings.TrimPrefix(line, indent) + "\n"
		case fence != nil:
			count++
			indent = fence[1]
			open = &docBlock{fmt.Sprintf("%s: %s: %d", document, heading, count), strings.TrimSpace(fence[2]), at + 1, ""}
		case strings.HasPrefix(line, "    ") && !strings.HasPrefix(line, "    -"):
			return nil, fmt.Errorf("%s:%d: code is indented: put it between fences with a language", document, at)
		case docHeading.MatchString(line):
			heading, count = docHeading.FindStringSubmatch(line)[1], 0
			if byHeading {
				end()
				section = &docSection{name: document + ": " + heading}
			}
		}
	}
	if open != nil {
		return nil, fmt.Errorf("%s:%d: the block does not end", document, open.line)
	}
	end()
	return sections, nil
}

func TestSectionsOf(t *testing.T) {
	const text = "# A\n\n```sh\n# not a heading\nfob run\n```\n\n## B\n\n- C:\n\n  ```json\n  {}\n  ```\n\n```\nx\n```\n"
	sections, err := sectionsOf("x.md", text, true)
	require.NoError(t, err)
	require.Equal(t, []docSection{
		{"x.md: A", []docBlock{{"x.md: A: 1", "sh", 4, "# not a heading\nfob run\n"}}},
		{"x.md: B", []docBlock{{"x.md: B: 1", "json", 13, "{}\n"}, {"x.md: B: 2", "", 17, "x\n"}}},
	}, sections)
	sections, err = sectionsOf("x.md", text, false)
	require.NoError(t, err)
	require.Len(t, sections, 1)
	require.Len(t, sections[0].blocks, 3)
	_, err = sectionsOf("x.md", "```sh\nfob\n", true)
	require.ErrorContains(t, err, "x.md:2: the block does not end")
	_, err = sectionsOf("x.md", "A:\n\n    fob run\n", true)
	require.ErrorContains(t, err, "x.md:3: code is indented")
}
