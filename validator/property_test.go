// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

// entry is one random event in the life of a token.
type entry struct {
	decision validator.Decision
	typed    string // "" for a resynchronisation
	before   validator.State
}

// draw performs a random event in a step: mostly a code of a nearby step, sometimes a
// code that was entered before, a malformed entry, or two codes at the back office.
func (d *checker) draw(t *rapid.T, step int64) entry {
	e := entry{before: d.state}
	near := rapid.Int64Range(max(step-14, 0), step+14)
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0:
		e.typed = wrongCode
	case 1:
		e.typed = rapid.SampledFrom([]string{"12345", "1234567", "12345x", "+12345"}).Draw(t, "malformed")
	case 2:
		first := near.Draw(t, "first")
		second := first + rapid.Int64Range(0, 2).Draw(t, "gap")
		e.decision, d.state = validator.Resync(d.settings, d.token, d.state, at(step, 0), codeOf(t, first), codeOf(t, second))
		return e
	case 3, 4, 5:
		e.typed = codeOf(t, max(step+d.state.Drift.Offset+rapid.Int64Range(-1, 1).Draw(t, "in the window"), 0))
	default:
		e.typed = codeOf(t, near.Draw(t, "near"))
	}
	e.decision = d.enterAt(at(step, token.UnixSeconds(rapid.IntRange(0, 59).Draw(t, "second"))), e.typed)
	return e
}

// TestPropertyNeverTwice: no sequence accepts a step twice, or a lower one after it,
// and no code of a correction logs in.
func TestPropertyNeverTwice(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		d := newChecker(t)
		d.settings.LockoutThreshold = 100
		last, step := int64(-1), int64(20)
		for range rapid.IntRange(1, 60).Draw(t, "entries") {
			// The bank's clock may also be set back.
			step = min(max(step+rapid.Int64Range(-3, 6).Draw(t, "later"), 20), 1500)
			e := d.draw(t, step)
			switch e.decision.Answer {
			case validator.Accepted, validator.Corrected:
				require.Greater(t, e.decision.Step, last)
				last = e.decision.Step
				require.Equal(t, last+1, d.state.Next)
			default:
				require.Equal(t, e.before.Next, d.state.Next, "a refused code is not consumed")
				require.Equal(t, e.before.Drift, d.state.Drift, "a refused code teaches nothing")
			}
		}
	})
}

// TestPropertyCount: the count is the number of failed attempts since the last accepted
// code, and reaching the limit suspends the token.
func TestPropertyCount(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		d := newChecker(t)
		d.settings.LockoutThreshold = rapid.IntRange(1, 8).Draw(t, "limit")
		wrong, suspended, step := 0, false, int64(20)
		for range rapid.IntRange(1, 60).Draw(t, "entries") {
			step = min(step+rapid.Int64Range(0, 6).Draw(t, "later"), 1500)
			if rapid.IntRange(0, 9).Draw(t, "lift") == 0 {
				d.state = d.state.Unlock()
				wrong, suspended = 0, false
			}
			e := d.draw(t, step)
			switch {
			case suspended:
				require.Equal(t, validator.ReasonSuspended, e.decision.Reason)
				require.Equal(t, e.before, d.state)
			case e.decision.Answer == validator.Accepted:
				wrong = 0
			case e.typed == wrongCode:
				require.True(t, e.decision.FailedAttempt)
				wrong++
			case len(e.typed) == 6 && e.decision.Reason == validator.ReasonWrong, e.typed == "" && e.decision.FailedAttempt:
				wrong++
			default:
				require.False(t, e.decision.FailedAttempt)
			}
			suspended = suspended || wrong >= d.settings.LockoutThreshold
			require.Equal(t, wrong, d.state.FailedAttempts)
			require.Equal(t, suspended, d.state.Suspended)
			require.NoError(t, validAudit(e.decision))
		}
	})
}

// validAudit returns an error if the record of a decision is incomplete.
func validAudit(d validator.Decision) error {
	s, err := token.ParseSerial("FOB-1")
	if err != nil {
		return err
	}
	return d.Audit(validator.User{ID: "u"}, validator.OpTransfer, s, 1).Validate()
}

// TestPropertyPosition: the position of a code in the window determines only the step
// of the decision.
func TestPropertyPosition(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		s := validator.DefaultSettings()
		s.Window = rapid.Int64Range(0, 5).Draw(t, "window")
		step := rapid.Int64Range(40, 1500).Draw(t, "step")
		offset := rapid.Int64Range(-10, 10).Draw(t, "offset")
		st := validator.State{
			Drift:          validator.DriftOf(offset),
			FailedAttempts: rapid.IntRange(0, 4).Draw(t, "wrong"),
		}
		for off := -s.Window; off <= s.Window; off++ {
			got, after := validator.Check(s, rfcToken(t), st, at(step, 30), codeOf(t, step+offset+off))
			require.Equal(t, validator.Decision{
				Answer: validator.Accepted, Reason: validator.ReasonAccepted, Rule: validator.BK01,
				Step: step + offset + off,
			}, got)
			require.Equal(t, got.Step+1, after.Next)
			require.Zero(t, after.FailedAttempts)
		}
	})
}
