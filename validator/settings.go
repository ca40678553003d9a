// SPDX-License-Identifier: Apache-2.0

package validator

import (
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/token"
)

// ErrSettings is wrapped by the [token.FieldError] returned for a setting outside its
// range.
var ErrSettings = errclass.New(errclass.Usage, "invalid settings")

// Yen is an amount of money, including consumption tax.
type Yen int64

// day is a day without leap seconds.
const day token.UnixSeconds = 86400

// Settings are the choices that the bank's text leaves open. The zero value is not
// valid: begin with [DefaultSettings]. Databases store settings as JSON, some of them
// under an earlier name.
type Settings struct {
	// LockoutThreshold is the number of failed attempts in a row that suspends a token.
	// It is the "当行所定の回数" of Q4, which no bank publishes. 1 to 100, the maximum that
	// NIST SP 800-63B section 3.2.2 allows. Default 5.
	LockoutThreshold int `json:"WrongLimit"`

	// Window is how many steps a code may lie before or after the expected step, 0 to
	// 5. Default 1, as recommended by RFC 6238 section 5.2.
	Window int64

	// LookAhead is a number of steps from the expected one. A code within it, but
	// outside Window, is answered with a request for the next code (時刻補正). 0 disables
	// it; otherwise it is more than Window and at most 25. Default 10.
	LookAhead int64 `json:"SecondBand"`

	// ResyncWindow is for the back office ([Resync]): how many steps a token's clock
	// may differ from the bank's. LookAhead to 1,440. Default 720, which is 12 hours at
	// 60 s.
	ResyncWindow int64 `json:"ResyncReach"`

	// DriftInterval is the time in which an honest clock may move by one step, 1 to 366
	// days. A faster movement is not learned. Default 15 days: 4 s a day, 46 ppm. This
	// is a bare watch crystal at -10 or +60 degrees Celsius, and the assumption of a
	// large maker's server.
	DriftInterval token.UnixSeconds `json:"LearnEvery"`

	// CountReplayed counts a used code, or a code of a time at which the token's clock
	// cannot be, as a failed attempt. Default off: such a code is not a guess. Two
	// users who share a token and enter the same code within a minute would suspend
	// each other, and so would a user who clicks twice.
	CountReplayed bool

	// CountMalformed counts an entry that does not have the form of a code, such as
	// five digits, as a failed attempt. Default off: it is not a guess, and the count
	// must not depend on whether a form validates its input before sending it.
	CountMalformed bool

	// UnlockNeedsOTP requires a user who unlocks a token to enter a code of their own
	// token. Q3 does not list it. Default on: a reset must not be less protected than
	// the function that it resets.
	UnlockNeedsOTP bool `json:"LiftNeedsOTP"`

	// ActivateNeedsOTP requires a code of the token that is registered. Q8 mentions
	// only the serial number. Default on: a number can be read over a shoulder.
	ActivateNeedsOTP bool

	// ReactivateAfter is how long a user must wait after a revocation before
	// registering a token, 0 to 1 day. Default 0; other banks require 30 minutes.
	ReactivateAfter token.UnixSeconds

	// ActivationLimit is the number of refused activations after which activation is
	// locked for the user who made them, 1 to 100. Default 5. They do not suspend the
	// token, because it belongs to others.
	ActivationLimit int

	// ActivationLock is how long activation stays locked after the last refused one, 0
	// to 366 days. 0 means until the back office unlocks it. Default 1 day.
	ActivationLock token.UnixSeconds

	// SelfUnlock lets a master or admin unlock a token that they used when it was
	// suspended, once they have registered another one. Default off: Q4 requires
	// another person, or paper.
	SelfUnlock bool `json:"SelfLift"`

	// UsersSeeTokens shows all serial numbers of the contract to users who are
	// neither master nor admin. Default off: they see the token that they use.
	UsersSeeTokens bool

	// NoticeMonths is how many calendar months before the expiry date the notice and
	// the new token are sent, 1 to 12. Default 1 (Q9).
	NoticeMonths int

	// LifeYears is the usual lifetime of a token in years, 1 to 20. It is only shown:
	// expiry dates come from seed files, and a token without one does not expire.
	// Default 5.
	LifeYears int

	// Fee is the price of a reissued or additional token, 0 to 1,000,000 yen. Default
	// 2,200 (Q6, Q7, Q11).
	Fee Yen

	// DeliveryFrom and DeliveryTo are the range of days in which a token arrives after
	// the application, 0 to 365. Default 7 and 10 (Q7).
	DeliveryFrom, DeliveryTo int
}

// DefaultSettings returns the defaults that the fields of [Settings] name.
func DefaultSettings() Settings {
	return Settings{
		LockoutThreshold: 5,
		Window:           1,
		LookAhead:        10,
		ResyncWindow:     720,
		DriftInterval:    15 * day,
		UnlockNeedsOTP:   true,
		ActivateNeedsOTP: true,
		ActivationLimit:  5,
		ActivationLock:   day,
		NoticeMonths:     1,
		LifeYears:        5,
		Fee:              2200,
		DeliveryFrom:     7,
		DeliveryTo:       10,
	}
}

// Upper limits that other code relies on: 2*(25+5+1)+1 steps fit into one word of 64
// bits in [Check].
const (
	maxWindow    = 5
	maxLookAhead = 25
)

// Validate returns the first setting outside its range, as a [token.FieldError]
// that wraps [ErrSettings].
func (s Settings) Validate() error {
	for _, f := range []struct {
		name    string
		v       int64
		ok      bool
		allowed string
	}{
		{"LockoutThreshold", int64(s.LockoutThreshold), in(s.LockoutThreshold, 1, 100), "1 to 100"},
		{"Window", s.Window, in(s.Window, 0, maxWindow), "0 to 5"},
		{
			"LookAhead", s.LookAhead,
			s.LookAhead == 0 || in(s.LookAhead, s.Window+1, maxLookAhead), "0, or more than Window and at most 25",
		},
		{
			"ResyncWindow", s.ResyncWindow,
			in(s.ResyncWindow, max(s.LookAhead, s.Window), 1440), "LookAhead to 1440",
		},
		{"DriftInterval", int64(s.DriftInterval), in(s.DriftInterval, day, 366*day), "1 to 366 days in seconds"},
		{"ReactivateAfter", int64(s.ReactivateAfter), in(s.ReactivateAfter, 0, day), "0 to 86400"},
		{"ActivationLimit", int64(s.ActivationLimit), in(s.ActivationLimit, 1, 100), "1 to 100"},
		{"ActivationLock", int64(s.ActivationLock), in(s.ActivationLock, 0, 366*day), "0 to 366 days in seconds"},
		{"NoticeMonths", int64(s.NoticeMonths), in(s.NoticeMonths, 1, 12), "1 to 12"},
		{"LifeYears", int64(s.LifeYears), in(s.LifeYears, 1, 20), "1 to 20"},
		{"Fee", int64(s.Fee), in(s.Fee, 0, 1_000_000), "0 to 1000000"},
		{"DeliveryFrom", int64(s.DeliveryFrom), in(s.DeliveryFrom, 0, 365), "0 to 365"},
		{"DeliveryTo", int64(s.DeliveryTo), in(s.DeliveryTo, s.DeliveryFrom, 365), "DeliveryFrom to 365"},
	} {
		if !f.ok {
			return &token.FieldError{Field: f.name, Value: f.v, Allowed: f.allowed, Err: ErrSettings}
		}
	}
	return nil
}

func in[T ~int | ~int64](v, low, high T) bool { return low <= v && v <= high }
