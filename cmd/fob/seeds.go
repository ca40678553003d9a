// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/token"
)

func newSeedsCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "seeds",
		Short: "Read, check and convert seed files",
		Long: `Read, check and convert the seed files with which servers import tokens: PSKC
and the formats of common authentication servers. The format is detected from
the file's content, or given with --from. FILE may be - for standard input.

Formats:
` + formatList() + `
Keys and passwords come from files or a prompt, never from an argument. Seeds
are shown only with --reveal.`,
		Example: `  fob seeds inspect tokens.xml
  fob seeds convert tokens.xml --to entra-csv --out tokens.csv`,
		Args: subCommand,
		RunE: help,
	}
	cmd.AddCommand(newSeedsInspectCmd(a), newSeedsConvertCmd(a), newSeedsVerifyCmd(a),
		newSeedsEncryptCmd(a), newSeedsDecryptCmd(a), newSeedsQRCmd(a), newSeedsMakeCmd(a), newSeedsFleetKeyCmd(a))
	return cmd
}

// serverNames returns the names of the server profiles.
func serverNames() (names []string) {
	for _, s := range seedfile.Servers() {
		names = append(names, s.Name)
	}
	return names
}

func serverList() string {
	var b strings.Builder
	for _, s := range seedfile.Servers() {
		fmt.Fprintf(&b, "  %-15s %s: %s\n", s.Name, s.Title, strings.Join(s.Formats, ", "))
	}
	return b.String()
}

func formatList() string {
	var b strings.Builder
	for _, f := range seedfile.Formats() {
		fmt.Fprintf(&b, "  %-15s %s\n", f.Name, f.Title)
	}
	return b.String()
}

// oneFile is like cobra.ExactArgs(1) for a seed file. It does not print the arguments,
// one of which may be a seed.
func oneFile(cmd *cobra.Command, args []string) error {
	if len(args) != 1 || args[0] == "" {
		return fmt.Errorf("%s takes one seed file, or - for standard input", cmd.CommandPath())
	}
	return nil
}

// seedsInput are the flags of the commands that read a seed file.
type seedsInput struct {
	from, algorithm     string
	period              time.Duration
	digits              int
	keyFile, password   string
	keyFlag             string // name of the flag for keyFile; "" means key-file
	periodFlag          string // name of the flag for period; "" means period
	privateKey, trusted string
	duplicates          bool
	skip, short         bool
	unique              bool // without the flags that allow duplicates, short seeds and unsupported tokens

	skipped, leftOut int // number of warnings of each kind for the last file read
}

// addAllowShort adds the flag for short seeds.
func addAllowShort(f *pflag.FlagSet, short *bool) {
	f.BoolVar(short, "allow-short-seeds", false, "accept seeds of 10 to 15 bytes, as used by test systems, with a warning")
}

func (in *seedsInput) add(f *pflag.FlagSet) {
	f.DurationVar(&in.period, "period", 0, "time step, such as 60s, if the file does not specify it")
	f.IntVar(&in.digits, "digits", 0, "`N` digits if the file does not specify them; default: 6")
	f.StringVar(&in.algorithm, "algorithm", "sha1", "hash algorithm `NAME` if the file does not specify it: sha1, sha256 or sha512")
	in.addKeys(f)
}

// addKeys adds the flags for reading a file, except those for values that the file does
// not contain.
func (in *seedsInput) addKeys(f *pflag.FlagSet) {
	f.StringVar(&in.from, "from", "", "`FORMAT` of the file; default: detected from its content")
	in.keyFlag = cmp.Or(in.keyFlag, "key-file")
	f.StringVar(&in.keyFile, in.keyFlag, "", "`FILE` with the AES key of an encrypted file, in hex")
	f.StringVar(&in.password, "password-file", "", "`FILE` with the password of an encrypted file; prompted for if omitted")
	f.StringVar(&in.privateKey, "private-key", "", "`FILE` with the RSA key (PEM) for a file encrypted to a certificate")
	f.StringVar(&in.trusted, "trusted", "", "`FILE` with certificates (PEM), one of which must have signed the file")
	if !in.unique {
		f.BoolVar(&in.duplicates, "allow-duplicates", false, "accept duplicate serial numbers and seeds")
		f.BoolVar(&in.skip, "skip-unsupported", false, "skip unsupported tokens and list them on stderr")
		addAllowShort(f, &in.short)
	}
}

// options converts the flags and reads the files that they name.
func (in *seedsInput) options(ctx context.Context, a *app) (o seedfile.ReadOptions, err error) {
	if in.period < 0 || in.period%time.Second != 0 || in.period > 24*time.Hour {
		return o, usagef("--%s %v: want whole seconds, such as 60s", cmp.Or(in.periodFlag, "period"), in.period)
	}
	o.Step = token.UnixSeconds(in.period / time.Second)
	if in.digits != 0 && (in.digits < token.MinDigits || in.digits > token.MaxDigits) {
		return o, usagef("--digits %d: %w", in.digits, token.ErrDigits)
	}
	o.Digits = uint8(in.digits)
	if o.Algorithm, err = token.ParseAlgorithm(in.algorithm); err != nil {
		return o, err
	}
	if o.Keys.Key, err = a.readAESKey(ctx, in.keyFile); err != nil {
		return o, err
	}
	if o.Keys.Password, err = a.readPassword(ctx, in.password); err != nil {
		return o, err
	}
	if in.privateKey != "" {
		if o.Keys.Private, err = a.readSecret(ctx, "private key", in.privateKey); err != nil {
			return o, err
		}
	}
	if in.trusted != "" {
		if o.Keys.Trusted, err = a.readPublic(ctx, "certificates", in.trusted); err != nil {
			return o, err
		}
	}
	o.AllowShort = in.short
	o.Warn = func(text string) { a.warnf("%s", text) }
	o.LeftOut = func(text string) {
		in.leftOut++
		o.Warn(text)
	}
	if in.skip {
		o.Skip = func(err error) { in.skipToken(a, err) }
	}
	return o, nil
}

// skipToken prints a warning about a skipped token.
func (in *seedsInput) skipToken(a *app, err error) {
	in.skipped++
	a.warnf("skipped: %v", err)
}

// seedSource is an open seed file.
type seedSource struct {
	seedfile.Reader
	in     *seedsInput // nil: the tokens are not from a file
	format *seedfile.Format
	name   string
}

// read opens a seed file and calls use with it. If a password is missing, read prompts
// for it on a terminal and calls use again.
func (in *seedsInput) read(ctx context.Context, a *app, path string, use func(*seedSource) error) error {
	o, err := in.options(ctx, a)
	if err != nil {
		return err
	}
	read := false // whether a record was read; then it is too late to start over
	err = in.readOnce(ctx, a, path, o, func(s *seedSource) error {
		s.Reader = &readTracker{s.Reader, &read}
		return use(s)
	})
	tty, ok := a.stdin.(*os.File)
	if !errors.Is(err, seedfile.ErrNoKey) || read || o.Keys.Password != nil || o.Keys.Key != nil || o.Keys.Private != nil || path == "-" ||
		!ok || !term.IsTerminal(int(tty.Fd())) {
		return in.advise(err)
	}
	if o.Keys.Password, err = a.askPassword(ctx, "password of "+path, false); err != nil {
		return err
	}
	return in.advise(in.readOnce(ctx, a, path, o, use))
}

// readTracker sets read when a record has been read.
type readTracker struct {
	seedfile.Reader
	read *bool
}

func (n *readTracker) Read() (seedfile.Record, error) {
	r, err := n.Reader.Read()
	*n.read = *n.read || err == nil
	return r, err
}

func (in *seedsInput) readOnce(ctx context.Context, a *app, path string, o seedfile.ReadOptions, use func(*seedSource) error) error {
	var input io.Reader
	if path == "-" {
		if err := a.takeStdin(); err != nil {
			return err
		}
		input = &interruptible{ctx: ctx, r: a.stdin}
	} else {
		f, err := openWith(ctx, path, os.Open)
		if err != nil {
			return openError("reading the seed file", path, err)
		}
		defer f.Close()
		a.reads(f)
		shown, done := a.progress(f, "reading")
		a.settle = done
		defer done()
		input = &interruptible{ctx: ctx, r: shown} // the file may be a pipe
	}
	in.skipped, in.leftOut = 0, 0
	s := &seedSource{in: in, name: source(path)}
	var err error
	if in.from != "" {
		if s.format, err = seedfile.FormatByName(in.from); err == nil {
			s.Reader, err = s.format.NewReader(input, o)
		}
	} else {
		s.Reader, s.format, err = seedfile.NewReader(input, o)
	}
	if errors.Is(err, seedfile.ErrFormat) {
		err = fmt.Errorf("%w (use --from FORMAT; fob seeds --help lists the formats)", err)
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", s.name, err)
	}
	if !in.duplicates {
		s.Reader = seedfile.Unique(s.Reader, s.format.Name)
	}
	return use(s)
}

// advise adds the flag with which the file can be read.
func (in *seedsInput) advise(err error) error {
	switch {
	case errors.Is(err, seedfile.ErrNoPeriod):
		return fmt.Errorf("%w (--%s 60s)", err, cmp.Or(in.periodFlag, "period"))
	case errors.Is(err, seedfile.ErrDuplicate) && !in.unique:
		return fmt.Errorf("%w (--allow-duplicates accepts both)", err)
	case errors.Is(err, token.ErrSeedLength) && !in.unique && !in.short:
		return fmt.Errorf("%w (--allow-short-seeds accepts 10 bytes and more)", err)
	case errors.Is(err, seedfile.ErrUnsupported) && isContent(err) && !in.unique && !in.skip:
		return fmt.Errorf("%w (--skip-unsupported skips such tokens)", err)
	case errors.Is(err, seedfile.ErrNoKey):
		return fmt.Errorf("%w (use --%s, --password-file or --private-key)", err, in.keyFlag)
	}
	return err
}

// each calls f for every record.
func (s *seedSource) each(ctx context.Context, f func(*seedfile.Record) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		r, err := s.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", s.name, err)
		}
		err = f(&r)
		r.Seed.Destroy()
		if err != nil {
			return err
		}
	}
}
