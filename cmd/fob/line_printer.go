// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/label"
	"github.com/d204ef64/fob/line/order"
	"github.com/d204ef64/fob/line/printer"
)

// printerFlags are the flags of a printer of labels.
type printerFlags struct {
	addr   string
	format string
	dpi    int
}

func (o *printerFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.addr, "printer", "", "print labels at `ADDR`: file:DIR, tcp:HOST:PORT or cups:QUEUE")
	f.StringVar(&o.format, "label-format", "zpl", "`LANGUAGE` of the printer: zpl or pdf")
	f.IntVar(&o.dpi, "label-dpi", 203, "dots per inch of the printer: 203, 300 or 600")
}

// open returns the printer of an order's labels, or nil. It checks that a label fits.
func (o *printerFlags) open(ord *order.Order) (line.Printer, error) {
	format := printer.ZPL
	switch o.format {
	case "zpl":
	case "pdf":
		format = printer.PDF
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
	last, _ := ord.Serial(ord.SerialCount() - 1)
	longest := label.Label{Serial: last, Expiry: ord.ExpiryFor(time.Now()), Model: ord.Model, Customer: ord.Customer, Order: ord.ID, Port: 99}
	if err := ord.LabelTemplate().Check(longest, o.dpi); err != nil {
		return nil, usagef("the label does not fit a printer with %d dots per inch: %w", o.dpi, err)
	}
	return line.NewPrinter(ord, p, format, label.ZPLOptions{DPI: o.dpi}), nil
}
