// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/d204ef64/fob/seedfile"
)

// seedsOutput are the flags of the commands that write a seed file.
type seedsOutput struct {
	to, server    string
	out           string
	strict, force bool
	reveal        bool // allow writing seeds to a terminal
	each          func(records int)
	encryption
}

// encryption are the flags for an encrypted or signed file.
type encryption struct {
	keyFile, keyName string
	password         string
	iterations       int
	recipient        string
	wrap             bool
	mac              string
	signKey, signer  string
	oktaProfile      string
}

func (out *seedsOutput) add(f *pflag.FlagSet) {
	f.StringVar(&out.server, "for", "", "write the file for `SERVER`: "+strings.Join(serverNames(), ", "))
	f.StringVar(&out.out, "out", "", "write to the new `FILE`, readable only by you; default: standard output")
	f.BoolVar(&out.strict, "strict", false, "fail if the target cannot store every field, or if something in the input was skipped")
	f.BoolVar(&out.force, "force", false, "replace an existing file")
	f.BoolVar(&out.reveal, "reveal", false, "allow writing seeds to a terminal")
	markGoesWith(f, "out", "force")
}

func (e *encryption) add(f *pflag.FlagSet) {
	f.StringVar(&e.keyFile, "to-key-file", "", "encrypt with the AES key in `FILE`, in hex")
	f.StringVar(&e.keyName, "key-name", "", "`NAME` by which the recipient knows that key")
	f.StringVar(&e.password, "to-password-file", "", "encrypt with the password in `FILE`")
	f.IntVar(&e.iterations, "iterations", 0, fmt.Sprintf("`N` iterations of PBKDF2, at least %d; default: %d", seedfile.MinIterations, seedfile.DefaultIterations))
	f.StringVar(&e.recipient, "recipient", "", "encrypt to the recipient's certificate (PEM, RSA) in `FILE`")
	f.BoolVar(&e.wrap, "wrap", false, "use AES key wrap (RFC 3394) instead of CBC with a MAC; none of the listed servers reads it")
	f.StringVar(&e.mac, "mac", "", "MAC algorithm `NAME`: hmac-sha1 (default; every server reads it) or hmac-sha256")
	f.StringVar(&e.signKey, "sign-key", "", "sign with the RSA key (PEM) in `FILE`")
	f.StringVar(&e.signer, "sign-cert", "", "`FILE` with the certificate (PEM) of that key")
	f.StringVar(&e.oktaProfile, "okta-profile", "", "`ID` of the tokens' factor profile in Okta, for the format okta")
}

// options converts the flags and reads the files that they name. typed is a password
// entered on a terminal, or nil.
func (e *encryption) options(ctx context.Context, a *app, typed []byte) (o seedfile.WriteOptions, err error) {
	o.OktaProfile = e.oktaProfile
	given := 0
	if typed != nil {
		given++
	}
	for _, s := range []string{e.keyFile, e.password, e.recipient} {
		if s != "" {
			given++
		}
	}
	switch {
	case given > 1:
		return o, usagef("--to-key-file, --to-password-file and --recipient: use only one")
	case given == 0 && (e.keyName != "" || e.iterations != 0 || e.wrap || e.mac != ""):
		return o, usagef("nothing would be encrypted: name a --to-key-file, --to-password-file or --recipient")
	case (e.signKey == "") != (e.signer == ""):
		return o, usagef("--sign-key and --sign-cert must be given together")
	}
	if given == 1 {
		enc := &seedfile.Encryption{KeyName: e.keyName, Iterations: e.iterations, Wrap: e.wrap, MAC: e.mac}
		if enc.Key, err = a.readAESKey(ctx, e.keyFile); err != nil {
			return o, err
		}
		if enc.Password, err = a.readPassword(ctx, e.password); err != nil {
			return o, err
		}
		if typed != nil {
			enc.Password = typed
		}
		if e.recipient != "" {
			if enc.Recipient, err = a.readPublic(ctx, "certificate", e.recipient); err != nil {
				return o, err
			}
		}
		o.Encrypt = enc
	}
	if e.signKey != "" {
		o.Sign = &seedfile.Signer{}
		if o.Sign.Private, err = a.readSecret(ctx, "signing key", e.signKey); err != nil {
			return o, err
		}
		if o.Sign.Certificate, err = a.readPublic(ctx, "certificate", e.signer); err != nil {
			return o, err
		}
	}
	return o, nil
}

func newSeedsConvertCmd(a *app) *cobra.Command {
	var in seedsInput
	var out seedsOutput
	cmd := &cobra.Command{
		Use:   "convert FILE --to FORMAT | --for SERVER",
		Short: "Convert a seed file to another format",
		Long: `Convert a seed file to another format. Fields that the format cannot store, such
as an expiry date, are listed on stderr; with --strict they are an error. A
failed conversion leaves no file, but standard output may hold a part of the
tokens.

With --for, write the file as the server expects it, and list what the server
ignores. It is an error if the server would compute other codes for a token.

Formats:
` + formatList() + `
Servers:
` + serverList(),
		Example: `  fob seeds convert tokens.xml --to entra-csv --out tokens.csv
  fob seeds convert tokens.xml --for privacyidea --out tokens-pi.xml
  fob seeds convert duo.csv --from duo --period 60s --to pskc --to-password-file pw.txt --out tokens.xml`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := out.options(cmd.Context(), a, nil)
			if err != nil {
				return err
			}
			return a.convert(cmd.Context(), &in, args[0], &out, o)
		},
	}
	in.add(cmd.Flags())
	cmd.Flags().StringVar(&out.to, "to", "", "`FORMAT` to write; default: the preferred format of --for")
	out.add(cmd.Flags())
	cmd.MarkFlagsOneRequired("to", "for")
	out.encryption.add(cmd.Flags())
	return cmd
}

func newSeedsEncryptCmd(a *app) *cobra.Command {
	var in seedsInput
	var out seedsOutput
	cmd := &cobra.Command{
		Use:   "encrypt FILE",
		Short: "Encrypt a seed file as PSKC",
		Long: `Write the tokens of a seed file as PSKC (RFC 6030), encrypted with a key or a
password, or to a certificate. If none of them is given, fob prompts for a
password.`,
		Example: `  fob seeds encrypt tokens.csv --from oath-csv --recipient bank.pem --out tokens.xml`,
		Args:    oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			var typed []byte
			if e := &out.encryption; e.keyFile == "" && e.password == "" && e.recipient == "" {
				var err error
				if typed, err = a.askPassword(cmd.Context(), "new password", true); err != nil {
					return err
				}
			}
			o, err := out.options(cmd.Context(), a, typed)
			if err != nil {
				return err
			}
			return a.convert(cmd.Context(), &in, args[0], &out, o)
		},
	}
	in.add(cmd.Flags())
	cmd.Flags().StringVar(&out.to, "to", "", "`FORMAT` to write, which must support encryption; default: pskc")
	out.add(cmd.Flags())
	out.encryption.add(cmd.Flags())
	return cmd
}

func newSeedsDecryptCmd(a *app) *cobra.Command {
	var in seedsInput
	var out seedsOutput
	cmd := &cobra.Command{
		Use:     "decrypt FILE",
		Short:   "Decrypt a seed file",
		Long:    "Write the tokens of an encrypted seed file in clear.",
		Example: `  fob seeds decrypt tokens.xml --password-file pw.txt --out clear.xml`,
		Args:    oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.convert(cmd.Context(), &in, args[0], &out, seedfile.WriteOptions{})
		},
	}
	in.add(cmd.Flags())
	cmd.Flags().StringVar(&out.to, "to", "", "`FORMAT` to write; default: pskc, or the preferred format of --for")
	out.add(cmd.Flags())
	return cmd
}

// convert copies a seed file to another format.
func (a *app) convert(ctx context.Context, in *seedsInput, path string, out *seedsOutput, o seedfile.WriteOptions) error {
	return in.read(ctx, a, path, func(s *seedSource) error { return a.copySeeds(ctx, out, o, s) })
}

// copySeeds writes all tokens of s to a file, and reports data that was lost. If it
// fails, it creates no file.
func (a *app) copySeeds(ctx context.Context, out *seedsOutput, o seedfile.WriteOptions, s *seedSource) (err error) {
	name := out.to
	if out.server != "" {
		if o.For, err = seedfile.ServerByName(out.server); err != nil {
			return err
		}
		name = cmp.Or(name, o.For.Formats[0])
	}
	to, err := seedfile.FormatByName(cmp.Or(name, "pskc"))
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	if o.OktaProfile != "" && to.Name != "okta" {
		return usagef("--okta-profile goes with the format okta")
	}
	o.Warn = func(text string) { a.warnf("%s (--for)", text) }
	toStdout := out.out == "" || out.out == "-"
	if toStdout && isTerminal(a.stdout) && o.Encrypt == nil && !out.reveal {
		return usagef("the seeds would be shown on the terminal: name a file with --out, or add --reveal")
	}
	file, err := a.create(out.out, out.force)
	if err != nil {
		return err
	}
	var losses seedfile.Losses
	w, err := to.NewWriter(file, o)
	if err == nil {
		losses, err = seedfile.Copy(ctx, w, to, s, out.copyOptions(a, o.For, s))
	}
	if err == nil && out.strict && s.in != nil && s.in.leftOut > 0 {
		err = fmt.Errorf("%w: the warnings list what was skipped in %s", seedfile.ErrLost, s.name)
	}
	if s.in != nil && s.in.skipped > 0 && losses.Records == 0 && !isContent(err) && ctx.Err() == nil {
		err = usagef("%s: all tokens were skipped", s.name)
	}
	if isContent(err) {
		err = fmt.Errorf("converting %s: %w", s.name, err)
	}
	if errors.Is(err, seedfile.ErrNoFactorProfile) {
		err = fmt.Errorf("%w (--okta-profile)", err)
	}
	if err := file.finish(err); err != nil {
		return err
	}
	lost := map[string]int{}
	alike := map[int]seedfile.Field{} // fields by the number of tokens that lose them
	for field, n := range losses.Lost {
		lost[field.String()] = n
		alike[n] |= field
	}
	target := to.Name
	if o.For != nil {
		target = o.For.Title + " with " + to.Name
		if note := o.For.Note(o); note != "" {
			a.warnf("%s", note)
		}
	}
	for _, n := range slices.Backward(slices.Sorted(maps.Keys(alike))) {
		a.warnf("%s cannot store these fields of %d of %d tokens: %s", target, n, losses.Records, alike[n])
	}
	if toStdout {
		return nil
	}
	result := struct {
		File    string         `json:"file"`
		Format  string         `json:"format"`
		Tokens  int            `json:"count"`
		Lost    map[string]int `json:"lost"`
		Skipped int            `json:"skipped,omitempty"`
	}{out.out, to.Name, losses.Records, lost, 0}
	text := fmt.Sprintf("%s in %s (%s)\n", countTokens(losses.Records), out.out, to.Name)
	if s.in != nil && s.in.skipped > 0 {
		result.Skipped = s.in.skipped
		text += fmt.Sprintf("%s skipped\n", countTokens(s.in.skipped))
	}
	return a.print(result, text)
}

// copyOptions returns the options for a copy of s.
func (out *seedsOutput) copyOptions(a *app, server *seedfile.Server, s *seedSource) seedfile.CopyOptions {
	o := seedfile.CopyOptions{For: server, Strict: out.strict, Each: out.each}
	if s.in != nil && s.in.skip {
		o.Skip = func(err error) { s.in.skipToken(a, err) }
	}
	return o
}
