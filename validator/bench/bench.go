// SPDX-License-Identifier: Apache-2.0

// Package bench measures how many codes per second a bank can check, when each is on
// disk before its answer.
//
// [Run] creates a bank with its own tokens in an empty database, and lets workers enter
// codes. Each code belongs to another token and is accepted. It costs one durable
// transaction that reads, decides, writes and records. With Floor, Run measures the
// store without the bank: transactions of the same shape read, write and record the
// row, but decide nothing. This is the upper limit that the store sets.
package bench

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/store"
)

// Options are the parameters of a measurement.
type Options struct {
	Database string  // a new SQLite file, or an empty PostgreSQL database
	Tokens   int     // 1 or more
	Workers  int     // number of codes in progress at once, 1 or more
	Checks   int     // total number of codes, 1 or more
	Rate     float64 // codes that arrive per second, however long answers take; 0: as many as possible
	Floor    bool    // measure only the store

	Progress func(done, all int) // may be nil
}

// Report is the result of a measurement.
type Report struct {
	Kind      string  `json:"kind"` // "checks" or "floor"
	Database  string  `json:"database"`
	Tokens    int     `json:"count"`
	Workers   int     `json:"workers"`
	Checks    int     `json:"checks"`
	Accepted  int     `json:"accepted"`
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"per_second"`
	Rate      float64 `json:"rate,omitempty"` // the requested rate

	// Time from when a code was due until its answer, in milliseconds.
	P50, P99, Max float64 `json:"-"`

	// Resident memory of the process in bytes: after a tenth of the codes, and after
	// all of them. 0 if the system does not report it.
	MemoryEarly, MemoryLate int64 `json:"-"`
}

// start is the initial time of the measured bank's clock.
const start token.UnixSeconds = 1_800_000_000

// run is a measurement in progress.
type run struct {
	o     Options
	db    *store.DB
	bank  *bank.Bank
	clock *bank.ManualClock

	next     atomic.Int64
	accepted atomic.Int64
	mu       sync.Mutex
	took     []time.Duration // a sample of the times
	early    int64
}

// Run runs a measurement. The error wraps [bank.ErrConflict] if the database already
// contains a bank.
func Run(ctx context.Context, o Options) (Report, error) {
	if o.Tokens < 1 || o.Workers < 1 || o.Checks < 1 || o.Rate < 0 {
		return Report{}, errors.New("tokens, workers and checks must be 1 or more")
	}
	r := &run{o: o, clock: bank.NewManualClock(start)}
	if err := r.prepare(ctx); err != nil {
		return Report{}, err
	}
	defer func() { _ = r.db.Close() }()
	report := Report{
		Kind: "checks", Database: r.db.System(), Tokens: o.Tokens, Workers: o.Workers, Checks: o.Checks, Rate: o.Rate,
	}
	if o.Floor {
		report.Kind = "floor"
	}
	began := time.Now()
	if err := r.work(ctx, began); err != nil {
		return report, err
	}
	report.Seconds = time.Since(began).Seconds()
	report.PerSecond = float64(o.Checks) / report.Seconds
	report.Accepted = int(r.accepted.Load())
	slices.Sort(r.took)
	at := func(q float64) float64 {
		return float64(r.took[min(int(q*float64(len(r.took))), len(r.took)-1)]) / float64(time.Millisecond)
	}
	report.P50, report.P99, report.Max = at(0.5), at(0.99), at(1)
	report.MemoryEarly, report.MemoryLate = r.early, resident()
	if report.Accepted != o.Checks {
		return report, fmt.Errorf("%d of %d codes were not accepted", o.Checks-report.Accepted, o.Checks)
	}
	return report, nil
}

// prepare creates the bank and its tokens.
func (r *run) prepare(ctx context.Context) (err error) {
	if r.db, err = store.Open(ctx, r.o.Database, true); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = r.db.Close()
		}
	}()
	master, err := bank.Realm.NewMaster()
	if err != nil {
		return err
	}
	if err := bank.Create(ctx, r.db, master, "", validator.DefaultSettings(), bank.Options{Clock: r.clock}); err != nil {
		return err
	}
	if r.bank, err = bank.Open(ctx, r.db, master, bank.Options{Clock: r.clock}); err != nil {
		return err
	}
	_, err = r.bank.Import(ctx, bank.By{Clerk: "bench", Channel: bank.ChannelCommand}, &tokens{n: r.o.Tokens}, bank.ImportOptions{})
	return err
}

var profile = token.Profile{Step: token.DefaultStep, Digits: 6}

// serialOf and seedOf return the data of the token with a number.
func serialOf(i int) token.Serial {
	s, err := token.ParseSerial(fmt.Sprintf("%012d", i+1))
	if err != nil {
		panic("bench: internal error: " + err.Error())
	}
	return s
}

func seedOf(i int) token.Seed {
	b := []byte("a test seed---------")
	binary.BigEndian.PutUint64(b[12:], uint64(i))
	s, err := token.NewSeed(b)
	if err != nil {
		panic("bench: internal error: " + err.Error())
	}
	return s
}

// tokens implements the reader of a seed file without a file.
type tokens struct{ n, at int }

func (t *tokens) Read() (seedfile.Record, error) {
	if t.at == t.n {
		return seedfile.Record{}, io.EOF
	}
	t.at++
	return seedfile.Record{Serial: serialOf(t.at - 1), Seed: seedOf(t.at - 1), Digits: 6, Step: 60}, nil
}

func (t *tokens) Line() int { return t.at }

// work runs the workers. The clock moves one step per round of all tokens, which makes
// each code new.
func (r *run) work(ctx context.Context, began time.Time) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for from := 0; from < r.o.Checks; from += r.o.Tokens {
		to := min(from+r.o.Tokens, r.o.Checks)
		r.clock.Advance(token.DefaultStep)
		r.next.Store(int64(from))
		var wg sync.WaitGroup
		for range r.o.Workers {
			wg.Go(func() {
				if err := r.worker(ctx, to, began); err != nil {
					cancel(err)
				}
			})
		}
		wg.Wait()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}

// worker enters codes until the round is over.
func (r *run) worker(ctx context.Context, to int, began time.Time) error {
	const sample = 1 << 16 // maximum number of times kept, per worker and round
	took := make([]time.Duration, 0, min(sample, to))
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if room := 4*sample - len(r.took); room > 0 {
			r.took = append(r.took, took[:min(room, len(took))]...)
		}
	}()
	for ctx.Err() == nil {
		n := int(r.next.Add(1)) - 1
		if n >= to {
			return nil
		}
		due := time.Now()
		if r.o.Rate > 0 {
			due = began.Add(time.Duration(float64(n) / r.o.Rate * float64(time.Second)))
			time.Sleep(time.Until(due))
		}
		i := n % r.o.Tokens
		var err error
		if r.o.Floor {
			err = r.floor(ctx, i)
		} else {
			err = r.check(ctx, i)
		}
		if err != nil {
			return err
		}
		if len(took) < sample {
			took = append(took, time.Since(due))
		}
		if n == r.o.Checks/10 {
			early := resident()
			r.mu.Lock()
			r.early = early
			r.mu.Unlock()
		}
		if r.o.Progress != nil && n%100 == 0 {
			r.o.Progress(n, r.o.Checks)
		}
	}
	return nil
}

func (r *run) check(ctx context.Context, i int) error {
	code, err := profile.Code(seedOf(i), profile.StepAt(r.clock.Now()))
	if err != nil {
		return err
	}
	out, err := r.bank.Check(ctx, bank.By{Channel: "bench"}, serialOf(i), string(code))
	if out.Done {
		r.accepted.Add(1)
	}
	return err
}

// floor runs a transaction of the same shape as a check's, but decides nothing.
func (r *run) floor(ctx context.Context, i int) error {
	serial := serialOf(i)
	err := r.db.Grouped(ctx, serial.String(), func(tx *store.Tx) error {
		row, err := tx.Token(serial)
		if err != nil {
			return err
		}
		row.State.Next++
		tx.AddAudit(store.Record{
			At: start, Act: validator.OpCheck.String(), Serial: serial.String(), Rule: validator.BK01.String(),
			Reason: validator.ReasonAccepted.String(), Done: true, Channel: "bench",
		})
		return tx.PutState(serial, row.State)
	})
	if err == nil {
		r.accepted.Add(1)
	}
	return err
}
