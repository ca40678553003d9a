// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

const killTokens = 16

// childChecks enters right, wrong and used codes, for all tokens at once.
//
//	now T            the clock was moved
//	good N STEP      the code of a step of token N was accepted
//	wrong N          a wrong code was refused
//	twice N STEP     a code was accepted again: never
func childChecks(c *child) {
	var wg sync.WaitGroup
	for n := range killTokens {
		r := rand.New(rand.NewPCG(c.rand.Uint64(), 2))
		wg.Go(func() {
			serial := banktest.Serial(n)
			enter := func(code string) bool {
				out, err := c.bank.Check(c.Context(), http, serial, code)
				if err != nil {
					c.say("error %v", err)
				}
				return out.Done
			}
			for {
				now := c.clock.Now()
				code := banktest.CodeAt(c, serial, now)
				switch r.IntN(6) {
				case 0, 1: // enter it twice at once
					var both sync.WaitGroup
					var done [2]bool
					for i := range done {
						both.Go(func() { done[i] = enter(code) })
					}
					both.Wait()
					if done[0] && done[1] {
						c.say("twice %d %d", n, now/60)
					}
					if done[0] || done[1] {
						c.say("good %d %d", n, now/60)
						if enter(code) {
							c.say("twice %d %d", n, now/60)
						}
					}
				case 2, 3:
					if r.IntN(4) == 0 {
						if !enter(banktest.WrongCodeAt(c, serial, now, 60)) {
							c.say("wrong %d", n)
						}
					}
				case 4: // move the clock for all tokens
					c.say("now %d", c.clock.Advance(60))
				case 5:
					if enter(banktest.CodeAt(c, serial, now-60*token.UnixSeconds(1+r.IntN(2)))) {
						c.say("good %d %d", n, -1) // the code of an earlier step, not used before
					}
				}
			}
		})
	}
	wg.Wait()
}

// childResults is the information about a token that a child has printed.
type childResults struct {
	next   int64   // one more than the highest accepted step
	steps  []int64 // steps whose codes were accepted
	wrong  int     // failed attempts since the last accepted code
	unsure bool    // an accepted code's step is unknown
	good   int
}

func TestKillChecks(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { killChecks(t, banktest.SQLite, 10, 10) })
	t.Run("postgres", func(t *testing.T) { killChecks(t, func(t testing.TB) string { return pgtest.Database(t) }, 3, 10) })
}

// killChecks kills children the given number of times, and changes the bank now and
// then. Reading the whole audit log after each kill takes the most time.
func killChecks(t *testing.T, name func(testing.TB) string, banks, kills int) {
	total, good, wrong, suspensions := 0, 0, 0, 0
	for n := range banks {
		v := newVictim(t, banktest.New(t, name(t)))
		v.Contract("c1")
		serials := v.Import("c1", killTokens)
		tokens := make([]childResults, killTokens)
		// On a busy machine children may be killed before they print anything. The last
		// bank gets more of them, until each kind of answer has appeared.
		for killed := 0; killed < kills || n == banks-1 && (good == 0 || wrong == 0); killed++ {
			printed, _ := v.kill("check", 60*time.Millisecond)
			for _, line := range printed {
				f := strings.Fields(line)
				switch f[0] {
				case "now":
					v.Clock.Set(token.UnixSeconds(parseInt(t, f[1])))
					continue
				case "good", "wrong":
				default:
					t.Fatal(line)
				}
				tok := &tokens[parseInt(t, f[1])]
				if f[0] == "wrong" {
					tok.wrong++
					wrong++
					continue
				}
				good++
				tok.good++
				tok.wrong = 0
				step := parseInt(t, f[2])
				if tok.unsure = step < 0; tok.unsure {
					continue
				}
				tok.next = step + 1
				tok.steps = append(tok.steps, step)
			}
			total++
			for i := range tokens {
				v.audit(t, i, &tokens[i], &suspensions)
			}
			requireAuditIntact(t, v.Bank)
			v.Step(1)
		}
		for i := range tokens {
			list, _, err := v.Bank.Audit(t.Context(), banktest.Clerk, bank.AuditFilter{Serial: serials[i].String(), Page: bank.Page{Limit: 1000}})
			require.NoError(t, err)
			if len(list) < 1000 {
				done := 0
				for _, r := range list {
					if r.Done {
						done++
					}
				}
				require.GreaterOrEqual(t, done, tokens[i].good, "a record of each")
			}
		}
	}
	t.Logf("%d kills, %d accepted, %d wrong, %d suspended", total, good, wrong, suspensions)
	require.GreaterOrEqual(t, total, banks*kills)
	require.Positive(t, good, "codes that the children had accepted")
	require.Positive(t, wrong)
}

// audit compares the bank's state of a token with its answers.
func (v *victim) audit(t *testing.T, n int, tok *childResults, suspensions *int) {
	t.Helper()
	serial := banktest.Serial(n)
	row, err := v.Bank.Token(t.Context(), banktest.Clerk, serial)
	require.NoError(t, err)
	st := row.State
	require.GreaterOrEqual(t, st.Next, tok.next, "token %d: an accepted code is forgotten", n)
	// If a later code was accepted without being printed, the count has restarted.
	if st.Next == tok.next && !tok.unsure {
		require.GreaterOrEqual(t, st.FailedAttempts, min(tok.wrong, v.Settings.LockoutThreshold), "token %d: a failed attempt was lost", n)
	}
	if tok.wrong >= v.Settings.LockoutThreshold {
		require.True(t, st.Suspended, "token %d", n)
	}
	tok.next, tok.wrong, tok.unsure = st.Next, st.FailedAttempts, false
	// Enter the used codes at the instants at which they were valid.
	now := v.Clock.Now()
	for _, step := range tok.steps[max(0, len(tok.steps)-3):] {
		at := token.UnixSeconds(60*step) + 30
		v.Clock.Set(at)
		out, err := v.Bank.Check(t.Context(), http, serial, banktest.CodeAt(t, serial, at))
		require.NoError(t, err)
		require.False(t, out.Done, "token %d: code of step %d accepted again", n, step)
	}
	v.Clock.Set(now)
	after, err := v.Bank.Token(t.Context(), banktest.Clerk, serial)
	require.NoError(t, err)
	require.Equal(t, st, after.State, "a used code changes nothing")
	if after.State.Suspended {
		*suspensions++
		out, err := v.Bank.Unlock(t.Context(), banktest.Clerk, serial, "")
		require.NoError(t, err)
		require.True(t, out.Done, "%v", out)
		tok.wrong = 0
	}
}

func parseInt(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	require.NoError(t, err)
	return n
}
