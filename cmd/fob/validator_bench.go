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

	"github.com/d204ef64/fob/validator/bench"
	"github.com/d204ef64/fob/validator/store"
)

func newValidatorBenchCmd(a *app, b *bankFlags) *cobra.Command {
	o := bench.Options{}
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure how many codes are checked in a second",
		Long: `Makes a bank of its own and lets workers enter codes, each of another token and
each accepted: the bank has it on the disk before it answers. Without --db it is
a file of SQLite in the present folder, that is gone afterwards; --db names a
file that is not there, or an empty database of PostgreSQL, which keep the bank.

With --floor nothing is decided: the same rows are read, written and recorded in
transactions of the same shape, which is the most that the store can do. With
--rate the codes come in at that rate, and the time of an answer counts from
when its code was due. Memory is what the process has at a tenth of the codes
and at the end.`,
		Example: `  fob validator bench --checks 100000
  fob validator bench --checks 100000 --floor
  fob validator bench --rate 5000
  fob validator bench --db postgres://bench@127.0.0.1/empty`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.benchBank(cmd.Context(), b, o) },
	}
	f := cmd.Flags()
	f.IntVar(&o.Tokens, "tokens", 10_000, "`N` tokens, whose codes are entered in turn")
	f.IntVar(&o.Workers, "workers", 64, "`N` codes under way at once")
	f.IntVar(&o.Checks, "checks", 50_000, "`N` codes in all")
	f.Float64Var(&o.Rate, "rate", 0, "`N` codes a second come in; 0 is as many as go")
	f.BoolVar(&o.Floor, "floor", false, "measure the store alone")
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
	if b.db == "" && b.dbFile == "" {
		folder, err := os.MkdirTemp(".", ".fob-bench-")
		if err != nil {
			return usagef("making a folder for the database: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
		o.Database = filepath.Join(folder, "bank.db")
	} else if o.Database, err = b.name(ctx, a); err != nil {
		return err
	}
	if !store.IsPostgres(o.Database) {
		if _, err := os.Lstat(o.Database); err == nil {
			return usagef("database %s exists: name a file that does not", o.Database)
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
	what := "codes checked, each on the disk before its answer"
	if o.Floor {
		what = "empty transactions of the same shape"
	}
	fmt.Fprintf(&t, "%s: %d %s\n", r.Database, r.Checks, what)
	fmt.Fprintf(&t, "  %d tokens, %d workers, %.1f s: %.0f a second\n", r.Tokens, r.Workers, r.Seconds, r.PerSecond)
	fmt.Fprintf(&t, "  answer after %.1f ms (half of them), %.1f ms (99 of 100), %.1f ms (all)\n", r.P50, r.P99, r.Max)
	if r.MemoryLate > 0 {
		fmt.Fprintf(&t, "  memory %d MB at a tenth, %d MB at the end\n", r.MemoryEarly>>20, r.MemoryLate>>20)
	}
	return a.print(benchResult{r, r.P50, r.P99, r.Max, r.MemoryEarly, r.MemoryLate}, t.String())
}
