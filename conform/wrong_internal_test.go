// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWrongCodesEnd: a run that is interrupted does not look for more wrong codes, even if
// there are not that many.
func TestWrongCodesEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := &run{target: &Target{}}
	e := r.env(ctx, &Case{ID: "C01"}, 0)
	token := e.newToken()
	cancel()
	require.Panics(t, func() { e.wrongCodes(token, 2_000_000) })
}
