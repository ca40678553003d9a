// SPDX-License-Identifier: Apache-2.0

package conform_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/mutant"
)

// TestProbe: probe finds the reason why a server refuses correct codes, before the cases
// run.
func TestProbe(t *testing.T) {
	p, err := conform.Probe(t.Context(), mutant.New("").Target())
	require.NoError(t, err)
	require.Equal(t, conform.Probed{Wrong: conform.Refused, Current: conform.Accepted}, p)

	p, err = conform.Probe(t.Context(), mutant.New("C01").Target())
	require.NoError(t, err)
	require.Equal(t, conform.Refused, p.Current)
	require.Contains(t, p.Hint, "the code of a 30 s step is accepted")

	late := mutant.New("")
	late.SetClock(time.Now().Add(4 * time.Minute))
	target := late.Target()
	target.SetClock = nil
	p, err = conform.Probe(t.Context(), target)
	require.NoError(t, err)
	require.Regexp(t, `the code of step \+[345] is accepted: the clocks of the server and of this machine differ by (180|240|300) s`, p.Hint)

	target = mutant.New("").Target()
	target.Check = func(context.Context, conform.Attempt) (conform.Answer, error) {
		return conform.Answer{Verdict: conform.Accepted}, nil
	}
	p, err = conform.Probe(t.Context(), target)
	require.NoError(t, err)
	require.Contains(t, p.Hint, "a wrong code is accepted")

	target.Check = func(context.Context, conform.Attempt) (conform.Answer, error) {
		return conform.Answer{Verdict: conform.Refused}, nil
	}
	p, err = conform.Probe(t.Context(), target)
	require.NoError(t, err)
	require.Contains(t, p.Hint, "are the seed, the user and the answers in the file right?")
}

// TestProbeVerbs: probe finds mistakes in the description of status, unlock, remove and the
// answer while a token is locked.
func TestProbeVerbs(t *testing.T) {
	refused := func(context.Context, *conform.Token) error {
		return fmt.Errorf("%w: status 404", conform.ErrRefused)
	}
	for want, spoil := range map[string]func(*conform.Target){
		"status: failed: /state/failures is not a number in the answer": func(t *conform.Target) {
			t.Status = changed(t.Status, func(s *conform.Status) {
				s.Failed, s.Unread = nil, map[string]string{"failed": "/state/failures"}
			})
		},
		"status: failed: it is 0 after a wrong code": func(t *conform.Target) {
			t.Status = changed(t.Status, func(s *conform.Status) { *s.Failed = 0 })
		},
		"status: drift: /off is not a number in the answer": func(t *conform.Target) {
			t.Status = changed(t.Status, func(s *conform.Status) {
				s.Drift, s.Unread = nil, map[string]string{"drift": "/off"}
			})
		},
		"status: locked: it matches although the token is not locked": func(t *conform.Target) {
			t.Status = changed(t.Status, func(s *conform.Status) { *s.Locked = true })
		},
		"status: locked: it does not match, although the correct code is refused after 5 wrong ones: /state/lock is not in the answer": func(t *conform.Target) {
			t.Status = changed(t.Status, func(s *conform.Status) {
				*s.Locked, s.Unread = false, map[string]string{"locked": "/state/lock"}
			})
		},
		"unlock: the target refuses: status 404": func(t *conform.Target) { t.Unlock = refused },
		"remove: the target refuses: status 404": func(t *conform.Target) { t.Remove = refused },
		"unlock: codes are still refused after it": func(t *conform.Target) {
			t.Unlock = func(context.Context, *conform.Token) error { return nil }
		},
		"check: after 5 wrong codes: the target file does not describe this answer: status 423: add it to accepted or refused": func(t *conform.Target) {
			check := t.Check
			t.Check = func(ctx context.Context, a conform.Attempt) (conform.Answer, error) {
				if s, err := t.Status(ctx, a.Token); err == nil && *s.Locked {
					return conform.Answer{Verdict: conform.Undescribed, Text: "status 423"}, nil
				}
				return check(ctx, a)
			}
		},
	} {
		target := mutant.New("").Target()
		spoil(target)
		p, err := conform.Probe(t.Context(), target)
		require.NoError(t, err)
		require.Empty(t, p.Hint)
		require.Equal(t, []string{want}, p.Problems)
	}
}

func changed(status func(context.Context, *conform.Token) (conform.Status, error), change func(*conform.Status)) func(context.Context, *conform.Token) (conform.Status, error) {
	return func(ctx context.Context, t *conform.Token) (conform.Status, error) {
		s, err := status(ctx, t)
		if err == nil {
			change(&s)
		}
		return s, err
	}
}

// TestUnable: a case that needs more than verbs is not counted as one that can be tested.
func TestUnable(t *testing.T) {
	target := mutant.New("").Target()
	for _, c := range only(t, "C10", "C24", "C67") {
		require.Empty(t, c.Unable(target), c.ID)
	}
	target.NoDrift, target.Limits.OtherPeriods = true, false
	for _, c := range only(t, "C10", "C24", "C67") {
		require.NotEmpty(t, c.Unable(target), c.ID)
	}
	report, err := conform.Run(t.Context(), target, conform.Options{Cases: only(t, "C24")})
	require.NoError(t, err)
	require.Equal(t, "needs the drift in the status", report.Results[0].Detail)
}
