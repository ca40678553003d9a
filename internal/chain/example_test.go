// SPDX-License-Identifier: Apache-2.0

package chain_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"os"
	"path/filepath"

	"github.com/d204ef64/fob/internal/chain"
	"github.com/d204ef64/fob/internal/sqldb"
)

// A record that is changed with SQL no longer matches its code.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "chain-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	db, err := schema.Open(ctx, filepath.Join(dir, "diary.db"), true)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = db.Close() }()

	public, private, _ := ed25519.GenerateKey(nil)
	err = db.Update(ctx, func(tx *sqldb.Tx) error {
		keys := chain.Signed(private)
		if err := diary.Create(tx, keys); err != nil {
			return err
		}
		return write(tx, keys, "Monday: rain", "Tuesday: sun") // calls Lock, Append and Put
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		err := db.Update(ctx, func(tx *sqldb.Tx) error {
			report, err := diary.Verify(tx, chain.Public(public), "", nil, "SELECT chain, seq, text, mac FROM entry ORDER BY chain, seq",
				func(s sqldb.Scanner) (r chain.Record, err error) {
					var text string
					err = s.Scan(&r.Chain, &r.Seq, &text, &r.Code)
					r.Bytes = canonical(r.Chain, r.Seq, text)
					return r, err
				})
			if err != nil {
				return err
			}
			fmt.Println(report.Records, "records, faults:", report.Faults)
			return tx.ExecOne("UPDATE entry SET text = 'Monday: sun' WHERE seq = 1")
		})
		if err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// 2 records, faults: []
	// 2 records, faults: [chain 1, record 1: the record was changed]
}
