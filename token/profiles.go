// SPDX-License-Identifier: Apache-2.0

package token

import "github.com/d204ef64/fob/internal/errclass"

// ErrProfileName is the error of a name that is not in [Profiles]. The error
// returned is a [ProfileNameError], which wraps it and lists the names.
var ErrProfileName = errclass.New(errclass.Usage, "unknown profile")

// Profiles returns the profiles of the tokens that are known, each call a new
// slice. The first is the default.
func Profiles() []Profile {
	return []Profile{
		{
			// The RSA SID700 class: always on, six bars of which one goes every
			// 10 s, no button, no low-battery sign known.
			Name:   "always-on-6",
			Step:   DefaultStep,
			Digits: 6,
			Behaviour: Behaviour{
				ClockLossErases: true,
				Bars:            6,
			},
		},
		{
			// The Feitian c200 class: the code stays until its minute ends, and
			// the cell is good for 14,000 presses. The warning below 10 % is
			// that of the Symantec VIP fob; none is published for the c200.
			Name:   "button-6",
			Step:   DefaultStep,
			Digits: 6,
			Behaviour: Behaviour{
				Button:          true,
				UntilStepEnd:    true,
				ShowSeconds:     60,
				PressLimit:      14000,
				LowPercent:      10,
				ClockLossErases: true,
				Bars:            6,
			},
		},
		{
			// A fob with eight digits and a plain time-out, as the OneSpan GO 3
			// and the Symantec VIP have.
			Name:   "button-8",
			Step:   DefaultStep,
			Digits: 8,
			Behaviour: Behaviour{
				Button:          true,
				ShowSeconds:     30,
				PressLimit:      14000,
				LowPercent:      10,
				ClockLossErases: true,
				Bars:            6,
			},
		},
	}
}

// ProfileByName returns the profile of that name, exactly as in [Profiles]. The
// error is a [ProfileNameError].
func ProfileByName(name string) (Profile, error) {
	for _, p := range Profiles() {
		if p.Name == name {
			return p, nil
		}
	}
	return Profile{}, &ProfileNameError{Name: name}
}

// ProfileNameError says which name is not a profile. It wraps [ErrProfileName].
type ProfileNameError struct{ Name string }

// Error returns the name and the names there are.
func (e *ProfileNameError) Error() string {
	text := (&NameError{Name: e.Name, Err: ErrProfileName}).Error()
	for i, p := range Profiles() {
		if i == 0 {
			text += ", there are "
		} else {
			text += ", "
		}
		text += p.Name
	}
	return text
}

// Unwrap returns [ErrProfileName].
func (e *ProfileNameError) Unwrap() error { return ErrProfileName }
