// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"fmt"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/virtual"
)

// logSize is the number of events that the fleet of a scenario keeps between two steps.
const logSize = 1_000_000

// NewFleet makes the fleet that a scenario describes, without tokens. A seed other than
// 0 takes the place of the file's. The fleet's ports work while [fleet.Fleet.Serve] runs.
func NewFleet(s *Scenario, seed uint64) (*fleet.Fleet, error) {
	at, rate, err := s.start()
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrFile, s.File, err)
	}
	c := virtual.Config{At: at, Rate: rate, Seed: s.WorldSeed}
	if seed != 0 {
		c.Seed = seed
	}
	switch {
	case rate != 0:
		c.Mode = virtual.Scaled
	case !s.manual():
		c.Mode = virtual.Real
	}
	w, err := virtual.NewWorld(c)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrFile, s.File, err)
	}
	return fleet.New(w, fleet.Config{LogSize: logSize})
}
