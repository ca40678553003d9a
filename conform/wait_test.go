// SPDX-License-Identifier: Apache-2.0

package conform_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/mutant"
)

// TestWait: without a clock, a case waits no longer than it declares. The time of a synctest
// bubble passes only while a case waits.
func TestWait(t *testing.T) {
	var wrong []string
	for _, c := range conform.All() {
		synctest.Test(t, func(t *testing.T) {
			target := mutant.New("").Target()
			target.SetClock = nil
			time.Sleep(time.Until(time.Now().Truncate(time.Minute).Add(time.Minute + 2*time.Second)))
			begun := time.Now()
			_, err := conform.Run(t.Context(), target, conform.Options{Seed: 1, Cases: []conform.Case{c}})
			require.NoError(t, err)
			took := time.Since(begun)
			if took > c.Wait+5*time.Second || c.Wait > 0 && took < 30*time.Second && !slices.Contains(c.Needs, conform.VerbClock) {
				wrong = append(wrong, fmt.Sprintf("%s waits for %s, and declares %s", c.ID, took, c.Wait))
			}
		})
	}
	require.Empty(t, wrong)
}

// TestShortLockout: a lockout that ends by itself after a minute is a failure of C46, and of
// C36 if more than 100 wrong codes are possible, but not of other cases about lockouts.
func TestShortLockout(t *testing.T) {
	for _, clock := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			target := mutant.New("").Target()
			now := func() int64 { return time.Now().Unix() }
			if set := target.SetClock; clock {
				at := int64(0)
				target.SetClock = func(ctx context.Context, to time.Time) error {
					at = to.Unix()
					return set(ctx, to)
				}
				now = func() int64 { return at }
			} else {
				target.SetClock = nil
			}
			var mu sync.Mutex
			locked := map[string]int64{}
			before := func(ctx context.Context, t *conform.Token) {
				mu.Lock()
				defer mu.Unlock()
				s, err := target.Status(ctx, t)
				since, known := locked[t.Serial]
				switch {
				case err != nil || !*s.Locked:
					delete(locked, t.Serial)
				case !known:
					locked[t.Serial] = now()
				case now()-since >= 60:
					_ = target.Unlock(ctx, t)
					delete(locked, t.Serial)
				}
			}
			check, resync, operate := target.Check, target.Resync, target.Operate
			target.Check = func(ctx context.Context, a conform.Attempt) (conform.Answer, error) {
				before(ctx, a.Token)
				defer before(ctx, a.Token)
				return check(ctx, a)
			}
			target.Resync = func(ctx context.Context, a conform.Attempt) (conform.Answer, error) {
				before(ctx, a.Token)
				return resync(ctx, a)
			}
			target.Operate = func(ctx context.Context, a conform.Act) (conform.Answer, error) {
				before(ctx, a.Token)
				defer before(ctx, a.Token)
				return operate(ctx, a)
			}
			report, err := conform.Run(t.Context(), target, conform.Options{Seed: 1})
			require.NoError(t, err)
			var failed []string
			for _, r := range report.Results {
				if r.Outcome == conform.Fail {
					failed = append(failed, r.ID)
					t.Log(r.ID, r.Detail)
				}
			}
			want := []string{"C46"}
			if clock {
				want = []string{"C36", "C46"} // it begins to count again each time
			}
			require.Equal(t, want, failed)
		})
	}
}
