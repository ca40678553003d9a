// SPDX-License-Identifier: Apache-2.0

package banktest

import (
	"context"
	"os"
	"path/filepath"

	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/store"
)

// Temporary creates an empty bank in an SQLite file, for examples, which have no
// [testing.TB]. The example of package bank shows the same steps one by one. remove
// closes the bank and deletes the file.
func Temporary(ctx context.Context, clock bank.Clock) (b *bank.Bank, remove func(), err error) {
	dir, err := os.MkdirTemp("", "bank-")
	if err != nil {
		return nil, nil, err
	}
	var db *store.DB
	remove = func() {
		if db != nil {
			_ = db.Close()
		}
		_ = os.RemoveAll(dir)
	}
	defer func() {
		if err != nil {
			remove()
		}
	}()
	master, err := bank.Realm.NewMaster()
	if err != nil {
		return nil, nil, err
	}
	db, err = store.Open(ctx, filepath.Join(dir, "bank.db"), true)
	if err != nil {
		return nil, nil, err
	}
	if err := bank.Create(ctx, db, master, "", validator.DefaultSettings(), bank.Options{Clock: clock}); err != nil {
		return nil, nil, err
	}
	b, err = bank.Open(ctx, db, master, bank.Options{Clock: clock})
	return b, remove, err
}
