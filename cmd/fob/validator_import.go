// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/validator/bank"
)

func newValidatorImportCmd(a *app, b *bankFlags) *cobra.Command {
	in := seedsInput{keyFlag: "seed-key-file", unique: true}
	var contract, zone string
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Import the tokens of a seed file",
		Long: `Import the tokens of a seed file into the inventory, or to a contract. If one of
the tokens is invalid or already known, none is imported. FILE may be - for
standard input; fob seeds --help lists the formats.

Seed files contain the expiry date as an instant: the end of 31 March in UTC is
1 April in Japan. The date is fixed at the import. With --expiry-zone ask,
nothing is imported if the dates differ: compare them with a back label, and
select japan or utc.`,
		Example: `  fob validator import tokens.xml --password-file pw --db bank.db --key-file bank.key
  fob validator import tokens.csv --from oath-csv --contract C-1001`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			loc, err := bank.ParseExpiryZone(zone)
			if err != nil {
				return usagef("--expiry-zone %q: want japan, utc or ask", zone)
			}
			return b.with(cmd.Context(), a, func(o *openBank) error {
				r, err := a.importSeeds(cmd.Context(), o, &in, args[0], bank.ImportOptions{Contract: contract, Zone: loc})
				if err != nil {
					return err
				}
				text := fmt.Sprintf("%s, %s, into the inventory\n", countTokens(r.Tokens), r.Format)
				if contract != "" {
					text = fmt.Sprintf("%s, %s, to contract %s\n", countTokens(r.Tokens), r.Format, contract)
				}
				return a.print(r, text)
			})
		},
	}
	in.add(cmd.Flags())
	cmd.Flags().StringVar(&contract, "contract", "", "issue the tokens to the contract `ID`; default: the inventory")
	cmd.Flags().StringVar(&zone, "expiry-zone", "", "time `ZONE` of the dates on the back labels: japan, utc or ask; default: japan, with a warning if the dates differ")
	return cmd
}

type importResult struct {
	Tokens   int    `json:"count"`
	Format   string `json:"format"`
	Contract string `json:"contract"` // "" is the inventory
	Millis   int64  `json:"took_ms"`
}

func (a *app) importSeeds(ctx context.Context, o *openBank, in *seedsInput, path string, how bank.ImportOptions) (importResult, error) {
	r := importResult{Contract: how.Contract}
	err := in.read(ctx, a, path, func(s *seedSource) error {
		file := &errorKeeper{Reader: s}
		report, err := o.Import(ctx, o.by, file, how)
		if file.err != nil {
			err = file.err // the bank's error has only its text
		}
		if err != nil {
			return fmt.Errorf("importing %s: %w", s.name, err)
		}
		for _, text := range report.Warnings {
			a.warnf("%s (--expiry-zone)", text)
		}
		r.Tokens, r.Format, r.Millis = report.Tokens, s.format.Name, report.Took.Milliseconds()
		return nil
	})
	return r, err
}

// errorKeeper keeps the error of a file. It shows whether a password is missing and
// which flag helps.
type errorKeeper struct {
	seedfile.Reader
	err error
}

func (r *errorKeeper) Read() (seedfile.Record, error) {
	record, err := r.Reader.Read()
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return record, err
}
