// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

// TestPostgresGone stops PostgreSQL under load, by SIGKILL and in order, and restarts
// it. No caller hangs, and the bank continues without a restart. Each code with an
// unknown result is accepted at most once.
func TestPostgresGone(t *testing.T) {
	server := pgtest.Start(t)
	d := banktest.New(t, server.Database(t))
	d.Contract("c1")
	d.User("c1", "alice", validator.Master)
	serials := d.Import("c1", 24)
	wrong := d.WrongCode(serials[0])
	transfers := d.Issued("c1")
	d.Activate("alice", transfers)
	doubted, unavailable := 0, 0
	for round := range 5 {
		type fate struct {
			done, doubt, wrong int
			lost               bool
		}
		fates := make([]fate, len(serials))
		var slowest atomic.Int64
		var refused atomic.Int32
		stop := make(chan struct{})
		var wg sync.WaitGroup
		timed := func(fn func() error) error {
			began := time.Now()
			err := fn()
			for took := time.Since(began).Nanoseconds(); ; {
				old := slowest.Load()
				if took <= old || slowest.CompareAndSwap(old, took) {
					break
				}
			}
			if err != nil {
				refused.Add(1)
				if !errors.Is(err, bank.ErrUnavailable) {
					t.Errorf("round %d: %v", round, err)
				}
			}
			return err
		}
		for i, serial := range serials {
			code := d.Code(serial, 0)
			f := &fates[i]
			wg.Go(func() {
				// The right code once, at a different moment for each token; wrong ones
				// before.
				for k := 0; ; k++ {
					select {
					case <-stop:
						return
					default:
					}
					var out bank.Outcome
					try := wrong
					if i != 0 && k == i*2 {
						try = code
					} else if i != 0 || f.wrong >= 3 {
						try = "no code" // a check that is not counted
					}
					err := timed(func() (err error) {
						out, err = d.Bank.Check(context.Background(), http, serial, try)
						return err
					})
					switch {
					case try == code && err != nil:
						f.doubt++
					case try == code && out.Done:
						f.done++
					case try == code:
						t.Errorf("round %d: the right code was refused", round)
					case try == wrong && err == nil:
						f.wrong++
					case try == wrong:
						f.lost = true
					}
					if err != nil {
						time.Sleep(10 * time.Millisecond)
					}
				}
			})
		}
		for range 4 { // operations that need connections of their own
			wg.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					_ = timed(func() error { _, err := d.Bank.Status(context.Background(), "alice"); return err })
					if timed(func() error {
						_, err := d.Bank.Activate(context.Background(), banktest.By("alice"), serials[0], "no code")
						return err
					}) != nil {
						time.Sleep(10 * time.Millisecond)
					}
				}
			})
		}
		time.Sleep(time.Duration(20+15*round) * time.Millisecond)
		if round%2 == 0 {
			server.Kill(t)
		} else {
			server.Stop(t)
		}
		require.Eventually(t, func() bool { return refused.Load() > 20 }, 5*time.Minute, time.Millisecond)
		require.Eventually(t, func() bool { return errors.Is(d.Bank.Ready(t.Context()), bank.ErrUnavailable) }, 5*time.Minute, time.Millisecond)
		server.Restart(t)
		require.Eventually(t, func() bool { return d.Bank.Ready(t.Context()) == nil }, 5*time.Minute, time.Millisecond)
		close(stop)
		wg.Wait()
		require.Less(t, time.Duration(slowest.Load()), 25*time.Second, "no request waits for the 30 s that the store allows it")
		unavailable += int(refused.Load())

		for i, serial := range serials {
			f := &fates[i]
			row, err := d.Bank.Token(t.Context(), banktest.Clerk, serial)
			require.NoError(t, err)
			require.GreaterOrEqual(t, row.State.FailedAttempts, f.wrong, "a failed attempt was lost")
			require.True(t, f.lost || row.State.Suspended || row.State.FailedAttempts == f.wrong)
			out, err := d.Bank.Check(t.Context(), http, serial, d.Code(serial, 0))
			require.NoError(t, err)
			if i == 0 {
				continue
			}
			doubted += f.doubt
			if out.Done {
				f.done++
			}
			out, err = d.Bank.Check(t.Context(), http, serial, d.Code(serial, 0))
			require.NoError(t, err)
			require.False(t, out.Done)
			require.LessOrEqual(t, f.done, 1)
			// The audit log has one acceptance for this step, even if no caller
			// received it.
			list, _, err := d.Bank.Audit(t.Context(), banktest.Clerk, bank.AuditFilter{
				Serial: serial.String(), From: d.Clock.Now(), To: d.Clock.Now(), Page: bank.Page{Limit: 1000},
			})
			require.NoError(t, err)
			accepted := 0
			for _, r := range list {
				if r.Done {
					accepted++
				}
			}
			require.Equal(t, 1, accepted, "round %d, token %d: %+v", round, i, *f)
		}
		// The user can make a transfer at once.
		require.True(t, d.Transfer("alice", d.Code(transfers, 0)).Done)
		requireAuditIntact(t, d.Bank)
		d.Step(1)
	}
	t.Logf("%d answered with \"unavailable\", %d right codes among them", unavailable, doubted)
}
