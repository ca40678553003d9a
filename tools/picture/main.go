// SPDX-License-Identifier: Apache-2.0

// Command picture makes the README's pictures: docs/demo.svg shows the output of
// "fob demo --once", read from standard input, and docs/fob.svg shows the front of a
// virtual token.
//
//	go run ./cmd/fob demo --once | go run ./tools/picture
package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/virtual"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

func run() error {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	if err := os.WriteFile("docs/demo.svg", terminal("$ go run ./cmd/fob demo --once\n"+string(text)), 0o644); err != nil {
		return err
	}
	return os.WriteFile("docs/fob.svg", front("287082"), 0o644)
}

// terminal draws text like a terminal.
func terminal(text string) []byte {
	const charWidth, lineHeight, margin = 8.4, 19, 16
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	columns := 0
	for _, l := range lines {
		columns = max(columns, len([]rune(l)))
	}
	width, height := charWidth*float64(columns)+2*margin, lineHeight*len(lines)+2*margin
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%d">`+"\n", width, height)
	b.WriteString(`<rect width="100%" height="100%" rx="8" fill="#1d2329"/>` + "\n")
	b.WriteString(`<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14" fill="#d8dee4">` + "\n")
	for i, l := range lines {
		fmt.Fprintf(&b, `<text x="%d" y="%d">`, margin, margin+14+i*lineHeight)
		xml.EscapeText(&b, []byte(strings.ReplaceAll(l, " ", "\u00a0"))) // SVG would join ordinary spaces
		b.WriteString("</text>\n")
	}
	b.WriteString("</g>\n</svg>\n")
	return b.Bytes()
}

// front draws a token with a code on its display.
func front(code string) []byte {
	v := virtual.View{Digits: len(code), Contrast: 0.9, Haze: 0.04}
	for i := range len(code) {
		v.Lit.Digits[i], _ = firmware.Glyph(code[i])
	}
	v.Lit.Bars = 0b001111
	v.Lit.Icons = firmware.IconTick
	return v.SVG(virtual.Picture{Height: 180, Bezel: true})
}
