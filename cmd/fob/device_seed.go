// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/token"
)

// fromFile reads --seed-file. It returns false if the file contains just one seed in
// hex or base32. From a file of tokens it takes the record selected by --serial, and
// checks that the flags agree with it.
func (o *provisionOptions) fromFile(ctx context.Context, d *device, cmd *cobra.Command) (bool, error) {
	if o.seedFile == "" {
		return false, nil
	}
	tokens, err := o.isTokenFile(ctx, d.app)
	if err != nil || !tokens {
		return false, err
	}
	if o.seedOut != "" {
		return true, usagef("--seed-out saves a generated seed: it cannot be used with --seed-file")
	}
	in := &o.seeds
	in.period, in.digits, in.algorithm = o.step, o.digits, cmp.Or(o.algorithm, "sha1")
	count := 0
	err = in.read(ctx, d.app, o.seedFile, func(s *seedSource) error {
		return s.each(ctx, func(r *seedfile.Record) error {
			count++
			if o.serial != "" && r.SerialText() != o.serial || o.serial == "" && count > 1 {
				return nil
			}
			if !o.record.Seed.IsZero() {
				return usagef("--serial %s: the seed file has two tokens with that serial number", o.serial)
			}
			o.record = *r
			r.Seed = token.Seed{} // o.record owns the seed now
			return nil
		})
	})
	switch {
	case err != nil:
		return true, err
	case count == 0:
		return true, usagef("reading %s: the seed file contains no tokens", source(o.seedFile))
	case o.serial == "" && count > 1:
		return true, usagef("the seed file has %s: select one with --serial", countTokens(count))
	case o.record.Seed.IsZero():
		return true, usagef("--serial %s: the seed file has %s, but none with that serial number", o.serial, countTokens(count))
	}
	if err := o.checkAgainstRecord(cmd); err != nil {
		return true, fmt.Errorf("token %s of %s: %w", o.record.Name(), source(o.seedFile), err)
	}
	return true, nil
}

// isTokenFile reports whether the seed file is a file of tokens. Input that cannot be read
// twice is kept for the next reader.
func (o *provisionOptions) isTokenFile(ctx context.Context, a *app) (tokens bool, err error) {
	if o.seeds.from != "" {
		return true, nil
	}
	var input io.Reader
	if o.seedFile == "-" {
		if a.stdinTaken {
			return false, a.takeStdin() // returns the error
		}
		input = &interruptible{ctx: ctx, r: a.stdin}
	} else {
		f, err := openWith(ctx, o.seedFile, os.Open)
		if err != nil {
			return false, openError("reading the seed", o.seedFile, err)
		}
		defer f.Close()
		input = &interruptible{ctx: ctx, r: f}
		if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() { // a pipe
			text, err := io.ReadAll(io.LimitReader(input, maxPipe+1))
			if err != nil {
				return false, usagef("reading the seed: %w", err)
			}
			if len(text) > maxPipe {
				return false, usagef("reading the seed: %s is longer than %d bytes: save it to a file first", o.seedFile, maxPipe)
			}
			input = bytes.NewReader(text)
			o.seedFile, a.stdin = "-", bytes.NewReader(text)
		}
	}
	start, err := io.ReadAll(io.LimitReader(input, maxSecretFile))
	defer clear(start)
	if err != nil {
		return false, usagef("reading the seed: %w", err)
	}
	if o.seedFile == "-" {
		a.stdin = io.MultiReader(bytes.NewReader(bytes.Clone(start)), input)
	}
	if isSeed(string(bytes.TrimSpace(start))) {
		return false, nil
	}
	_, _, err = seedfile.NewReader(bytes.NewReader(start), seedfile.ReadOptions{Step: 60})
	return !errors.Is(err, seedfile.ErrFormat), nil
}

// recordOf returns the record to save for a provisioned token.
func (o *provisionOptions) recordOf(order *host.Order, profile string) seedfile.Record {
	r := o.record
	if r.Seed.IsZero() {
		r = seedfile.Record{
			Serial: order.Serial, KeyID: order.Serial.String(), Manufacturer: "fob", Model: profile, Seed: order.Seed,
			Algorithm: order.Profile.Algorithm, Digits: order.Profile.Digits, Step: order.Profile.Step, T0: order.Profile.T0,
		}
	}
	if r.Effective().Expiry.IsZero() {
		r.Device.Expiry = seedfile.ExpiryInstant(order.Expiry, order.Zone)
	}
	return r
}

// maxPipe is the maximum size of a seed file read from a pipe other than standard
// input.
const maxPipe = 64 << 20

// checkAgainstRecord rejects flags that contradict the record, and records that a fob token does not
// support.
func (o *provisionOptions) checkAgainstRecord(cmd *cobra.Command) error {
	r, given := &o.record, cmd.Flags().Changed
	step := time.Duration(r.Step) * time.Second
	differs := func(flag string, value, recorded any) error {
		return usagef("--%s %v: the record has %v: omit the flag", flag, value, recorded)
	}
	switch {
	case r.Type != seedfile.TOTP:
		return usagef("the type is %s, want TOTP", r.Type)
	case r.Serial.IsZero():
		return usagef("the record has no valid serial number: %w", token.ErrSerial)
	case given("digits") && o.digits != int(r.Digits):
		return differs("digits", o.digits, r.Digits)
	case given("step") && o.step != step:
		return differs("step", o.step, step)
	case given("t0") && o.t0 != int64(r.T0):
		return differs("t0", o.t0, int64(r.T0))
	}
	if o.algorithm != "" {
		if a, err := token.ParseAlgorithm(o.algorithm); err == nil && a != r.Algorithm {
			return differs("algorithm", o.algorithm, r.Algorithm)
		}
	}
	loc, err := zone(o.zone)
	if err != nil {
		return err
	}
	expiry, err := r.Expiry(loc)
	if err != nil {
		return err
	}
	if o.expiry != "" && !expiry.IsZero() {
		want, err := token.ParseExpiry(o.expiry)
		if o.expiry == "none" {
			want, err = token.Expiry{}, nil
		}
		if err != nil {
			return err
		}
		if want != expiry {
			return differs("expiry", o.expiry, expiry)
		}
	}
	if o.expiry == "" {
		o.expiry = "none"
		if !expiry.IsZero() {
			o.expiry = expiry.String()
		}
	}
	o.serial = r.Serial.String()
	return nil
}
