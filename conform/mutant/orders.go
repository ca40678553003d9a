// SPDX-License-Identifier: Apache-2.0

package mutant

import (
	"fmt"
	"strings"
	"time"

	"github.com/d204ef64/fob/conform"
)

// fee is the price of a token that is not free, in yen.
const fee = 2200

// contract is a customer's contract.
type contract struct {
	ordered bool // the first token, which is free
}

// note records a decision about a token.
func (t *state) note(who, what string, v conform.Verdict) {
	t.records = append(t.records, fmt.Sprintf("%s: %s: %s", who, what, v))
}

// Report records the condition of a token: lost, broken or in use.
func (s *Server) Report(serial, condition string) error {
	return s.with(serial, func(t *state) {
		t.condition = condition
		if condition == "in use" {
			t.condition = ""
		}
		t.note("the bank", "report "+condition, conform.Accepted)
	})
}

// Order is an application for a token. It returns the fee in yen.
func (s *Server) Order(o conform.Order) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.contracts[o.Contract]
	switch {
	case c == nil:
		return 0, ErrUnknown
	case o.Cause == "expiry":
		return 0, ErrNoOrder
	case o.Cause == "first" && !c.ordered:
		c.ordered = true
		return 0, nil
	case o.Cause == "fault" && o.Returned && !s.is("C56"):
		return 0, nil
	}
	return fee, nil
}

// Replace sends a new token to the customer of one that expires.
func (s *Server) Replace(contract, old, fresh string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	from, to := s.tokens[old], s.tokens[fresh]
	if from == nil || to == nil || from.notices == 0 {
		return ErrUnknown
	}
	to.contract = contract
	if s.is("C55") {
		to.offset, to.failed = from.offset, from.failed
	}
	return nil
}

// Notices returns the number of notices about the expiry of a token.
func (s *Server) Notices(serial string) (n int, err error) {
	err = s.with(serial, func(t *state) { n = t.notices })
	return n, err
}

// Daily runs the daily job: one notice for each activated token, a month before its
// expiry.
func (s *Server) Daily() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tokens {
		if t.expiry.IsZero() || len(t.users) == 0 || t.notices > 0 || !s.usable(t) {
			continue
		}
		due := monthBefore(t.expiry)
		if s.is("C54") {
			due = t.expiry.AddDate(0, 0, -35)
		}
		if !time.Unix(s.now(), 0).Before(due) {
			t.notices++
		}
	}
}

// japan is the offset of the time in Japan, which the dates on tokens mean.
const japan = 9 * time.Hour

// monthBefore returns the beginning of the day in Japan that is a calendar month before an
// instant, or of the last day of that month if it is too short.
func monthBefore(at time.Time) time.Time {
	year, month, day := at.UTC().Add(japan).Date()
	if last := time.Date(year, month, 0, 0, 0, 0, 0, time.UTC).Day(); day > last {
		day = last
	}
	return time.Date(year, month-1, day, 0, 0, 0, 0, time.UTC).Add(-japan)
}

// Audit returns the records about a token.
func (s *Server) Audit(serial string) (text string, err error) {
	err = s.with(serial, func(t *state) { text = "token " + serial + "\n" + strings.Join(t.records, "\n") })
	return text, err
}
