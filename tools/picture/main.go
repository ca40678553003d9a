// SPDX-License-Identifier: Apache-2.0

// Command picture makes the README's pictures: docs/demo.svg shows a run of "fob demo
// --once --json", read from standard input, and docs/fob.svg shows the front of a
// virtual token.
//
//	go run ./cmd/fob demo --once --json | go run ./tools/picture
package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"

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
	tokens, steps, err := readDemo(os.Stdin)
	if err != nil {
		return err
	}
	if err := os.WriteFile("docs/demo.svg", demo(tokens, steps), 0o644); err != nil {
		return err
	}
	return os.WriteFile("docs/fob.svg", front("287082", 4, 180), 0o644)
}

// shownToken is a token of the demo, and step a step of its bank.
type shownToken struct {
	Model, Serial, Back, Port, Shown string
	Agree                            bool
	LeftMS                           int `json:"left_ms"`
}

type step struct {
	Name, Detail string
	Passed       bool
}

// readDemo parses the lines of the demo. A picture shows only a run without failures.
func readDemo(r io.Reader) (tokens []shownToken, steps []step, err error) {
	d := json.NewDecoder(r)
	for {
		var line struct {
			shownToken
			step
		}
		switch err := d.Decode(&line); {
		case errors.Is(err, io.EOF):
			if len(tokens) == 0 || len(steps) == 0 {
				return nil, nil, errors.New("reading standard input: no tokens or no steps: pipe fob demo --once --json into this command")
			}
			return tokens, steps, nil
		case err != nil:
			return nil, nil, fmt.Errorf("reading standard input: %w", err)
		case line.Agree:
			tokens = append(tokens, line.shownToken)
		case line.Passed:
			steps = append(steps, line.step)
		default:
			return nil, nil, errors.New("reading standard input: the demo failed: fix it before making pictures")
		}
	}
}

// Sizes in pixels.
const (
	width, margin    = 830, 20
	lineHeight       = 22
	tokenRow         = 124
	tokenHeight      = 104
	labelLeft        = 452
	labelWidth       = 170
	textLeft         = labelLeft + labelWidth + 24
	sans, monospaced = "Helvetica, Arial, 'DejaVu Sans', sans-serif", "'DejaVu Sans Mono', Menlo, Consolas, monospace"
)

// demo draws the tokens with their back labels, and the steps of the bank.
func demo(tokens []shownToken, steps []step) []byte {
	var b bytes.Buffer
	height := 2*margin + 2*lineHeight + tokenRow*len(tokens) + lineHeight*(len(steps)+1)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img">`+"\n", width, height)
	b.WriteString(`<rect width="100%" height="100%" rx="8" fill="#1d2329"/>` + "\n")
	y := margin + 14
	text(&b, margin, y, 14, "#7ee0a0", monospaced, "$ go run ./cmd/fob demo")
	y += lineHeight
	for _, t := range tokens {
		bars := (t.LeftMS + 9999) / 10000
		inner := bytes.Replace(withoutIDs(front(t.Shown, bars, tokenHeight)), []byte("<svg "), fmt.Appendf(nil, `<svg x="%d" y="%d" `, margin, y), 1)
		b.Write(inner)
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" rx="6" fill="#e9e6da"/>`+"\n", labelLeft, y+16, labelWidth, tokenHeight-32)
		text(&b, labelLeft+14, y+47, 14, "#22262b", sans, "S/N "+t.Serial)
		text(&b, labelLeft+14, y+71, 14, "#22262b", sans, "EXP "+t.Back)
		text(&b, textLeft, y+36, 14, "#ffffff", sans, t.Model)
		text(&b, textLeft, y+58, 13, "#aab4be", sans, t.Port)
		text(&b, textLeft, y+80, 13, "#7ee0a0", sans, "✓ pquerna/otp agrees")
		y += tokenRow
	}
	y += lineHeight
	text(&b, margin, y, 14, "#ffffff", sans, "The bank")
	for _, s := range steps {
		y += lineHeight
		text(&b, margin, y, 14, "#7ee0a0", sans, "✓")
		text(&b, margin+22, y, 14, "#d8dee4", sans, s.Name)
		text(&b, labelLeft-60, y, 13, "#aab4be", sans, shorten(s.Detail))
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// text draws a line of text.
func text(b *bytes.Buffer, x, y, size int, fill, family, s string) {
	fmt.Fprintf(b, `<text x="%d" y="%d" font-size="%d" fill="%s" font-family="%s">`, x, y, size, fill, family)
	xml.EscapeText(b, []byte(s)) // bytes.Buffer does not fail
	b.WriteString("</text>\n")
}

// shorten returns the first sentence of s.
func shorten(s string) string {
	return regexp.MustCompile(`\. .*|\.$`).ReplaceAllString(s, "")
}

// withoutIDs removes the names of the parts, because a picture with several tokens would
// repeat them.
func withoutIDs(svg []byte) []byte {
	return regexp.MustCompile(` id="[^"]*"`).ReplaceAll(svg, nil)
}

// front draws a token with a code and a number of bars on its display.
func front(code string, bars, height int) []byte {
	v := virtual.View{Digits: len(code), Contrast: 0.9, Haze: 0.04}
	for i := range len(code) {
		v.Lit.Digits[i], _ = firmware.Glyph(code[i])
	}
	v.Lit.Bars = 1<<bars - 1
	v.Lit.Icons = firmware.IconTick
	return v.SVG(virtual.Picture{Height: height, Bezel: true})
}
