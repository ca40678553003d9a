// SPDX-License-Identifier: Apache-2.0

package token

import (
	"strconv"

	"github.com/d204ef64/fob/internal/errclass"
)

// Behaviour is what a token does with its display, its button and the end of its
// life. All fields are small integers, so that they fit the wire and NVM. The
// zero value is an always-on display without countdown bars that survives loss
// of its clock; [Profiles] has what real tokens do.
type Behaviour struct {
	Button          bool         // false: the display is always on; true: a press shows the code
	UntilStepEnd    bool         // a press shows the code until its step ends, but at most ShowSeconds
	ShowSeconds     uint8        // display time after a press, 1 to 120 s; 0 without button
	PressLimit      uint16       // presses that the battery is good for; each further one shows "EEEEEE" first; 0 is no limit
	LowPercent      uint8        // share of presses or cell left, below which a press warns "bAtt 0x"; 0 to 99 %, 0 is never
	Expiry          ExpiryPolicy // what the display does after the expiry date
	BlankDelayDays  uint8        // days from the expiry date until the display really goes blank, 0 to 5
	ClockLossErases bool         // loss of supply erases the seed, as in real tokens
	Bars            uint8        // countdown bars, 0 to 6; each stands for Step/Bars seconds, which need not be whole
	LimitEnds       bool         // PressLimit ends the token's life: it shows "EEEEEE" and no code any more
}

// The limits of [Behaviour].
const (
	MaxShowSeconds    = 120
	MaxBlankDelayDays = 5
	MaxBars           = 6 // what the glass of the SID700 has
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

// ExpiryPolicy is what the display does after the expiry date. The zero value is
// [ExpiryBlank]. The numbers are stable: they are on the wire and in NVM.
type ExpiryPolicy uint8

// The policies.
const (
	ExpiryBlank   ExpiryPolicy = 0 // goes blank
	ExpiryShow    ExpiryPolicy = 1 // goes on showing codes
	ExpiryMessage ExpiryPolicy = 2 // shows "EEEEEE"
)

// ErrExpiryPolicy is the error of a name that is no expiry policy.
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

// ParseExpiryPolicy reads what String returns. The error wraps
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

// UnmarshalText is [ParseExpiryPolicy]; on an error p keeps its value.
func (p *ExpiryPolicy) UnmarshalText(text []byte) error {
	v, err := ParseExpiryPolicy(string(text))
	if err == nil {
		*p = v
	}
	return err
}
