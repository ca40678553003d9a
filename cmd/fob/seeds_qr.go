// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/seedfile"
)

func newSeedsQRCmd(a *app) *cobra.Command {
	var in seedsInput
	var serial, out string
	var size int
	var reveal, force bool
	cmd := &cobra.Command{
		Use:   "qr FILE",
		Short: "Show the QR code by which an app takes a token's seed",
		Long: `Makes the QR code (otpauth URI) of one token of a seed file, for an
authenticator app or a programmable token: as a PNG with --out, or on the
terminal with --reveal, since a QR code is the seed. Many apps ignore periods
other than 30 s and hashes other than SHA-1.`,
		Example: `  fob seeds qr tokens.xml --serial 2600124800001 --out token.png`,
		Args:    oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if (out == "" || out == "-" && isTerminal(a.stdout)) && !reveal {
				return usagef("a QR code shows the seed: name a file with --out, or say --reveal")
			}
			if size < 100 || size > 4000 {
				return usagef("--size %d: want 100 to 4000 pixels", size)
			}
			if serial != "" {
				if err := seedfile.CheckSerial(serial); err != nil {
					return err
				}
			}
			uri := ""
			err := in.read(cmd.Context(), a, args[0], func(s *seedSource) error {
				uri = ""
				err := s.each(cmd.Context(), func(r *seedfile.Record) (err error) {
					switch {
					case serial != "" && r.SerialText() != serial:
						return nil
					case uri != "" && serial == "":
						return usagef("the file has several tokens: name one with --serial")
					}
					if uri, err = seedfile.OTPAuthURI(r); err == nil && serial != "" {
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
			case uri == "" && serial != "":
				return usagef("there is no token %s in the file", serial)
			case uri == "":
				return usagef("there is no token in the file")
			}
			file, err := a.create(out, force)
			if err != nil {
				return err
			}
			if out == "" {
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
			png, err := seedfile.QRPNG(uri, size)
			if err == nil {
				_, err = file.Write(png)
			}
			if err := file.finish(err); err != nil || out == "-" {
				return err
			}
			return a.print(map[string]string{"file": out}, fmt.Sprintf("%s\n", out))
		},
	}
	in.add(cmd.Flags())
	f := cmd.Flags()
	f.StringVar(&serial, "serial", "", "serial number `SN` of the token; not needed where there is one")
	f.StringVar(&out, "out", "", "new `FILE` for the picture (PNG), readable by you alone")
	f.IntVar(&size, "size", 400, "`PIXELS` of each side")
	f.BoolVar(&reveal, "reveal", false, "show it on the terminal")
	f.BoolVar(&force, "force", false, "replace a file that exists")
	return cmd
}

// lightOnDark sets the colours that the blocks are drawn for, whatever those of
// the terminal are.
func lightOnDark(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("\x1b[97;40m" + strings.TrimSuffix(line, "\n") + "\x1b[0m\n")
	}
	return b.String()
}
