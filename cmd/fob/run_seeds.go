// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/virtual"
)

// onlyTOTP skips tokens of types other than TOTP for --skip-unsupported. Virtual tokens
// do not support them.
type onlyTOTP struct {
	*seedSource
	a *app
}

func (o *onlyTOTP) Read() (seedfile.Record, error) {
	for {
		r, err := o.seedSource.Read()
		if err != nil || !o.in.skip || r.Type == seedfile.TOTP {
			return r, err
		}
		o.in.skipToken(o.a, fmt.Errorf("line %d: the type is %s, but virtual tokens support only TOTP", o.Line(), r.Type))
		r.Seed.Destroy()
	}
}

// tokensFromSeeds creates the tokens of fob run --seed-file.
func (a *app) tokensFromSeeds(ctx context.Context, o *runOptions, w *virtual.World, model *virtual.Model) (tokens []*virtual.Token, err error) {
	if !o.given("profile") {
		model = nil // each token gets a model for its number of digits
	}
	err = o.seeds.read(ctx, a, o.seedFile, func(s *seedSource) (err error) {
		if tokens, err = fleet.FromSeeds(w, &onlyTOTP{s, a}, model); err != nil {
			return fmt.Errorf("reading %s: %w", s.name, err)
		}
		return nil
	})
	if err == nil && o.given("count") && o.count != len(tokens) {
		err = usagef("--count %d: the seed file has %s", o.count, countTokens(len(tokens)))
	}
	if err == nil {
		err = o.ports.Check(len(tokens))
	}
	return tokens, err
}
