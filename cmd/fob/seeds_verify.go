// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/token"
)

// verifyOptions are the flags of fob seeds verify.
type verifyOptions struct {
	in               seedsInput
	serial, code, at string
	window           int
}

func newSeedsVerifyCmd(a *app) *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Check a seed file",
		Long: `Check a whole seed file: every value, the MAC of each token, the signature with
--trusted, and that no serial number or seed occurs twice. The exit code is 1 if
a check fails.

With --serial and --code, also check that this token's seed produces the code
now, or within --window steps, to confirm that the file belongs to a token.`,
		Example: `  fob seeds verify tokens.xml --password-file pw.txt
  fob seeds verify tokens.xml --serial 2600124800001 --code 420811`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error { return a.verifySeeds(cmd.Context(), &o, args[0]) },
	}
	o.in.add(cmd.Flags())
	f := cmd.Flags()
	f.StringVar(&o.serial, "serial", "", "serial number `SN` of the token that shows the code")
	f.StringVar(&o.code, "code", "", "`DIGITS` of the code")
	f.StringVar(&o.at, "at", "now", "`TIME` at which the token showed the code: now, RFC 3339, or @UNIXSECONDS")
	f.IntVar(&o.window, "window", 1, "allow `N` steps of clock error in either direction")
	return cmd
}

// verifySeeds reads a whole seed file and checks a code against it.
func (a *app) verifySeeds(ctx context.Context, o *verifyOptions, file string) error {
	if (o.serial == "") != (o.code == "") {
		return usagef("--serial and --code must be given together")
	}
	if o.serial != "" {
		if err := seedfile.CheckSerial(o.serial); err != nil {
			return err
		}
	}
	if o.window < 0 || o.window > 1000 {
		return usagef("--window %d: want 0 to 1000", o.window)
	}
	when, err := parseTime(o.at, time.Now())
	if err != nil {
		return err
	}
	result := struct {
		Format string `json:"format"`
		Tokens int    `json:"count"`
		Fits   *bool  `json:"code_fits,omitempty"` // true, with --code
		Off    *int64 `json:"off,omitempty"`       // relative to now
	}{}
	found := false
	err = o.in.read(ctx, a, file, func(s *seedSource) error {
		result.Format, result.Tokens = s.format.Name, 0
		return s.each(ctx, func(r *seedfile.Record) error {
			result.Tokens++
			if o.code == "" || r.SerialText() != o.serial {
				return nil
			}
			found = true
			if len(o.code) != int(r.Digits) {
				return usagef("--code: token %s has codes of %d digits, got %d", o.serial, r.Digits, len(o.code))
			}
			off, ok := matchCode(r, o.code, when, o.window)
			if !ok {
				return errclass.With(errclass.Failed, fmt.Errorf("token %s: the seed does not produce that code within --window %d of --at %s", o.serial, o.window, o.at))
			}
			result.Fits, result.Off = &ok, &off
			return nil
		})
	})
	if err == nil && o.code != "" && !found {
		err = errclass.With(errclass.Failed, fmt.Errorf("there is no token %s in the file", o.serial))
	}
	if err != nil {
		return asFailedCheck(err)
	}
	text := fmt.Sprintf("%s, %s: valid\n", countTokens(result.Tokens), result.Format)
	if result.Fits != nil {
		text += fmt.Sprintf("%s: the code matches %s\n", o.serial, stepsOff(*result.Off))
	}
	return a.print(result, text)
}

// stepsOff describes the distance of a step from the present one.
func stepsOff(n int64) string {
	if n == 0 {
		return "the present step"
	}
	return fmt.Sprintf("the step %+d from the present one", n)
}

// matchCode searches for a code around a time, taking into account the drift that the file
// records.
func matchCode(r *seedfile.Record, code string, at time.Time, window int) (off int64, ok bool) {
	if r.Type != seedfile.TOTP {
		return 0, false
	}
	key := r.Seed.Bytes()
	defer clear(key)
	now := (at.Unix() - int64(r.T0)) / int64(r.Step)
	for n := int64(0); n <= int64(window); n++ {
		for _, off := range []int64{n, -n} {
			step := now + r.Drift + off
			if step >= 0 && subtle.ConstantTimeCompare(token.AppendCode(nil, key, r.Algorithm, r.Digits, step), []byte(code)) == 1 {
				return r.Drift + off, true
			}
		}
	}
	return 0, false
}

// asFailedCheck converts an error about the content of a file to a failed check.
func asFailedCheck(err error) error {
	if codeOf(err) == exitUsage && isContent(err) && !errors.Is(err, seedfile.ErrNoKey) {
		return errclass.With(errclass.Failed, err)
	}
	return err
}
