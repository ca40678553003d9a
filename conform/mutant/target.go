// SPDX-License-Identifier: Apache-2.0

package mutant

import (
	"context"
	"fmt"
	"time"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/seedset"
)

// Declared returns the rules of the server.
func Declared() conform.Declared {
	w, n, r, no, d := int64(window), lockout, int64(reach), false, interval
	return conform.Declared{Window: &w, Lockout: &n, Resync: &r, CountReplayed: &no, CountMalformed: &no, DriftInterval: &d}
}

// Target returns the server as a target with all verbs, in this process.
func (s *Server) Target() *conform.Target {
	each := func(f func(serial string) error) func(context.Context, *conform.Token) error {
		return func(_ context.Context, t *conform.Token) error { return refusedBy(f(t.Serial)) }
	}
	check := func(front string) func(context.Context, conform.Attempt) (conform.Answer, error) {
		return func(_ context.Context, a conform.Attempt) (conform.Answer, error) {
			if a.Ready != nil {
				a.Ready()
			}
			verdict, text := s.Check(a.Token.Serial, a.User, front, a.Code)
			return conform.Answer{Verdict: verdict, Text: text}, nil
		}
	}
	return &conform.Target{
		Name: "mutant " + s.fault, Declares: Declared(), Limits: conform.Limits{OtherPeriods: true},
		Import: func(_ context.Context, t *conform.Token) error {
			return refusedBy(s.Import(t.Serial, t.User, t.Seed.Bytes(), t.Digits, t.Period))
		},
		Assign: func(_ context.Context, t *conform.Token, user string) error {
			return refusedBy(s.Assign(t.Serial, user))
		},
		Check: check("one"), CheckOther: check("other"),
		Resync: func(_ context.Context, a conform.Attempt) (conform.Answer, error) {
			return conform.Answer{Verdict: s.Resync(a.Token.Serial, a.User, a.Code, a.Second)}, nil
		},
		Unlock: each(s.Unlock), Revoke: each(s.Revoke), Remove: each(s.Remove),
		Status: func(_ context.Context, t *conform.Token) (conform.Status, error) {
			st, err := s.Status(t.Serial)
			out := conform.Status{Locked: &st.Locked, Failed: &st.Failed, Drift: &st.Drift}
			if st.Expiry != "" {
				out.Expiry = &st.Expiry
			}
			return out, refusedBy(err)
		},
		SetClock:   func(_ context.Context, at time.Time) error { s.SetClock(at); return nil },
		Restart:    func(context.Context) error { s.Restart(); return nil },
		ImportFile: func(_ context.Context, f *conform.SeedFile) error { return refusedBy(s.ImportFile(f)) },
		Formats:    seedset.Formats(),
	}
}

func refusedBy(err error) error {
	if err != nil {
		return fmt.Errorf("%w: %w", conform.ErrRefused, err)
	}
	return err
}
