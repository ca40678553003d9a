// SPDX-License-Identifier: Apache-2.0

package token

import (
	"strconv"

	"github.com/d204ef64/fob/internal/errclass"
)

// Behaviour describes the display and the button of a token, and the end of its life.
// All fields are small integers, which fit the wire and NVM. The zero value is an
// always-on display without countdown bars that survives loss of its clock. [Profiles]
// lists the behaviour of real tokens.
type Behaviour struct {
	Button          bool         // false: the display is always on; true: a press shows the code
	UntilStepEnd    bool         // a press shows the code until its step ends, but at most ShowSeconds
	ShowSeconds     uint8        // display time after a press, 1 to 120 s; 0 without button
	PressLimit      uint16       // presses that the battery lasts for; each further one shows "EEEEEE" first; 0 means no limit
	LowPercent      uint8        // share of presses or battery left, below which a press warns "bAtt 0x"; 0 to 99 %, 0 means never
	Expiry          ExpiryPolicy // behaviour of the display after the expiry date
	BlankDelayDays  uint8        // days from the expiry date until the display actually goes blank, 0 to 5
	ClockLossErases bool         // loss of supply erases the seed, as in real tokens
	Bars            uint8        // countdown bars, 0 to 6; each stands for Step/Bars seconds, which need not be a whole number
	LimitEnds       bool         // PressLimit ends the token's life: it shows "EEEEEE" and no more codes
}

// The limits of [Behaviour].
const (
	MaxShowSeconds    = 120
	MaxBlankDelayDays = 5
	MaxBars           = 6 // bars on the LCD of the SID700
)

// Validate returns nil, or a [FieldError] that wraps [ErrProfile] for the first
// field outside its range.
func (b Behaviour) Validate() error {
	switch {
	case !b.Button && b.UntilStepEnd:
		return behaviourError("UntilStepEnd", 1, "0 without a button")
	case !b.Button && b.ShowSeconds != 0:
		return behaviourError("ShowSeconds", int64(b.ShowSeconds), "0 without a button")
	case !b.Button && b.PressLimit != 0:
		return behaviourError("PressLimit", int64(b.PressLimit), "0 without a button")
	case b.LimitEnds && b.PressLimit == 0:
		return behaviourError("LimitEnds", 1, "0 without a press limit")
	case b.Button && (b.ShowSeconds < 1 || b.ShowSeconds > MaxShowSeconds):
		return behaviourError("ShowSeconds", int64(b.ShowSeconds), "1 to 120 s with a button")
	case b.LowPercent > 99:
		return behaviourError("LowPercent", int64(b.LowPercent), "0 to 99 %")
	case !b.Expiry.Valid():
		return behaviourError("Expiry", int64(b.Expiry), "0 (blank), 1 (show) or 2 (message)")
	case b.BlankDelayDays > MaxBlankDelayDays:
		return behaviourError("BlankDelayDays", int64(b.BlankDelayDays), "0 to 5 days")
	case b.Bars > MaxBars:
		return behaviourError("Bars", int64(b.Bars), "0 to 6")
	}
	return nil
}

func behaviourError(field string, value int64, allowed string) error {
	return &FieldError{Field: "Behaviour." + field, Value: value, Allowed: allowed, Err: ErrProfile}
}

// ExpiryPolicy is the behaviour of the display after the expiry date. The zero value is
// [ExpiryBlank]. The numbers are stable: they appear on the wire and in NVM.
type ExpiryPolicy uint8

// The policies.
const (
	ExpiryBlank   ExpiryPolicy = 0 // goes blank
	ExpiryShow    ExpiryPolicy = 1 // continues to show codes
	ExpiryMessage ExpiryPolicy = 2 // shows "EEEEEE"
)

// ErrExpiryPolicy is the error for a name that is not an expiry policy.
var ErrExpiryPolicy = errclass.New(errclass.Usage, "unknown expiry policy, want blank, show or message")

// Valid reports whether p is one of the policies.
func (p ExpiryPolicy) Valid() bool { return p <= ExpiryMessage }

// String returns "blank", "show" or "message".
func (p ExpiryPolicy) String() string {
	switch p {
	case ExpiryBlank:
		return "blank"
	case ExpiryShow:
		return "show"
	case ExpiryMessage:
		return "message"
	}
	return "ExpiryPolicy(" + strconv.Itoa(int(p)) + ")"
}

// ParseExpiryPolicy reads the names that String returns. The error wraps
// [ErrExpiryPolicy].
func ParseExpiryPolicy(s string) (ExpiryPolicy, error) {
	for p := ExpiryBlank; p.Valid(); p++ {
		if s == p.String() {
			return p, nil
		}
	}
	return 0, &NameError{Name: s, Err: ErrExpiryPolicy}
}

// MarshalText returns the name of p, or an error that wraps [ErrExpiryPolicy].
func (p ExpiryPolicy) MarshalText() ([]byte, error) {
	if !p.Valid() {
		return nil, &NameError{Name: p.String(), Err: ErrExpiryPolicy}
	}
	return []byte(p.String()), nil
}

// UnmarshalText works like [ParseExpiryPolicy]. On an error, p keeps its value.
func (p *ExpiryPolicy) UnmarshalText(text []byte) error {
	v, err := ParseExpiryPolicy(string(text))
	if err == nil {
		*p = v
	}
	return err
}
