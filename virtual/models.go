// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"fmt"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/token"
)

// Model is the hardware of a kind of token. Its Name is also the name of the profile
// for which it is meant.
type Model struct {
	Name    string
	Digits  int // positions of the LCD
	Battery *BatterySpec

	// The frequency error of a new token at 25 °C is drawn from a normal distribution.
	// It is the error that remains after the manufacturer has trimmed or sorted the
	// tokens, without ageing.
	TrimSigma PPM // standard deviation
	TrimMax   PPM // no token has a larger error

	FlashPages    int
	FlashPageSize int
	Endurance     uint32 // erase cycles of a page
}

// A lot that is sorted to Feitian's figure for the c200, ±90 s a year (ftsafe.co.jp,
// FAQ on one-time passwords): 95 % of the tokens meet it in their first year at 25 °C,
// and no token is off by more than 150 s. Feitian gives no figure for the rest. In the
// field "most" were within it (rych-otp, pull request 9, about 1,200 tokens), at any
// temperature.
const (
	sortedSigma PPM = 0.8
	sortedMax   PPM = 2.4
)

// A lot for which no figure is published. The values follow reports from the field
// about various manufacturers: one to two minutes a year on average, and 1 s a day "not
// unusual" (Token2, Deepnet). Two of three tokens stay within ±90 s in their first year
// at 25 °C.
const (
	unsortedSigma PPM = 2.5
	unsortedMax   PPM = 12 // 1 s a day
)

// flashPage512 is the size of a flash segment of an MSP430x2xx: 512 bytes (TI's
// SLAU144, chapter "Flash Memory Controller"). Two of them hold the log of a token. A
// press writes a record of half a page, so 14,000 presses use about 7,000 of the
// 100,000 erase cycles.
const flashPage512 = 2 * firmware.SlotSize

// The models, each for the profile of the same name in package token.
var models = [...]Model{
	{
		Name: "always-on-6", Digits: 6, Battery: CR2032(),
		TrimSigma: unsortedSigma, TrimMax: unsortedMax,
		FlashPages: 2, FlashPageSize: flashPage512, Endurance: Endurance100k,
	},
	{
		Name: "button-6", Digits: 6, Battery: CR2016(),
		TrimSigma: sortedSigma, TrimMax: sortedMax,
		FlashPages: 2, FlashPageSize: flashPage512, Endurance: Endurance100k,
	},
	{
		Name: "button-8", Digits: 8, Battery: CR2016(),
		TrimSigma: unsortedSigma, TrimMax: unsortedMax,
		FlashPages: 2, FlashPageSize: flashPage512, Endurance: Endurance100k,
	},
}

// ModelByName returns the model for the profile with the given name. The error wraps
// token.ErrProfileName and lists the names.
func ModelByName(name string) (*Model, error) {
	for i := range models {
		if models[i].Name == name {
			return &models[i], nil
		}
	}
	if _, err := token.ProfileByName(name); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("%w: no virtual hardware for %q", token.ErrProfileName, name)
}

// Profile returns the profile for which the model is meant.
func (m *Model) Profile() token.Profile {
	p, err := token.ProfileByName(m.Name)
	if err != nil {
		panic("virtual: internal error: model without profile: " + m.Name)
	}
	return p
}
