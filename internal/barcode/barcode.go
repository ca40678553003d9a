// SPDX-License-Identifier: Apache-2.0

// Package barcode computes the modules of barcodes: the smallest dark and light parts
// that a printer or a screen draws.
package barcode

import (
	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/code128"
	"github.com/boombuler/barcode/qr"

	"github.com/d204ef64/fob/internal/errclass"
)

// The width of the light border that a reader needs, in modules.
const (
	QRQuiet      = 4  // on all four sides (ISO/IEC 18004, 9.1)
	Code128Quiet = 10 // left and right (ISO/IEC 15417, 4.1)
)

// ErrText is the error for a text that does not fit into a barcode, or has characters
// that it cannot hold. It does not contain the text, which may be secret.
var ErrText = errclass.New(errclass.Usage, "the text does not fit into a barcode")

// QR returns the modules of the QR code of a text, with their quiet zone. true is dark.
// Error correction is level M, 15 %.
func QR(text string) ([][]bool, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil, ErrText // the library's error quotes the text
	}
	n := code.Bounds().Dx()
	modules := make([][]bool, n+2*QRQuiet)
	for y := range modules {
		modules[y] = make([]bool, len(modules))
	}
	for y := range n {
		for x := range n {
			modules[y+QRQuiet][x+QRQuiet] = dark(code, x, y)
		}
	}
	return modules, nil
}

// Code128 returns the modules of a text in Code 128, with their quiet zones. true is
// dark. Runs of four and more digits take half the space, because they are in subset C.
func Code128(text string) ([]bool, error) {
	code, err := code128.Encode(text)
	if err != nil {
		return nil, ErrText
	}
	n := code.Bounds().Dx()
	modules := make([]bool, n+2*Code128Quiet)
	for x := range n {
		modules[x+Code128Quiet] = dark(code, x, 0)
	}
	return modules, nil
}

func dark(code barcode.Barcode, x, y int) bool {
	r, _, _, _ := code.At(x, y).RGBA()
	return r == 0
}
