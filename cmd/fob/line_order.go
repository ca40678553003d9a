// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/line/order"
	"github.com/d204ef64/fob/token"
)

func newLineOrderCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "order",
		Short: "Write, check and sign the orders of a line",
		Long: `Write, check and sign the orders of a line. An order is a YAML file. Two people
sign it with their SSH keys; ssh-keygen -Y sign -n fob-order makes the same
signatures. They are beside the order: ORDER.NAME.sig. A line works on an order
only if all of its signatures fit and enough allowed people made them.`,
		Example: `  fob line order new --out order.yaml
  fob line order check order.yaml --allowed-signers allowed_signers`,
		Args: subCommand,
		RunE: help,
	}
	cmd.AddCommand(newLineOrderNewCmd(a), newLineOrderCheckCmd(a), newLineOrderSignCmd(a), newLineOrderShowCmd(a))
	return cmd
}

// oneOrder accepts the file of one order.
func oneOrder(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("%s takes the file of one order", cmd.CommandPath())
	}
	return nil
}

func newLineOrderNewCmd(a *app) *cobra.Command {
	var out string
	var force bool
	cmd := &cobra.Command{
		Use:   "new [--out FILE]",
		Short: "Write an order to begin with",
		Long: `Write an order with comments to begin with. It is valid for 30 days from now.
Replace its recipient: no one can decrypt a seed file for it.`,
		Example: `  fob line order new --out order.yaml`,
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			o, err := a.create(out, force)
			if err != nil {
				return err
			}
			_, err = o.Write(order.Sample(time.Now()))
			if err = o.finish(err); err != nil || o.file == nil || !a.json {
				return err
			}
			return a.print(map[string]string{"file": out}, "")
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "write the order to `FILE` instead of standard output")
	cmd.Flags().BoolVar(&force, "force", false, "replace an existing file")
	return cmd
}

// orderFlags are the flags for checking an order.
type orderFlags struct{ allowed, at string }

func (o *orderFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.allowed, "allowed-signers", "", "check the signatures as well: `FILE` of allowed signers, in the format of ssh-keygen")
	cmd.Flags().StringVar(&o.at, "at", "now", "check for this `TIME`: now, RFC 3339, or @UNIXSECONDS")
}

// checkOrder checks an order, and its signatures if there is a list of allowed signers.
func (a *app) checkOrder(ctx context.Context, path string, f *orderFlags) (*order.Order, []order.Signer, error) {
	at, err := parseTime(f.at, time.Now())
	if err != nil {
		return nil, nil, err
	}
	if f.allowed == "" {
		o, err := order.CheckFile(path, at)
		return o, nil, err
	}
	text, err := a.readPublic(ctx, "allowed signers", f.allowed)
	if err != nil {
		return nil, nil, err
	}
	allowed, err := order.ParseAllowed(text, time.Local)
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", source(f.allowed), err)
	}
	return order.VerifyFile(path, allowed, at)
}

func newLineOrderCheckCmd(a *app) *cobra.Command {
	var f orderFlags
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Report all faults of an order",
		Long: `Report all faults of an order, with their lines. With --allowed-signers, check
the signatures as a line does. The exit code is 2 for an order with faults, and
4 if a line would refuse it: too few signatures, one that does not fit or is not
allowed, or an order that is not valid at the time.`,
		Example: `  fob line order check order.yaml
  fob line order check order.yaml --allowed-signers allowed_signers`,
		Args: oneOrder,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, signers, err := a.checkOrder(cmd.Context(), args[0], &f)
			if err != nil {
				return err
			}
			a.warnSample(o)
			text := fmt.Sprintf("%s: no faults; the signatures were not checked (--allowed-signers)\n", plain(args[0]))
			if f.allowed != "" {
				text = fmt.Sprintf("%s: no faults, signed by %s\n", plain(args[0]), plain(enumerate(signerNames(signers), "and")))
			}
			return a.print(lineOrderCheckResult{File: args[0], ID: o.ID, SHA256: digestOf(o), Signers: signersOf(signers)}, text)
		},
	}
	f.add(cmd)
	return cmd
}

// warnSample warns about an order that still has the recipient of the sample.
func (a *app) warnSample(o *order.Order) {
	for i := range o.Recipients {
		if o.Recipients[i].Age == order.SampleRecipient {
			a.warnf("the recipient is still the sample's: no one can decrypt the seed file: replace it under recipients")
		}
	}
}

func signerNames(signers []order.Signer) []string {
	list := make([]string, len(signers))
	for i, s := range signers {
		list[i] = s.Principal
	}
	return list
}

func newLineOrderShowCmd(a *app) *cobra.Command {
	var f orderFlags
	cmd := &cobra.Command{
		Use:   "show FILE",
		Short: "Show an order",
		Long: `Show an order for people, or with --json for programs. An order with
faults is refused, and so is one that ran out before --at.`,
		Example: `  fob line order show order.yaml --allowed-signers allowed_signers`,
		Args:    oneOrder,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, signers, err := a.checkOrder(cmd.Context(), args[0], &f)
			if err != nil {
				return err
			}
			v := showLineOrder(args[0], o, signers)
			return a.print(v, v.text(o, f.allowed != ""))
		},
	}
	f.add(cmd)
	return cmd
}

// digestOf returns the SHA-256 of an order in hexadecimal digits.
func digestOf(o *order.Order) string { return fmt.Sprintf("%x", o.Digest()) }

// lineOrderCheckResult is the result of fob line order check.
type lineOrderCheckResult struct {
	File    string         `json:"file"`
	ID      string         `json:"id"`
	SHA256  string         `json:"sha256"`
	Signers []signerResult `json:"signers"`
}

// signerResult is a signer in the output of --json.
type signerResult struct {
	Principal   string `json:"principal"`
	Fingerprint string `json:"fingerprint"`
	File        string `json:"file"`
	Counts      bool   `json:"counts"`
}

func signersOf(signers []order.Signer) []signerResult {
	var list []signerResult
	for _, s := range signers {
		list = append(list, signerResult{s.Principal, s.Fingerprint, s.File, !s.Again})
	}
	return list
}

// lineOrderResult is an order in the output of --json.
type lineOrderResult struct {
	File         string         `json:"file"`
	ID           string         `json:"id"`
	Customer     string         `json:"customer"`
	Model        string         `json:"model"`
	Profile      string         `json:"profile"`
	Digits       uint8          `json:"digits"`
	Period       int64          `json:"period"`
	Algorithm    string         `json:"algorithm"`
	Count        int            `json:"count"`
	SerialKind   string         `json:"serial_kind"`
	FirstSerial  string         `json:"first_serial"`
	LastSerial   string         `json:"last_serial"`
	SerialCount  uint64         `json:"serial_count"`
	Expiry       token.Expiry   `json:"expiry"`
	LifeYears    *int           `json:"life_years"`
	Recipients   []string       `json:"recipients"`
	Label        string         `json:"label"`
	LabelText    string         `json:"label_text"`
	NextUnit     string         `json:"next_unit"`
	Firmware     string         `json:"allowed_firmware"`
	DriftPPM     float64        `json:"drift_ppm"`
	SupplyMin    float64        `json:"supply_min"`
	SupplyMax    float64        `json:"supply_max"`
	Retries      int            `json:"retries"`
	Verification string         `json:"verification"`
	From         time.Time      `json:"order_from"`
	Until        time.Time      `json:"order_until"`
	Signatures   int            `json:"signatures"`
	SHA256       string         `json:"sha256"`
	Signers      []signerResult `json:"signers"`
}

func showLineOrder(file string, o *order.Order, signers []order.Signer) lineOrderResult {
	p := o.TokenProfile()
	from, until := o.Validity()
	v := lineOrderResult{
		File: file, ID: o.ID, Customer: o.Customer, Model: o.Model,
		Profile: p.Name, Digits: p.Digits, Period: int64(p.Step), Algorithm: p.Algorithm.String(),
		Count: o.Count, SerialKind: o.Serials.Kind, FirstSerial: o.Serials.First, LastSerial: o.Serials.Last, SerialCount: o.SerialCount(),
		Label: o.Label.Template, LabelText: o.Label.Text, NextUnit: o.Label.NextUnit, Firmware: o.Firmware.String(),
		DriftPPM: o.Limits.DriftPPM, SupplyMin: o.Limits.SupplyMin, SupplyMax: o.Limits.SupplyMax, Retries: o.Limits.Retries,
		Verification: o.Verification, From: from, Until: until, Signatures: o.Signatures,
		SHA256: digestOf(o), Signers: signersOf(signers),
	}
	if o.LifeYears == 0 {
		v.Expiry = o.ExpiryFor(from)
	} else {
		v.LifeYears = &o.LifeYears
	}
	for i := range o.Recipients {
		v.Recipients = append(v.Recipients, o.Recipients[i].String())
	}
	return v
}

// text returns the order for people.
func (v *lineOrderResult) text(o *order.Order, checked bool) string {
	expiry := fmt.Sprintf("%s (back label %s)", v.Expiry, v.Expiry.BackLabel())
	if v.LifeYears != nil {
		expiry = fmt.Sprintf("%d years after programming", *v.LifeYears)
	}
	rows := [][2]string{
		{"order", v.ID}, {"customer", v.Customer},
		{"tokens", fmt.Sprintf("%d of model %s", v.Count, v.Model)},
		{"profile", fmt.Sprintf("%s: %d digits, %d s, %s", v.Profile, v.Digits, v.Period, v.Algorithm)},
		{"serials", fmt.Sprintf("%s to %s (%s, %d numbers)", v.FirstSerial, v.LastSerial, v.SerialKind, v.SerialCount)},
		{"expiry", expiry},
	}
	for _, r := range v.Recipients {
		rows = append(rows, [2]string{"recipient", r})
	}
	if v.Label != "" {
		rows = append(rows, [2]string{"label", v.Label})
	}
	for line := range strings.Lines(v.LabelText) {
		rows = append(rows, [2]string{"label", strings.TrimSuffix(line, "\n")})
	}
	rows = append(rows, [][2]string{
		{"next token", v.NextUnit},
		{"firmware", v.Firmware},
		{"limits", fmt.Sprintf("drift %v ppm, supply %v to %v V, %d retries", v.DriftPPM, v.SupplyMin, v.SupplyMax, v.Retries)},
		{"verification", v.Verification},
		{"valid", o.ValidFrom + " to " + o.ValidUntil},
		{"sha256", v.SHA256},
	}...)
	for _, s := range v.Signers {
		rows = append(rows, [2]string{"signed by", fmt.Sprintf("%s (%s)", s.Principal, s.Fingerprint)})
	}
	if !checked {
		rows = append(rows, [2]string{"signatures", fmt.Sprintf("not checked (--allowed-signers); %d are needed", v.Signatures)})
	}
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "%-13s %s\n", r[0], plain(r[1]))
	}
	return b.String()
}
