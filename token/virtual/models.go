// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"fmt"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/token"
)

// Model is the hardware of a kind of token. Its Name is also that of the
// profile that it is meant for.
type Model struct {
	Name   string
	Digits int // positions of the glass
	Cell   *CellSpec

	// The crystal of each token is drawn from these: tokens are sorted or
	// trimmed before they are shipped, to about ±90 s a year (Feitian's figure
	// for the c200).
	TrimSigma PPM // standard deviation of the trim error
	TrimMax   PPM // no token is worse

	FlashPages    int
	FlashPageSize int
	Endurance     uint32 // erase cycles of a page
}

// The models, each for the profile of the same name in package token.
var models = [...]Model{
	{
		Name: "always-on-6", Digits: 6, Cell: CR2032(),
		TrimSigma: 2.5, TrimMax: 12,
		FlashPages: 2, FlashPageSize: 4 * firmware.SlotSize, Endurance: Endurance100k,
	},
	{
		Name: "button-6", Digits: 6, Cell: CR2016(),
		TrimSigma: 2.5, TrimMax: 12,
		FlashPages: 2, FlashPageSize: 4 * firmware.SlotSize, Endurance: Endurance100k,
	},
	{
		Name: "button-8", Digits: 8, Cell: CR2016(),
		TrimSigma: 2.5, TrimMax: 12,
		FlashPages: 2, FlashPageSize: 4 * firmware.SlotSize, Endurance: Endurance100k,
	},
}

// ModelByName returns the model for the profile of that name. The error wraps
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

// Profile returns the profile that the model is meant for.
func (m *Model) Profile() token.Profile {
	p, err := token.ProfileByName(m.Name)
	if err != nil {
		panic("virtual: internal error: model without profile: " + m.Name)
	}
	return p
}
