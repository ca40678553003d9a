// SPDX-License-Identifier: Apache-2.0

package page

import "github.com/d204ef64/fob/virtual"

// drift is the data of the parts of a token's page about its clock, its battery and its
// faults.
type drift struct {
	ID         string // hardware id
	Digits     int    // of the display
	Low, Empty int    // voltages of the battery, in mV
	Lines      []string
}

// lineFaults are the faults of a line, in the order in which the page shows them.
var lineFaults = []string{"drop", "flip", "double", "insert", "stall", "unplug", "baud"}

// Drift returns the data of the templates token-clock and token-faults.
func (p tokenPage) Drift() (drift, error) {
	model, err := virtual.ModelByName(p.Token.Model)
	if err != nil {
		return drift{}, err
	}
	return drift{
		ID: p.Token.HardwareID, Digits: model.Digits,
		Low: int(virtual.LowVoltage), Empty: int(model.Battery.Cutoff), Lines: lineFaults,
	}, nil
}
