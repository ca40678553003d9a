// SPDX-License-Identifier: Apache-2.0

package conform_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/mutant"
)

// TestRefusesAllImports: a server that refuses all imports after some is not one that refuses
// wrong ones.
func TestRefusesAllImports(t *testing.T) {
	for _, id := range []string{"C66", "C67"} {
		target := mutant.New(id).Target()
		imports, send := 0, target.Import
		target.Import = func(ctx context.Context, token *conform.Token) error {
			if imports++; imports > 2 { // the first one tries the target
				return fmt.Errorf("%w: status 429", conform.ErrRefused)
			}
			return send(ctx, token)
		}
		report, err := conform.Run(t.Context(), target, conform.Options{Cases: only(t, id)})
		require.NoError(t, err)
		require.Equal(t, conform.NotApplicable, report.Results[0].Outcome, id)
	}
}

// TestForgetsUsedCodes: C12 finds a server that forgets used codes, although they count as
// wrong ones until then, and lock the token.
func TestForgetsUsedCodes(t *testing.T) {
	for _, lockout := range []int{2, 3, 5} {
		server := mutant.New("C12")
		server.Lockout, server.CountReplayed = lockout, true
		report, err := conform.Run(t.Context(), server.Target(), conform.Options{Cases: only(t, "C12")})
		require.NoError(t, err)
		require.Equal(t, conform.Fail, report.Results[0].Outcome, lockout)
	}
}
