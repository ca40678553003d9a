// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/store"
)

// newBank creates a bank in a new database and opens it. A real bank writes its master
// key to a file: see [vault.WriteFile].
func newBank(ctx context.Context, database string, o bank.Options) (*bank.Bank, *store.DB, error) {
	master, err := bank.Realm.NewMaster()
	if err != nil {
		return nil, nil, err
	}
	db, err := store.Open(ctx, database, true)
	if err != nil {
		return nil, nil, err
	}
	if err := bank.Create(ctx, db, master, "", validator.DefaultSettings(), o); err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	b, err := bank.Open(ctx, db, master, o)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return b, db, nil
}

// addAlice adds a contract with a user and imports a token for it. The token has the
// seed of RFC 4226 and RFC 6238.
func addAlice(ctx context.Context, b *bank.Bank) error {
	by := bank.By{Operator: true, Channel: bank.ChannelCommand}
	_, err := b.AddContract(ctx, by, bank.Contract{
		ID: "c1", Name: "Example Trading", Address: "Tokyo", Email: "c1@example.com", Language: bank.English,
	})
	if err != nil {
		return err
	}
	_, _, err = b.AddUser(ctx, by, bank.NewUser{
		ID: "alice", Contract: "c1", Role: validator.Master, Name: "Alice", Password: "correct horse battery",
	}, "")
	if err != nil {
		return err
	}
	file := "upn,serial number,secret key,time interval,manufacturer,model\n" +
		",2600124800001,GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ,60,,\n"
	tokens, _, err := seedfile.NewReader(strings.NewReader(file), seedfile.ReadOptions{})
	if err != nil {
		return err
	}
	_, err = b.Import(ctx, by, tokens, bank.ImportOptions{Contract: "c1"})
	return err
}

// A user registers a token and makes a transfer. Each code is accepted once.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "bank-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	// The time steps of 60 seconds from this time on have the counters 23523EC and
	// 23523ED of RFC 6238, appendix B. The last six digits of its codes are 081804 and
	// 050471.
	clock := bank.NewManualClock(60 * 0x23523EC)
	b, db, err := newBank(ctx, filepath.Join(dir, "bank.db"), bank.Options{Clock: clock}) // omit the clock in production
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = db.Close() }()
	if err := addAlice(ctx, b); err != nil {
		fmt.Println(err)
		return
	}

	alice := bank.By{User: "alice", Channel: bank.ChannelPage, Source: "192.0.2.1"}
	serial, err := token.ParseSerial("2600124800001")
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := b.Activate(ctx, alice, serial, "081804")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("registered:", out.Done)

	clock.Advance(60)
	for range 2 {
		out, err := b.Do(ctx, alice, bank.Request{Operation: validator.OpTransfer, Code: "050471"})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("transferred:", out.Done, "-", out.Answer)
	}
	// Output:
	// registered: true
	// transferred: true - accepted
	// transferred: false - refused
}
