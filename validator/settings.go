// SPDX-License-Identifier: Apache-2.0

package validator

import (
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/token"
)

// ErrSettings is the error of a setting outside its range. The error returned is
// a [token.FieldError], which wraps it.
var ErrSettings = errclass.New(errclass.Usage, "invalid settings")

// Yen is an amount of money with the consumption tax in it.
type Yen int64

// day is a day without leap seconds.
const day token.UnixSeconds = 86400

// Settings are the choices that the bank's text leaves to the bank. The zero
// value is not valid: begin with [DefaultSettings].
type Settings struct {
	// WrongLimit is how many wrong entries in a row suspend a token: the
	// "当行所定の回数" of Q4, which no bank publishes. 1 to 100, the most that
	// NIST SP 800-63B section 3.2.2 allows. Default 5.
	WrongLimit int

	// Window is how many steps a code may lie before or behind the step at
	// which the token is expected, 0 to 5. Default 1, which RFC 6238 section
	// 5.2 recommends.
	Window int64

	// SecondBand is within how many steps of the expected one a code is answered
	// with the wish for the next one (時刻補正). 0 is never; else more than
	// Window, at most 25. Default 10.
	SecondBand int64

	// ResyncReach is how many steps a token may be away from the bank's clock at
	// all: what the desk's [Resync] searches. SecondBand to 1,440. Default 720,
	// which is 12 hours at 60 s.
	ResyncReach int64

	// LearnEvery is the time in which an honest clock may move by one step, 1 to
	// 366 days; what moves faster is not learned. Default 15 days: 4 s a day, 46
	// ppm, which is a bare watch crystal at -10 or +60 degrees Celsius, and what
	// a large maker's server assumes.
	LearnEvery token.UnixSeconds

	// CountReplayed makes a code that was used before, or one of a time at which
	// the token's clock cannot be, a wrong entry. Default off: two users who share
	// a token and enter what it shows in one minute would suspend each other, as
	// would one who clicks twice, and whoever enters such a code does not guess.
	CountReplayed bool

	// CountMalformed makes an entry that is no code of any token, such as five
	// digits, a wrong entry. Default off: it is no guess, and whether a form
	// looks before it sends must not change the count.
	CountMalformed bool

	// LiftNeedsOTP asks whoever lifts a suspension for a code of his own token.
	// Q3 does not list it. Default on: the right to reset must not be weaker
	// than what is reset.
	LiftNeedsOTP bool

	// ActivateNeedsOTP asks for a code of the token that is registered. Q8 names
	// the serial number only. Default on: a number can be read over a shoulder.
	ActivateNeedsOTP bool

	// ReactivateAfter is how long after a revocation the user waits before he
	// can register a token, 0 to 1 day. Default 0; other banks ask 30 minutes.
	ReactivateAfter token.UnixSeconds

	// ActivationLimit is how many refused activations lock activation for the user
	// who made them, 1 to 100. Default 5. They do not suspend the token: it belongs
	// to others.
	ActivationLimit int

	// ActivationLock is how long activation stays locked after the last refused
	// one, 0 to 366 days; 0 is until the desk unlocks it. Default 1 day.
	ActivationLock token.UnixSeconds

	// SelfLift lets a master or admin lift the suspension of a token that they used
	// when it was suspended, once they have registered another one. Default off: Q4
	// has another person lift it, or paper.
	SelfLift bool

	// UsersSeeTokens shows all serial numbers of the contract to users who are
	// neither master nor admin. Default off: they see the token that they use.
	UsersSeeTokens bool

	// NoticeMonths is how many calendar months before the expiry date the notice
	// and the new token go out, 1 to 12. Default 1 (Q9).
	NoticeMonths int

	// LifeYears is for how many years a token is issued, 1 to 20. Default 5.
	LifeYears int

	// Fee is what a reissued or additional token costs, 0 to 1,000,000 yen.
	// Default 2,200 (Q6, Q7, Q11).
	Fee Yen

	// DeliveryFrom and DeliveryTo are after how many days a token that was
	// applied for arrives, 0 to 365. Default 7 and 10 (Q7).
	DeliveryFrom, DeliveryTo int
}

// DefaultSettings returns the defaults that the fields of [Settings] name.
func DefaultSettings() Settings {
	return Settings{
		WrongLimit:       5,
		Window:           1,
		SecondBand:       10,
		ResyncReach:      720,
		LearnEvery:       15 * day,
		LiftNeedsOTP:     true,
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

// The ends of the ranges that other code relies on: 2*(25+5+1)+1 steps are one
// word of 64 bits in [Check].
const (
	maxWindow     = 5
	maxSecondBand = 25
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
		{"WrongLimit", int64(s.WrongLimit), in(s.WrongLimit, 1, 100), "1 to 100"},
		{"Window", s.Window, in(s.Window, 0, maxWindow), "0 to 5"},
		{
			"SecondBand", s.SecondBand,
			s.SecondBand == 0 || in(s.SecondBand, s.Window+1, maxSecondBand), "0, or more than Window and at most 25",
		},
		{
			"ResyncReach", s.ResyncReach,
			in(s.ResyncReach, max(s.SecondBand, s.Window), 1440), "SecondBand to 1440",
		},
		{"LearnEvery", int64(s.LearnEvery), in(s.LearnEvery, day, 366*day), "1 to 366 days in seconds"},
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
