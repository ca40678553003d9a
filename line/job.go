// SPDX-License-Identifier: Apache-2.0

package line

import (
	"time"

	"github.com/d204ef64/fob/line/order"
	"github.com/d204ef64/fob/token"
)

// Job has the requirements of an order, which a station checks on every device.
type Job struct {
	Order    string // id
	Customer string
	Model    string // that the device must report
	Profile  token.Profile
	Zone     *time.Location                 // the expiry day ends in this zone; nil: Tokyo
	Allows   func(firmware string) bool     // nil: all versions are allowed
	Validity func() (from, until time.Time) // when a unit may be begun; nil: always

	SupplyLow, SupplyHigh float64       // millivolts; both 0: not checked
	DriftLimit            float64       // parts per million, in both directions; 0: measured but not judged
	ClockLimit            time.Duration // of the token's clock after it was set
	TwoSteps              bool          // codes of two steps, as displayed; otherwise of one, as the device computes it
	Retries               int           // attempts after the first, with the same serial number and seed
	Labels                LabelPolicy
}

// LabelPolicy is the condition for programming the next device in a socket.
type LabelPolicy string

// The policies.
const (
	LabelNone       LabelPolicy = "none"    // no label is printed
	LabelAtOnce     LabelPolicy = "at once" // the operator keeps labels and units together
	LabelTakenFirst LabelPolicy = "taken"   // when the operator has confirmed that they took the label
	LabelScanned    LabelPolicy = "scanned" // when the label was scanned
)

// clockLimit is the limit of an order for a token's clock.
const clockLimit = 50 * time.Millisecond

// JobOf returns the requirements of an order.
func JobOf(o *order.Order) Job {
	j := Job{
		Order: o.ID, Customer: o.Customer, Model: o.Model, Profile: o.TokenProfile(), Allows: o.Firmware.Allows, Validity: o.Validity,
		SupplyLow: o.Limits.SupplyMin * 1000, SupplyHigh: o.Limits.SupplyMax * 1000, DriftLimit: o.Limits.DriftPPM,
		ClockLimit: clockLimit, TwoSteps: o.Verification != order.DeviceCheck, Retries: o.Limits.Retries, Labels: LabelAtOnce,
	}
	switch o.Label.NextUnit {
	case order.AfterLabelTaken:
		j.Labels = LabelTakenFirst
	case order.AfterLabelScanned:
		j.Labels = LabelScanned
	}
	return j
}
