// SPDX-License-Identifier: Apache-2.0

package store_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/store"
)

// mac authenticates the audit log. A server uses [vault.Ring.MAC], with a key that is
// not in the program.
func mac(parts ...[]byte) []byte {
	h := hmac.New(sha256.New, []byte("key"))
	for _, p := range parts {
		_ = binary.Write(h, binary.BigEndian, uint64(len(p)))
		h.Write(p)
	}
	return h.Sum(nil)
}

// newStore creates a database with an empty bank.
func newStore(ctx context.Context, name string) (*store.DB, error) {
	db, err := store.Open(ctx, name, true)
	if err != nil {
		return nil, err
	}
	db.SetAuditMAC(mac)
	err = db.Update(ctx, func(tx *store.Tx) error {
		if err := tx.AddMeta(store.Meta{Settings: validator.DefaultSettings(), Created: 1}); err != nil {
			return err
		}
		return tx.MakeChains()
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// A transaction is on disk when Update returns nil, and leaves no change behind when it
// returns an error.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "store-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	db, err := newStore(ctx, filepath.Join(dir, "bank.db"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = db.Close() }()

	for range 2 { // the second time, the contract exists
		err := db.Update(ctx, func(tx *store.Tx) error {
			tx.AddAudit(store.Record{At: 1, Clerk: "tanaka", Contract: "c1", Act: "add contract", Reason: "allowed", Done: true})
			return tx.AddContract(store.Contract{ID: "c1", Name: "Example Trading", Language: store.English, Created: 1})
		})
		fmt.Println("exists already:", errors.Is(err, store.ErrExists))
		if err != nil && !errors.Is(err, store.ErrExists) {
			fmt.Println(err)
			return
		}
	}
	err = db.View(ctx, func(tx *store.Tx) error {
		contract, err := tx.Contract("c1")
		if err != nil {
			return err
		}
		audit, err := tx.VerifyAudit("", nil)
		if err != nil {
			return err
		}
		fmt.Println(contract.Name, "- records:", audit.Records, "- faults:", len(audit.Faults))
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// exists already: false
	// exists already: true
	// Example Trading - records: 1 - faults: 0
}
