// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/token"
)

// codeOptions are the flags of fob code.
type codeOptions struct {
	seedFile, at, algorithm string
	step                    time.Duration
	t0                      int64
	digits, window          int
	short                   bool
}

func newCodeCmd(a *app) *cobra.Command {
	var o codeOptions
	cmd := &cobra.Command{
		Use:   "code --seed-file FILE|-",
		Short: "Compute codes from a seed",
		Long: `Print the code of a seed at a given time. With --window N, also print the codes
of the next N steps, one per line, as oathtool does.`,
		Example: `  fob code --seed-file seed.txt
  fob code --seed-file - --at 2031-11-30T23:59:59+09:00 --window 2 < seed.txt`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.printCodes(cmd.Context(), &o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.seedFile, "seed-file", "", "`FILE` with the seed in hex or base32; - is standard input")
	f.StringVar(&o.at, "at", "now", "compute the code at `TIME`: now, RFC 3339, or @UNIXSECONDS")
	f.DurationVar(&o.step, "step", 60*time.Second, "time step in whole seconds")
	f.Lookup("step").DefValue = "60s" // instead of 1m0s
	f.Int64Var(&o.t0, "t0", 0, "Unix `SECONDS` of step 0 (946684800 for SafeNet tokens)")
	f.IntVar(&o.digits, "digits", 6, "`N` digits per code, 6 to 9")
	f.StringVar(&o.algorithm, "algorithm", "sha1", "hash algorithm `NAME`: sha1, sha256 or sha512")
	f.IntVar(&o.window, "window", 0, "also print the codes of the next `N` steps")
	addAllowShort(f, &o.short)
	cmd.MarkFlagRequired("seed-file")
	return cmd
}

// printCodes prints the codes of a seed.
func (a *app) printCodes(ctx context.Context, o *codeOptions) error {
	algorithm, err := token.ParseAlgorithm(o.algorithm)
	if err != nil {
		return err
	}
	if o.digits < token.MinDigits || o.digits > token.MaxDigits {
		return usagef("--digits %d: %w", o.digits, token.ErrDigits)
	}
	step := int64(o.step / time.Second)
	if step < 1 || o.step%time.Second != 0 {
		return usagef("--step %v: want whole seconds, such as 60s", o.step)
	}
	if o.window < 0 || o.window > 1_000_000 {
		return usagef("--window %d: want 0 to 1000000", o.window)
	}
	at, err := parseTime(o.at, time.Now())
	if err != nil {
		return err
	}
	first := at.Unix() - o.t0
	if first < 0 {
		return usagef("--at %s: %w", o.at, token.ErrStep)
	}
	seed, err := a.readSeed(ctx, o.seedFile, o.short)
	if err != nil {
		return err
	}
	defer seed.Destroy()
	key := seed.Bytes()
	defer clear(key)

	type result struct {
		Code string    `json:"code"`
		Step int64     `json:"step"`
		From time.Time `json:"valid_from"`
	}
	var text strings.Builder
	for t := first / step; t <= first/step+int64(o.window); t++ {
		code := token.AppendCode(nil, key, algorithm, uint8(o.digits), t)
		if a.json {
			from := time.Unix(o.t0+t*step, 0).UTC()
			if err := a.print(result{string(code), t, from}, ""); err != nil {
				return err
			}
		}
		fmt.Fprintf(&text, "%s\n", code)
	}
	if a.json {
		return nil
	}
	return a.print(nil, text.String())
}
