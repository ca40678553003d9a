// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/validator/bench"
)

func newValidatorBenchCmd(a *app, b *bankFlags) *cobra.Command {
	o := bench.Options{}
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure how many codes per second the bank checks",
		Long: `Create a bank and check valid codes of different tokens in parallel. The bank
writes each result to disk before it answers. Without --db, the bank is in a
temporary SQLite file in the current folder; --db names a new SQLite file or an
empty PostgreSQL database, which are kept.

With --floor, no codes are checked: the same rows are read and written in
transactions of the same shape, which gives the limit of the database. With
--rate, codes arrive at that rate, and a response time counts from when its code
was due. Memory is measured after a tenth of the codes and at the end.`,
		Example: `  fob validator bench --checks 100000
  fob validator bench --checks 100000 --floor
  fob validator bench --rate 5000
  fob validator bench --db postgres://bench@127.0.0.1/empty`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.benchBank(cmd.Context(), b, o) },
	}
	f := cmd.Flags()
	f.IntVar(&o.Tokens, "tokens", 10_000, "`N` tokens, used in turn")
	f.IntVar(&o.Workers, "workers", 64, "`N` codes checked at the same time")
	f.IntVar(&o.Checks, "checks", 50_000, "`N` codes in total")
	numberVar(f, &o.Rate, "rate", 0, 0, 1e6, "`N` codes per second; 0 is as many as possible")
	f.BoolVar(&o.Floor, "floor", false, "measure only the database")
	return cmd
}

// benchResult is the output of fob validator bench.
type benchResult struct {
	bench.Report
	P50         float64 `json:"p50_ms"`
	P99         float64 `json:"p99_ms"`
	Max         float64 `json:"max_ms"`
	MemoryEarly int64   `json:"memory_early"`
	MemoryLate  int64   `json:"memory_late"`
}

func (a *app) benchBank(ctx context.Context, b *bankFlags, o bench.Options) (err error) {
	if o.Tokens < 1 || o.Workers < 1 || o.Checks < 1 || o.Rate < 0 {
		return usagef("--tokens, --workers and --checks: want 1 or more; --rate: 0 or more")
	}
	if !b.given() {
		folder, err := os.MkdirTemp(".", ".fob-bench-")
		if err != nil {
			return usagef("creating a folder for the database: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
		o.Database = filepath.Join(folder, "bank.db")
	} else if o.Database, err = b.name(ctx, a); err != nil {
		return err
	}
	if !sqldb.IsPostgres(o.Database) {
		if _, err := os.Lstat(o.Database); err == nil {
			return usagef("database %s exists: name a new file", o.Database)
		}
	}
	show, done := a.counter("checking")
	o.Progress = func(n, _ int) { show(int64(n)) }
	r, err := bench.Run(ctx, o)
	done()
	if err != nil {
		return err
	}
	var t strings.Builder
	what := "codes checked, each written to disk before its answer"
	if o.Floor {
		what = "empty transactions of the same shape"
	}
	fmt.Fprintf(&t, "%s: %d %s\n", r.Database, r.Checks, what)
	fmt.Fprintf(&t, "  %d tokens, %d workers, %.1f s: %.0f per second\n", r.Tokens, r.Workers, r.Seconds, r.PerSecond)
	fmt.Fprintf(&t, "  response time p50 %.1f ms, p99 %.1f ms, max %.1f ms\n", r.P50, r.P99, r.Max)
	if r.MemoryLate > 0 {
		fmt.Fprintf(&t, "  memory %d MB after a tenth, %d MB at the end\n", r.MemoryEarly>>20, r.MemoryLate>>20)
	}
	return a.print(benchResult{r, r.P50, r.P99, r.Max, r.MemoryEarly, r.MemoryLate}, t.String())
}
