// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/token/virtual"
)

// tokensFromSeeds makes the tokens of fob run --seed-file.
func (a *app) tokensFromSeeds(ctx context.Context, o *runOptions, w *virtual.World, model *virtual.Model) (tokens []*virtual.Token, err error) {
	if !o.given("profile") {
		model = nil // as the digits of each ask for
	}
	err = o.seeds.read(ctx, a, o.seedFile, func(s *seedSource) (err error) {
		if tokens, err = fleet.FromSeeds(w, s, model); err != nil {
			return fmt.Errorf("reading %s: %w", s.name, err)
		}
		return nil
	})
	if err == nil && o.given("count") && o.count != len(tokens) {
		err = usagef("--count %d: the seed file has %d tokens", o.count, len(tokens))
	}
	if err == nil {
		err = o.ports.Check(len(tokens))
	}
	return tokens, err
}
