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
	w, n, r, no, yes, d := int64(window), lockout, int64(reach), false, true, interval
	none, months, yen := time.Duration(0), 1, int64(fee)
	return conform.Declared{
		Window: &w, Lockout: &n, Resync: &r, CountReplayed: &no, CountMalformed: &no, DriftInterval: &d,
		ReactivateAfter: &none, NoticeMonths: &months, Fee: &yen, UnlockNeedsCode: &yes,
	}
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
	declared := Declared()
	declared.Lockout, declared.CountReplayed, declared.CountMalformed = &s.Lockout, &s.CountReplayed, &s.CountMalformed
	return &conform.Target{
		Name: "mutant " + s.fault, Declares: declared, Limits: conform.Limits{OtherPeriods: true},
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
			out := conform.Status{Locked: &st.Locked, Failed: &st.Failed, Drift: &st.Drift, Text: fmt.Sprint(st)}
			if st.Expiry != "" {
				out.Expiry = &st.Expiry
			}
			return out, refusedBy(err)
		},
		SetClock:   func(_ context.Context, at time.Time) error { s.SetClock(at); return nil },
		Restart:    func(context.Context) error { s.Restart(); return nil },
		ImportFile: func(_ context.Context, f *conform.SeedFile) error { return refusedBy(s.ImportFile(f)) },
		Formats:    seedset.Formats(),
		BankVerbs:  s.bankVerbs(),
	}
}

// bankVerbs returns the verbs of a bank.
func (s *Server) bankVerbs() conform.BankVerbs {
	act := func(f func(user, serial, code string) conform.Answer) func(context.Context, conform.Act) (conform.Answer, error) {
		return func(_ context.Context, a conform.Act) (conform.Answer, error) {
			return f(a.Person.ID, a.Token.Serial, a.Code), nil
		}
	}
	return conform.BankVerbs{
		AddContract: func(_ context.Context, id string) error { return refusedBy(s.AddContract(id)) },
		AddUser:     func(_ context.Context, p conform.Person) error { return refusedBy(s.AddUser(p)) },
		Activate:    act(s.Activate), UnlockAs: act(s.UnlockAs), RevokeAs: act(s.RevokeAs),
		Operate: func(_ context.Context, a conform.Act) (conform.Answer, error) {
			return s.Operate(a.Person.ID, a.Operation, a.Code), nil
		},
		Report: func(_ context.Context, t *conform.Token, condition string) error {
			return refusedBy(s.Report(t.Serial, condition))
		},
		Order: func(_ context.Context, o conform.Order) (int64, error) {
			fee, err := s.Order(o)
			return fee, refusedBy(err)
		},
		Replace: func(_ context.Context, contract string, old, fresh *conform.Token) error {
			return refusedBy(s.Replace(contract, old.Serial, fresh.Serial))
		},
		Notices: func(_ context.Context, t *conform.Token) (int, error) {
			n, err := s.Notices(t.Serial)
			return n, refusedBy(err)
		},
		Daily: func(context.Context) error { s.Daily(); return nil },
		Audit: func(_ context.Context, t *conform.Token) (string, error) {
			text, err := s.Audit(t.Serial)
			return text, refusedBy(err)
		},
	}
}

func refusedBy(err error) error {
	if err != nil {
		return fmt.Errorf("%w: %w", conform.ErrRefused, err)
	}
	return err
}
