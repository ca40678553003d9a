// SPDX-License-Identifier: Apache-2.0

package cases_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/d204ef64/fob/validator/cases"
	"github.com/d204ef64/fob/validator/cases/reference"
)

func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "cases-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	bank, err := reference.Start(ctx, reference.Options{Database: filepath.Join(dir, "bank.db")})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = bank.Close() }()
	results, err := cases.Run(ctx, bank.Target(), cases.Options{Only: []string{"C15"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range results {
		fmt.Println(r.Line())
	}
	// Output:
	// C15 PASS MUST   of many requests with the same code at once, one is accepted: exactly 1 of 32 accepted in 20 of 20 rounds
}
