// SPDX-License-Identifier: Apache-2.0

package sqldb

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
)

// TestFailedGroup checks that if a function of a group fails, each function of the
// group runs again alone and gets the result of that run. The test runs a group
// directly, because otherwise the functions that share one would depend on chance.
func TestFailedGroup(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, name string) {
		db, err := Items.Open(t.Context(), name, true)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })

		errMine := errors.New("mine")
		runs := map[string]int{}
		add := func(id string, fails func(run int) bool) *job {
			return &job{ctx: context.Background(), key: id, limit: db.patience, done: make(chan error, 1), fn: func(tx *Tx) error {
				runs[id]++
				if fails(runs[id]) {
					return errMine
				}
				return Add(tx, id)
			}}
		}
		never := func(int) bool { return false }
		a, b, c, d := add("a", never), add("b", func(run int) bool { return run == 1 }),
			add("c", never), add("d", func(int) bool { return true })

		s := &session{db: db}
		defer s.drop(nil)
		s.run([]*job{a, b, c, d})
		require.NoError(t, <-a.done)
		require.NoError(t, <-b.done, "failed only in the group")
		require.NoError(t, <-c.done)
		require.ErrorIs(t, <-d.done, errMine, "fails alone too")
		require.Equal(t, map[string]int{"a": 2, "b": 2, "c": 1, "d": 1}, runs)

		var have []string
		require.NoError(t, db.View(t.Context(), func(tx *Tx) error {
			list, err := List(tx, "")
			have = list
			return err
		}))
		require.Equal(t, []string{"a", "b", "c"}, have)
	})
}
