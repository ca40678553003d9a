// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

// remote is a clock that may be out of reach.
type remote struct {
	*bank.ManualClock
	err error
}

func (r *remote) Ready(context.Context) error { return r.err }

// TestRemoteClock: while the clock is out of reach, the bank does nothing, and afterwards
// it goes on.
func TestRemoteClock(t *testing.T) {
	d := banktest.New(t, banktest.SQLite(t))
	c := &remote{ManualClock: d.Clock}
	b, err := bank.Open(t.Context(), d.DB, d.Master, bank.Options{Clock: c})
	require.NoError(t, err)
	gone := errors.New("no route to the clock")
	c.err = gone
	_, added := b.AddContract(t.Context(), bank.By{Operator: true}, bank.Contract{ID: "C-9", Name: "X", Address: "Y", Email: "x@example.com"})
	for name, err := range map[string]error{
		"read":  b.KnownClerk(t.Context(), "nobody"),
		"write": added,
		"ready": b.Ready(t.Context()),
	} {
		require.ErrorIs(t, err, bank.ErrUnavailable, name)
		require.ErrorIs(t, err, bank.ErrClock, name)
		require.ErrorIs(t, err, gone, name)
	}
	c.err = nil
	require.ErrorIs(t, b.KnownClerk(t.Context(), "nobody"), bank.ErrNotFound)
}
