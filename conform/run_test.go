// SPDX-License-Identifier: Apache-2.0

package conform_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/mutant"
)

func only(t *testing.T, ids ...string) []conform.Case {
	t.Helper()
	cases, err := conform.Select(conform.Selection{IDs: ids})
	require.NoError(t, err)
	return cases
}

func TestCases(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range conform.All() {
		require.Regexp(t, `^(C|BK-)\d\d$`, c.ID)
		require.False(t, seen[c.ID], c.ID)
		seen[c.ID] = true
		require.Contains(t, conform.Levels(), c.Level, c.ID)
		require.NotEmpty(t, c.Source, c.ID)
		require.NotContains(t, c.Requirement, ".", "%s: a requirement is one sentence without a stop", c.ID)
		require.True(t, strings.HasSuffix(c.Why, "."), c.ID)
	}
}

func TestSelect(t *testing.T) {
	require.Len(t, only(t, "c15", "C11"), 2)
	require.Equal(t, "C11", only(t, "c15", "C11")[0].ID)
	for _, wrong := range []conform.Selection{
		{IDs: []string{"C99"}}, {IDs: []string{""}}, {Levels: []conform.Level{"must"}}, {Profile: "iso"}, {IDs: []string{"C37"}, Levels: []conform.Level{conform.Must}},
	} {
		_, err := conform.Select(wrong)
		require.ErrorIs(t, err, conform.ErrCase, wrong)
	}
	bank, err := conform.Select(conform.Selection{Profile: "bank"})
	require.NoError(t, err)
	require.Len(t, bank, len(conform.All()))
	rfc, err := conform.Select(conform.Selection{Profile: "rfc", Levels: []conform.Level{conform.Must}})
	require.NoError(t, err)
	for _, c := range rfc {
		require.Contains(t, c.Source, "RFC")
		require.Equal(t, conform.Must, c.Level)
	}
}

// TestRefusesEverything: a server that is safe only because it refuses all codes passes no
// case: each of them also needs a code to be accepted.
func TestRefusesEverything(t *testing.T) {
	target := mutant.New("").Target()
	no := func(context.Context, conform.Act) (conform.Answer, error) {
		return conform.Answer{Verdict: conform.Refused}, nil
	}
	target.Check = func(ctx context.Context, _ conform.Attempt) (conform.Answer, error) { return no(ctx, conform.Act{}) }
	target.Activate, target.Operate, target.UnlockAs, target.RevokeAs = no, no, no, no
	report, err := conform.Run(t.Context(), target, conform.Options{})
	require.NoError(t, err)
	for _, r := range report.Results {
		if strings.Contains("C28 C29 C35 C56", r.ID) {
			continue // these only resynchronise, or order tokens
		}
		require.NotEqual(t, conform.Pass, r.Outcome, "%s: %s", r.ID, r.Detail)
	}
}

// TestAcceptsEverything: a server that accepts all codes fails each case in which a code
// must be refused.
func TestAcceptsEverything(t *testing.T) {
	yes := func(context.Context, conform.Attempt) (conform.Answer, error) {
		return conform.Answer{Verdict: conform.Accepted}, nil
	}
	target := mutant.New("").Target()
	target.Check, target.CheckOther, target.Resync = yes, yes, yes
	act := func(ctx context.Context, _ conform.Act) (conform.Answer, error) { return yes(ctx, conform.Attempt{}) }
	target.Activate, target.Operate, target.UnlockAs, target.RevokeAs = act, act, act, act
	report, err := conform.Run(t.Context(), target, conform.Options{})
	require.NoError(t, err)
	for _, r := range report.Results {
		switch r.ID {
		case "C01", "C04", "C06", "C19", "C24", "C56", "C66", "C67", "C69": // only correct codes, imports and orders
			require.Equal(t, conform.Pass, r.Outcome, "%s: %s", r.ID, r.Detail)
		case "C08", "C10": // the window is equally wide
		default:
			require.NotEqual(t, conform.Pass, r.Outcome, "%s: %s", r.ID, r.Detail)
		}
	}
}

// TestUnreachable: a target that cannot be reached is one error, at the beginning and in
// the middle of a run.
func TestUnreachable(t *testing.T) {
	for _, after := range []int64{0, 1, 40} {
		target := mutant.New("").Target()
		check := target.Check
		var calls atomic.Int64
		target.Check = func(ctx context.Context, a conform.Attempt) (conform.Answer, error) {
			if calls.Add(1) > after {
				return conform.Answer{}, fmt.Errorf("%w: connection refused", conform.ErrUnreachable)
			}
			return check(ctx, a)
		}
		report, err := conform.Run(t.Context(), target, conform.Options{})
		require.ErrorIs(t, err, conform.ErrUnreachable)
		if after == 0 {
			require.Nil(t, report)
			continue
		}
		require.True(t, report.Incomplete)
		require.Len(t, report.Results, len(conform.All()))
		passed := 0
		for _, r := range report.Results {
			require.NotEqual(t, conform.Fail, r.Outcome, "%s: %s", r.ID, r.Detail)
			if r.Outcome == conform.Pass {
				passed++
			} else {
				require.Contains(t, r.Detail, "connection refused")
				require.Empty(t, r.Actions)
			}
		}
		require.Equal(t, after == 40, passed > 0)
	}
}

// TestNoImport: a target that refuses the first token is one error.
func TestNoImport(t *testing.T) {
	target := mutant.New("").Target()
	target.Import = func(context.Context, *conform.Token) error {
		return fmt.Errorf("%w: 401 Unauthorized", conform.ErrRefused)
	}
	_, err := conform.Run(t.Context(), target, conform.Options{})
	require.EqualError(t, err, "trying the target: import: the target refuses: 401 Unauthorized")
	_, err = conform.Run(t.Context(), &conform.Target{}, conform.Options{})
	require.ErrorIs(t, err, conform.ErrTarget)
}

// TestMissingVerbs: without a verb, cases are N/A and name it.
func TestMissingVerbs(t *testing.T) {
	full := mutant.New("").Target()
	synctest.Test(t, func(t *testing.T) {
		target := &conform.Target{Import: full.Import, Check: full.Check}
		report, err := conform.Run(t.Context(), target, conform.Options{})
		require.NoError(t, err)
		for i, c := range conform.All() {
			r := report.Results[i]
			require.Equal(t, c.ID, r.ID)
			if len(c.Needs) > 0 {
				require.Equal(t, conform.NotApplicable, r.Outcome, r.ID)
				for _, v := range c.Needs {
					require.Regexp(t, `^needs .*\b`+string(v)+`\b`, r.Detail)
				}
			}
		}
	})
}

// TestPeriod: a server that supports only tokens of 30 s fails C01 and C02. The other cases
// use such tokens, with or without a clock that can be moved.
func TestPeriod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, clock := range []bool{true, false} {
			target := mutant.New("C01").Target()
			target.Limits = conform.Limits{Period: 30}
			if !clock {
				target.SetClock = nil
			}
			report, err := conform.Run(t.Context(), target, conform.Options{Seed: 1})
			require.NoError(t, err)
			passed := 0
			for _, r := range report.Results {
				switch r.ID {
				case "C01", "C02":
					require.Equal(t, conform.Fail, r.Outcome, r.ID)
				case "C10", "C67":
					require.Equal(t, "needs an import with the period of a token", r.Detail)
				default:
					require.NotEqual(t, conform.Fail, r.Outcome, "%s: %s", r.ID, r.Detail)
				}
				if r.Outcome == conform.Pass {
					passed++
				}
			}
			require.GreaterOrEqual(t, passed, 40)
		}
	})
}

// TestMaxWait: cases that wait are left out if they wait too long, and run at the same time
// otherwise.
func TestMaxWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := mutant.New("").Target()
		target.SetClock = nil
		begun := time.Now()
		most := 90 * time.Second
		report, err := conform.Run(t.Context(), target, conform.Options{MaxWait: &most, Cases: only(t, "C06", "C12", "C20", "C46")})
		require.NoError(t, err)
		require.LessOrEqual(t, time.Since(begun), 2*time.Minute)
		var got []string
		for _, r := range report.Results {
			got = append(got, r.ID+" "+string(r.Outcome)+" "+r.Detail)
		}
		require.Equal(t, []string{
			"C06 PASS accepted at the beginning of the next step", "C12 N/A needs 3m0s of waiting",
			"C20 PASS 2 steps early: refused; accepted a step later", "C46 N/A needs 2m0s of waiting",
		}, got)
		begun = time.Now()
		_, err = conform.Run(t.Context(), target, conform.Options{Seed: 2, Cases: only(t, "C06", "C12", "C20", "C46")})
		require.NoError(t, err)
		require.Less(t, time.Since(begun), 6*time.Minute)
	})
}

// TestRestartAlone: a restart does not disturb cases that wait. They have ended by then.
func TestRestartAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := mutant.New("C13").Target()
		target.SetClock = nil
		report, err := conform.Run(t.Context(), target, conform.Options{Cases: only(t, "C11", "C12", "C13", "C46")})
		require.NoError(t, err)
		for _, r := range report.Results {
			require.Equal(t, r.ID == "C13", r.Outcome == conform.Fail, "%s: %s", r.ID, r.Detail)
		}
	})
}

// TestSteps: a case whose step ends begins again, with other tokens, and the verdict does
// not depend on when a run begins.
func TestSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for second := range 61 {
			target := mutant.New("").Target()
			target.SetClock = nil
			check := target.Check
			target.Check = func(ctx context.Context, a conform.Attempt) (conform.Answer, error) {
				time.Sleep(300 * time.Millisecond)
				return check(ctx, a)
			}
			none := time.Duration(0)
			report, err := conform.Run(t.Context(), target, conform.Options{MaxWait: &none, Cases: only(t, "C01", "C07", "C11", "C14", "C18", "C38")})
			require.NoError(t, err)
			for _, r := range report.Results {
				require.Equal(t, conform.Pass, r.Outcome, "begun at second %d: %s: %s", second, r.ID, r.Detail)
			}
			time.Sleep(61*time.Second - time.Duration(time.Now().Second())*time.Second + time.Duration(second)*time.Second)
		}
	})
}

// TestSlow: if a step is too short for the requests, a case is N/A.
func TestSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := mutant.New("").Target()
		target.SetClock = nil
		check := target.Check
		target.Check = func(ctx context.Context, a conform.Attempt) (conform.Answer, error) {
			time.Sleep(40 * time.Second)
			return check(ctx, a)
		}
		report, err := conform.Run(t.Context(), target, conform.Options{Cases: only(t, "C02")})
		require.NoError(t, err)
		require.Equal(t, conform.NotApplicable, report.Results[0].Outcome)
		require.Equal(t, "its requests take longer than a step of 60 s", report.Results[0].Detail)
	})
}

// TestFewTokens: a target that holds one token is tested with one after the other, if it
// can remove them.
func TestFewTokens(t *testing.T) {
	target := mutant.New("").Target()
	target.Limits.Tokens = 1
	held, most := 0, 0
	add, remove := target.Import, target.Remove
	target.Import = func(ctx context.Context, token *conform.Token) error {
		held++
		most = max(most, held)
		return add(ctx, token)
	}
	target.Remove = func(ctx context.Context, token *conform.Token) error {
		held--
		return remove(ctx, token)
	}
	report, err := conform.Run(t.Context(), target, conform.Options{Cases: only(t, "C08", "C14", "C15", "C37")})
	require.NoError(t, err)
	require.Equal(t, 1, most)
	for _, r := range report.Results {
		require.Equal(t, conform.Pass, r.Outcome, "%s: %s", r.ID, r.Detail)
	}
	target.Remove = nil
	_, err = conform.Run(t.Context(), target, conform.Options{Seed: 2, Cases: only(t, "C01")})
	require.NoError(t, err)
}

// TestLimited: a target that has not checked a code is asked again.
func TestLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := mutant.New("").Target()
		check := target.Check
		var calls atomic.Int64
		target.Check = func(ctx context.Context, a conform.Attempt) (conform.Answer, error) {
			if calls.Add(1)%2 == 0 {
				return conform.Answer{Verdict: conform.Limited, RetryAfter: 7 * time.Second}, nil
			}
			return check(ctx, a)
		}
		report, err := conform.Run(t.Context(), target, conform.Options{Cases: only(t, "C11", "C15", "C36", "C42")})
		require.NoError(t, err)
		for _, r := range report.Results {
			require.Equal(t, conform.Pass, r.Outcome, "%s: %s", r.ID, r.Detail)
		}
	})
}

// TestDelays: a target that delays attempts longer and longer is not judged by codes that it
// has not checked.
func TestDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := mutant.New("C36").Target()
		check := target.Check
		var mu sync.Mutex
		until, delay := map[string]time.Time{}, map[string]time.Duration{}
		target.Check = func(ctx context.Context, a conform.Attempt) (conform.Answer, error) {
			mu.Lock()
			defer mu.Unlock()
			now := time.Now()
			if wait := until[a.User].Sub(now); wait > 0 {
				return conform.Answer{Verdict: conform.Limited, RetryAfter: wait}, nil
			}
			answer, err := check(ctx, a)
			if answer.Verdict == conform.Accepted {
				delay[a.User] = 0
			} else {
				delay[a.User] = max(time.Second, 2*delay[a.User])
				until[a.User] = now.Add(delay[a.User])
			}
			return answer, err
		}
		report, err := conform.Run(t.Context(), target, conform.Options{Cases: only(t, "C11", "C14", "C18", "C36", "C37", "C39", "C43")})
		require.NoError(t, err)
		for _, r := range report.Results {
			switch r.ID {
			case "C36", "C37", "C39":
				require.Equal(t, conform.NotApplicable, r.Outcome, "%s: %s", r.ID, r.Detail)
				require.Equal(t, "the target limits the rate of attempts, and has not checked a code", r.Detail)
			case "C43":
				require.Equal(t, conform.NotApplicable, r.Outcome, "%s: %s", r.ID, r.Detail)
			default:
				require.Equal(t, conform.Pass, r.Outcome, "%s: %s", r.ID, r.Detail)
			}
		}
	})
}

// TestSameSeed: runs with the same seed have the same results and actions.
func TestSameSeed(t *testing.T) {
	var first *conform.Report
	for range 3 {
		report, err := conform.Run(t.Context(), mutant.New("C38").Target(), conform.Options{Seed: 7})
		require.NoError(t, err)
		report.Date = time.Time{}
		for i := range report.Results {
			report.Results[i].TookMS = 0
		}
		if first == nil {
			first = report
		}
		require.Equal(t, first, report)
	}
}

// TestCancelled: if the context ends, the remaining cases have no verdict.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	count := 0
	report, err := conform.Run(ctx, mutant.New("").Target(), conform.Options{Progress: func(conform.Result) {
		if count++; count == 3 {
			cancel(errors.New("enough"))
		}
	}})
	require.NoError(t, err)
	require.True(t, report.Incomplete)
	require.Equal(t, conform.NotApplicable, report.Results[10].Outcome)
	require.Equal(t, "not run: enough", report.Results[10].Detail)
	require.Equal(t, 3, count)
}

// TestHow: every case describes how it tests its requirement, and belongs to a theme.
func TestHow(t *testing.T) {
	for _, c := range conform.All() {
		require.Contains(t, conform.Themes(), c.Theme, c.ID)
		require.NotEmpty(t, c.Steps, c.ID)
		for _, s := range c.Steps {
			require.Regexp(t, `^[A-Z].*\.$`, s, c.ID)
		}
	}
}

// TestReportHasNoSecrets: a target that answers with the seed and the code does not get them
// into a report.
func TestReportHasNoSecrets(t *testing.T) {
	var leaked []string
	leaky := mutant.New("C11").Target()
	check, imports := leaky.Check, leaky.Import
	leaky.Import = func(ctx context.Context, token *conform.Token) error {
		if token.Digits == 8 || len(leaked) > 40 {
			seed := hex.EncodeToString(token.Seed.Bytes())
			leaked = append(leaked, seed)
			return fmt.Errorf("%w: the seed %s is not good", conform.ErrRefused, strings.ToUpper(seed))
		}
		return imports(ctx, token)
	}
	leaky.Check = func(ctx context.Context, a conform.Attempt) (conform.Answer, error) {
		leaked = append(leaked, a.Code)
		answer, err := check(ctx, a)
		if answer.Verdict == conform.Refused && len(leaked)%2 == 0 {
			answer = conform.Answer{Text: "cannot check " + a.Code}
		}
		return answer, err
	}
	leaky.Limits.Parallel = 1 // for leaked
	leaky.ByHand = &conform.ByHand{Do: func(v conform.Verb, _ map[string][]conform.Piece) []string { return []string{string(v)} }}
	report, err := conform.Run(t.Context(), leaky, conform.Options{Seed: 1})
	require.NoError(t, err)
	var commands []string
	text := ""
	for _, r := range report.Results {
		text += r.Detail + "\n" + strings.Join(r.Actions, "\n") + "\n"
		for _, line := range r.ByHand {
			commands = append(commands, strings.FieldsFunc(line, func(r rune) bool { return r < '0' || r > '9' })...)
		}
	}
	require.NotEmpty(t, commands)
	for _, number := range commands {
		if len(number) == 6 && !strings.HasPrefix(number, "314") {
			require.NotContains(t, leaked, number, "a code in a command")
		}
	}
	require.Contains(t, text, "cannot check [code]")
	require.Contains(t, text, "the seed [seed] is not good")
	for _, secret := range leaked {
		if len(strings.TrimSpace(secret)) >= 6 {
			require.NotContains(t, strings.ToLower(text), strings.ToLower(strings.TrimSpace(secret)))
		}
	}
}

// TestTokensLost: C13 names the loss if a server keeps its tokens in memory.
func TestTokensLost(t *testing.T) {
	target := mutant.New("").Target()
	var serials []string
	imports := target.Import
	target.Import = func(ctx context.Context, token *conform.Token) error {
		serials = append(serials, token.Serial)
		return imports(ctx, token)
	}
	target.Restart = func(ctx context.Context) error {
		for _, s := range serials {
			_ = target.Remove(ctx, &conform.Token{Serial: s})
		}
		return nil
	}
	report, err := conform.Run(t.Context(), target, conform.Options{Cases: only(t, "C13", "C46")})
	require.NoError(t, err)
	lost, lockout := report.Results[0], report.Results[1]
	require.Equal(t, conform.Fail, lost.Outcome)
	require.Contains(t, lost.Detail, "the tokens do not survive a restart")
	require.Contains(t, lost.Why, "forgets its tokens")
	require.Equal(t, conform.NotApplicable, lockout.Outcome)
	require.Equal(t, "the tokens do not survive a restart (C13)", lockout.Detail)
}
