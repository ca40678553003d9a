// SPDX-License-Identifier: Apache-2.0

package conform_test

import (
	"context"
	"fmt"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/mutant"
)

func ExampleRun() {
	cases, err := conform.Select(conform.Selection{IDs: []string{"C11", "C14"}})
	if err != nil {
		panic(err)
	}
	target := mutant.New("C14").Target() // a server with a mistake
	report, err := conform.Run(context.Background(), target, conform.Options{Seed: 1, Cases: cases})
	if err != nil {
		panic(err)
	}
	for _, r := range report.Results {
		fmt.Println(r.ID, r.Outcome, r.Requirement)
	}
	// Output:
	// C11 PASS a used code is never accepted again
	// C14 FAIL a used code is refused in any other spelling
}
