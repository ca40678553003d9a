// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"

	"github.com/d204ef64/fob/internal/barcode"
)

// maxQRSize is the maximum width of an image from [QRPNG], in pixels.
const maxQRSize = 4096

// qrModules returns the modules of the QR code of a text, with their quiet zone.
func qrModules(text string) ([][]bool, error) {
	modules, err := barcode.QR(text)
	if err != nil {
		return nil, fmt.Errorf("%w: a text of %d bytes for a QR code", ErrLimit, len(text))
	}
	return modules, nil
}

// QRPNG returns the QR code of a URI as a PNG image of size by size pixels, at most
// 4096, black on white with a quiet zone. A module is a whole number of pixels; the
// rest widens the quiet zone. The error wraps [ErrLimit] if the URI is too long, or if
// size is smaller than one pixel per module (about 70 for an otpauth URI). The image
// reveals the seed to anyone who sees it.
func QRPNG(uri string, size int) ([]byte, error) {
	modules, err := qrModules(uri)
	if err != nil {
		return nil, err
	}
	n := len(modules)
	scale := size / n
	if scale < 1 || size > maxQRSize {
		return nil, fmt.Errorf("%w: %d pixels, want %d to %d", ErrLimit, size, n, maxQRSize)
	}
	const black = 1 // in the palette
	img := image.NewPaletted(image.Rect(0, 0, size, size), color.Palette{color.White, color.Black})
	margin := (size - scale*n) / 2
	for y := range scale * n {
		for x := range scale * n {
			if modules[y/scale][x/scale] {
				img.SetColorIndex(margin+x, margin+y, black)
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// QRText returns the QR code of a URI for a terminal: lines of half blocks, two modules
// per character, with a quiet zone. It draws light modules and leaves dark ones to the
// background. It can be scanned from a dark terminal, and from a light one by cameras
// that read inverted codes. The error wraps [ErrLimit] if the URI is too long. The text
// reveals the seed to anyone who sees it.
func QRText(uri string) (string, error) {
	modules, err := qrModules(uri)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for y := 0; y < len(modules); y += 2 {
		for x := range modules {
			upper := !modules[y][x]
			lower := y+1 < len(modules) && !modules[y+1][x]
			switch {
			case upper && lower:
				b.WriteRune('█')
			case upper:
				b.WriteRune('▀')
			case lower:
				b.WriteRune('▄')
			default:
				b.WriteByte(' ')
			}
		}
		b.WriteByte('\n')
	}
	return b.String(), nil
}
