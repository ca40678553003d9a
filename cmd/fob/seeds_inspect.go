// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/seedfile"
)

// seedResult is a token in the output of fob seeds inspect.
type seedResult struct {
	Serial       string     `json:"serial"`
	Type         string     `json:"type"`
	Algorithm    string     `json:"algorithm"`
	Digits       uint8      `json:"digits"`
	Period       int64      `json:"period,omitempty"` // seconds
	T0           int64      `json:"t0,omitempty"`
	Drift        int64      `json:"offset_steps,omitempty"`
	Counter      *uint64    `json:"counter,omitempty"`
	Start        *time.Time `json:"start,omitempty"`      // the later of device and policy
	Expiry       *time.Time `json:"expires_at,omitempty"` // the earlier of the two
	Manufacturer string     `json:"manufacturer,omitempty"`
	Model        string     `json:"model,omitempty"`
	IssueNo      string     `json:"issue_no,omitempty"`
	Issuer       string     `json:"issuer,omitempty"`
	KeyID        string     `json:"key_id,omitempty"`
	FriendlyName string     `json:"friendly_name,omitempty"`
	User         string     `json:"user,omitempty"`
	SeedBytes    int        `json:"seed_bytes"`
	Seed         string     `json:"seed,omitempty"` // hex, with --reveal
}

func seedResultOf(r *seedfile.Record, reveal bool) seedResult {
	s := seedResult{
		Serial: r.SerialText(), Type: r.Type.String(), Algorithm: r.Algorithm.String(), Digits: r.Digits,
		Period: int64(r.Step), T0: int64(r.T0), Drift: r.Drift,
		Manufacturer: r.Manufacturer, Model: r.Model, IssueNo: r.IssueNo, Issuer: r.Issuer,
		KeyID: r.KeyID, FriendlyName: r.FriendlyName, User: r.User, SeedBytes: r.Seed.Len(),
	}
	if r.Type == seedfile.HOTP {
		s.Counter = &r.Counter
	}
	v := r.Effective()
	if !v.Start.IsZero() {
		s.Start = &v.Start
	}
	if !v.Expiry.IsZero() {
		s.Expiry = &v.Expiry
	}
	if reveal {
		s.Seed = r.Seed.ExposeHex()
	}
	return s
}

func newSeedsInspectCmd(a *app) *cobra.Command {
	var in seedsInput
	var reveal bool
	cmd := &cobra.Command{
		Use:   "inspect FILE",
		Short: "List the tokens of a seed file",
		Long: `List the tokens of a seed file, one per line, without their seeds. The expiry
date is the last day of validity in Japan: the earlier one of device and policy.
With --json, each line is an object with all fields of the file.`,
		Example: `  fob seeds inspect tokens.xml
  fob seeds inspect tokens.csv --from duo --period 60s --json`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			a.lists = true
			return in.read(cmd.Context(), a, args[0], func(s *seedSource) error {
				out, err := a.create("", false)
				if err != nil {
					return err
				}
				n := 0
				if !a.json {
					fmt.Fprintf(out, "%-20s %-4s %-6s %6s %6s %5s  %-10s %s\n", "TOKEN", "TYPE", "HASH", "DIGITS", "PERIOD", "DRIFT", "EXPIRY", "MODEL")
				}
				err = s.each(cmd.Context(), func(r *seedfile.Record) error {
					n++
					if a.json {
						return jsonLine(out, seedResultOf(r, reveal))
					}
					return printSeed(out, r, reveal)
				})
				if err == nil && !a.json {
					fmt.Fprintf(out, "%s, %s\n", countTokens(n), s.format.Name)
				}
				return out.finish(err)
			})
		},
	}
	in.add(cmd.Flags())
	cmd.Flags().BoolVar(&reveal, "reveal", false, "show the seeds, in hex")
	return cmd
}

func printSeed(out *output, r *seedfile.Record, reveal bool) error {
	last := ""
	if expiry, err := r.Expiry(nil); err == nil {
		last = expiry.String()
	} else { // a date that cannot be on a token's back label
		last = r.Effective().Expiry.UTC().Format(time.DateOnly)
	}
	period := "-"
	if r.Type == seedfile.TOTP {
		period = fmt.Sprintf("%d s", r.Step)
	}
	model := strings.TrimSpace(r.Manufacturer + " " + r.Model)
	line := fmt.Sprintf("%-20s %-4s %-6s %6d %6s %5d  %-10s %s", dash(plain(r.Name())), r.Type, r.Algorithm, r.Digits, period, r.Drift,
		dash(last), plain(model))
	if reveal {
		line += "  " + r.Seed.ExposeHex()
	}
	_, err := fmt.Fprintln(out, strings.TrimRight(line, " "))
	return err
}
