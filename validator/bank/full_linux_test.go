// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"errors"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

func init() { childWork["full"] = childFull }

// limitDisk limits the growth of the database files to a number of bytes, which
// simulates a full disk for the process. -1 removes the limit.
func limitDisk(c *child, bytes int64) {
	limit := uint64(unix.RLIM_INFINITY)
	if bytes >= 0 {
		limit = uint64(bytes)
		for _, name := range []string{"", "-wal"} {
			info, err := os.Stat(os.Getenv("FOB_BANK_DB") + name)
			require.NoError(c, err)
			limit = max(limit, uint64(info.Size()+bytes))
		}
	}
	require.NoError(c, unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: limit, Max: unix.RLIM_INFINITY}))
}

// childFull enters codes until the disk is full, continues while they fail, gets space,
// and goes on.
//
//	good N STEP, wrong N     as in childChecks
//	failed N STEP            the code was entered, and answered with an error
//	lost N                   a wrong code was entered, and answered with an error
func childFull(c *child) {
	ctx := c.Context()
	for round := range 3 {
		limitDisk(c, 40<<10)
		var failed, good atomic.Int32
		var wg sync.WaitGroup
		began := time.Now()
		for n := range killTokens {
			serial := banktest.Serial(n)
			wg.Go(func() {
				for failed.Load() < 40 && time.Since(began) < 2*time.Minute {
					step := int64(c.clock.Now() / 60)
					code, what := banktest.CodeAt(c, serial, token.UnixSeconds(step*60)), "good"
					if n%4 == 0 {
						code, what = banktest.WrongCodeAt(c, serial, token.UnixSeconds(step*60), 60), "wrong"
					}
					out, err := c.bank.Check(ctx, http, serial, code)
					switch {
					case err != nil && (!errors.Is(err, bank.ErrUnavailable) || out != bank.Outcome{}):
						c.say("odd %v %v", out, err)
						failed.Add(1)
					case err != nil && what == "good":
						failed.Add(1)
						c.say("failed %d %d", n, step)
					case err != nil:
						failed.Add(1)
						c.say("lost %d", n)
					case out.Done && what == "good":
						good.Add(1)
						c.say("good %d %d", n, step)
					case !out.Done && what == "wrong":
						c.say("wrong %d", n)
					}
					c.clock.Advance(2)
				}
			})
		}
		wg.Wait()
		require.GreaterOrEqual(c, failed.Load(), int32(40), "the disk was full")
		if round == 0 {
			require.Positive(c, good.Load(), "and was not before")
		}
		_, err := c.bank.Import(ctx, banktest.Clerk, manyRecords(2000), bank.ImportOptions{})
		require.ErrorIs(c, err, bank.ErrUnavailable)
		require.Eventually(c, func() bool {
			_, err := c.bank.LogIn(ctx, bank.By{Channel: "page"}, "nobody", "a long password")
			return errors.Is(err, bank.ErrUnavailable)
		}, time.Minute, 10*time.Millisecond, "a record or two may find the last pages")
		require.Eventually(c, func() bool { return errors.Is(c.bank.Ready(ctx), bank.ErrUnavailable) }, time.Minute, 10*time.Millisecond,
			"a look or two may find the last pages")

		limitDisk(c, -1)
		c.clock.Advance(60)
		for n := range killTokens {
			if n%4 == 0 {
				continue
			}
			step := int64(c.clock.Now() / 60)
			out, err := c.bank.Check(ctx, http, banktest.Serial(n), banktest.CodeAt(c, banktest.Serial(n), token.UnixSeconds(step*60)))
			require.NoError(c, err)
			require.True(c, out.Done, "at once, and without a restart")
			c.say("good %d %d", n, step)
		}
		require.Eventually(c, func() bool { return c.bank.Ready(ctx) == nil }, time.Minute, 10*time.Millisecond)
	}
}

// TestDiskFull: a change that cannot be written is answered with an error, and every
// other answer has been written.
func TestDiskFull(t *testing.T) {
	v := newVictim(t, banktest.New(t, banktest.SQLite(t)))
	v.Contract("c1")
	v.Import("c1", killTokens)
	printed, done := v.kill("full", time.Hour)
	require.True(t, done)
	good, wrong, lost := make([]map[int64]int, killTokens), make([]int, killTokens), make([]int, killTokens)
	failed := 0
	for _, line := range printed {
		f := strings.Fields(line)
		require.Contains(t, []string{"good", "failed", "wrong", "lost"}, f[0], line)
		n := parseInt(t, f[1])
		switch f[0] {
		case "good":
			if good[n] == nil {
				good[n] = map[int64]int{}
			}
			step := parseInt(t, f[2])
			good[n][step]++
			require.Equal(t, 1, good[n][step], "token %d, step %d", n, step)
		case "failed":
			failed++
		case "wrong":
			wrong[n]++
		case "lost":
			lost[n]++
		}
	}
	require.Positive(t, failed)
	for n := range killTokens {
		row, err := v.Bank.Token(t.Context(), banktest.Clerk, banktest.Serial(n))
		require.NoError(t, err)
		st := row.State
		if n%4 == 0 {
			require.GreaterOrEqual(t, st.FailedAttempts, min(wrong[n], v.Settings.LockoutThreshold))
			require.LessOrEqual(t, st.FailedAttempts, wrong[n]+lost[n])
			continue
		}
		for step := range good[n] {
			require.Greater(t, st.Next, step)
		}
		list, _, err := v.Bank.Audit(t.Context(), banktest.Clerk, bank.AuditFilter{Serial: row.Serial.String(), Page: bank.Page{Limit: 1000}})
		require.NoError(t, err)
		accepted := 0
		for _, r := range list {
			if r.Done {
				accepted++
			}
		}
		require.Equal(t, len(good[n]), accepted, "token %d: a record of each, and of no other", n)
	}
	require.Equal(t, killTokens, countTokens(t, v.Bank), "no token of the failed import")
	requireAuditIntact(t, v.Bank)
}
