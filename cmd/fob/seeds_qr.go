// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/seedfile"
)

// qrOptions are the flags of fob seeds qr.
type qrOptions struct {
	in            seedsInput
	serial, out   string
	size          int
	reveal, force bool
}

func newSeedsQRCmd(a *app) *cobra.Command {
	var o qrOptions
	cmd := &cobra.Command{
		Use:   "qr FILE",
		Short: "Create the QR code of a token's seed",
		Long: `Create the QR code (otpauth URI) of one token of a seed file, for an
authenticator app or a programmable token: as a PNG with --out, or on the
terminal with --reveal. A QR code contains the seed. Many apps ignore periods
other than 30 s and hashes other than SHA-1.`,
		Example: `  fob seeds qr tokens.xml --serial 2600124800001 --out token.png`,
		Args:    oneFile,
		RunE:    func(cmd *cobra.Command, args []string) error { return a.seedQR(cmd.Context(), &o, args[0]) },
	}
	o.in.add(cmd.Flags())
	f := cmd.Flags()
	f.StringVar(&o.serial, "serial", "", "serial number `SN` of the token; optional if the file has only one")
	f.StringVar(&o.out, "out", "", "write the picture (PNG) to the new `FILE`, readable only by you")
	f.IntVar(&o.size, "size", 400, "width and height in `PIXELS`")
	f.BoolVar(&o.reveal, "reveal", false, "show the QR code on the terminal")
	f.BoolVar(&o.force, "force", false, "replace an existing file")
	return cmd
}

// seedQR creates the QR code of a token in a seed file.
func (a *app) seedQR(ctx context.Context, o *qrOptions, path string) error {
	if (o.out == "" || o.out == "-" && isTerminal(a.stdout)) && !o.reveal {
		return usagef("a QR code contains the seed: name a file with --out, or add --reveal")
	}
	if o.size < 100 || o.size > 4000 {
		return usagef("--size %d: want 100 to 4000 pixels", o.size)
	}
	if o.serial != "" {
		if err := seedfile.CheckSerial(o.serial); err != nil {
			return err
		}
	}
	uri := ""
	err := o.in.read(ctx, a, path, func(s *seedSource) error {
		uri = ""
		err := s.each(ctx, func(r *seedfile.Record) (err error) {
			switch {
			case o.serial != "" && r.SerialText() != o.serial:
				return nil
			case uri != "" && o.serial == "":
				return usagef("the file has several tokens: select one with --serial")
			}
			if uri, err = seedfile.OTPAuthURI(r); err == nil && o.serial != "" {
				err = io.EOF
			}
			return err
		})
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case uri == "" && o.serial != "":
		return usagef("there is no token %s in the file", o.serial)
	case uri == "":
		return usagef("the file contains no tokens")
	}
	file, err := a.create(o.out, o.force)
	if err != nil {
		return err
	}
	if o.out == "" {
		if a.json {
			return file.finish(jsonLine(file, map[string]string{"uri": uri}))
		}
		text, err := seedfile.QRText(uri)
		if err == nil && isTerminal(a.stdout) {
			text = lightOnDark(text)
		}
		if err == nil {
			a.quiet()
			_, err = io.WriteString(file, text)
		}
		return file.finish(err)
	}
	png, err := seedfile.QRPNG(uri, o.size)
	if err == nil {
		_, err = file.Write(png)
	}
	if err := file.finish(err); err != nil || o.out == "-" {
		return err
	}
	return a.print(map[string]string{"file": o.out}, fmt.Sprintf("%s\n", o.out))
}

// lightOnDark sets the colours that the QR code requires, independent of the
// terminal's.
func lightOnDark(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("\x1b[97;40m" + strings.TrimSuffix(line, "\n") + "\x1b[0m\n")
	}
	return b.String()
}
