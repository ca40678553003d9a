// SPDX-License-Identifier: Apache-2.0

package token

import "github.com/d204ef64/fob/internal/errclass"

// ErrProfileName is the error for a name that is not in [Profiles]. [ProfileByName]
// returns it wrapped in a [ProfileNameError], which lists the names.
var ErrProfileName = errclass.New(errclass.Usage, "unknown profile")

// Profiles returns the named profiles, in a new slice for each call. The first is the
// default.
func Profiles() []Profile {
	return []Profile{
		{
			// Modelled on the RSA SID700: always on, 60 s, six bars of which one
			// disappears every 10 s (Hokuyo Bank's page on its hardware token), no
			// button and no low-battery sign. A SID700 computes its codes with RSA's
			// own algorithm; this profile uses RFC 6238.
			Name:   "always-on-6",
			Step:   DefaultStep,
			Digits: 6,
			Behaviour: Behaviour{
				ClockLossErases: true,
				Bars:            6,
			},
		},
		{
			// Modelled on the Feitian c200 (ftsafe.co.jp, c200otp and its FAQ): a code
			// stays until its minute ends, and the battery lasts for 14,000 presses.
			// The bars are the FortiToken 200's, in steps of 10 s. The warning below 10
			// % comes from the Symantec VIP fob (Broadcom, article 159646): Feitian
			// publishes none for the c200.
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
			// This is not a product. It has eight digits and a plain time-out, for
			// systems that use either. The Symantec VIP fob shows a code for 30 s, but
			// with 6 digits and a step of 30 s. A OneSpan GO 3 has an LCD of 8 digits
			// and a button (blog.sector101.co.uk, 2019-11-03), but shows 6-digit codes,
			// usually with a step of 36 s, without bars.
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

// ProfileByName returns the profile with exactly that name in [Profiles]. The error is
// a [ProfileNameError].
func ProfileByName(name string) (Profile, error) {
	for _, p := range Profiles() {
		if p.Name == name {
			return p, nil
		}
	}
	return Profile{}, &ProfileNameError{Name: name}
}

// ProfileNameError reports a name that is not a profile. It wraps [ErrProfileName].
type ProfileNameError struct{ Name string }

// Error returns the name and the list of valid names.
func (e *ProfileNameError) Error() string {
	text, sep := (&NameError{Name: e.Name, Err: ErrProfileName}).Error(), ", want "
	for _, p := range Profiles() {
		text += sep + p.Name
		sep = ", "
	}
	return text
}

// Unwrap returns [ErrProfileName].
func (e *ProfileNameError) Unwrap() error { return ErrProfileName }
