// SPDX-License-Identifier: Apache-2.0

package bench_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/d204ef64/fob/validator/bench"
)

// A short measurement: four workers enter 100 codes of 50 tokens.
func ExampleRun() {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	report, err := bench.Run(context.Background(), bench.Options{
		Database: filepath.Join(dir, "bank.db"), Tokens: 50, Workers: 4, Checks: 100,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Database, report.Kind)
	fmt.Println("accepted:", report.Accepted, "of", report.Checks)
	fmt.Println("measured:", report.PerSecond > 0 && report.P50 <= report.P99)
	// Output:
	// SQLite checks
	// accepted: 100 of 100
	// measured: true
}
