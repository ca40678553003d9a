// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"html"
	"strings"
	"unicode/utf8"
)

// Sizes in pixels.
const (
	boxWidth  = 330
	boxHeight = 106
	halfStep  = 188 // distance of columns: half a box and its gap
	rowStep   = 138
	margin    = 20
	lineWidth = 50 // characters of small text
)

// purposes are short descriptions of the rooms.
var purposes = map[string]string{
	"cmd/fob":           "the one command: a file for each verb",
	"internal/board":    "builds firmware images, runs them in QEMU",
	"internal/demo":     "the main job, from token to bank",
	"internal/practice": "a line with virtual operators",
	"conform":           "cases for any validation server",
	"fleet":             "many virtual tokens and their ports",
	"validator":         "the reference validation server",
	"virtual":           "one token: firmware on modelled hardware",
	"line":              "the provisioning line: batches of tokens",
	"firmware":          "the token's program",
	"seedfile":          "PSKC and the dialects of real servers",
	"serialproto":       "the wire",
	"token":             "serial number, expiry date, seed, code",
	"internal":          "helpers that every room may use",
}

func (r *room) left() int   { return margin + r.col*halfStep }
func (r *room) top() int    { return margin + r.row*rowStep }
func (r *room) middle() int { return r.left() + boxWidth/2 }

// draw returns the picture as SVG, for light and dark pages.
func (h *house) draw() []byte {
	var b bytes.Buffer
	width, height := 0, 0
	for i := range h.rooms {
		width = max(width, h.rooms[i].left()+boxWidth+margin)
		height = max(height, h.rooms[i].top()+boxHeight+margin)
	}
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img">
<title>The rooms of fob: every arrow is an import, and points down</title>
<style>
text { font: 12px system-ui, sans-serif; fill: #4a5560; text-anchor: middle }
.name { font-size: 16px; font-weight: 600; fill: #1c232b }
rect { fill: #f4f6f8; stroke: #8796a5 }
path { fill: none; stroke: #8796a5; stroke-width: 1.5 }
marker path { fill: #8796a5; stroke: none }
@media (prefers-color-scheme: dark) {
text { fill: #a9b4bf } .name { fill: #eef2f5 } rect { fill: #222a33; stroke: #5c6a78 }
path { stroke: #71808f } marker path { fill: #71808f }
}
</style>
<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z"/></marker>
`, width, height, width, height)
	for i := range h.rooms {
		from := &h.rooms[i]
		for _, to := range h.arrows(from) {
			x1, y1, x2, y2 := from.middle(), from.top()+boxHeight, to.middle(), to.top()-2
			bend := (y2 - y1) / 2
			fmt.Fprintf(&b, `<path d="M%d %dC%d %d %d %d %d %d" marker-end="url(#tip)"/>`+"\n",
				x1, y1, x1, y1+bend, x2, y2-bend, x2, y2)
		}
	}
	for i := range h.rooms {
		r := &h.rooms[i]
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" rx="8"/>`+"\n", r.left(), r.top(), boxWidth, boxHeight)
		label(&b, r, 21, ` class="name"`, r.name)
		label(&b, r, 38, "", purposes[r.name])
		for n, line := range wrap(strings.Join(r.below, " · ")) {
			label(&b, r, 54+14*n, "", line)
		}
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func label(b *bytes.Buffer, r *room, down int, class, text string) {
	fmt.Fprintf(b, `<text x="%d" y="%d"%s>%s</text>`+"\n", r.middle(), r.top()+down, class, html.EscapeString(text))
}

// wrap breaks a text into lines of lineWidth characters.
func wrap(text string) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && utf8.RuneCountInString(line+word) >= lineWidth {
			lines, line = append(lines, strings.TrimSuffix(line, " ·")), ""
			if word == "·" {
				continue
			}
		}
		line = strings.TrimSpace(line + " " + word)
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
