// SPDX-License-Identifier: Apache-2.0

package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/validator/store"
)

func contract(id string) store.Contract {
	return store.Contract{ID: id, Name: "n", Address: "a", Language: store.Japanese, Created: 1}
}

// TestGroupedRecords checks that each function that succeeds has one record, whether or
// not it shared a transaction with a function that failed.
func TestGroupedRecords(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, name string) {
		db := open(t, name)
		var mu sync.Mutex
		reported := map[string]int{}
		db.Observe(store.Observer{Recorded: func(r store.Record) {
			mu.Lock()
			defer mu.Unlock()
			reported[r.Act]++
		}})
		errMine := errors.New("mine")
		const n = 200
		var errs [n]error
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				id := fmt.Sprintf("c%03d", i)
				errs[i] = db.Grouped(context.Background(), id, func(tx *store.Tx) error {
					tx.AddAudit(store.Record{At: 1, Act: id, Reason: "allowed"})
					if i%20 == 7 {
						return errMine
					}
					return tx.AddContract(contract(id))
				})
			})
		}
		wg.Wait()
		want := map[string]int{}
		for i, err := range errs {
			if i%20 == 7 {
				require.ErrorIs(t, err, errMine)
				continue
			}
			require.NoError(t, err)
			want[fmt.Sprintf("c%03d", i)] = 1
		}
		written := map[string]int{}
		view(t, db, func(tx *store.Tx) error {
			return tx.EachAudit(func(r store.Record) error { written[r.Act]++; return nil })
		})
		require.Equal(t, want, written)
		require.Equal(t, want, reported)
		require.Empty(t, verify(t, db, "").Faults)
	})
}
