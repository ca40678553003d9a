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
	"strings"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/internal/picture"
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
	return os.WriteFile("docs/fob.svg", front(picture.Fob{Digits: 6}, "287082", 4), 0o644)
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
	width, margin    = 960, 20
	lineHeight       = 22
	tokenRow         = 102
	tokenHeight      = 82
	sideGap          = 12
	detailLeft       = 392
	sans, monospaced = "Helvetica, Arial, 'DejaVu Sans', sans-serif", "'DejaVu Sans Mono', Menlo, Consolas, monospace"
)

// demo draws the front and the back of the tokens, and the steps of the bank.
func demo(tokens []shownToken, steps []step) []byte {
	var b bytes.Buffer
	height := 2*margin + 2*lineHeight + tokenRow*len(tokens) + lineHeight*(len(steps)+1)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img">`+"\n", width, height)
	b.WriteString(`<rect width="100%" height="100%" rx="8" fill="#1d2329"/>` + "\n")
	y := margin + 14
	text(&b, margin, y, 14, "#7ee0a0", monospaced, "$ go run ./cmd/fob demo")
	y += lineHeight
	for i, t := range tokens {
		f := picture.Fob{Digits: len(t.Shown), Button: strings.HasPrefix(t.Model, "button"), ID: fmt.Sprint("t", i)}
		x := margin
		x += place(&b, f, x, y, front(f, t.Shown, (t.LeftMS+9999)/10000)) + sideGap
		f.ID += "b"
		x += place(&b, f, x, y, picture.Back(f, picture.BackLabel{Serial: t.Serial, Expiry: t.Back, Model: t.Model})) + 2*sideGap
		text(&b, x, y+24, 14, "#ffffff", sans, t.Model)
		text(&b, x, y+46, 13, "#aab4be", sans, t.Port)
		text(&b, x, y+68, 13, "#7ee0a0", sans, "✓ pquerna/otp agrees")
		y += tokenRow
	}
	y += lineHeight
	text(&b, margin, y, 14, "#ffffff", sans, "The bank")
	for _, s := range steps {
		y += lineHeight
		text(&b, margin, y, 14, "#7ee0a0", sans, "✓")
		text(&b, margin+22, y, 14, "#d8dee4", sans, s.Name)
		text(&b, detailLeft, y, 13, "#aab4be", sans, shorten(s.Detail))
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// place draws a side of a token at a position, and returns its width.
func place(b *bytes.Buffer, f picture.Fob, x, y int, side []byte) int {
	w, h := f.Pixels()
	was := fmt.Appendf(nil, `width="%d" height="%d"`, w, h)
	w = w * tokenHeight / h
	b.Write(bytes.Replace(side, was, fmt.Appendf(nil, `x="%d" y="%d" width="%d" height="%d"`, x, y, w, tokenHeight), 1))
	return w
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

// front draws a token with a code and a number of bars on its display.
func front(f picture.Fob, code string, bars int) []byte {
	v := virtual.View{Digits: len(code), Contrast: 0.95, Haze: 0.04}
	for i := range len(code) {
		v.Lit.Digits[i], _ = firmware.Glyph(code[i])
	}
	v.Lit.Bars = 1<<bars - 1
	v.Lit.Icons = firmware.IconTick
	return picture.Front(f, v.LCD())
}
