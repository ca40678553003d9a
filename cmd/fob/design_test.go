// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// maxAnswer is the maximum number of lines of an answer in DESIGN.md.
const maxAnswer = 10

// TestDesign checks the form of DESIGN.md: the questions are grouped by room, the table
// at the top links to each room in order, and the answers are short.
func TestDesign(t *testing.T) {
	text, err := os.ReadFile("../../DESIGN.md")
	require.NoError(t, err)
	var rooms, linked []string
	question, lines := "", 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if link := regexp.MustCompile(`^\| \[(.*)\]\(#(.*)\) \|`).FindStringSubmatch(line); link != nil {
			linked = append(linked, link[1])
			require.Equal(t, anchor(link[1]), link[2])
		}
		switch {
		case strings.HasPrefix(line, "## "):
			rooms = append(rooms, line[len("## "):])
			question = ""
		case strings.HasPrefix(line, "### "):
			question, lines = line[len("### "):], 0
			require.NotEmpty(t, rooms, "%q is in no room", question)
			require.True(t, strings.HasSuffix(question, "?"), "%q is not a question", question)
		case line != "" && question != "":
			lines++
			require.LessOrEqual(t, lines, maxAnswer, "the answer to %q is too long", question)
		}
	}
	require.NotEmpty(t, rooms)
	require.Equal(t, rooms, linked)
}

// anchor returns the link that GitHub gives to a heading: lower case, without
// punctuation, with hyphens instead of spaces.
func anchor(heading string) string {
	heading = regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(heading), "")
	return strings.ReplaceAll(heading, " ", "-")
}
