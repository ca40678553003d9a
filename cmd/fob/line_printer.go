// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/internal/pdfdoc"
	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/order"
	"github.com/d204ef64/fob/line/printer"
)

// printerFlags are the flags of a printer of labels.
type printerFlags struct {
	addr   string
	format string
	dpi    int
	font   string // file, for pdf
	inside string // font in the printer, for zpl
}

func (o *printerFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.addr, "printer", "", "print labels at `ADDR`: file:DIR, tcp:HOST:PORT or cups:QUEUE")
	f.StringVar(&o.format, "label-format", "zpl", "`LANGUAGE` of the printer: zpl or pdf")
	f.IntVar(&o.dpi, "label-dpi", 203, "dots per inch of the printer: 203, 300 or 600")
	f.StringVar(&o.font, "label-font", "", "for pdf: TrueType `FILE` for text that Helvetica lacks, such as Japanese")
	f.StringVar(&o.inside, "label-font-name", "", "for zpl: `NAME` of a font in the printer for such text, as E:ANMDJ.TTF")
}

// open returns the printer of an order's labels, or nil. It checks that a label fits, and
// that the font has its characters. With check, it also checks that the printer can be
// reached.
func (o *printerFlags) open(ctx context.Context, ord *order.Order, check bool) (line.Printer, error) {
	options := line.LabelOptions{Format: printer.ZPL, DPI: o.dpi, PrinterFont: o.inside}
	advice := "--label-font-name"
	switch o.format {
	case "zpl":
		if o.font != "" {
			return nil, usagef("--label-font goes with --label-format pdf: name a font in the printer with --label-font-name")
		}
	case "pdf":
		options.Format, advice = printer.PDF, "--label-font"
		if o.inside != "" {
			return nil, usagef("--label-font-name goes with --label-format zpl: give a TrueType font with --label-font")
		}
	default:
		return nil, usagef("--label-format %s: want zpl or pdf", o.format)
	}
	if o.addr == "" {
		return nil, nil
	}
	p, err := printer.Open(o.addr)
	if err != nil {
		return nil, err
	}
	if o.font != "" {
		if options.Font, err = os.ReadFile(o.font); err != nil {
			return nil, usagef("reading the font: %w", err)
		}
	}
	if err := line.CheckLabels(ord, options); err != nil {
		return nil, usagef("the labels of the order cannot be printed at %d dots per inch: %w", o.dpi, adviseFont(err, advice))
	}
	if check {
		if err := p.Check(ctx, options.Format); err != nil {
			return nil, err
		}
	}
	return line.NewPrinter(ord, p, options), nil
}

// adviseFont adds the flag that gives a font to an error of text that the font lacks.
func adviseFont(err error, flag string) error {
	if errors.Is(err, pdfdoc.ErrText) || errors.Is(err, pdfdoc.ErrFont) {
		return &advised{err, " (" + flag + ")"}
	}
	return err
}
